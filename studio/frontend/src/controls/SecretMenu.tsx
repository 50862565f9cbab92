import { KeyRound } from "lucide-react";
import { type KeyboardEvent, useId, useRef, useState } from "react";
import type { SecretName } from "../messages";
import { placeBelow } from "./Combobox";

/**
 * A button that offers the names of secrets, those that are here and any that is typed; a chosen one is given as the
 * text that stands for it in a step.
 */
export function SecretMenu({ secrets, onChoose }: { secrets: readonly SecretName[]; onChoose: (text: string) => void }) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  const [typed, setTyped] = useState("");
  const found = secrets.filter(({ name }) => name.toLowerCase().includes(typed.toLowerCase()));
  const isNew = typed !== "" && !secrets.some(({ name }) => name === typed);
  const choices = [...found, ...(isNew ? [{ name: typed, place: "" }] : [])];

  function choose(name: string) {
    onChoose(`\${secret:${name}}`);
    menu.current?.hidePopover?.();
  }

  function press(event: KeyboardEvent) {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) {
      const stops = [...(menu.current?.querySelectorAll<HTMLElement>("input, [role=option]") ?? [])];
      const at = stops.findIndex((stop) => stop.matches(":focus"));
      stops[(at + by + stops.length) % stops.length]?.focus();
    } else if (event.key === "Enter" && event.target instanceof HTMLInputElement) {
      if (choices[0]) choose(choices[0].name);
    } else {
      // The browser closes the menu: nothing else is meant.
      if (event.key === "Escape") event.stopPropagation();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <>
      <button
        ref={button}
        type="button"
        className="icon-button secret-button"
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
        className="popup-menu secret-menu"
        role="dialog"
        aria-label="Secrets"
        onKeyDown={press}
        onToggle={(event) => {
          if (event.newState !== "open") return;
          setTyped("");
          placeBelow(menu.current, button.current);
          menu.current?.querySelector("input")?.focus();
        }}
      >
        <input
          type="text"
          aria-label="Name of the secret"
          placeholder="Find, or type a name"
          autoComplete="off"
          spellCheck={false}
          value={typed}
          onChange={(event) => setTyped(event.target.value.replace(/[\s{}]/g, ""))}
        />
        <div role="listbox" aria-label="Secrets">
          {choices.map(({ name, place }, at) => (
            <button key={name} type="button" role="option" aria-selected={at === 0} onClick={() => choose(name)}>
              <span>{name}</span>
              <small>{place ? place : isNew && name === typed ? "as typed" : "not found here; used by a pipeline or connection"}</small>
            </button>
          ))}
        </div>
      </div>
    </>
  );
}
