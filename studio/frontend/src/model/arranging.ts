import type { Point } from "../messages";
import type { Draft, StepId } from "./draft";
import { onGrid } from "./layout";
import { around, rectOf, type Rect } from "./placing";

export type Alignment = "left" | "center" | "right" | "top" | "middle" | "bottom";

interface Placed {
  readonly id: StepId;
  readonly rect: Rect;
}

/** Places that put steps on one line. */
export function aligned(draft: Draft, ids: readonly StepId[], how: Alignment): Record<StepId, Point> {
  const steps = placed(draft, ids);
  const whole = around(steps.map(({ rect }) => rect));
  if (!whole) return {};
  const line: Record<Alignment, (rect: Rect) => Point> = {
    left: ({ y }) => ({ x: whole.x, y }),
    center: ({ y, width }) => ({ x: whole.x + (whole.width - width) / 2, y }),
    right: ({ y, width }) => ({ x: whole.x + whole.width - width, y }),
    top: ({ x }) => ({ x, y: whole.y }),
    middle: ({ x, height }) => ({ x, y: whole.y + (whole.height - height) / 2 }),
    bottom: ({ x, height }) => ({ x, y: whole.y + whole.height - height }),
  };
  return Object.fromEntries(steps.map(({ id, rect }) => [id, line[how](rect)]));
}

/** Places with equal gaps between steps; the outermost stay. */
export function distributed(draft: Draft, ids: readonly StepId[], axis: "x" | "y"): Record<StepId, Point> {
  const size = axis === "x" ? "width" : "height";
  const steps = placed(draft, ids).sort((one, other) => one.rect[axis] - other.rect[axis]);
  const whole = around(steps.map(({ rect }) => rect));
  if (!whole || steps.length < 3) return {};
  const filled = steps.reduce((total, { rect }) => total + rect[size], 0);
  const gap = (whole[size] - filled) / (steps.length - 1);
  let at = whole[axis];
  return Object.fromEntries(
    steps.map(({ id, rect }) => {
      const place = { x: rect.x, y: rect.y, [axis]: onGrid(at) };
      at += rect[size] + gap;
      return [id, place];
    }),
  );
}

function placed(draft: Draft, ids: readonly StepId[]): Placed[] {
  return ids.flatMap((id) => {
    const rect = rectOf(draft, id);
    return rect ? [{ id, rect }] : [];
  });
}
