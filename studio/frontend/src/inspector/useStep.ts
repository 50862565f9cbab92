import { useMemo } from "react";
import type { StepForm, StepTruth } from "../messages";
import type { StepId } from "../model/draft";
import { setField } from "../model/steps";
import type { Problem } from "../model/truth";
import { useDesigner, useDesignerStore } from "../store";

export interface StepView {
  id: StepId;
  step: StepForm;
  truth: StepTruth | undefined;
  problems: readonly Problem[];
  /** Sets a field by its path; typing in one field is one entry of the undo list. */
  set: (path: readonly string[], value: unknown) => void;
}

const NONE: readonly Problem[] = [];

/** A step of the draft, what is true of it, and the way to change it. */
export function useStep(id: StepId): StepView | null {
  const store = useDesignerStore();
  const step = useDesigner((state) => state.draft.steps[id]);
  const truth = useDesigner((state) => state.truth.steps[id]);
  const problems = useDesigner((state) => state.problemsOf[id] ?? NONE);
  return useMemo(() => {
    if (!step) return null;
    const set = (path: readonly string[], value: unknown) =>
      store.getState().edit(`Change ${path.at(-1)} of ${step.name}`, setField(id, path, value), `${id}:${path.join(".")}`);
    return { id, step, truth, problems, set };
  }, [store, id, step, truth, problems]);
}

/** The problems of a step at one field: those of the field itself, and of what is inside it. */
export function problemsAt(problems: readonly Problem[], field: string): Problem[] {
  return problems.filter((problem) => problem.field === field || problem.field.startsWith(`${field}.`) || problem.field.startsWith(`${field}[`));
}
