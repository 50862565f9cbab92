import { ChevronDown } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";

/** A line of a menu. */
export interface MenuItem {
  readonly title: string;
  readonly detail?: string;
  readonly onChoose: () => void;
  /** Why it cannot be chosen now. */
  readonly refusal?: string | null;
}

interface MenuProps {
  readonly label: string;
  readonly icon?: ReactNode;
  readonly items: readonly MenuItem[];
  readonly className?: string;
}

/** A button that opens a menu: arrows move, Enter chooses, Escape closes. */
export function Menu({ label, icon, items, className = "" }: MenuProps) {
  const [isOpen, setIsOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isOpen) list.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus();
  }, [isOpen]);
  const close = () => {
    setIsOpen(false);
    button.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const entries = [...(list.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
    const at = entries.findIndex((entry) => entry.matches(":focus"));
    const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (by) entries[(at + by + entries.length) % entries.length]?.focus();
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      className="menu-host"
      onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && setIsOpen(false)}
      onKeyDown={isOpen ? onKeyDown : undefined}
    >
      <button
        ref={button}
        type="button"
        className={`button ${className}`}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onClick={() => setIsOpen(!isOpen)}
      >
        {icon}
        {label}
        <ChevronDown size={14} aria-hidden />
      </button>
      {isOpen && (
        <div ref={list} className="menu" role="menu" aria-label={label}>
          {items.map(({ title, detail, onChoose, refusal }) => (
            <button
              key={title}
              type="button"
              role="menuitem"
              aria-disabled={Boolean(refusal)}
              onClick={() => {
                if (refusal) return;
                close();
                onChoose();
              }}
            >
              <span>{title}</span>
              {(refusal || detail) && <small>{refusal || detail}</small>}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
