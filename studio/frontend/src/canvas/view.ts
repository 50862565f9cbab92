import { type FitViewOptions, useReactFlow, useStoreApi, type Viewport } from "@xyflow/react";
import { useEffect } from "react";
import { middleOf, sceneOf } from "../model/scene";
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

/** Where the person looked in this tab, or everything there is. */
export function recallView(designId: string, isEmpty: boolean, fitViewOptions: FitViewOptions) {
  try {
    const text = sessionStorage.getItem(PREFIX + designId);
    if (text) return { defaultViewport: JSON.parse(text) as Viewport };
  } catch {
    // As above.
  }
  // Nothing can be fitted: React Flow would wait for the first step, and move the view just as it is dropped.
  return isEmpty ? { defaultViewport: { x: 0, y: 0, zoom: 1 } } : { fitView: true, fitViewOptions };
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
    const isNear = zoom >= LEAST_ZOOM && isWithin(x * zoom + left, width) && isWithin(y * zoom + top, height);
    if (!isNear) void setCenter(x, y, { zoom: Math.max(zoom, LEAST_ZOOM), duration: 200 });
  }, [sought, store, flow, setCenter]);
}

const LEAST_ZOOM = 0.5;
const BORDER_PX = 90;

function isWithin(at: number, size: number): boolean {
  return at > BORDER_PX && at < size - BORDER_PX;
}
