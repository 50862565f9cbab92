import { useEffect } from "react";
import { useAnswer } from "../controls/useAnswer";
import type { HealthAnswer } from "../messages";
import { useDesigner, useDesignerStore } from "../store";
import { forgetPreviews, takeRun } from "./healthState";

const PAUSE_MS = 300;

/** Asks how healthy the data of the run on the canvas are, as its steps end. It shows nothing itself. */
export function RunHealth() {
  const store = useDesignerStore();
  const runId = useDesigner((state) => state.run.summary?.run_id ?? null);
  const ended = useDesigner(({ run }) => Object.values(run.statuses).filter((status) => status === "success" || status === "cached").length);
  const key = runId === null || ended === 0 ? null : `${runId} ${ended}`;
  const { value } = useAnswer<HealthAnswer>(key, (signal) => store.getState().api.runHealth(runId!, signal), PAUSE_MS);
  const steps = useDesigner((state) => state.draft.steps);
  useEffect(forgetPreviews, [steps]);
  useEffect(() => takeRun(key === null ? null : value), [key === null, value]);
  return null;
}
