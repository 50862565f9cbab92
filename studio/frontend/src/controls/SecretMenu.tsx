import { KeyRound } from "lucide-react";
import { useId, useRef } from "react";
import { placeBelow } from "./Combobox";

/** A button that offers the names of secrets; a chosen one is given as the text that stands for it in a step. */
export function SecretMenu({ secrets, onChoose }: { secrets: readonly string[]; onChoose: (text: string) => void }) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  if (secrets.length === 0) return null;
  return (
    <>
      <button
        ref={button}
        type="button"
        className="icon-button"
        popoverTarget={id}
        aria-label="Insert a secret"
        title="Insert a secret: its value is read when the step runs, and is never stored"
      >
        <KeyRound size={14} aria-hidden="true" />
      </button>
      <div
        ref={menu}
        id={id}
        popover="auto"
        className="popup-menu"
        role="menu"
        aria-label="Secrets"
        onToggle={(event) => {
          if (event.newState !== "open") return;
          placeBelow(menu.current, button.current);
          menu.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus();
        }}
      >
        {secrets.map((name) => (
          <button
            key={name}
            type="button"
            role="menuitem"
            onClick={() => {
              onChoose(`\${secret:${name}}`);
              menu.current?.hidePopover?.();
            }}
          >
            {name}
          </button>
        ))}
      </div>
    </>
  );
}
