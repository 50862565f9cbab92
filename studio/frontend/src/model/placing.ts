import type { Point } from "../messages";
import type { Draft, StepId } from "./draft";
import { stepOf } from "./draft";
import { graphOf } from "./graph";
import { type Box, GRID, type LayoutTask, onGrid } from "./layout";
import { HEADER_HEIGHT, shapeOf, STEP_WIDTH } from "./sizes";

/** A part of the canvas, in its own pixels. */
export interface Rect extends Point {
  readonly width: number;
  readonly height: number;
}

const GAP_X = 48;
const GAP_Y = 32;

/** Where a step lies, or null where it has no place yet. */
export function rectOf(draft: Draft, id: StepId): Rect | null {
  const place = draft.positions[id];
  return place ? { ...place, width: STEP_WIDTH, height: shapeOf(stepOf(draft, id)).height } : null;
}

/** The rectangle around rectangles, or null around none. */
export function around(rects: readonly Rect[]): Rect | null {
  if (!rects.length) return null;
  const x = Math.min(...rects.map((rect) => rect.x));
  const y = Math.min(...rects.map((rect) => rect.y));
  const right = Math.max(...rects.map((rect) => rect.x + rect.width));
  const bottom = Math.max(...rects.map((rect) => rect.y + rect.height));
  return { x, y, width: right - x, height: bottom - y };
}

/** The nearest free place at or below `wanted`, on the grid. */
export function freePlace(draft: Draft, wanted: Point, height = HEADER_HEIGHT): Point {
  const rects = draft.order.flatMap((id) => rectOf(draft, id) ?? []);
  const place = { x: onGrid(wanted.x), y: onGrid(wanted.y), width: STEP_WIDTH, height };
  for (;;) {
    const hit = rects.find((rect) => overlaps(rect, place));
    if (!hit) return { x: place.x, y: place.y };
    place.y = onGrid(hit.y + hit.height + GAP_Y / 2 + GRID / 2);
  }
}

function overlaps(one: Rect, other: Rect): boolean {
  return (
    one.x < other.x + other.width && other.x < one.x + one.width && one.y < other.y + other.height && other.y < one.y + one.height
  );
}

/** A free place right of the steps that a new one is connected to. */
export function placeBehind(draft: Draft, ids: readonly StepId[]): Point | null {
  const rect = around(ids.flatMap((id) => rectOf(draft, id) ?? []));
  if (!rect) return null;
  const middle = rect.y + rect.height / 2 - HEADER_HEIGHT / 2;
  return freePlace(draft, { x: rect.x + rect.width + GAP_X, y: ids.length === 1 ? rect.y : middle });
}

/** Places for the steps that have none, near those that they read from; in the order of the file. */
export function missingPlaces(draft: Draft): Record<StepId, Point> {
  const found: Record<StepId, Point> = {};
  let seen = draft;
  const bottom = around(draft.order.flatMap((id) => rectOf(draft, id) ?? []));
  for (const id of draft.order) {
    if (seen.positions[id]) continue;
    const sources = (graphOf(draft).into.get(id) ?? []).map((edge) => edge.source);
    const fallback = freePlace(seen, { x: bottom?.x ?? 0, y: bottom ? bottom.y + bottom.height + GAP_Y : 0 });
    const place = placeBehind(seen, sources) ?? fallback;
    found[id] = place;
    seen = { ...seen, positions: { ...seen.positions, [id]: place } };
  }
  return found;
}

/** What is to be laid out of a draft: these steps, and the edges among them. A folded group counts as one box. */
export function layoutTask(draft: Draft, ids: readonly StepId[]): LayoutTask {
  const owner = new Map(draft.groups.flatMap((group) => group.steps.map((id) => [id, group] as const)));
  const boxOf = (id: StepId) => (owner.get(id)?.isCollapsed ? (owner.get(id)?.id ?? id) : id);
  const boxes = new Map<string, Box>();
  for (const id of ids) {
    const group = owner.get(id);
    const height = group?.isCollapsed ? HEADER_HEIGHT : shapeOf(stepOf(draft, id)).height;
    const box = { id: boxOf(id), width: STEP_WIDTH, height };
    boxes.set(box.id, group && !group.isCollapsed ? { ...box, frame: group.id } : box);
  }
  const edges = graphOf(draft).edges.map((edge) => [boxOf(edge.source), boxOf(edge.target)] as const);
  return { boxes: [...boxes.values()], edges: edges.filter(([from, to]) => from !== to && boxes.has(from) && boxes.has(to)) };
}

/** Of places that took their time, those of steps that nobody has put elsewhere meanwhile. */
export function stillWanted(places: Readonly<Record<StepId, Point>>, then: Draft, now: Draft): Record<StepId, Point> {
  return Object.fromEntries(Object.entries(places).filter(([id]) => now.positions[id] === then.positions[id]));
}

/**
 * The steps' places after a layout: layouts start at 0,0, but the top left corner stays where it was, and the steps of
 * a folded group go along with its box.
 */
export function placesAfter(draft: Draft, laidOut: Readonly<Record<string, Point>>): Record<StepId, Point> {
  const places: Record<StepId, Point> = {};
  for (const [id, place] of Object.entries(laidOut)) {
    const folded = draft.groups.find((group) => group.id === id);
    if (!folded) {
      places[id] = place;
      continue;
    }
    const corner = around(folded.steps.flatMap((step) => rectOf(draft, step) ?? []));
    for (const step of folded.steps) {
      const before = draft.positions[step];
      if (corner && before) places[step] = { x: before.x - corner.x + place.x, y: before.y - corner.y + place.y };
    }
  }
  const ids = Object.keys(places);
  const before = around(ids.flatMap((id) => rectOf(draft, id) ?? []));
  const after = around(ids.map((id) => ({ ...(places[id] as Point), width: 0, height: 0 })));
  if (!before || !after) return places;
  const [dx, dy] = [onGrid(before.x - after.x), onGrid(before.y - after.y)];
  return Object.fromEntries(ids.map((id) => [id, { x: places[id]!.x + dx, y: places[id]!.y + dy }]));
}
