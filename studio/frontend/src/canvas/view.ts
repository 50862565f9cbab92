import { getViewportForBounds, useReactFlow, useStoreApi, type Viewport } from "@xyflow/react";
import { type RefObject, useEffect, useLayoutEffect, useState } from "react";
import type { Point } from "../messages";
import { around, type Rect } from "../model/placing";
import { middleOf, type Scene, sceneOf } from "../model/scene";
import { only } from "../model/selection";
import { cursorOf, holdOf, middleOfWire } from "../model/walking";
import { useDesigner, useDesignerStore } from "../store";

const PREFIX = "odibi-view:";

/** Keeps where the person looks, for when they come back in this tab. */
export function rememberView(designId: string, view: Viewport): void {
  try {
    sessionStorage.setItem(PREFIX + designId, JSON.stringify(view));
  } catch {
    // Without storage the canvas opens with everything in view.
  }
}

export const LEAST_ZOOM = 0.02;
export const MOST_ZOOM = 2;
/** Everything in view, and clear of the buttons at the bottom. */
export const FIT = { padding: { top: "24px", bottom: "64px", x: "24px" }, maxZoom: 1 } as const;
const MARGIN_PX = 24;
/** What opens at less cannot be read without effort. */
const OPENING_ZOOM = 0.75;
/** Of what would fit at less only some would be in view at the opening zoom: the whole of it says more. */
const OVERVIEW_ZOOM = 0.18;

/** Everything in view where that can be read or is a large graph; where it cannot, the start of the flow. */
export function openingView(bounds: Rect, width: number, height: number): Viewport {
  const whole = getViewportForBounds(bounds, width, height, LEAST_ZOOM, FIT.maxZoom, FIT.padding);
  if (whole.zoom >= OPENING_ZOOM || whole.zoom < OVERVIEW_ZOOM) return whole;
  const free = height - MARGIN_PX - Number.parseInt(FIT.padding.bottom, 10) - bounds.height * OPENING_ZOOM;
  return {
    x: MARGIN_PX - bounds.x * OPENING_ZOOM,
    y: MARGIN_PX + Math.max(free, 0) / 2 - bounds.y * OPENING_ZOOM,
    zoom: OPENING_ZOOM,
  };
}

/** Where the canvas opens: where the person looked in this tab, or at the pipeline. */
export function startView(designId: string, scene: Scene, width: number, height: number): Viewport {
  try {
    const text = sessionStorage.getItem(PREFIX + designId);
    if (text) return JSON.parse(text) as Viewport;
  } catch {
    // As above.
  }
  const bounds = around(scene.things.map(({ rect }) => rect));
  return bounds ? openingView(bounds, width, height) : { x: 0, y: 0, zoom: 1 };
}

/** The same for an element, as soon as it has a size: in a hidden tab that takes a while. */
export function useStartView(designId: string, element: RefObject<HTMLElement | null>, scene: Scene): Viewport | null {
  const [start, setStart] = useState<Viewport | null>(null);
  useLayoutEffect(() => {
    const canvas = element.current;
    if (start || !canvas) return;
    const look = () => {
      const { clientWidth, clientHeight } = canvas;
      if (clientWidth && clientHeight) setStart(startView(designId, scene, clientWidth, clientHeight));
    };
    look();
    const observer = new ResizeObserver(look);
    observer.observe(canvas);
    return () => observer.disconnect();
  }, [start, designId, element, scene]);
  return start;
}

/**
 * Lets React Flow measure nothing: sizes and ports are given with each node. What it would find in plain boxes, which
 * have no ports, would also take the edges away that are drawn once the canvas is near again.
 */
export function useGivenSizes(): void {
  const flow = useStoreApi();
  useState(() => flow.setState({ updateNodeInternals: () => undefined }));
}

/** Pans to what was asked for, where it is not in view; of a step that is folded away, the group is shown. */
export function useSeeking(): void {
  const store = useDesignerStore();
  const sought = useDesigner((state) => state.sought);
  const flow = useStoreApi();
  const { setCenter } = useReactFlow();
  useEffect(() => {
    if (!sought) return;
    const { draft } = store.getState();
    const middle = placeOf(sceneOf(draft), cursorOf(draft, only(sought.id, draft)));
    if (!middle) return;
    const { transform, width, height } = flow.getState();
    const [left, top, zoom] = transform;
    const { x, y } = middle;
    const isNear = zoom >= READABLE_ZOOM && isWithin(x * zoom + left, width) && isWithin(y * zoom + top, height);
    if (!isNear) void setCenter(x, y, { zoom: Math.max(zoom, READABLE_ZOOM), duration: 200 });
  }, [sought, store, flow, setCenter]);
}

function placeOf({ things, wires }: Scene, id: string | null): Point | null {
  const thing = things.find((found) => found.id === id);
  if (thing) return middleOf(holdOf(thing));
  const wire = wires.find((found) => found.id === id);
  return wire ? middleOfWire(wire) : null;
}

const READABLE_ZOOM = 0.5;
const BORDER_PX = 90;

function isWithin(at: number, size: number): boolean {
  return at > BORDER_PX && at < size - BORDER_PX;
}
