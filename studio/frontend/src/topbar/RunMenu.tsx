import { Play } from "lucide-react";
import { Menu } from "../controls/Menu";
import { isGoing, type RunWish } from "../model/running";
import { type DesignerState, useDesigner } from "../store";
import { useForkItems } from "./useForkItems";
import { useRepeatItems } from "./useRepeatItems";

/** Runs all of the pipeline or a part of it. */
export function RunMenu() {
  const step = useDesigner(({ draft, selection }) => {
    const [id] = selection.steps.size === 1 ? selection.steps : [];
    return id === undefined ? undefined : draft.steps[id]?.name;
  });
  const hasParameters = useDesigner((state) => Object.keys(state.draft.head.parameters).length > 0);
  const refusal = useDesigner(refusalToRun);
  const showDialog = useDesigner((state) => state.showDialog);
  const startRun = useDesigner((state) => state.startRun);
  const compareEngines = useDesigner((state) => state.compareEngines);
  const noComparison = useDesigner(errorsOf);
  const run = (wish: RunWish) => () => (hasParameters ? showDialog({ kind: "run", wish }) : void startRun(wish));
  const forkItems = useForkItems(run, refusal);
  const repeatItems = useRepeatItems();
  const ofStep = refusal ?? (step ? null : "Select one step first");
  return (
    <Menu
      label="Run"
      className="is-primary"
      icon={<Play size={14} fill="currentColor" aria-hidden />}
      items={[
        { title: "Run all", onChoose: run({}), refusal },
        { title: "Run with…", detail: "another engine, other values", onChoose: () => showDialog({ kind: "run", wish: {} }), refusal },
        { title: step ? `Run up to ${step}` : "Run up to a step", onChoose: run({ end: step }), refusal: ofStep },
        ...forkItems,
        ...repeatItems,
        { title: step ? `Run from ${step} on` : "Run from a step on", onChoose: run({ start: step }), refusal: ofStep },
        {
          title: "Compare the engines",
          detail: step ? `what pandas and Spark give of ${step}` : "what pandas and Spark give of every step",
          onChoose: () => void compareEngines(step),
          refusal: noComparison,
        },
      ]}
    />
  );
}

function refusalToRun(state: DesignerState): string | null {
  const { summary } = state.run;
  return summary && isGoing(summary) ? "It is running already" : errorsOf(state);
}

/** Why the pipeline can't be run as it is. */
function errorsOf({ draft, truth }: DesignerState): string | null {
  if (draft.order.length === 0) return "Add a step first";
  const errors = truth.problems.filter((problem) => problem.severity === "error").length;
  return errors > 0 ? `Mend the ${errors === 1 ? "error" : `${errors} errors`} first` : null;
}
