import type { Note, Point, StepForm } from "../messages";
import type { Draft, Edit, StepId } from "./draft";
import { newItemId, newStepId, stepOf } from "./draft";
import { LEAST_NOTE } from "./frames";
import { graphOf } from "./graph";
import { datasetKeys, slug, stepNames, uniqueName } from "./names";
import { around, rectOf } from "./placing";
import { HEADER_HEIGHT, STEP_WIDTH } from "./sizes";
import { selectionOf, type Selection } from "./selection";
import { onGrid } from "./layout";

const FORMAT = "odibi-steps/1";

/** What lies in the clipboard, as JSON text: so it passes between pipelines, tabs and chats. */
interface Clip {
  readonly format: typeof FORMAT;
  readonly steps: readonly { readonly step: StepForm; readonly place: Point }[];
  readonly groups: readonly { readonly title: string; readonly steps: readonly string[]; readonly isCollapsed: boolean }[];
  readonly notes: readonly Note[];
}

/** The text of what is selected, or null where nothing is. */
export function copySelection(draft: Draft, selection: Selection): string | null {
  const folded = draft.groups.filter(({ id }) => selection.items.has(id)).flatMap(({ steps }) => steps);
  const ids = new Set([...selection.steps, ...folded]);
  const steps = draft.order
    .filter((id) => ids.has(id))
    .map((id) => ({ step: stepOf(draft, id), place: draft.positions[id] ?? { x: 0, y: 0 } }));
  const notes = draft.notes.filter(({ id }) => selection.items.has(id));
  if (!steps.length && !notes.length) return null;
  const groups = draft.groups
    .filter((group) => group.steps.every((id) => ids.has(id)))
    .map(({ title, steps: members, isCollapsed }) => ({
      title,
      isCollapsed,
      steps: members.map((id) => stepOf(draft, id).name),
    }));
  const clip: Clip = { format: FORMAT, steps, groups, notes };
  return JSON.stringify(clip, null, 1);
}

/**
 * What a copied text holds, or null where it is none of ours.
 *
 * It may come from anywhere: what is no step, group or note as the server takes them would keep it from taking any
 * change from then on.
 */
export function readClip(text: string): Clip | null {
  if (!text.includes(FORMAT)) return null;
  try {
    const clip = JSON.parse(text) as Clip;
    const isWhole =
      clip.format === FORMAT && Array.isArray(clip.steps) && Array.isArray(clip.groups) && Array.isArray(clip.notes);
    if (!isWhole || !clip.groups.every(isGroup) || !clip.notes.every(isNote)) return null;
    if (!clip.steps.every(({ step, place }) => isStep(step) && isPoint(place))) return null;
    const steps = clip.steps.map(({ step, place }) => ({ step: fieldsOf(step), place }));
    return { format: FORMAT, steps, groups: groupsOf(clip), notes: clip.notes.map(roomy) };
  } catch {
    return null;
  }
}

function isStep(step: unknown): step is StepForm {
  const { name, layer, type, engine, params, inputs, outputs, metadata, expectations } = (step ?? {}) as Record<string, unknown>;
  const isText = [name, layer, type, engine].every((value) => typeof value === "string");
  const areNames = [inputs, outputs].every((ports) => isMap(ports) && Object.values(ports).every((key) => typeof key === "string"));
  const areExpectations = expectations === undefined || (Array.isArray(expectations) && expectations.every(isMap));
  return isText && areNames && isMap(params) && isMap(metadata) && areExpectations;
}

/** The step without what it should not have. */
function fieldsOf(step: StepForm): StepForm {
  const { name, layer, type, engine, value, params, inputs, outputs, metadata, expectations } = step;
  // A clip of an earlier version has none.
  return { name, layer, type, engine, value: value ?? "", params, inputs, outputs, metadata, expectations: expectations ?? [] };
}

/** The groups with steps that are there, each in one group alone. */
function groupsOf({ groups, steps }: Clip): Clip["groups"] {
  const free = new Set(steps.map(({ step }) => step.name));
  const found = groups.map(({ title, isCollapsed, steps: names }) => {
    const own = [...new Set(names)].filter((name) => free.delete(name));
    return { title, isCollapsed, steps: own };
  });
  return found.filter(({ steps: own }) => own.length > 0);
}

