import type { Point, StepForm } from "../messages";
import type { Draft, Edit, StepId } from "./draft";
import { stepOf } from "./draft";
import { graphOf } from "./graph";
import { dialectOf, kindOf, recipeOf } from "./kinds";
import { datasetKeys, slug, stepNames, uniqueName } from "./names";
import { openInput, type Wish } from "./rules";
import { mentions, renameInSql } from "./sql_names";

/** Adds a step at the end of the file. Its name and datasets must be free: `withFreeNames` sees to that. */
export function addStep(id: StepId, step: StepForm, place: Point): Edit {
  return (draft) => ({
    ...draft,
    order: [...draft.order, id],
    steps: { ...draft.steps, [id]: step },
    positions: { ...draft.positions, [id]: place },
  });
}

/** The step under a name and dataset keys that nobody has taken. */
export function withFreeNames(draft: Draft, step: StepForm): StepForm {
  const name = uniqueName(slug(step.name), stepNames(draft));
  const taken = datasetKeys(draft);
  const outputs = Object.entries(step.outputs).map(([port, dataset]) => {
    const key = uniqueName(dataset === step.name || !dataset ? name : dataset, taken);
    taken.add(key);
    return [port, key];
  });
  return { ...step, name, outputs: Object.fromEntries(outputs) };
}

/** Replaces a step by what `change` makes of it. */
export function changeStep(id: StepId, change: (step: StepForm) => StepForm): Edit {
  return (draft) => {
    const before = stepOf(draft, id);
    const after = change(before);
    return after === before ? draft : { ...draft, steps: { ...draft.steps, [id]: after } };
  };
}

/** Sets a field by its path, such as ["params", "format"]; undefined removes it. */
export function setField(id: StepId, path: readonly string[], value: unknown): Edit {
  return changeStep(id, (step) => setIn(step, path, value) as StepForm);
}

function setIn(whole: unknown, path: readonly string[], value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (Array.isArray(whole)) return whole.map((item, at) => (String(at) === key ? setIn(item, rest, value) : item));
  const before = (whole ?? {}) as Record<string, unknown>;
  const inner = setIn(before[key], rest, value);
  if (inner === before[key] && key in before) return whole;
  if (inner !== undefined) return { ...before, [key]: inner };
  const { [key]: _removed, ...left } = before;
  return left;
}

/** Sets fields of the pipeline itself: its name, description, engine, parameters, settings. */
export function setHead(changes: Partial<Draft["head"]>): Edit {
  return (draft) => ({ ...draft, head: { ...draft.head, ...changes } });
}

/** Renames a step. A dataset that bears its name is renamed with it, wherever it is read. */
export function renameStep(id: StepId, wanted: string): Edit {
  return (draft) => {
    const step = stepOf(draft, id);
    const others = stepNames(draft);
    others.delete(step.name);
    const name = wanted.trim();
    if (!name || name === step.name || others.has(name)) return draft;
    const renamed = changeStep(id, (before) => ({ ...before, name }))(draft);
    const own = Object.entries(step.outputs).find(([, dataset]) => dataset === step.name);
    const keys = datasetKeys(draft);
    return own && !keys.has(name) ? setDataset(id, own[0], name)(renamed) : renamed;
  };
}

/** Sets the dataset key of an output; who reads it, or has expectations that look into it, goes on doing so. */
export function setDataset(id: StepId, output: string, dataset: string): Edit {
  return (draft) => {
    const before = stepOf(draft, id).outputs[output];
    if (before === dataset) return draft;
    const readers = (graphOf(draft).outOf.get(id) ?? []).filter((edge) => edge.output === output);
    const steps = { ...draft.steps, [id]: withPort(stepOf(draft, id), "outputs", output, dataset) };
    for (const { target, input } of readers) {
      steps[target] = withPort(steps[target] ?? stepOf(draft, target), "inputs", input, dataset);
    }
    const isRenamed = before !== undefined && before !== "" && dataset !== "" && graphOf(draft).writers.get(before)?.step === id;
    if (isRenamed) for (const other of draft.order) steps[other] = withReference(steps[other] ?? stepOf(draft, other), before, dataset);
    return { ...draft, steps };
  };
}

/** Adds an output whose dataset key is free. */
export function addOutput(id: StepId, output: string): Edit {
  return (draft) => {
    const step = stepOf(draft, id);
    const port = uniqueName(output, new Set(Object.keys(step.outputs)));
    const dataset = uniqueName(Object.keys(step.outputs).length ? `${step.name}_${port}` : step.name, datasetKeys(draft));
    return changeStep(id, (before) => withPort(before, "outputs", port, dataset))(draft);
  };
}

