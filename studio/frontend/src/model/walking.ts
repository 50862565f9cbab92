import type { Draft, StepId } from "./draft";
import { graphOf } from "./graph";
import { type Rect, rectOf } from "./placing";
import { middleOf } from "./scene";

export type Direction = "left" | "right" | "up" | "down";

/**
 * The step that an arrow key goes to: left and right along edges where there are any, up and down to the nearest
 * step; null where there is none.
 */
export function neighbour(draft: Draft, from: StepId, direction: Direction): StepId | null {
  const { into, outOf } = graphOf(draft);
  if (direction === "left" || direction === "right") {
    const along =
      direction === "left"
        ? (into.get(from) ?? []).map((edge) => edge.source)
        : (outOf.get(from) ?? []).map((edge) => edge.target);
    if (along.length) return nearest(draft, from, along);
  }
  const start = rectOf(draft, from);
  if (!start) return null;
  return nearest(draft, from, draft.order.filter((id) => id !== from && isTowards(start, rectOf(draft, id), direction)));
}

function isTowards(from: Rect, to: Rect | null, direction: Direction): boolean {
  if (!to) return false;
  const [start, end] = [middleOf(from), middleOf(to)];
  const [dx, dy] = [end.x - start.x, end.y - start.y];
  if (direction === "up" || direction === "down") {
    return (direction === "up" ? dy < 0 : dy > 0) && Math.abs(dx) <= Math.max(Math.abs(dy), from.width);
  }
  return (direction === "left" ? dx < 0 : dx > 0) && Math.abs(dy) <= Math.abs(dx);
}

function nearest(draft: Draft, from: StepId, ids: readonly StepId[]): StepId | null {
  const start = rectOf(draft, from);
  if (!start) return ids[0] ?? null;
  const middle = middleOf(start);
  const distance = (id: StepId) => {
    const rect = rectOf(draft, id);
    if (!rect) return Number.POSITIVE_INFINITY;
    const { x, y } = middleOf(rect);
    return Math.hypot(x - middle.x, y - middle.y);
  };
  return [...ids].sort((one, other) => distance(one) - distance(other))[0] ?? null;
}
