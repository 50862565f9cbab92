import type { Note } from "../messages";
import type { Draft, StepGroup, StepId } from "./draft";
import { stepOf } from "./draft";
import { graphOf } from "./graph";
import { around, type Rect, rectOf } from "./placing";
import { HEADER_HEIGHT, shapeOf, STEP_WIDTH } from "./sizes";

/** What lies on the canvas: an open frame, a frame that is folded up to a box, a step, a note. */
export type Thing =
  | { readonly kind: "step"; readonly id: StepId; readonly rect: Rect }
  | { readonly kind: "frame" | "fold"; readonly id: string; readonly rect: Rect; readonly group: StepGroup }
  | { readonly kind: "note"; readonly id: string; readonly rect: Rect; readonly note: Note };

/** An edge as it is drawn: an edge into a folded group ends at the group. */
export interface Wire {
  readonly id: string;
  readonly source: string;
  readonly sourcePort: string;
  readonly target: string;
  readonly targetPort: string;
  readonly dataset: string;
  readonly from: { readonly x: number; readonly y: number };
  readonly to: { readonly x: number; readonly y: number };
}

/** What is drawn of a draft, and where. */
export interface Scene {
  readonly things: readonly Thing[];
  readonly wires: readonly Wire[];
}

/** The port of a folded group. */
export const FOLD_PORT = "fold";

const FRAME_PADDING = 20;
/** How high the title of a frame is. */
export const FRAME_TITLE = 28;

/** The scene of a draft. */
export function sceneOf(draft: Draft): Scene {
  const rects = new Map<string, Rect>();
  const owner = new Map<StepId, string>();
  const groups: Thing[] = [];
  for (const group of draft.groups) {
    const inner = around(group.steps.flatMap((id) => rectOf(draft, id) ?? []));
    if (!inner) continue;
    if (group.isCollapsed) {
      const rect = { x: inner.x, y: inner.y, width: STEP_WIDTH, height: HEADER_HEIGHT };
      groups.push({ kind: "fold", id: group.id, rect, group });
      rects.set(group.id, rect);
      for (const id of group.steps) owner.set(id, group.id);
    } else groups.push({ kind: "frame", id: group.id, rect: framed(inner), group });
  }
  const steps: Thing[] = [];
  for (const id of draft.order) {
    const rect = owner.has(id) ? null : rectOf(draft, id);
    if (!rect) continue;
    rects.set(id, rect);
    steps.push({ kind: "step", id, rect });
  }
  const notes = draft.notes.map((note): Thing => {
    const { id, x, y, width, height } = note;
    return { kind: "note", id, note, rect: { x, y, width, height } };
  });
  return { things: [...groups, ...notes, ...steps], wires: wires(draft, rects, owner) };
}

function framed({ x, y, width, height }: Rect): Rect {
  return {
    x: x - FRAME_PADDING,
    y: y - FRAME_PADDING - FRAME_TITLE,
    width: width + 2 * FRAME_PADDING,
    height: height + 2 * FRAME_PADDING + FRAME_TITLE,
  };
}

function wires(draft: Draft, rects: ReadonlyMap<string, Rect>, owner: ReadonlyMap<StepId, string>): Wire[] {
  const found = new Map<string, Wire>();
  for (const edge of graphOf(draft).edges) {
    const source = owner.get(edge.source) ?? edge.source;
    const target = owner.get(edge.target) ?? edge.target;
    const [start, end] = [rects.get(source), rects.get(target)];
    if (source === target || !start || !end) continue;
    const isFolded = source !== edge.source || target !== edge.target;
    const id = isFolded ? `${source}→${target}:${edge.dataset}` : edge.id;
    if (found.has(id)) continue;
    const outY = source === edge.source ? portY(draft, source, "outputs", edge.output) : HEADER_HEIGHT / 2;
    const inY = target === edge.target ? portY(draft, target, "inputs", edge.input) : HEADER_HEIGHT / 2;
    found.set(id, {
      id,
      source,
      target,
      sourcePort: source === edge.source ? edge.output : FOLD_PORT,
      targetPort: target === edge.target ? edge.input : FOLD_PORT,
      dataset: edge.dataset,
      from: { x: start.x + start.width, y: start.y + outY },
      to: { x: end.x, y: end.y + inY },
    });
  }
  return [...found.values()];
}

function portY(draft: Draft, id: StepId, side: "inputs" | "outputs", name: string): number {
  return shapeOf(stepOf(draft, id))[side].find((port) => port.name === name)?.y ?? HEADER_HEIGHT / 2;
}

/** The middle of a rectangle. */
export function middleOf({ x, y, width, height }: Rect): { x: number; y: number } {
  return { x: x + width / 2, y: y + height / 2 };
}