/** The note, no smaller than one that can be taken hold of. */
function roomy(note: Note): Note {
  return { ...note, width: Math.max(note.width, LEAST_NOTE.width), height: Math.max(note.height, LEAST_NOTE.height) };
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isGroup(group: unknown): group is Clip["groups"][number] {
  const { title, steps, isCollapsed } = (group ?? {}) as Record<string, unknown>;
  const areNames = Array.isArray(steps) && steps.every((name) => typeof name === "string");
  return typeof title === "string" && typeof isCollapsed === "boolean" && areNames;
}

function isNote(note: unknown): note is Note {
  const { text, width, height } = (note ?? {}) as Record<string, unknown>;
  return typeof text === "string" && isPoint(note) && [width, height].every(Number.isFinite);
}

function isPoint(place: unknown): place is Point {
  const { x, y } = (place ?? {}) as Record<string, unknown>;
  return Number.isFinite(x) && Number.isFinite(y);
}

/**
 * The edit that pastes a clip, and what it selects.
 *
 * Names and datasets are made unique; edges within the clip are kept, edges to other steps only where the draft has
 * the very dataset that they came from.
 *
 * @param at Where the middle of what is pasted goes; without it, beside where it was copied from.
 */
export function pasteClip(draft: Draft, clip: Clip, at?: Point): { edit: Edit; selection: Selection } {
  const steps = withFreshNames(draft, clip);
  const shift = shiftOf(draft, clip, at);
  const pasted = steps.map(({ step, place }) => ({ id: newStepId(), step, place: moved(place, shift) }));
  const idOf = new Map(clip.steps.map(({ step }, index) => [step.name, pasted[index]?.id ?? ""]));
  const groups = clip.groups.map(({ title, isCollapsed, steps: names }) => ({
    id: newItemId(),
    title,
    isCollapsed,
    steps: names.flatMap((name) => idOf.get(name) ?? []),
  }));
  const notes = clip.notes.map(({ text, width, height, ...place }) => ({ text, width, height, ...moved(place, shift), id: newItemId() }));
  const edit: Edit = (before) => ({
    ...before,
    order: [...before.order, ...pasted.map(({ id }) => id)],
    steps: { ...before.steps, ...Object.fromEntries(pasted.map(({ id, step }) => [id, step])) },
    positions: { ...before.positions, ...Object.fromEntries(pasted.map(({ id, place }) => [id, place])) },
    groups: [...before.groups, ...groups],
    notes: [...before.notes, ...notes],
  });
  return { edit, selection: selectionOf({ steps: pasted.map(({ id }) => id), items: notes.map(({ id }) => id) }) };
}

function withFreshNames(draft: Draft, clip: Clip): Clip["steps"] {
  const names = stepNames(draft);
  const keys = datasetKeys(draft);
  const written = new Map<string, string>();
  const renamed = clip.steps.map(({ step, place }) => {
    const name = uniqueName(slug(step.name), names);
    names.add(name);
    const outputs = Object.entries(step.outputs).map(([port, dataset]) => {
      if (!dataset) return [port, dataset] as const;
      const key = uniqueName(dataset === step.name ? name : dataset, keys);
      keys.add(key);
      if (!written.has(dataset)) written.set(dataset, key);
      return [port, key] as const;
    });
    return { step: { ...step, name, outputs: Object.fromEntries(outputs) }, place };
  });
  const { writers } = graphOf(draft);
  return renamed.map(({ step, place }) => {
    const inputs = Object.entries(step.inputs).map(([port, dataset]) => {
      return [port, written.get(dataset) ?? (writers.has(dataset) ? dataset : "")] as const;
    });
    return { step: { ...step, inputs: Object.fromEntries(inputs) }, place };
  });
}

const BESIDE: Point = { x: 32, y: 32 };

function shiftOf(draft: Draft, clip: Clip, at: Point | undefined): Point {
  const whole = around([
    ...clip.steps.map(({ place }) => ({ ...place, width: STEP_WIDTH, height: HEADER_HEIGHT })),
    ...clip.notes.map(({ x, y, width, height }) => ({ x, y, width, height })),
  ]);
  if (!whole) return BESIDE;
  if (at) return { x: onGrid(at.x - whole.x - whole.width / 2), y: onGrid(at.y - whole.y - whole.height / 2) };
  const corners = new Set(draft.order.flatMap((id) => rectOf(draft, id) ?? []).map(({ x, y }) => `${x},${y}`));
  const first = clip.steps[0]?.place ?? whole;
  let shift = BESIDE;
  while (corners.has(`${first.x + shift.x},${first.y + shift.y}`)) shift = moved(shift, BESIDE);
  return shift;
}

function moved({ x, y }: Point, by: Point): Point {
  return { x: x + by.x, y: y + by.y };
}

/** The edit that copies what is selected right beside it, and what it selects then; null where nothing is selected. */
export function duplicate(draft: Draft, selection: Selection): { edit: Edit; selection: Selection } | null {
  const text = copySelection(draft, selection);
  const clip = text === null ? null : readClip(text);
  return clip && pasteClip(draft, clip);
}

/** All steps of a selection: those that are selected, and those of selected groups. */
export function selectedSteps(draft: Draft, selection: Selection): StepId[] {
  const folded = draft.groups.filter(({ id }) => selection.items.has(id)).flatMap(({ steps }) => steps);
  const ids = new Set([...selection.steps, ...folded]);
  return draft.order.filter((id) => ids.has(id));
}
