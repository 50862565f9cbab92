import type { Draft, StepId } from "./draft";
import { graphOf } from "./graph";

/** What is marked on the canvas. Items are groups and notes. */
export interface Selection {
  readonly steps: ReadonlySet<StepId>;
  readonly items: ReadonlySet<string>;
  readonly edges: ReadonlySet<string>;
}

export const NOTHING: Selection = { steps: new Set(), items: new Set(), edges: new Set() };

/** A selection of these alone. */
export function selectionOf(parts: { steps?: Iterable<StepId>; items?: Iterable<string>; edges?: Iterable<string> }): Selection {
  return { steps: new Set(parts.steps), items: new Set(parts.items), edges: new Set(parts.edges) };
}

/** A selection of one thing: a step, a group, a note or an edge. */
export function only(id: string, draft: Draft): Selection {
  if (id in draft.steps) return selectionOf({ steps: [id] });
  const isItem = [...draft.groups, ...draft.notes].some((item) => item.id === id);
  return selectionOf(isItem ? { items: [id] } : { edges: [id] });
}

/** The selection without what the draft does not hold any more. */
export function kept(selection: Selection, draft: Draft): Selection {
  const items = new Set([...draft.groups, ...draft.notes].map(({ id }) => id));
  const edges = new Set(graphOf(draft).edges.map(({ id }) => id));
  const left = {
    steps: intersection(selection.steps, (id) => id in draft.steps),
    items: intersection(selection.items, (id) => items.has(id)),
    edges: intersection(selection.edges, (id) => edges.has(id)),
  };
  const isSame = left.steps === selection.steps && left.items === selection.items && left.edges === selection.edges;
  return isSame ? selection : left;
}

/** Whether both mark the same. */
export function isSameSelection(one: Selection, other: Selection): boolean {
  return (["steps", "items", "edges"] as const).every(
    (part) => one[part].size === other[part].size && [...one[part]].every((id) => other[part].has(id)),
  );
}

function intersection(ids: ReadonlySet<string>, isThere: (id: string) => boolean): ReadonlySet<string> {
  return [...ids].every(isThere) ? ids : new Set([...ids].filter(isThere));
}
