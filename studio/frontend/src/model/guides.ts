import type { Rect } from "./placing";

/** A line on which a dragged step is in line with another: `axis` is what both have in common. */
export interface Guide {
  readonly axis: "x" | "y";
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

/** How far a dragged step is to go to be in line, and the lines that it is on then. */
export interface InLine {
  readonly dx: number;
  readonly dy: number;
  readonly guides: readonly Guide[];
}

const SIDES = { x: "width", y: "height" } as const;
const OTHER = { x: "y", y: "x" } as const;
/** Start, middle and end: like goes with like, or a canvas full of steps would hold what is dragged everywhere. */
const PARTS = [0, 0.5, 1] as const;

/**
 * Where a dragged rectangle is in line with others.
 *
 * @param dragged Where it was dragged.
 * @param others What it may be in line with.
 * @param reach How far away a line still attracts it.
 */
export function inLine(dragged: Rect, others: readonly Rect[], reach: number): InLine {
  const x = nearest("x", dragged, others, reach);
  const y = nearest("y", dragged, others, reach);
  const [dx, dy] = [x?.by ?? 0, y?.by ?? 0];
  const placed = { ...dragged, x: dragged.x + dx, y: dragged.y + dy };
  const guides = [x && guide("x", placed, x), y && guide("y", placed, y)];
  return { dx, dy, guides: guides.filter((one) => one !== null) };
}

interface Hit {
  readonly by: number;
  readonly part: number;
  readonly other: Rect;
}

function nearest(axis: "x" | "y", dragged: Rect, others: readonly Rect[], reach: number): Hit | null {
  let best: Hit | null = null;
  for (const other of others) {
    for (const part of PARTS) {
      const by = lineOf(axis, other, part) - lineOf(axis, dragged, part);
      if (Math.abs(by) > reach) continue;
      const isCloser = !best || Math.abs(by) < Math.abs(best.by);
      const isNeighbour = best && Math.abs(by) === Math.abs(best.by) && gap(axis, dragged, other) < gap(axis, dragged, best.other);
      if (isCloser || isNeighbour) best = { by, part, other };
    }
  }
  return best;
}

function lineOf(axis: "x" | "y", rect: Rect, part: number): number {
  return rect[axis] + rect[SIDES[axis]] * part;
}

/** How far apart two rectangles are along the line that they share. */
function gap(axis: "x" | "y", one: Rect, other: Rect): number {
  const along = OTHER[axis];
  return Math.abs(lineOf(along, one, 0.5) - lineOf(along, other, 0.5));
}

function guide(axis: "x" | "y", dragged: Rect, { part, other }: Hit): Guide {
  const along = OTHER[axis];
  return {
    axis,
    at: lineOf(axis, dragged, part),
    from: Math.min(dragged[along], other[along]),
    to: Math.max(lineOf(along, dragged, 1), lineOf(along, other, 1)),
  };
}
