import type { MenuItem } from "../controls/Menu";
import { isGoing } from "../model/running";
import { useDesigner } from "../store";

/** The lines of a menu that do what is left of the run on the canvas, as it was then. */
export function useRepeatItems(): MenuItem[] {
  const summary = useDesigner((state) => state.run.summary);
  const repeatRun = useDesigner((state) => state.repeatRun);
  if (!summary || isGoing(summary)) return [];
  return [
    ...(summary.can_resume ? [{ title: "Resume this run", detail: "from its checkpoint, as it was then", onChoose: () => void repeatRun("checkpoint") }] : []),
    ...(summary.failed_step
      ? [{ title: "Run what failed", detail: `only ${summary.failed_step} and what did not run, as it was then`, onChoose: () => void repeatRun("failure") }]
      : []),
  ];
}
