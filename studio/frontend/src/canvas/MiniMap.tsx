import { useReactFlow, useStoreApi } from "@xyflow/react";
import { type PointerEvent, useCallback, useEffect, useMemo, useRef } from "react";
import type { Draft } from "../model/draft";
import { lookOf } from "../model/layers";
import { around, type Rect } from "../model/placing";
import type { Scene } from "../model/scene";

const WIDTH = 176;
const HEIGHT = 112;
const MARGIN = 8;

/**
 * The whole canvas in small, drawn as one picture: React Flow's own map keeps an element a step, which costs more than
 * the steps themselves.
 */
export function MiniMap({ scene, draft, theme }: { scene: Scene; draft: Draft; theme: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const flow = useStoreApi();
  const { setCenter } = useReactFlow();
  const whole = useMemo(() => around(scene.things.map(({ rect }) => rect)), [scene]);

  const draw = useCallback(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (!element || !context) return;
    const { transform, width, height } = flow.getState();
    const [x, y, zoom] = transform;
    const view = { x: -x / zoom, y: -y / zoom, width: width / zoom, height: height / zoom };
    const frame = fitted(around(whole ? [whole, view] : [view]) ?? view);
    const ratio = window.devicePixelRatio || 1;
    element.width = WIDTH * ratio;
    element.height = HEIGHT * ratio;
    context.setTransform(frame.scale * ratio, 0, 0, frame.scale * ratio, frame.dx * ratio, frame.dy * ratio);
    const colours = getComputedStyle(element);
    for (const thing of scene.things) {
      const { rect } = thing;
      const tone = thing.kind === "step" && draft.steps[thing.id] ? lookOf(draft.steps[thing.id]!).tone : thing.kind;
      context.fillStyle = colours.getPropertyValue(`--layer-${tone}`) || colours.getPropertyValue("--line-strong");
      context.globalAlpha = thing.kind === "frame" ? 0.25 : 1;
      context.fillRect(rect.x, rect.y, rect.width, rect.height);
    }
    context.globalAlpha = 1;
    context.strokeStyle = colours.getPropertyValue("--accent");
    context.lineWidth = 1.5 / frame.scale;
    context.strokeRect(view.x, view.y, view.width, view.height);
  }, [scene, draft, whole, flow, theme]);

  useEffect(() => {
    let planned = 0;
    const plan = () => {
      planned ||= requestAnimationFrame(() => {
        planned = 0;
        draw();
      });
    };
    plan();
    let { transform, width, height } = flow.getState();
    const stop = flow.subscribe((state) => {
      if (state.transform === transform && state.width === width && state.height === height) return;
      ({ transform, width, height } = state);
      plan();
    });
    return () => {
      stop();
      cancelAnimationFrame(planned);
    };
  }, [draw, flow]);

  const goTo = (event: PointerEvent<HTMLCanvasElement>) => {
    if (event.buttons !== 1) return;
    const { transform, width, height } = flow.getState();
    const [x, y, zoom] = transform;
    const view = { x: -x / zoom, y: -y / zoom, width: width / zoom, height: height / zoom };
    const { scale, dx, dy } = fitted(around(whole ? [whole, view] : [view]) ?? view);
    const box = event.currentTarget.getBoundingClientRect();
    void setCenter((event.clientX - box.left - dx) / scale, (event.clientY - box.top - dy) / scale, { zoom });
  };

  return (
    <canvas
      ref={canvas}
      className="minimap"
      style={{ width: WIDTH, height: HEIGHT }}
      role="img"
      aria-label={`Map of the ${draft.order.length} steps`}
      onPointerDown={goTo}
    />
  );
}

function fitted(rect: Rect): { scale: number; dx: number; dy: number } {
  const scale = Math.min((WIDTH - 2 * MARGIN) / rect.width, (HEIGHT - 2 * MARGIN) / rect.height);
  return {
    scale,
    dx: (WIDTH - rect.width * scale) / 2 - rect.x * scale,
    dy: (HEIGHT - rect.height * scale) / 2 - rect.y * scale,
  };
}