/** Renames a port in its place. An input's new name goes into the step's SQL too. */
export function renamePort(id: StepId, side: "inputs" | "outputs", before: string, after: string): Edit {
  return (draft) => {
    const rename = (step: StepForm): StepForm => {
      if (before === after || !after || after in step[side] || !(before in step[side])) return step;
      const ports = Object.entries(step[side]).map(([port, dataset]) => [port === before ? after : port, dataset]);
      const renamed = { ...step, [side]: Object.fromEntries(ports) as Record<string, string> };
      if (side !== "inputs" || step.type !== "sql" || typeof step.value !== "string") return renamed;
      const quote = dialectOf(step, draft.head.engine) === "spark" ? "`" : '"';
      return { ...renamed, value: renameInSql(step.value, before, after, quote) };
    };
    return changeStep(id, rename)(draft);
  };
}

/** Removes a port, and the edges that hang on it. */
export function removePort(id: StepId, side: "inputs" | "outputs", port: string): Edit {
  return (draft) => {
    const cut = side === "outputs" ? disconnectReaders(draft, (edge) => edge.source === id && edge.output === port) : draft;
    return changeStep(id, (step) => ({ ...step, [side]: without(step[side], port) }))(cut);
  };
}

/** Puts the inputs in another order: forms that make SQL tell left from right by it. */
export function orderInputs(id: StepId, inputs: readonly string[]): Edit {
  return changeStep(id, (step) => {
    const rest = Object.keys(step.inputs).filter((input) => !inputs.includes(input));
    const ordered = [...inputs.filter((input) => input in step.inputs), ...rest];
    return { ...step, inputs: Object.fromEntries(ordered.map((input) => [input, step.inputs[input] ?? ""])) };
  });
}

/** Draws an edge that `refusalOf` lets pass. Without a named input the first open one is taken, or a new one made. */
export function connect(wish: Wish): Edit {
  return (draft) => {
    const dataset = stepOf(draft, wish.source).outputs[wish.output];
    const target = stepOf(draft, wish.target);
    if (!dataset) return draft;
    const input = wish.input ?? openInput(draft, wish.target) ?? newInput(target, dataset);
    return changeStep(wish.target, (step) => withPort(step, "inputs", input, dataset))(draft);
  };
}

/** The name of a new input: steps that write rows call theirs `data`, others see a table of the dataset's name. */
function newInput(step: StepForm, dataset: string): string {
  const kind = kindOf(step);
  const wanted = kind === "store" || kind === "publish" ? "data" : slug(dataset, "data");
  return uniqueName(wanted, new Set(Object.keys(step.inputs)));
}

/** Takes an edge away. The input stays, open, where the step still speaks of it. */
export function disconnect(target: StepId, input: string): Edit {
  return changeStep(target, (step) => {
    if (!(input in step.inputs)) return step;
    return isNeeded(step, input)
      ? withPort(step, "inputs", input, "")
      : { ...step, inputs: without(step.inputs, input) };
  });
}

function isNeeded(step: StepForm, input: string): boolean {
  const kind = kindOf(step);
  if (kind === "store" || kind === "publish" || recipeOf(step)) return true;
  return step.type === "sql" && typeof step.value === "string" && mentions(step.value, input);
}

/** Removes steps, and the edges that hang on them. */
export function removeSteps(ids: Iterable<StepId>): Edit {
  const gone = new Set(ids);
  return (draft) => {
    if (![...gone].some((id) => id in draft.steps)) return draft;
    const cut = disconnectReaders(draft, (edge) => gone.has(edge.source) && !gone.has(edge.target));
    const groups = cut.groups.map((group) =>
      group.steps.some((id) => gone.has(id)) ? { ...group, steps: group.steps.filter((id) => !gone.has(id)) } : group,
    );
    return {
      ...cut,
      order: cut.order.filter((id) => !gone.has(id)),
      steps: without(cut.steps, ...gone),
      positions: without(cut.positions, ...gone),
      groups: groups.filter((group) => group.steps.length > 0),
    };
  };
}

function disconnectReaders(draft: Draft, isCut: (edge: { source: StepId; output: string; target: StepId }) => boolean): Draft {
  return graphOf(draft)
    .edges.filter(isCut)
    .reduce((left, edge) => disconnect(edge.target, edge.input)(left), draft);
}

/** Puts steps elsewhere on the canvas. */
export function moveSteps(places: Readonly<Record<StepId, Point>>): Edit {
  return (draft) => {
    const moved = Object.entries(places).filter(([id, { x, y }]) => {
      const before = draft.positions[id];
      return id in draft.steps && (before?.x !== x || before.y !== y);
    });
    return moved.length ? { ...draft, positions: { ...draft.positions, ...Object.fromEntries(moved) } } : draft;
  };
}

/** The step, with expectations that look into a dataset under its new name. */
function withReference(step: StepForm, before: string, after: string): StepForm {
  if (!step.expectations.some(({ references }) => references === before)) return step;
  return { ...step, expectations: step.expectations.map((one) => (one["references"] === before ? { ...one, references: after } : one)) };
}

function withPort(step: StepForm, side: "inputs" | "outputs", port: string, dataset: string): StepForm {
  return { ...step, [side]: { ...step[side], [port]: dataset } };
}

function without<T>(record: Readonly<Record<string, T>>, ...keys: string[]): Record<string, T> {
  const gone = new Set(keys);
  return Object.fromEntries(Object.entries(record).filter(([key]) => !gone.has(key)));
}
