import { useMemo } from "react";
import { type Range, place, roundedUp } from "./range";
import type { Scale } from "./scale";
import { Lines } from "./Timeline";

const HEIGHT_PX = 64;
const FIGURE = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });

interface Given {
  readonly name: string;
  readonly unit: string;
  readonly color: string;
  readonly points: readonly (readonly [at: number, value: number])[];
  /** For how many seconds a point holds; without it the points are joined by a line. */
  readonly lasts?: number;
  readonly left: number;
  readonly scale: Scale;
  readonly isLive: boolean;
}

/** A figure of the run over time. It says its value under the pointer, or the latest. */
export function Lane({ name, unit, color, points, lasts, left, scale, isLive }: Given) {
  const { shown, width, pointed } = scale;
  const most = useMemo(() => roundedUp(Math.max(...points.map(([, value]) => value), 0)), [points]);
  const told = valueAt(points, pointed, lasts);
  const drawn = useMemo(() => visible(points, shown), [points, shown.from, shown.to]);
  const path = lasts === undefined ? lineOf(drawn, shown, width, most) : blocksOf(drawn, lasts, shown, width, most);
  const last = drawn.at(-1);
  const figure = told === null ? "" : `${FIGURE.format(told)}${unit && ` ${unit}`}`;
  return (
    <div className="charts-lane" role="group" aria-label={`${name}${figure && `: ${figure}`}`} style={{ height: HEIGHT_PX }}>
      <div className="charts-lane-name">
        <span>{name}</span>
        <b>{figure}</b>
      </div>
      <Lines scale={scale} left={left} />
      {points.length === 0 ? (
        <p style={{ left }}>{isLive ? "Measured from the first second on." : "Nothing was measured: the run took less than a second."}</p>
      ) : (
        <>
          <svg style={{ left }} width={width} height={HEIGHT_PX} aria-hidden>
            {lasts === undefined && last && <path className="charts-area" d={`${path}V${HEIGHT_PX}H${x(drawn[0]![0])}Z`} fill={color} />}
            {lasts === undefined && drawn.length === 1 && <circle cx={x(last![0])} cy={y(last![1], most)} r="2.5" fill={color} />}
            <path d={path} fill={lasts === undefined ? "none" : color} stroke={lasts === undefined ? color : "none"} />
          </svg>
          <span className="charts-most" style={{ left }}>
            {FIGURE.format(most)}
          </span>
        </>
      )}
    </div>
  );

  function x(moment: number): string {
    return place(moment, shown, width).toFixed(1);
  }
}

type Points = Given["points"];

/** The points in sight, and one on either side of them. */
function visible(points: Points, { from, to }: Range): Points {
  const first = points.findIndex(([at]) => at >= from);
  const after = points.findIndex(([at]) => at > to);
  return points.slice(Math.max(0, (first < 0 ? points.length : first) - 1), after < 0 ? points.length : after + 1);
}

function lineOf(points: Points, shown: Range, width: number, most: number): string {
  return points.map(([at, value], number) => `${number ? "L" : "M"}${place(at, shown, width).toFixed(1)} ${y(value, most)}`).join("");
}

function blocksOf(points: Points, lasts: number, shown: Range, width: number, most: number): string {
  const span = Math.max(1, place(shown.from + lasts, shown, width) - 1);
  return points.map(([at, value]) => `M${place(at, shown, width).toFixed(1)} ${HEIGHT_PX}V${y(value, most)}h${span.toFixed(1)}V${HEIGHT_PX}Z`).join("");
}

function y(value: number, most: number): string {
  return (HEIGHT_PX - 1 - (value / most) * (HEIGHT_PX - 12)).toFixed(1);
}

/** The value at a moment, or the latest; null where none was measured then. */
function valueAt(points: Points, moment: number | null, lasts: number | undefined): number | null {
  const found = moment === null ? points.at(-1) : points.findLast(([at]) => at <= moment);
  if (!found) return null;
  return moment !== null && lasts !== undefined && moment >= found[0] + lasts ? 0 : found[1];
}
