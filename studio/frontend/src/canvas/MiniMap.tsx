import { useReactFlow, useStoreApi } from "@xyflow/react";
import { memo, type PointerEvent, useEffect, useMemo, useRef } from "react";
import type { Draft } from "../model/draft";
import { lookOf } from "../model/layers";
import { around, type Rect } from "../model/placing";
import type { Scene } from "../model/scene";

const MOST_WIDTH = 168;
const MOST_HEIGHT = 104;
const MARGIN = 8;

/**
 * The whole canvas in small, drawn as one picture: React Flow's own map keeps an element a step, which costs more than
 * the steps themselves. Panning moves the frame alone. It takes no room while all of the canvas is in view.
 */
export const MiniMap = memo(function MiniMap({ scene, draft, theme }: { scene: Scene; draft: Draft; theme: string }) {
  const picture = useRef<HTMLCanvasElement>(null);
  const map = useRef<HTMLDivElement>(null);
  const view = useRef<HTMLDivElement>(null);
  const flow = useStoreApi();
  const { setCenter } = useReactFlow();
  const bounds = useMemo(() => around(scene.things.map(({ rect }) => rect)), [scene]);
  const fit = useMemo(() => fitted(bounds ?? NOWHERE), [bounds]);

  useEffect(() => {
    const planned = requestAnimationFrame(() => picture.current && draw(picture.current, scene, draft, fit));
    return () => cancelAnimationFrame(planned);
  }, [scene, draft, fit, theme]);

  useEffect(() => {
    const frame = () => {
      const { transform, width, height } = flow.getState();
      const [x, y, zoom] = transform;
      const { style } = view.current ?? {};
      if (!style || !map.current) return;
      const seen = { x: -x / zoom, y: -y / zoom, width: width / zoom, height: height / zoom };
      map.current.classList.toggle("is-idle", !bounds || isWithin(bounds, seen));
      // What is seen beyond the map is left out: its frame lies on the map's own edge.
      const [left, right] = clipped(seen.x * fit.scale + fit.dx, seen.width * fit.scale, fit.width);
      const [top, bottom] = clipped(seen.y * fit.scale + fit.dy, seen.height * fit.scale, fit.height);
      style.transform = `translate(${left}px, ${top}px)`;
      style.width = `${right - left}px`;
      style.height = `${bottom - top}px`;
    };
    frame();
    let { transform, width, height } = flow.getState();
    return flow.subscribe((state) => {
      if (state.transform === transform && state.width === width && state.height === height) return;
      ({ transform, width, height } = state);
      frame();
    });
  }, [flow, fit, bounds]);

  const goTo = (event: PointerEvent<HTMLElement>) => {
    if (event.buttons !== 1) return;
    const box = event.currentTarget.getBoundingClientRect();
    const x = (event.clientX - box.left - fit.dx) / fit.scale;
    const y = (event.clientY - box.top - fit.dy) / fit.scale;
    void setCenter(x, y, { zoom: flow.getState().transform[2] });
  };

  return (
    <div
      ref={map}
      className="minimap is-idle"
      style={{ width: fit.width, height: fit.height }}
      role="img"
      aria-label={`Map of the ${draft.order.length} steps`}
      onPointerDown={goTo}
      onPointerMove={goTo}
    >
      <canvas ref={picture} />
      <div ref={view} className="minimap-view" />
    </div>
  );
});

interface Fit {
  readonly width: number;
  readonly height: number;
  readonly scale: number;
  readonly dx: number;
  readonly dy: number;
}

const NOWHERE: Rect = { x: 0, y: 0, width: 1, height: 1 };
const LEAST_SIDE = 40;

/** A map no larger than what it shows needs. */
function fitted({ x, y, width, height }: Rect): Fit {
  const scale = Math.min(0.14, (MOST_WIDTH - 2 * MARGIN) / width, (MOST_HEIGHT - 2 * MARGIN) / height);
  const side = (size: number) => Math.round(Math.max(LEAST_SIDE, size * scale + 2 * MARGIN));
  const [wide, high] = [side(width), side(height)];
  return {
    width: wide,
    height: high,
    scale,
    dx: (wide - width * scale) / 2 - x * scale,
    dy: (high - height * scale) / 2 - y * scale,
  };
}

function clipped(start: number, size: number, most: number): [number, number] {
  return [Math.min(Math.max(start, 0), most), Math.max(0, Math.min(start + size, most))];
}

function isWithin(inner: Rect, outer: Rect): boolean {
  return (
    inner.x >= outer.x &&
    inner.y >= outer.y &&
    inner.x + inner.width <= outer.x + outer.width &&
    inner.y + inner.height <= outer.y + outer.height
  );
}

function draw(element: HTMLCanvasElement, scene: Scene, draft: Draft, { width, height, scale, dx, dy }: Fit): void {
  const context = element.getContext("2d");
  if (!context) return;
  const ratio = window.devicePixelRatio || 1;
  element.width = width * ratio;
  element.height = height * ratio;
  context.setTransform(scale * ratio, 0, 0, scale * ratio, dx * ratio, dy * ratio);
  const styles = getComputedStyle(element);
  const colours = new Map<string, string>();
  const colourOf = (tone: string) => {
    const known = colours.get(tone);
    if (known !== undefined) return known;
    const colour = styles.getPropertyValue(`--layer-${tone}`) || styles.getPropertyValue("--line-strong");
    colours.set(tone, colour);
    return colour;
  };
  for (const { kind, id, rect } of scene.things) {
    const step = draft.steps[id];
    context.fillStyle = colourOf(step ? lookOf(step).tone : kind);
    context.globalAlpha = kind === "frame" ? 0.25 : 1;
    context.fillRect(rect.x, rect.y, rect.width, rect.height);
  }
}
