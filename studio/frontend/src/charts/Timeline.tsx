import { type CSSProperties, memo, type RefObject, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { durationText, momentText } from "./moments";
import { place, type Range } from "./range";
import type { Scale } from "./scale";
import type { Bar, Told } from "./told";
import type { View } from "./view";

export const ROW_PX = 22;
const TALLEST_PX = 484;
const SPARE_ROWS = 6;
const LETTER_PX = 6.2;
const TIP_PX = 260;
const COUNT = new Intl.NumberFormat();

interface Given {
  readonly told: Told;
  readonly present: number;
  readonly left: number;
  readonly scale: Scale;
  readonly view: View;
  readonly change: (part: Partial<View>) => void;
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly pointer: number | null;
}

/** A row a step, with a bar from its start to its end or to the present. Only rows in sight are drawn. */
export function Timeline({ told, present, left, scale, view, change, scroller, pointer }: Given) {
  const { steps } = told;
  const height = Math.min(steps.length * ROW_PX, TALLEST_PX);
  const bars = useMemo(() => new Map(told.bars.map((bar) => [bar[0], bar])), [told.bars]);
  const [first, setFirst] = useState(0);
  const [row, setRow] = useState<number | null>(null);
  const placed = useRef(-1);
  const scrollTo = (top: number) => {
    const element = scroller.current;
    if (!element) return;
    element.scrollTop = top;
    placed.current = element.scrollTop;
    setFirst(Math.floor(element.scrollTop / ROW_PX));
  };
  // Once: afterwards the place is the browser's own.
  useLayoutEffect(() => scrollTo(view.top), []);
  const running = told.is_live && view.isFollowing ? told.bars.find((bar) => bar[3] === null)?.[0] : undefined;
  useEffect(() => {
    if (running === undefined || !scroller.current) return;
    const top = running * ROW_PX;
    const { scrollTop } = scroller.current;
    if (top < scrollTop || top + 2 * ROW_PX > scrollTop + height) scrollTo(top - height * 0.7);
  }, [running, height]);
  const onScroll = () => {
    const top = scroller.current?.scrollTop ?? 0;
    setFirst(Math.floor(top / ROW_PX));
    if (Math.abs(top - placed.current) > 1) change({ top, isFollowing: false });
    placed.current = -1;
  };
  const from = Math.max(0, first - SPARE_ROWS);
  const upTo = Math.min(steps.length, first + Math.ceil(height / ROW_PX) + SPARE_ROWS);
  const tipped = row === null || pointer === null ? undefined : bars.get(row);
  return (
    <>
      <div
        className="charts-steps"
        ref={scroller}
        role="group"
        aria-label="When each step ran. Plus and minus zoom, the arrows left and right move, 0 shows all"
        tabIndex={0}
        style={{ height }}
        onScroll={onScroll}
        onPointerMove={(event) => {
          const inside = event.clientY - event.currentTarget.getBoundingClientRect().top + event.currentTarget.scrollTop;
          setRow(Math.floor(inside / ROW_PX));
        }}
        onPointerLeave={() => setRow(null)}
      >
        <ol style={{ height: steps.length * ROW_PX }} aria-label="Steps">
          <Lines scale={scale} left={left} />
          {steps.slice(from, upTo).map((name, at) => (
            <Row
              key={name}
              name={name}
              top={(from + at) * ROW_PX}
              bar={bars.get(from + at)}
              states={told.states}
              present={isRunning(bars.get(from + at)) ? present : 0}
              shown={scale.shown}
              width={scale.width}
              isPointed={row === from + at}
            />
          ))}
        </ol>
      </div>
      {tipped && row !== null && pointer !== null && (
        <Tip
          lines={[steps[row]!, ...linesOf(tipped, told.states, present)]}
          style={{
            ...(pointer + TIP_PX + 24 > scale.width ? { right: scale.width - pointer + 14 } : { left: left + pointer + 14 }),
            top: (row + 1) * ROW_PX - (scroller.current?.scrollTop ?? 0) + 4,
            maxWidth: TIP_PX,
          }}
        />
      )}
    </>
  );
}

/** The lines of the axis through a picture, and the one under the pointer. */
export function Lines({ scale, left }: { scale: Scale; left: number }) {
  return (
    <div className="charts-lines" style={{ left, width: scale.width }} aria-hidden>
      {scale.marks.map(({ moment, x }) => (
        <i key={moment} style={{ transform: `translateX(${x.toFixed(1)}px)` }} />
      ))}
      {scale.pointed !== null && (
        <i className="is-pointed" style={{ transform: `translateX(${place(scale.pointed, scale.shown, scale.width).toFixed(1)}px)` }} />
      )}
    </div>
  );
}

interface RowGiven {
  readonly name: string;
  readonly top: number;
  readonly bar: Bar | undefined;
  readonly states: Told["states"];
  /** 0 for a bar that has ended: the present does not change it. */
  readonly present: number;
  readonly shown: Range;
  readonly width: number;
  readonly isPointed: boolean;
}

const Row = memo(
  ({ name, top, bar, states, present, shown, width, isPointed }: RowGiven) => {
    const words = bar ? linesOf(bar, states, present).join(", ") : "has not begun";
    const className = `charts-row${bar ? "" : " is-waiting"}${isPointed ? " is-pointed" : ""}`;
    return (
      <li className={className} style={{ top }} aria-label={`${name}: ${words}`}>
        <span className="charts-name" title={name}>
          {name}
        </span>
        <span className="charts-plot">{bar && <Drawn bar={bar} color={states[bar[1]]![1]} present={present} shown={shown} width={width} />}</span>
      </li>
    );
  },
  // Each refresh tells all bars anew, and nearly all of them are as they were.
  (before, after) =>
    (Object.keys(after) as (keyof RowGiven)[]).every((name) =>
      name === "bar" || name === "states" ? String(before[name]) === String(after[name]) : before[name] === after[name],
    ),
);

interface DrawnGiven {
  readonly bar: Bar;
  readonly color: string;
  readonly present: number;
  readonly shown: Range;
  readonly width: number;
}

function Drawn({ bar, color, present, shown, width }: DrawnGiven) {
  const [, , start] = bar;
  const end = endOf(bar, present);
  const [from, to] = [place(start, shown, width), place(end, shown, width)];
  if (to < 0) return <span className="charts-off is-before">‹</span>;
  if (from > width) return <span className="charts-off is-after">›</span>;
  // What lies far outside is cut: a browser draws no bar of a million pixels.
  const [left, right] = [Math.max(from, -4), Math.min(Math.max(to, from + 2), width + 4)];
  const style: CSSProperties = { transform: `translateX(${left.toFixed(2)}px)`, width: right - left, background: color };
  const label = durationText(tookOf(bar, present));
  return (
    <>
      <span className={`charts-bar-of-step${bar[3] === null ? " is-running" : ""}`} style={style} />
      <Label label={label} left={left} right={right} width={width} />
    </>
  );
}

/** How long it took: behind the bar, in it, or before it, wherever there is room. */
function Label({ label, left, right, width }: { label: string; left: number; right: number; width: number }) {
  const room = label.length * LETTER_PX + 10;
  if (right + room <= width) return <span className="charts-label" style={{ left: right + 5 }}>{label}</span>;
  const end = Math.min(right, width);
  if (end - Math.max(left, 0) >= room) return <span className="charts-label is-inside" style={{ right: width - end + 6 }}>{label}</span>;
  return left >= room ? <span className="charts-label" style={{ right: width - left + 5 }}>{label}</span> : null;
}

function Tip({ lines, style }: { lines: readonly string[]; style: CSSProperties }) {
  return (
    <div className="charts-tip" role="tooltip" style={style}>
      {lines.map((line) => (
        <div key={line}>{line}</div>
      ))}
    </div>
  );
}

function isRunning(bar: Bar | undefined): boolean {
  return bar?.[3] === null;
}

function endOf([, , start, end]: Bar, present: number): number {
  return Math.max(start, end ?? present);
}

function tookOf(bar: Bar, present: number): number {
  return bar[4] ?? (endOf(bar, present) - bar[2]) * 1_000;
}

/** A bar in words. */
function linesOf(bar: Bar, states: Told["states"], present: number): string[] {
  const [, state, start, end, , isShared, rows] = bar;
  const took = durationText(tookOf(bar, present)) + (isShared ? " together with its neighbours" : "");
  const lines = [states[state]![0], took];
  if (end !== null) lines.push(rows === null ? "rows not counted" : `${COUNT.format(rows)} row${rows === 1 ? "" : "s"}`);
  return [...lines, `from ${momentText(start, 0.01)}`];
}
