import type { Draft, StepId } from "../model/draft";
import { toPipeline } from "../model/draft";
import { graphOf, upstream } from "../model/graph";
import type { PipelineForm, StepForm } from "../messages";

/** The part of a pipeline on which the rows of a step depend: the step and what it needs, without what only people read. */
export function pipelineUpTo(draft: Draft, id: StepId): PipelineForm {
  const needed = upstream(graphOf(draft), id);
  const names = new Set([...needed].map((step) => draft.steps[step]?.name));
  const pipeline = toPipeline(draft);
  return { ...pipeline, description: "", steps: pipeline.steps.filter(({ name }) => names.has(name)).map(bare) };
}

function bare(step: StepForm): StepForm {
  return { ...step, metadata: {} };
}
