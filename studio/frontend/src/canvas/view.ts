import { getViewportForBounds, useReactFlow, useStoreApi, type Viewport } from "@xyflow/react";
import { type RefObject, useEffect, useLayoutEffect, useState } from "react";
import { around } from "../model/placing";
import { middleOf, type Scene, sceneOf } from "../model/scene";
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
export const FIT = { padding: 0.12, maxZoom: 1 };

/** Where the canvas opens: where the person looked in this tab, or so that everything is in view. */
export function startView(designId: string, scene: Scene, width: number, height: number): Viewport {
  try {
    const text = sessionStorage.getItem(PREFIX + designId);
    if (text) return JSON.parse(text) as Viewport;
  } catch {
    // As above.
  }
  const bounds = around(scene.things.map(({ rect }) => rect));
  return bounds
    ? getViewportForBounds(bounds, width, height, LEAST_ZOOM, FIT.maxZoom, FIT.padding)
    : { x: 0, y: 0, zoom: 1 };
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

/** Pans to a step that was asked for, where it is not in view; a folded group that holds it is shown instead. */
export function useSeeking(): void {
  const store = useDesignerStore();
  const sought = useDesigner((state) => state.sought);
  const flow = useStoreApi();
  const { setCenter } = useReactFlow();
  useEffect(() => {
    if (!sought) return;
    const { draft } = store.getState();
    const group = draft.groups.find(({ isCollapsed, steps }) => isCollapsed && steps.includes(sought.step));
    const thing = sceneOf(draft).things.find(({ id }) => id === (group?.id ?? sought.step));
    if (!thing) return;
    const { transform, width, height } = flow.getState();
    const [left, top, zoom] = transform;
    const { x, y } = middleOf(thing.rect);
    const isNear = zoom >= READABLE_ZOOM && isWithin(x * zoom + left, width) && isWithin(y * zoom + top, height);
    if (!isNear) void setCenter(x, y, { zoom: Math.max(zoom, READABLE_ZOOM), duration: 200 });
  }, [sought, store, flow, setCenter]);
}

const READABLE_ZOOM = 0.5;
const BORDER_PX = 90;

function isWithin(at: number, size: number): boolean {
  return at > BORDER_PX && at < size - BORDER_PX;
}
