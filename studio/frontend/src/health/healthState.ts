import { createStore } from "zustand/vanilla";
import { useStore } from "zustand";
import type { HealthAnswer, StepHealth } from "../messages";

/** How healthy the data of steps are: of the run that the canvas shows, and of the previews since. By step's name. */
interface HealthState {
  readonly ofRun: Readonly<Record<string, StepHealth>>;
  readonly ofPreview: Readonly<Record<string, StepHealth>>;
}

export const healthState = createStore<HealthState>()(() => ({ ofRun: {}, ofPreview: {} }));

/** The health of a step: that of the run that is shown, else that of its preview. */
export function useStepHealth(name: string | undefined): StepHealth | undefined {
  return useStore(healthState, ({ ofRun, ofPreview }) => (name === undefined ? undefined : (ofRun[name] ?? ofPreview[name])));
}

/** Takes over what a run told. */
export function takeRun(answer: HealthAnswer | null): void {
  const ofRun = Object.fromEntries((answer?.steps ?? []).map((step) => [step.step, step]));
  healthState.setState({ ofRun });
}

/** Forgets what previews told: the pipeline is another by now. */
export function forgetPreviews(): void {
  healthState.setState({ ofPreview: {} });
}

/** Takes over what a preview told of a step; null forgets it. */
export function takePreview(name: string, health: StepHealth | null): void {
  const { [name]: _before, ...rest } = healthState.getState().ofPreview;
  healthState.setState({ ofPreview: health ? { ...rest, [name]: health } : rest });
}
