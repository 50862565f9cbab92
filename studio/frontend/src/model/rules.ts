import type { RecipeForm } from "../messages";
import type { Draft, StepId } from "./draft";
import { stepOf } from "./draft";
import { graphOf, pathBetween, pathText } from "./graph";
import { givesOutputs, kindOf, recipeOf, takesInputs, takesMoreInputs } from "./kinds";

/** An edge that somebody wants to draw. Without an `input` the target gets a new one. */
export interface Wish {
  readonly source: StepId;
  readonly output: string;
  readonly target: StepId;
  readonly input?: string | undefined;
}

/** Why an edge cannot be drawn, or null where it can. */
export function refusalOf(draft: Draft, wish: Wish, recipes: readonly RecipeForm[] = []): string | null {
  const source = stepOf(draft, wish.source);
  const target = stepOf(draft, wish.target);
  if (wish.source === wish.target) return `${source.name} cannot read its own output`;
  if (!givesOutputs(source)) return `${source.name} writes rows away: it has no output`;
  const dataset = source.outputs[wish.output];
  if (!dataset) return `${source.name} has no output ${wish.output}`;
  if (!takesInputs(target)) {
    return kindOf(target) === "ingest" ? `${target.name} is a source: it has no input` : `${target.name} takes no rows`;
  }
  const way = pathBetween(draft, wish.target, wish.source);
  if (way) return `that would be a cycle: ${pathText(draft, [...way, wish.target])}`;
  if (wish.input !== undefined) return occupied(draft, wish.target, wish.input, dataset);
  const known = graphOf(draft).into.get(wish.target) ?? [];
  if (known.some((edge) => edge.dataset === dataset)) return `${target.name} reads ${dataset} already`;
  return fullness(draft, wish.target, recipes);
}

function occupied(draft: Draft, target: StepId, input: string, dataset: string): string | null {
  const fed = graphOf(draft).into.get(target)?.find((edge) => edge.input === input);
  if (!fed) return null;
  const { name } = stepOf(draft, target);
  if (fed.dataset === dataset) return `${name} reads ${dataset} there already`;
  return `${input} of ${name} is fed by ${stepOf(draft, fed.source).name}: an input has one writer`;
}

function fullness(draft: Draft, target: StepId, recipes: readonly RecipeForm[]): string | null {
  const step = stepOf(draft, target);
  if (openInput(draft, target) !== null) return null;
  if (!takesMoreInputs(step)) return `${step.name} takes one input, which is fed already`;
  const recipe = recipes.find(({ name }) => name === recipeOf(step)?.name);
  if (recipe && recipe.inputs > 0 && Object.keys(step.inputs).length >= recipe.inputs) {
    const inputs = recipe.inputs === 1 ? "one input" : `${recipe.inputs} inputs`;
    return `${step.name} (${recipe.title.toLowerCase()}) takes ${inputs}`;
  }
  return null;
}

/** The first input that nobody feeds, or null. */
export function openInput(draft: Draft, id: StepId): string | null {
  const fed = new Set((graphOf(draft).into.get(id) ?? []).map((edge) => edge.input));
  return Object.keys(stepOf(draft, id).inputs).find((input) => !fed.has(input)) ?? null;
}

/** The steps that an edge from `source` may go to, in the order of the file. */
export function targetsOf(draft: Draft, source: StepId, output: string, recipes: readonly RecipeForm[] = []): StepId[] {
  return draft.order.filter((target) => refusalOf(draft, { source, output, target }, recipes) === null);
}

/** Datasets that more than one step writes, with the ids of their writers. */
export function doubleWriters(draft: Draft): Map<string, StepId[]> {
  const writers = new Map<string, StepId[]>();
  for (const id of draft.order) {
    for (const dataset of Object.values(stepOf(draft, id).outputs)) {
      if (dataset) writers.set(dataset, [...(writers.get(dataset) ?? []), id]);
    }
  }
  return new Map([...writers].filter(([, ids]) => ids.length > 1));
}
