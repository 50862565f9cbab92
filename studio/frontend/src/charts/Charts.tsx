import { Maximize2, Minus, Plus } from "lucide-react";
import { useLayoutEffect, useMemo, useRef, useState } from "react";
import { useGestures } from "./gestures";
import { Lane } from "./Lane";
import { momentText, rangeText, ticksOf } from "./moments";
import { usePresent } from "./present";
import { type Range, momentAt, place, wholeOf, zoomed } from "./range";
import { Timeline } from "./Timeline";
import type { Told } from "./told";
import { useView } from "./view";

const LETTER_PX = 6.8;
const BUTTON_FACTOR = 0.6;

/** When each step of a run ran, and below it what the run took of the machine, over the same time. */
export function Charts({ told }: { told: Told }) {
  const [view, change] = useView(told.run_id);
  const present = usePresent(told.now, told.is_live);
  const { to } = wholeOf(present, told.is_live);
  const whole = useMemo(() => ({ from: 0, to }), [to]);
  const shown: Range = view.range ?? whole;
  const panels = useRef<HTMLDivElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const inner = useWidth(scroller);
  const left = Math.min(Math.max(150, Math.max(...told.steps.map((name) => name.length)) * LETTER_PX + 16), 240, inner * 0.4);
  const width = Math.max(inner - left, 1);
  const [pointer, setPointer] = useState<number | null>(null);
  const gestures = useGestures({ panels, scroller, left, width, shown, whole, change, point: setPointer });
  const ticks = ticksOf(shown, width);
  const marks = ticks.moments.map((moment) => ({ moment, x: place(moment, shown, width) }));
  const pointed = pointer === null ? null : momentAt(pointer, shown, width);
  const memory = useMemo(() => told.vitals.map(([at, value]) => [at, value] as const), [told.vitals]);
  const load = useMemo(() => told.vitals.map(([at, , value]) => [at, value] as const), [told.vitals]);
  const scale = { shown, width, marks, pointed };
  const middle = (shown.from + shown.to) / 2;
  return (
    <div className="charts" data-told={told.now}>
      <div className="charts-bar">
        <ul className="charts-legend" aria-label="Colours">
          {told.states.map(([word, color]) => (
            <li key={word}>
              <i style={{ background: color }} />
              {word}
            </li>
          ))}
        </ul>
        <output aria-label="Time shown">{rangeText(shown)}</output>
        <div className="charts-zoom" role="group" aria-label="Zoom">
          <button
            type="button"
            aria-label="Zoom out"
            title="Zoom out (−)"
            disabled={!view.range}
            onClick={() => change({ range: zoomed(shown, middle, 1 / BUTTON_FACTOR, whole) })}
          >
            <Minus size={15} aria-hidden />
          </button>
          <button
            type="button"
            aria-label="Zoom in"
            title="Zoom in (+). Or turn the wheel over the bars, and drag to move"
            onClick={() => change({ range: zoomed(shown, middle, BUTTON_FACTOR, whole) })}
          >
            <Plus size={15} aria-hidden />
          </button>
          <button
            type="button"
            title="Show all the time, and follow what runs (double click)"
            disabled={!view.range && (view.isFollowing || !told.is_live)}
            onClick={() => change({ range: null, isFollowing: true })}
          >
            <Maximize2 size={13} aria-hidden />
            Fit
          </button>
        </div>
      </div>
      <div className="charts-panels" ref={panels} style={{ ["--left" as string]: `${left}px` }} {...gestures}>
        <Timeline told={told} present={present} left={left} scale={scale} view={view} change={change} scroller={scroller} pointer={pointer} />
        <div className="charts-axis" style={{ left, width }} aria-hidden>
          {marks.map(({ moment, x }) => (
            <span key={moment} style={{ left: x }} className={x < 20 ? "is-first" : x > width - 20 ? "is-last" : undefined}>
              {momentText(moment, ticks.step)}
            </span>
          ))}
        </div>
        <Lane name="Memory" unit="MiB" color="#2f6fed" points={memory} left={left} scale={scale} isLive={told.is_live} />
        <Lane name="Load" unit="%" color="#c9772b" points={load} left={left} scale={scale} isLive={told.is_live} />
        <Lane name="Rows per second" unit="" color="#2e9e6b" points={told.rates} lasts={told.rate_width} left={left} scale={scale} isLive={told.is_live} />
      </div>
    </div>
  );
}

/** The width inside of an element, without its scroll bar. */
function useWidth(element: React.RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const found = element.current;
    if (!found) return;
    const look = () => setWidth(found.clientWidth);
    look();
    const observer = new ResizeObserver(look);
    observer.observe(found);
    return () => observer.disconnect();
  }, [element]);
  return width;
}
