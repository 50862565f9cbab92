import { ChevronDown } from "lucide-react";
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";

export interface Option {
  value: string;
  /** What people read; the value where it is not given. */
  label?: string;
  /** Muted text at the right, such as a column's type. */
  detail?: string;
  /** Why it can't be chosen; it is shown, greyed. */
  disabledReason?: string;
}

interface Props {
  id?: string;
  value: string;
  options: Option[];
  onChange: (value: string) => void;
  label?: string;
  placeholder?: string;
  /** Whether any text may be given; else only an option. */
  isFree?: boolean;
  isInvalid?: boolean;
  describedBy?: string;
  /** Empties the box after a choice, for lists that a choice is added to. */
  clearsOnChoice?: boolean;
}

const MAX_SHOWN = 200;

/** A text box with suggestions: type to narrow, arrows to move, Enter to take, Esc to leave. */
export function Combobox(props: Props) {
  const { value, options, onChange, isFree = false, clearsOnChoice = false } = props;
  const ownId = useId();
  const id = props.id ?? ownId;
  const [typed, setTyped] = useState<string | null>(null);
  const [isOpen, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const found = useMemo(() => narrowed(options, typed ?? ""), [options, typed]);
  const shownText = typed ?? options.find((option) => option.value === value)?.label ?? value;

  useLayoutEffect(() => placeBelow(list.current, input.current), [isOpen, found.length]);
  useEffect(() => {
    list.current?.children[active]?.scrollIntoView?.({ block: "nearest" });
  }, [active]);

  function open() {
    if (isOpen) return;
    setActive(Math.max(0, found.findIndex((option) => option.value === value)));
    setOpen(true);
  }

  function close() {
    setOpen(false);
    setTyped(null);
  }

  function choose(option: Option) {
    if (option.disabledReason !== undefined) return;
    onChange(option.value);
    setOpen(false);
    setTyped(clearsOnChoice ? "" : null);
  }

  function type(text: string) {
    setTyped(text);
    setActive(0);
    setOpen(true);
    if (isFree && !clearsOnChoice) onChange(text);
    else if (text === "" && !clearsOnChoice) onChange("");
  }

  function press(event: KeyboardEvent) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!isOpen) return open();
      const move = event.key === "ArrowDown" ? 1 : -1;
      setActive((place) => (place + move + found.length) % Math.max(1, found.length));
    } else if (event.key === "Enter") {
      const option = isOpen ? found[active] : undefined;
      if (option && !(isFree && typed !== null && typed === option.value)) {
        event.preventDefault();
        choose(option);
      } else if (isFree && clearsOnChoice && typed) {
        event.preventDefault();
        choose({ value: typed });
      } else close();
    } else if (event.key === "Escape" && isOpen) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  }

  return (
    <div className="combobox">
      <input
        ref={input}
        id={id}
        type="text"
        role="combobox"
        autoComplete="off"
        spellCheck={false}
        aria-label={props.label}
        aria-expanded={isOpen}
        aria-controls={`${id}-list`}
        aria-activedescendant={isOpen && found[active] ? `${id}-${active}` : undefined}
        aria-autocomplete="list"
        aria-invalid={props.isInvalid || undefined}
        aria-describedby={props.describedBy}
        placeholder={props.placeholder}
        value={shownText}
        onChange={(event) => type(event.target.value)}
        onClick={open}
        onKeyDown={press}
        onBlur={close}
      />
      <ChevronDown className="combobox-mark" size={14} aria-hidden="true" />
      {isOpen && (
        <ul ref={list} id={`${id}-list`} role="listbox" popover="manual" className="combobox-list">
          {found.map((option, place) => (
            <li
              key={option.value}
              id={`${id}-${place}`}
              role="option"
              aria-selected={option.value === value}
              aria-disabled={option.disabledReason !== undefined || undefined}
              data-active={place === active || undefined}
              title={option.disabledReason}
              onPointerEnter={() => setActive(place)}
              onPointerDown={(event) => {
                event.preventDefault();
                choose(option);
              }}
            >
              <span>{option.label ?? option.value}</span>
              <small>{option.disabledReason ?? option.detail}</small>
            </li>
          ))}
          {found.length === 0 && (
            <li role="option" aria-selected="false" aria-disabled="true">
              <small>{options.length === 0 ? "Nothing is known here yet." : "Nothing fits."}</small>
            </li>
          )}
        </ul>
      )}
    </div>
  );
}

function narrowed(options: Option[], text: string): Option[] {
  const sought = text.trim().toLowerCase();
  if (!sought) return options.slice(0, MAX_SHOWN);
  const texts = options.map((option) => [option, `${option.label ?? ""} ${option.value}`.toLowerCase()] as const);
  const holding = texts.filter(([, words]) => words.includes(sought)).map(([option]) => option);
  const begins = (option: Option) => ((option.label ?? option.value).toLowerCase().startsWith(sought) ? 0 : 1);
  return holding.sort((one, other) => begins(one) - begins(other)).slice(0, MAX_SHOWN);
}

/** Lays a list below its box, or above where there is more room; in the top layer, so that nothing clips it. */
export function placeBelow(list: HTMLElement | null, box: HTMLElement | null): void {
  if (!list || !box) return;
  list.showPopover?.();
  const place = box.getBoundingClientRect();
  const below = window.innerHeight - place.bottom - 8;
  const above = place.top - 8;
  const isBelow = below >= Math.min(list.scrollHeight, 180) || below >= above;
  list.style.minWidth = `${place.width}px`;
  list.style.left = `${Math.max(8, Math.min(place.left, window.innerWidth - list.offsetWidth - 8))}px`;
  list.style.maxHeight = `${Math.min(280, isBelow ? below : above)}px`;
  list.style.top = isBelow ? `${place.bottom + 2}px` : "auto";
  list.style.bottom = isBelow ? "auto" : `${window.innerHeight - place.top + 2}px`;
}
