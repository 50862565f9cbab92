/** The ticks of a time axis, and moments and durations in words. */
import type { Range } from "./range";

const TICK_PX = 90;
const CLOCK_FROM_S = 120;
const LONG_STEPS = [60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400] as const;

/** Round moments for an axis of that width, and how far they are apart. */
export function ticksOf(range: Range, width: number): { readonly step: number; readonly moments: readonly number[] } {
  const step = stepOf(((range.to - range.from) * TICK_PX) / Math.max(width, TICK_PX));
  const first = Math.ceil(range.from / step - 1e-9);
  const last = Math.floor(range.to / step + 1e-9);
  return { step, moments: Array.from({ length: last - first + 1 }, (_, at) => rounded((first + at) * step)) };
}

/**
 * A moment of a run: "2.5 s", from two minutes on as a clock tells it, "2:30" or "1:02:30".
 *
 * @param step - How far moments are apart that are to be told from each other.
 */
export function momentText(moment: number, step: number): string {
  const places = Math.max(0, Math.min(3, -Math.floor(Math.log10(step) + 1e-9)));
  if (moment < CLOCK_FROM_S) return `${moment.toFixed(places)} s`;
  const units = Math.round(moment * 10 ** places);
  const whole = Math.floor(units / 10 ** places);
  const fraction = places > 0 ? (units / 10 ** places - whole).toFixed(places).slice(1) : "";
  const [hours, minutes, seconds] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number) => String(value).padStart(2, "0");
  return (hours > 0 ? `${hours}:${two(minutes)}` : `${minutes}`) + `:${two(seconds)}${fraction}`;
}

/** A range in words, as closely as a picture of it can be read. */
export function rangeText({ from, to }: Range): string {
  const step = (to - from) / 200;
  return `${momentText(from, step)} – ${momentText(to, step)}`;
}

/** A duration in the unit that a person would choose, as stories word it: "0.4 ms", "1.42 s", "2 min 05 s". */
export function durationText(ms: number): string {
  if (ms < 999.5) return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
  const seconds = ms / 1_000;
  if (seconds < 59.995) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, "0");
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3_600).toLocaleString()} h ${two(Math.floor(whole / 60) % 60)} min`;
}

function stepOf(least: number): number {
  if (least > 10 && least <= 30) return 30;
  if (least > 30) return LONG_STEPS.find((step) => step >= least) ?? 86_400 * Math.ceil(least / 86_400);
  const unit = 10 ** Math.floor(Math.log10(least));
  const found = [1, 2, 5, 10].find((step) => step * unit >= least * (1 - 1e-9)) ?? 10;
  return rounded(found * unit);
}

/** Without the dust that binary fractions leave. */
function rounded(value: number): number {
  return Number(value.toPrecision(12));
}
