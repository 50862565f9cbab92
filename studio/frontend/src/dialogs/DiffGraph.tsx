import { useLayoutEffect, useMemo, useRef } from "react";
import type { Diff, Document, Point } from "../messages";
import type { ChangeMark } from "../store";

const WIDTH = 180;
const HEIGHT = 44;
const GAP = 40;
/** Smaller, and the names could not be read: then the picture is scrolled. */
const LEAST_SCALE = 0.9;

interface Box {
  name: string;
  place: Point;
  change: ChangeMark | "same";
}

/** Both documents in one picture: what came in green, what went in red and dashed, what changed in amber. */
export function DiffGraph({ diff }: { diff: Diff }) {
  const { boxes, edges, view } = useMemo(() => layOut(diff), [diff]);
  const frame = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const first = boxes.find(({ change }) => change !== "same");
    const shown = frame.current;
    if (!first || !shown) return;
    const scale = shown.scrollWidth / view.width;
    const [x, y] = [first.place.x + WIDTH / 2 - view.left, first.place.y + HEIGHT / 2 - view.top];
    shown.scrollTo?.(x * scale - shown.clientWidth / 2, y * scale - shown.clientHeight / 2);
  }, [boxes, view]);
  const places = new Map(boxes.map((box) => [box.name, box.place]));
  return (
    <div ref={frame} className="diff-graph" tabIndex={0} role="group" aria-label="The steps of both">
      <svg
        viewBox={`${view.left} ${view.top} ${view.width} ${view.height}`}
        style={{ minWidth: view.width * LEAST_SCALE, minHeight: view.height * LEAST_SCALE }}
        role="img"
        aria-label="The steps of both, as a graph"
      >
        {edges.map(({ source, target, isGone }) => {
          const from = places.get(source)!;
          const to = places.get(target)!;
          const bend = Math.max(30, Math.abs(to.x - from.x - WIDTH) / 2);
          const [x1, y1, x2, y2] = [from.x + WIDTH, from.y + HEIGHT / 2, to.x, to.y + HEIGHT / 2];
          return <path key={`${source}>${target}>${isGone}`} data-gone={isGone || undefined} d={`M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`} />;
        })}
        {boxes.map(({ name, place, change }) => (
          <g key={`${name}${change}`} data-change={change} transform={`translate(${place.x} ${place.y})`}>
            <title>{change === "same" ? name : `${name}: ${change}`}</title>
            <rect width={WIDTH} height={HEIGHT} rx={7} />
            <text x={12} y={HEIGHT / 2 + 5}>
              {name.length > 20 ? `${name.slice(0, 19)}…` : name}
            </text>
          </g>
        ))}
      </svg>
    </div>
  );
}

function layOut({ steps, before, after }: Diff) {
  const changes = new Map(steps.map((change) => [change.step, change.change]));
  const gone = steps.filter(({ change }) => change === "removed").map(({ step }) => step);
  const now = after.pipeline.steps.map(({ name }) => name);
  const boxes: Box[] = [...now, ...gone].map((name, place) => {
    const isGone = place >= now.length;
    const known = (isGone ? before : after).layout.positions[name] ?? after.layout.positions[name] ?? before.layout.positions[name];
    const change = isGone ? "removed" : (changes.get(name) ?? "same");
    return { name, place: known ?? { x: (place % 5) * (WIDTH + GAP), y: Math.floor(place / 5) * (HEIGHT + GAP) }, change };
  });
  const shown = new Set(boxes.map(({ name }) => name));
  const old = edgesOf(before).filter(({ source, target }) => gone.includes(source) || gone.includes(target));
  const edges = [...edgesOf(after).map((edge) => ({ ...edge, isGone: false })), ...old.map((edge) => ({ ...edge, isGone: true }))];
  const xs = boxes.map(({ place }) => place.x);
  const ys = boxes.map(({ place }) => place.y);
  const [left, top] = [Math.min(...xs, 0) - GAP / 2, Math.min(...ys, 0) - GAP / 2];
  const [width, height] = [Math.max(...xs, 0) + WIDTH + GAP / 2 - left, Math.max(...ys, 0) + HEIGHT + GAP / 2 - top];
  return {
    boxes,
    edges: edges.filter(({ source, target }) => shown.has(source) && shown.has(target)),
    view: { left, top, width, height },
  };
}

function edgesOf({ pipeline }: Document): { source: string; target: string }[] {
  const writers = new Map(pipeline.steps.flatMap((step) => Object.values(step.outputs).map((key) => [key, step.name])));
  return pipeline.steps.flatMap((step) =>
    Object.values(step.inputs).flatMap((key) => {
      const source = writers.get(key);
      return source ? [{ source, target: step.name }] : [];
    }),
  );
}
