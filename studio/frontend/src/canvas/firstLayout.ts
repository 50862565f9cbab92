import { useEffect, useState } from "react";
import { layoutTask, missingPlaces, stillWanted } from "../model/placing";
import { moveSteps } from "../model/steps";
import { useDesigner, useDesignerStore } from "../store";
import { layOutBeside } from "./layingOut";

/** Gives places to steps that have none; true once every step has one. Nobody did that, so it cannot be undone. */
export function useFirstLayout(): boolean {
  const store = useDesignerStore();
  const isPlaced = useDesigner(({ draft }) => draft.order.every((id) => draft.positions[id]));
  const [wasPlaced, setWasPlaced] = useState(isPlaced);
  useEffect(() => {
    if (isPlaced) {
      setWasPlaced(true);
      return;
    }
    const { draft, arrange } = store.getState();
    if (draft.order.some((id) => draft.positions[id])) {
      arrange(moveSteps(missingPlaces(draft)));
      return;
    }
    const place = layOutBeside(layoutTask(draft, draft.order)).catch(() => missingPlaces(draft));
    void place.then((places) => arrange(moveSteps(stillWanted(places, draft, store.getState().draft))));
  }, [store, isPlaced]);
  // Once shown, the canvas stays: a step that comes without a place must not make everything blink.
  return isPlaced || wasPlaced;
}
