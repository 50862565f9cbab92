import { useReactFlow, useStoreApi } from "@xyflow/react";
import { memo, type PointerEvent, useEffect, useMemo, useRef } from "react";
import type { Draft } from "../model/draft";
import { lookOf } from "../model/layers";
import { around, type Rect } from "../model/placing";
import type { Scene } from "../model/scene";

const WIDTH = 176;
const HEIGHT = 112;
const MARGIN = 10;

/**
 * The whole canvas in small, drawn as one picture: React Flow's own map keeps an element a step, which costs more than
 * the steps themselves. Panning moves the frame alone.
 */
export const MiniMap = memo(function MiniMap({ scene, draft, theme }: { scene: Scene; draft: Draft; theme: string }) {
  const picture = useRef<HTMLCanvasElement>(null);
  const view = useRef<HTMLDivElement>(null);
  const flow = useStoreApi();
  const { setCenter } = useReactFlow();
  const fit = useMemo(() => fitted(around(scene.things.map(({ rect }) => rect))), [scene]);

  useEffect(() => {
    const planned = requestAnimationFrame(() => picture.current && draw(picture.current, scene, draft, fit));
    return () => cancelAnimationFrame(planned);
  }, [scene, draft, fit, theme]);

  useEffect(() => {
    const frame = () => {
      const { transform, width, height } = flow.getState();
      const [x, y, zoom] = transform;
      const { style } = view.current ?? {};
      if (!style) return;
      style.transform = `translate(${(-x / zoom) * fit.scale + fit.dx}px, ${(-y / zoom) * fit.scale + fit.dy}px)`;
      style.width = `${(width / zoom) * fit.scale}px`;
      style.height = `${(height / zoom) * fit.scale}px`;
    };
    frame();
    let { transform, width, height } = flow.getState();
    return flow.subscribe((state) => {
      if (state.transform === transform && state.width === width && state.height === height) return;
      ({ transform, width, height } = state);
      frame();
    });
  }, [flow, fit]);

  const goTo = (event: PointerEvent<HTMLElement>) => {
    if (event.buttons !== 1) return;
    const box = event.currentTarget.getBoundingClientRect();
    const x = (event.clientX - box.left - fit.dx) / fit.scale;
    const y = (event.clientY - box.top - fit.dy) / fit.scale;
    void setCenter(x, y, { zoom: flow.getState().transform[2] });
  };

  return (
    <div
      className="minimap"
      style={{ width: WIDTH, height: HEIGHT }}
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
  readonly scale: number;
  readonly dx: number;
  readonly dy: number;
}

const LEAST: Rect = { x: 0, y: 0, width: 1200, height: 700 };

function fitted(rect: Rect | null): Fit {
  const { x, y, width, height } = rect ?? LEAST;
  const scale = Math.min(0.14, (WIDTH - 2 * MARGIN) / width, (HEIGHT - 2 * MARGIN) / height);
  return { scale, dx: (WIDTH - width * scale) / 2 - x * scale, dy: (HEIGHT - height * scale) / 2 - y * scale };
}

function draw(element: HTMLCanvasElement, scene: Scene, draft: Draft, { scale, dx, dy }: Fit): void {
  const context = element.getContext("2d");
  if (!context) return;
  const ratio = window.devicePixelRatio || 1;
  element.width = WIDTH * ratio;
  element.height = HEIGHT * ratio;
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
