import type { Point, RecipeForm, StepForm } from "../messages";
import type { Draft, Edit, StepId } from "./draft";
import { newStepId, stepOf } from "./draft";
import { freePlace, placeBehind } from "./placing";
import { refusalOf } from "./rules";
import { shapeOf } from "./sizes";
import { addStep, connect, withFreeNames } from "./steps";

/** Where a new step goes, and what it is connected to. */
export interface Wanted {
  readonly at?: Point | undefined;
  /** Steps whose first output it reads, or one output by name. */
  readonly from?: readonly { readonly step: StepId; readonly output?: string }[];
  /** The input that it feeds. */
  readonly to?: { readonly step: StepId; readonly input?: string | undefined } | undefined;
}

/** The edit that adds a step under a free name at a free place, with the edges that the rules allow; and its id. */
export function adding(
  draft: Draft,
  form: StepForm,
  wanted: Wanted,
  recipes: readonly RecipeForm[] = [],
): { edit: Edit; id: StepId } {
  const id = newStepId();
  const step = withFreeNames(draft, form);
  const from = wanted.from ?? [];
  const behind = placeBehind(draft, from.map(({ step: source }) => source));
  const { height } = shapeOf(step);
  const place = wanted.at ? freePlace(draft, wanted.at, height) : (behind ?? freePlace(draft, { x: 0, y: 0 }, height));
  const edit: Edit = (before) => {
    let draft = addStep(id, step, place)(before);
    for (const { step: source, output } of from) {
      const wish = { source, output: output ?? firstOutput(draft, source), target: id };
      if (refusalOf(draft, wish, recipes) === null) draft = connect(wish)(draft);
    }
    if (wanted.to) {
      const wish = { source: id, output: firstOutput(draft, id), target: wanted.to.step, input: wanted.to.input };
      if (refusalOf(draft, wish, recipes) === null) draft = connect(wish)(draft);
    }
    return draft;
  };
  return { edit, id };
}

function firstOutput(draft: Draft, id: StepId): string {
  return Object.keys(stepOf(draft, id).outputs)[0] ?? "";
}
