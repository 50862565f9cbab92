/** The arithmetic of a zoom: which part of a run's time is shown. All moments are seconds from the start of the run. */

export interface Range {
  readonly from: number;
  readonly to: number;
}

const STEPS = [1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10] as const;
const NARROWEST_S = 0.002;
const ZOOM_A_PIXEL = 0.0016;
const PINCH = 6;
const LINE_PX = 16;

/** The next round figure: what is drawn up to it stands still until the value has grown past it. */
export function roundedUp(value: number): number {
  if (!(value > 0)) return 1;
  const unit = 10 ** Math.floor(Math.log10(value));
  return unit * (STEPS.find((step) => step * unit >= value) ?? 10);
}

/** The whole time of a run. While it goes on there is room for what is to come, so that the picture seldom changes. */
export function wholeOf(end: number, isLive: boolean): Range {
  return { from: 0, to: isLive ? roundedUp(end * 1.02) : Math.max(end, NARROWEST_S) * 1.02 };
}

/**
 * A range that is wider or narrower about a moment, which keeps its place; null where that is all.
 *
 * @param at - The moment that stays under the pointer.
 * @param factor - Below 1 to look closer.
 */
export function zoomed(range: Range, at: number, factor: number, whole: Range): Range | null {
  const span = Math.max((range.to - range.from) * factor, NARROWEST_S);
  if (span >= whole.to - whole.from) return null;
  const share = (at - range.from) / (range.to - range.from);
  return inside({ from: at - share * span, to: at + (1 - share) * span }, whole);
}

/** A range that is as wide, some seconds later; it never leaves the time of the run. */
export function moved(range: Range, seconds: number, whole: Range): Range {
  return inside({ from: range.from + seconds, to: range.to + seconds }, whole);
}

/** How much wider a turn of the wheel makes the range. */
export function wheelFactor({ deltaY, deltaMode, ctrlKey }: Pick<WheelEvent, "deltaY" | "deltaMode" | "ctrlKey">): number {
  const pixels = Math.max(-300, Math.min(300, deltaMode === 0 ? deltaY : deltaY * LINE_PX));
  return Math.exp(pixels * ZOOM_A_PIXEL * (ctrlKey ? PINCH : 1));
}

/** Where a moment lies, in pixels from the left of a picture of that width. */
export function place(moment: number, { from, to }: Range, width: number): number {
  return ((moment - from) / (to - from)) * width;
}

/** The moment at a place; the other way round of `place`. */
export function momentAt(x: number, { from, to }: Range, width: number): number {
  return from + (x / width) * (to - from);
}

function inside({ from, to }: Range, whole: Range): Range {
  const span = to - from;
  const start = Math.max(whole.from, Math.min(from, whole.to - span));
  return { from: start, to: start + span };
}
