import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { Icon } from "../icons";

/** Something to choose. */
export interface Choice {
  readonly key: string;
  readonly title: string;
  readonly detail: string;
  readonly icon: string;
  /** Why it cannot be chosen. */
  readonly refusal?: string | null;
}

interface ChooserProps {
  readonly label: string;
  readonly choices: (text: string) => readonly Choice[];
  readonly empty: string;
  readonly onChoose: (key: string) => void;
  readonly onClose: () => void;
  readonly className?: string;
  readonly style?: React.CSSProperties;
}

const MOST = 60;

/** A list to choose from by typing: arrows move, Enter chooses, Escape closes. */
export function Chooser({ label, choices, empty, onChoose, onClose, className = "", style }: ChooserProps) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const id = useId();
  const list = useRef<HTMLUListElement>(null);
  const found = choices(text).slice(0, MOST);
  const active = Math.min(at, found.length - 1);
  useEffect(() => {
    list.current?.children[active]?.scrollIntoView({ block: "nearest" });
  }, [active]);

  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };
    const by = steps[event.key];
    if (by !== undefined && found.length) {
      event.preventDefault();
      setAt((active + by + found.length) % found.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      const choice = found[active];
      if (choice && !choice.refusal) onChoose(choice.key);
    } else if (event.key === "Escape") {
      event.preventDefault();
      onClose();
    }
  };

  return (
    <div className={`chooser ${className}`} style={style} role="dialog" aria-label={label}>
      <input
        autoFocus
        role="combobox"
        aria-expanded
        aria-controls={id}
        aria-activedescendant={active >= 0 ? `${id}-${active}` : undefined}
        aria-label={label}
        placeholder={label}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
        onBlur={onClose}
      />
      <ul id={id} ref={list} role="listbox" aria-label={label}>
        {found.map((choice, index) => (
          <li
            key={choice.key}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === active}
            aria-disabled={Boolean(choice.refusal)}
            // The press must not take the focus, or the blur closes the list before the click.
            onPointerDown={(event) => event.preventDefault()}
            onPointerMove={() => setAt(index)}
            onClick={() => !choice.refusal && onChoose(choice.key)}
          >
            <Icon name={choice.icon} />
            <span className="choice-title">{choice.title}</span>
            <span className="choice-detail">{choice.refusal ?? choice.detail}</span>
          </li>
        ))}
      </ul>
      {!found.length && <p className="chooser-empty">{empty}</p>}
    </div>
  );
}
