import type { Draft, StepId } from "../model/draft";
import { toPipeline } from "../model/draft";
import { graphOf, upstream } from "../model/graph";
import type { PipelineForm, PreviewRequest, StepForm } from "../messages";

/**
 * The part of a pipeline on which the rows of a step depend: the step, what it needs and the parameters that these
 * speak of, without what only people read.
 */
export function pipelineUpTo(draft: Draft, id: StepId): PipelineForm {
  const needed = upstream(graphOf(draft), id);
  const names = new Set([...needed].map((step) => draft.steps[step]?.name));
  const pipeline = toPipeline(draft);
  const steps = pipeline.steps.filter(({ name }) => names.has(name)).map(bare);
  const text = JSON.stringify(steps);
  const parameters = Object.entries(pipeline.parameters).filter(([name]) => text.includes(`{${name}}`));
  return { ...pipeline, description: "", parameters: Object.fromEntries(parameters), steps };
}

/** The values that were given for the parameters of a pipeline, without those of parameters that it does not have. */
export function valuesFor(pipeline: PipelineForm, given: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(given).filter(([name]) => name in pipeline.parameters));
}

const ROWS = 200;

/** What is asked of the server for the rows of a step. */
export interface Question {
  /** Tells it from every other. */
  readonly key: string;
  readonly wanted: PreviewRequest;
}

interface Made {
  readonly order: Draft["order"];
  readonly head: Draft["head"];
  readonly given: Record<string, unknown>;
  readonly questions: Map<StepId, Question>;
}

const made = new WeakMap<Draft["steps"], Made>();

/** The question for the rows of a step; made once for each state of the steps. */
export function questionOf(draft: Draft, id: StepId, given: Record<string, unknown>): Question {
  const { steps, order, head } = draft;
  let known = made.get(steps);
  if (!known || known.order !== order || known.head !== head || known.given !== given) {
    known = { order, head, given, questions: new Map() };
    made.set(steps, known);
  }
  const question = known.questions.get(id) ?? ask(draft, id, given);
  known.questions.set(id, question);
  return question;
}

function ask(draft: Draft, id: StepId, given: Record<string, unknown>): Question {
  const pipeline = pipelineUpTo(draft, id);
  const step = draft.steps[id]!.name;
  const parameters = valuesFor(pipeline, given);
  return { key: JSON.stringify([step, parameters, pipeline]), wanted: { revision: 0, pipeline, step, rows: ROWS, parameters } };
}

function bare(step: StepForm): StepForm {
  // What is expected of rows does not change them, and may be half typed.
  // A form that makes no SQL yet is asked what it waits for.
  const isWaiting = step.value === "" && "recipe" in step.metadata;
  return { ...step, expectations: [], metadata: isWaiting ? { recipe: step.metadata["recipe"] } : {} };
}
