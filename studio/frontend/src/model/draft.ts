import type { Document, Note, PipelineForm, Point, StepForm } from "../messages";

/** Names a step for as long as the page is open, whatever it is called meanwhile. */
export type StepId = string;

/** A frame around steps. */
export interface StepGroup {
  readonly id: string;
  readonly title: string;
  readonly steps: readonly StepId[];
  readonly isCollapsed: boolean;
}

/** The document as it is edited: never changed in place, so that every state can be gone back to. */
export interface Draft {
  readonly head: Readonly<Omit<PipelineForm, "steps">>;
  /** The steps in the order of the file. */
  readonly order: readonly StepId[];
  readonly steps: Readonly<Record<StepId, StepForm>>;
  readonly positions: Readonly<Record<StepId, Point>>;
  readonly groups: readonly StepGroup[];
  readonly notes: readonly Note[];
}

/** Makes a draft of a draft. What changes nothing gives the same draft back. */
export type Edit = (draft: Draft) => Draft;

let stepCount = 0;

/** An id that no step of this page has. */
export function newStepId(): StepId {
  stepCount += 1;
  return `s${stepCount}`;
}

/** An id for a group or a note, which is kept in the document and so must differ between browsers. */
export function newItemId(): string {
  return Math.random().toString(36).slice(2, 10);
}

/** The draft of a document. Steps that `before` knows by name keep their ids, and so stay selected. */
export function openDraft(document: Document, before?: Draft): Draft {
  const { steps: forms, ...head } = document.pipeline;
  const known = before ? idsByName(before) : new Map<string, StepId>();
  const order: StepId[] = [];
  const steps: Record<StepId, StepForm> = {};
  const positions: Record<StepId, Point> = {};
  const ids = new Map<string, StepId>();
  for (const form of forms) {
    const kept = known.get(form.name);
    const id = kept !== undefined && !(kept in steps) ? kept : newStepId();
    order.push(id);
    steps[id] = form;
    ids.set(form.name, id);
    const place = document.layout.positions[form.name];
    if (place) positions[id] = place;
  }
  const groups = document.layout.groups.map(({ id, title, steps: names, is_collapsed }) => ({
    id,
    title,
    isCollapsed: is_collapsed,
    steps: names.flatMap((name) => ids.get(name) ?? []),
  }));
  return { head, order, steps, positions, groups, notes: document.layout.notes };
}

/** The document of a draft, as it is kept. */
export function toDocument(draft: Draft): Document {
  const nameOf = (id: StepId) => stepOf(draft, id).name;
  const placed = draft.order.filter((id) => draft.positions[id]);
  return {
    pipeline: toPipeline(draft),
    layout: {
      positions: Object.fromEntries(placed.map((id) => [nameOf(id), draft.positions[id] as Point])),
      groups: draft.groups.map(({ id, title, steps, isCollapsed }) => ({
        id,
        title,
        steps: steps.map(nameOf),
        is_collapsed: isCollapsed,
      })),
      notes: [...draft.notes],
    },
  };
}

/** The pipeline alone, as it is checked and run. */
export function toPipeline(draft: Draft): PipelineForm {
  return { ...draft.head, steps: draft.order.map((id) => stepOf(draft, id)) };
}

/** Whether both say the same pipeline; how it lies on the canvas may differ. */
export function isSamePipeline(one: Draft, other: Draft): boolean {
  return one.head === other.head && one.order === other.order && one.steps === other.steps;
}

/** The step of an id that is in the draft. */
export function stepOf(draft: Draft, id: StepId): StepForm {
  const step = draft.steps[id];
  if (!step) throw new Error(`no step has the id ${id}`);
  return step;
}

/** Step name → id. */
export function idsByName(draft: Draft): Map<string, StepId> {
  return new Map(draft.order.map((id) => [stepOf(draft, id).name, id]));
}
