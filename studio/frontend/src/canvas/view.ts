import { type FitViewOptions, useReactFlow, type Viewport } from "@xyflow/react";
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

/** Where the person looked in this tab, or everything. */
export function recallView(designId: string, fitViewOptions: FitViewOptions) {
  try {
    const text = sessionStorage.getItem(PREFIX + designId);
    if (text) return { defaultViewport: JSON.parse(text) as Viewport };
  } catch {
    // As above.
  }
  return { fitView: true, fitViewOptions };
}

/** Pans to a step that was asked for, where it is not in view; a folded group that holds it is shown instead. */
export function useSeeking(): void {
  const store = useDesignerStore();
  const sought = useDesigner((state) => state.sought);
  const { setCenter, getViewport, flowToScreenPosition } = useReactFlow();
  useEffect(() => {
    if (!sought) return;
    const { draft } = store.getState();
    const group = draft.groups.find(({ isCollapsed, steps }) => isCollapsed && steps.includes(sought.step));
    const thing = sceneOf(draft).things.find(({ id }) => id === (group?.id ?? sought.step));
    if (!thing) return;
    const { x, y } = middleOf(thing.rect);
    const at = flowToScreenPosition({ x, y });
    const zoom = Math.max(getViewport().zoom, 0.6);
    if (zoom === getViewport().zoom && isInView(at)) return;
    void setCenter(x, y, { zoom, duration: 200 });
  }, [sought, store, setCenter, getViewport, flowToScreenPosition]);
}

const INSIDE_PX = 300;

function isInView({ x, y }: { x: number; y: number }): boolean {
  return x > INSIDE_PX && x < window.innerWidth - INSIDE_PX - 80 && y > 120 && y < window.innerHeight - INSIDE_PX;
}
