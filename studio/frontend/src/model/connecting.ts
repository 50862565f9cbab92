import type { RecipeForm } from "../messages";
import type { Draft, Edit, StepId } from "./draft";
import { stepOf } from "./draft";
import { graphOf } from "./graph";
import { refusalOf, type Wish } from "./rules";
import { connect, disconnect } from "./steps";

/** Which edges somebody wants to choose from. */
export type Connecting =
  /** Those from a step to others. */
  | { readonly kind: "connect"; readonly from: StepId }
  /** Those from others to a step. */
  | { readonly kind: "feed"; readonly to: StepId }
  /** Those that may take the place of one, from the same output. */
  | { readonly kind: "reconnect"; readonly edge: string };

/** An edge that may be chosen. */
export interface Way {
  readonly key: string;
  /** The step at its other end. */
  readonly other: StepId;
  readonly target: StepId;
  /** The other step, and the ports where there are several. */
  readonly title: string;
  readonly refusal: string | null;
  readonly edit: Edit;
}

/** All edges to choose from, those that can be drawn first. */
export function waysOf(draft: Draft, wanted: Connecting, recipes: readonly RecipeForm[] = []): Way[] {
  const old = wanted.kind === "reconnect" ? graphOf(draft).edges.find(({ id }) => id === wanted.edge) : undefined;
  const cut: Edit = old ? disconnect(old.target, old.input) : (before) => before;
  const left = cut(draft);
  const isFeed = wanted.kind === "feed";
  const starts = old ? [old] : startsOf(left, wanted);
  const targets = isFeed ? [wanted.to] : left.order;
  const ways = starts.flatMap(({ source, output }) =>
    targets.flatMap((target) => (source === target ? [] : inputsOf(left, target).map((input) => ({ source, output, target, input })))),
  );
  // Where the edge is already, there is nothing to move.
  const isThere = ({ target, input }: Wish) => target === old?.target && (input ?? old.input) === old.input;
  const found = ways.filter((wish) => !isThere(wish)).map((wish): Way => {
    const from = stepOf(left, wish.source);
    const to = stepOf(left, wish.target);
    const output = Object.keys(from.outputs).length > 1 && !old ? wish.output : "";
    const names = isFeed ? [named(from.name, output), wish.input] : [output, named(to.name, wish.input)];
    return {
      key: JSON.stringify(wish),
      other: isFeed ? wish.source : wish.target,
      target: wish.target,
      title: names.filter(Boolean).join(" → "),
      refusal: refusalOf(left, wish, recipes),
      edit: (before) => connect(wish)(cut(before)),
    };
  });
  return found.sort((one, other) => Number(Boolean(one.refusal)) - Number(Boolean(other.refusal)));
}

/** A step without an output is among them: there the rules say why not. */
function startsOf(draft: Draft, wanted: Connecting): { source: StepId; output: string }[] {
  const sources = wanted.kind === "connect" ? [wanted.from] : draft.order;
  return sources.flatMap((source) => {
    const outputs = Object.keys(stepOf(draft, source).outputs);
    return (outputs.length ? outputs : [""]).map((output) => ({ source, output }));
  });
}

/** The open inputs where there are several to choose from; else the one that an edge takes by itself. */
function inputsOf(draft: Draft, id: StepId): (string | undefined)[] {
  const fed = new Set((graphOf(draft).into.get(id) ?? []).map((edge) => edge.input));
  const open = Object.keys(stepOf(draft, id).inputs).filter((input) => !fed.has(input));
  return open.length > 1 ? open : [undefined];
}

function named(step: string, port: string | undefined): string {
  return port ? `${step} · ${port}` : step;
}
