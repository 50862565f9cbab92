import { X } from "lucide-react";
import { type KeyboardEvent, useId, useLayoutEffect, useRef, type ReactNode } from "react";

interface Props {
  title: string;
  size?: "small" | "medium" | "large";
  onClose: () => void;
  /** Buttons at the bottom, the main one last. */
  actions?: ReactNode;
  children: ReactNode;
}

const CONTROLS = "input:not([type=hidden], [hidden]), textarea, select, button, [tabindex='0'], [contenteditable=true]";

/** A window over the page: the browser keeps the focus inside, Esc and a click beside it close it. */
export function Dialog({ title, size = "medium", onClose, actions, children }: Props) {
  const element = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useLayoutEffect(() => {
    const shown = element.current!;
    // In a shadow tree the focused element is its own; the document only knows the host.
    const root = shown.getRootNode() as Document | ShadowRoot;
    const before = root.activeElement;
    if (!shown.open) shown.showModal();
    // The browser would choose the close button, which comes first.
    const body = shown.querySelector(".dialog-body");
    (body?.querySelector<HTMLElement>("[data-autofocus]") ?? body?.querySelector<HTMLElement>(CONTROLS))?.focus();
    return () => {
      shown.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={element}
      className="dialog"
      data-size={size}
      aria-labelledby={titleId}
      onKeyDown={keepKeys}
      onCancel={(event) => {
        // A file chooser inside is cancelled with an event of the same name.
        if (event.target !== element.current) return;
        event.preventDefault();
        onClose();
      }}
      onPointerDown={(event) => {
        if (event.target === element.current) onClose();
      }}
    >
      <div className="dialog-frame">
        <header className="dialog-head">
          <h2 id={titleId}>{title}</h2>
          <button type="button" className="icon-button" aria-label="Close" onClick={onClose}>
            <X size={16} aria-hidden="true" />
          </button>
        </header>
        <div className="dialog-body">{children}</div>
        {actions && <footer className="dialog-actions">{actions}</footer>}
      </div>
    </dialog>
  );
}

/** Keeps the keys of a dialog from what lies behind it: an undo there would change what nobody sees. */
export function keepKeys(event: KeyboardEvent): void {
  event.stopPropagation();
  const isSave = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s";
  // The browser would save the page.
  if (isSave) event.preventDefault();
}
