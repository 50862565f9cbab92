import type { MenuItem } from "../controls/Menu";
import { isGoing, type RunWish } from "../model/running";
import { useDesigner } from "../store";

/** The line of the run menu that goes on from the run on the canvas, where it left a checkpoint. */
export function useForkItems(run: (wish: RunWish) => () => void, refusal: string | null): MenuItem[] {
  const summary = useDesigner((state) => state.run.summary);
  if (!summary || isGoing(summary) || !summary.can_fork) return [];
  return [
    {
      title: "Go on from this run",
      detail: "only steps that have changed since, and what follows them",
      onChoose: run({ forkOf: summary.run_id }),
      refusal,
    },
  ];
}
