import type { JoinHealth, StepHealth, UsualRange } from "../messages";
import { counted } from "../panel/cells";

const PERCENT = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });
const FACTOR = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });

/** A share, as people read it; what is nearly all is never told as all. */
export function percent(share: number): string {
  if (share < 1 && share > 0.999) return `> ${PERCENT.format(0.999)}`;
  return PERCENT.format(share);
}

/** A join in lines: how many rows match on each side, and what follows from it. */
export function joinLines(join: JoinHealth): string[] {
  if (join.why) return [`${join.told}`, `Not counted: ${join.why}`];
  const lines = [join.told];
  const side = (name: string, other: string) => name || other;
  const left = side(join.left, "the left side");
  const right = side(join.right, "the right side");
  if (join.left_rate !== null) lines.push(`${percent(join.left_rate)} of ${counted(join.left_rows ?? 0, "row")} of ${left} match`);
  if (join.right_rate !== null) lines.push(`${percent(join.right_rate)} of ${counted(join.right_rows ?? 0, "row")} of ${right} match`);
  if (join.fan_out !== null) lines.push(`Fan-out ${FACTOR.format(join.fan_out)}: partners of a row of ${left} that has any`);
  if (join.left_dropped) lines.push(`${counted(join.left_dropped, "row")} of ${left} dropped`);
  if (join.right_dropped) lines.push(`${counted(join.right_dropped, "row")} of ${right} dropped`);
  if (join.right_nulls) lines.push(`${counted(join.right_nulls, "row")} with nulls for ${right}`);
  if (join.left_nulls) lines.push(`${counted(join.left_nulls, "row")} with nulls for ${left}`);
  return [...lines, ...join.usual.filter((usual) => usual.is_outside).map((usual) => `Unusual: ${usualText(usual)}`)];
}

const MEASURES = { left_rate: "left rows that match", right_rate: "right rows that match", fan_out: "fan-out", kept_rate: "rows kept" } as const;

/** A usual range, as people read it. */
export function usualText({ measure, low, high }: UsualRange): string {
  const figure = (value: number) => (measure === "fan_out" ? FACTOR.format(value) : percent(measure === "kept_rate" ? value : Math.min(value, 1)));
  return `${MEASURES[measure]}, usually ${figure(low)} to ${figure(high)}`;
}

/** Whether a figure of the step is outside of its usual range. */
export function isUnusual({ joins, kept }: StepHealth): boolean {
  return Boolean(kept?.is_outside) || joins.some((join) => join.usual.some((usual) => usual.is_outside));
}

/** The health of a step in lines; none where nothing is to be told. */
export function healthLines(health: StepHealth): string[] {
  const lines = health.joins.flatMap(joinLines);
  if (health.why) lines.push(`Joins not counted: ${health.why}`);
  if (health.kept?.is_outside) lines.push(`Unusual: ${usualText(health.kept)}`);
  if (lines.length > 0 && health.is_sample) lines.push("Counted over a sample");
  return lines;
}

/** The share of an input's rows that find partners in the step's first join with it, and whether it is unusual. */
export function matchRate({ joins }: StepHealth, input: string): { rate: number; isUnusual: boolean } | null {
  for (const join of joins) {
    const measure = join.left === input ? "left_rate" : join.right === input ? "right_rate" : null;
    const rate = measure && join[measure];
    if (measure === null) continue;
    return rate === null ? null : { rate, isUnusual: join.usual.some((usual) => usual.measure === measure && usual.is_outside) };
  }
  return null;
}
