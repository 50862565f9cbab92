import { useReactFlow } from "@xyflow/react";
import { type KeyboardEvent, useCallback, useRef } from "react";
import type { Point } from "../messages";
import type { Draft, StepId } from "../model/draft";
import { changeGroup } from "../model/frames";
import { type Scene, sceneOf } from "../model/scene";
import { type Selection, selectionOf } from "../model/selection";
import { cursorOf, type Direction, neighbour, nextWire } from "../model/walking";
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
const RESIZE_PX = 24;

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
  const cursor = useRef<Cursor>({ at: null, around: null });
  return useCallback(
    (event: KeyboardEvent) => {
      if (isTyping(event)) return;
      const { selection, seek, draft, edit } = store.getState();
      cursor.current.at = cursorOf(draft, selection) ?? cursor.current.at;
      const [step] = selection.steps.size === 1 ? selection.steps : [];
      const [edge] = selection.edges.size === 1 ? selection.edges : [];
      const [item] = selection.items.size === 1 ? selection.items : [];
      const group = draft.groups.find(({ id }) => id === item);
      const add = () => {
        const from = [...selection.steps].map((id) => ({ step: id }));
        const place = draft.positions[step ?? ""];
        const at = place ? { x: place.x + 300, y: place.y } : middle();
        choose({ kind: "add", at, wanted: { from } });
      };
      const open = () => {
        if (group) edit(group.isCollapsed ? "Unfold a group" : "Fold up a group", changeGroup(group.id, { isCollapsed: !group.isCollapsed }));
        else if (item !== undefined) seek(item, "text");
        else add();
      };
      const name = () => {
        if (step !== undefined) seek(step, "name");
        else if (item !== undefined) seek(item, group ? "title" : "text");
      };
      const wire = () => {
        if (step !== undefined) choose(event.shiftKey ? { kind: "feed", to: step } : { kind: "connect", from: step });
        else if (edge !== undefined) choose({ kind: "reconnect", edge });
        else store.getState().notify("Select a step or an edge first");
      };
      const remove = () => {
        const left = besideGone(draft, selection);
        actions.remove();
        cursor.current = { at: left, around: null };
      };
      const commands: Readonly<Record<string, () => void>> = {
        a: actions.selectAll,
        d: actions.duplicate,
        g: event.shiftKey ? actions.ungroup : actions.group,
      };
      const plain: Readonly<Record<string, () => void>> = {
        "/": add,
        Enter: open,
        Delete: remove,
        Backspace: remove,
        Escape: () => store.getState().select(selectionOf({})),
        F2: name,
        c: wire,
        e: () => goToEdge(store, cursor.current, event.shiftKey ? -1 : 1),
        n: () => actions.note(middle()),
        w: () => actions.resize({ width: event.shiftKey ? -RESIZE_PX : RESIZE_PX }),
        h: () => actions.resize({ height: event.shiftKey ? -RESIZE_PX : RESIZE_PX }),
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
        ? () => goAlong(store, actions, cursor.current, arrow, event)
        : (isCommand ? commands : event.altKey ? {} : plain)[key];
      if (!act) return;
      event.preventDefault();
      act();
    },
    [store, actions, middle, choose, zoomIn, zoomOut, zoomTo],
  );
}

/** Where the keyboard is, beside the selection. */
interface Cursor {
  /** What an arrow comes back to once nothing is selected. */
  at: string | null;
  /** The step whose edges are gone through. */
  around: StepId | null;
}

/** What lies beside what is about to be removed. */
function besideGone(draft: Draft, selection: Selection): string | null {
  const last = cursorOf(draft, selection);
  if (last === null) return null;
  const isGone = (id: string) => selection.steps.has(id) || selection.items.has(id) || selection.edges.has(id);
  const scene = sceneOf(draft);
  const beside = (["right", "left", "up", "down"] as const).map((direction) => neighbour(scene, last, direction));
  return beside.find((id) => id !== null && !isGone(id)) ?? null;
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

function goAlong(store: DesignerStore, actions: Actions, cursor: Cursor, direction: Direction, event: KeyboardEvent): void {
  const { selection, draft, select, seek } = store.getState();
  if (event.altKey) {
    const [dx, dy] = { left: [-1, 0], right: [1, 0], up: [0, -1], down: [0, 1] }[direction] as [number, number];
    const by = NUDGE_PX * (event.shiftKey ? 5 : 1);
    actions.nudge(dx * by, dy * by);
    return;
  }
  const scene = sceneOf(draft);
  const from = cursorOf(draft, selection);
  const known = scene.things.find(({ id }) => id === cursor.at)?.id;
  const next = from === null ? (known ?? firstOf(scene, draft)) : neighbour(scene, from, direction);
  if (next === null) return;
  cursor.at = next;
  if (event.shiftKey && next in draft.steps) select(selectionOf({ steps: withLast(selection.steps, next) }));
  else seek(next);
}

/** The first step of the file that is drawn, else whatever is. */
function firstOf({ things }: Scene, draft: Draft): string | null {
  const drawn = new Set(things.map(({ id }) => id));
  return draft.order.find((id) => drawn.has(id)) ?? things[0]?.id ?? null;
}

function goToEdge(store: DesignerStore, cursor: Cursor, by: 1 | -1): void {
  const { selection, draft, seek } = store.getState();
  const scene = sceneOf(draft);
  const current = cursorOf(draft, selection);
  const wire = scene.wires.find(({ id }) => id === current);
  const isAround = wire && (wire.source === cursor.around || wire.target === cursor.around);
  const around = wire ? (isAround ? cursor.around : wire.target) : (current ?? cursor.at);
  const next = around === null ? null : nextWire(scene, around, wire?.id ?? null, by);
  if (next === null) return;
  cursor.around = around;
  seek(next);
}

function withLast(steps: ReadonlySet<StepId>, last: StepId): StepId[] {
  return [...[...steps].filter((id) => id !== last), last];
}
