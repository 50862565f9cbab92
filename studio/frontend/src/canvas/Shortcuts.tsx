import { useEffect, useRef } from "react";
import { keepKeys } from "../dialogs/Dialog";

const KEYS: readonly { readonly title: string; readonly keys: readonly (readonly [keys: string, does: string])[] }[] = [
  {
    title: "Build",
    keys: [
      ["/ or Enter", "Add a step, connected to the selected ones"],
      ["Double-click", "Add a step there"],
      ["C", "Connect the selected step to another; move the selected edge"],
      ["Shift C", "Choose what the selected step reads"],
      ["N", "Write a note"],
      ["Delete", "Remove what is selected"],
      ["F2", "Rename the selected step or frame"],
    ],
  },
  {
    title: "Edit",
    keys: [
      ["Ctrl Z", "Undo"],
      ["Ctrl Shift Z", "Redo"],
      ["Ctrl C, X, V", "Copy, cut, paste"],
      ["Ctrl D", "Duplicate"],
      ["Ctrl G", "Put a frame around the selected steps"],
      ["Ctrl Shift G", "Take steps out of their frame"],
      ["Ctrl S", "Save a version"],
    ],
  },
  {
    title: "Move",
    keys: [
      ["Arrows", "Go to the next step, note or frame; left and right along edges"],
      ["E, Shift E", "Go through the edges of a step"],
      ["Enter", "On a note: write. On a frame: fold it up or unfold it"],
      ["Shift arrows", "Select the next step too"],
      ["Alt arrows", "Move what is selected"],
      ["W, H", "Make a note wider, higher; with Shift narrower, lower"],
      ["L", "Lay out the selected steps, or all"],
      ["Ctrl A", "Select everything"],
      ["F6, Shift F6", "Go to the next part of the page"],
      ["Escape", "In a form: back to the canvas. There: select nothing"],
    ],
  },
  {
    title: "See",
    keys: [
      ["Ctrl F", "Find, also in SQL and settings"],
      ["+ and -", "Zoom"],
      ["0", "Zoom to actual size"],
      ["F", "Fit everything, or the selected steps"],
      ["Drag, or wheel", "Pan; Ctrl and wheel zooms"],
      ["Shift drag", "Select with a box"],
      ["?", "This sheet"],
    ],
  },
];

/** The sheet of keys. */
export function Shortcuts({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      className="sheet"
      aria-label="Keyboard"
      onKeyDown={keepKeys}
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && dialog.current.close()}
    >
      <h2>Keyboard</h2>
      <div className="sheet-columns">
        {KEYS.map(({ title, keys }) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {keys.map(([pressed, does]) => (
                <div key={pressed}>
                  <dt>
                    <kbd>{pressed}</kbd>
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </dialog>
  );
}
