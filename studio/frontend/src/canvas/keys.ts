import { useReactFlow } from "@xyflow/react";
import { type KeyboardEvent, useCallback } from "react";
import type { Point } from "../messages";
import type { StepId } from "../model/draft";
import { selectionOf } from "../model/selection";
import { type Direction, neighbour } from "../model/walking";
import { type DesignerStore, useDesignerStore } from "../store";
import type { Actions } from "./actions";
import type { Choosing } from "./choosers";

const ARROWS: Readonly<Record<string, Direction>> = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
};
const NUDGE_PX = 8;

/** What the canvas does about keys that are not commands. */
interface Surroundings {
  readonly actions: Actions;
  readonly middle: () => Point;
  readonly choose: (choosing: Choosing) => void;
}

/** Handles the keys of the canvas. */
export function useCanvasKeys({ actions, middle, choose }: Surroundings) {
  const store = useDesignerStore();
  const { zoomIn, zoomOut, zoomTo } = useReactFlow();
  return useCallback(
    (event: KeyboardEvent) => {
      if (isTyping(event)) return;
      const { selection, seek, draft } = store.getState();
      const [only] = selection.steps.size === 1 ? selection.steps : [];
      const add = () => {
        const from = [...selection.steps].map((step) => ({ step }));
        const place = draft.positions[only ?? ""];
        const at = place ? { x: place.x + 300, y: place.y } : middle();
        choose({ kind: "add", at, wanted: { from } });
      };
      const commands: Readonly<Record<string, () => void>> = {
        a: actions.selectAll,
        d: actions.duplicate,
        g: event.shiftKey ? actions.ungroup : actions.group,
      };
      const plain: Readonly<Record<string, () => void>> = {
        "/": add,
        Enter: add,
        Delete: () => actions.remove(),
        Backspace: () => actions.remove(),
        Escape: () => store.getState().select(selectionOf({})),
        F2: () => only && seek(only, "name"),
        c: () => only && choose({ kind: "connect", from: only }),
        n: () => actions.note(middle()),
        l: () => void actions.layOut(),
        f: actions.fit,
        "+": () => void zoomIn({ duration: 120 }),
        "=": () => void zoomIn({ duration: 120 }),
        "-": () => void zoomOut({ duration: 120 }),
        "0": () => void zoomTo(1, { duration: 120 }),
      };
      const arrow = ARROWS[event.key];
      const isCommand = event.ctrlKey || event.metaKey;
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      const act = arrow
        ? () => goAlong(store, actions, arrow, event)
        : (isCommand ? commands : event.altKey ? {} : plain)[key];
      if (!act) return;
      event.preventDefault();
      act();
    },
    [store, actions, middle, choose, zoomIn, zoomOut, zoomTo],
  );
}

/** Whether the key goes into a text. */
export function isTyping(event: { readonly target: EventTarget | null }): boolean {
  const target = event.target as HTMLElement | null;
  return Boolean(target?.closest?.("input, textarea, select, [contenteditable=true]"));
}

/** Whether the key goes into a field with an undo of its own. The SQL editor has none: there the desk's counts. */
export function hasOwnUndo(event: { readonly target: EventTarget | null }): boolean {
  const field = (event.target as HTMLElement | null)?.closest?.("input, textarea");
  return field?.matches("textarea, :not([type=checkbox], [type=radio], [type=range], [type=button], [type=file])") ?? false;
}

function goAlong(store: DesignerStore, actions: Actions, direction: Direction, event: KeyboardEvent): void {
  const { selection, draft, select, seek } = store.getState();
  if (event.altKey) {
    const [dx, dy] = { left: [-1, 0], right: [1, 0], up: [0, -1], down: [0, 1] }[direction] as [number, number];
    const by = NUDGE_PX * (event.shiftKey ? 5 : 1);
    actions.nudge(dx * by, dy * by);
    return;
  }
  const from = [...selection.steps].at(-1);
  const next = from === undefined ? (draft.order[0] ?? null) : neighbour(draft, from, direction);
  if (next === null) return;
  if (event.shiftKey) select(selectionOf({ steps: withLast(selection.steps, next) }));
  else seek(next);
}

function withLast(steps: ReadonlySet<StepId>, last: StepId): StepId[] {
  return [...[...steps].filter((id) => id !== last), last];
}
