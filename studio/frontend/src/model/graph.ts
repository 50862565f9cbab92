import type { Draft, StepId } from "./draft";
import { stepOf } from "./draft";

/** A dataset on its way from an output to an input. */
export interface Edge {
  readonly id: string;
  readonly source: StepId;
  readonly output: string;
  readonly target: StepId;
  readonly input: string;
  readonly dataset: string;
}

/** Who writes, who reads, and what flows between them. */
export interface Graph {
  readonly edges: readonly Edge[];
  readonly into: ReadonlyMap<StepId, readonly Edge[]>;
  readonly outOf: ReadonlyMap<StepId, readonly Edge[]>;
  /** Dataset key → the first step that writes it, and its port. */
  readonly writers: ReadonlyMap<string, { step: StepId; output: string }>;
}

const graphs = new WeakMap<Draft["steps"], { order: Draft["order"]; graph: Graph }>();

/** The graph of a draft; made once for each state of its steps. */
export function graphOf(draft: Pick<Draft, "order" | "steps">): Graph {
  const known = graphs.get(draft.steps);
  if (known && known.order === draft.order) return known.graph;
  const graph = makeGraph(draft);
  graphs.set(draft.steps, { order: draft.order, graph });
  return graph;
}

function makeGraph(draft: Pick<Draft, "order" | "steps">): Graph {
  const writers = new Map<string, { step: StepId; output: string }>();
  for (const id of draft.order) {
    for (const [output, dataset] of Object.entries(draft.steps[id]?.outputs ?? {})) {
      if (dataset && !writers.has(dataset)) writers.set(dataset, { step: id, output });
    }
  }
  const edges: Edge[] = [];
  const into = new Map<StepId, Edge[]>();
  const outOf = new Map<StepId, Edge[]>();
  for (const target of draft.order) {
    for (const [input, dataset] of Object.entries(draft.steps[target]?.inputs ?? {})) {
      const writer = writers.get(dataset);
      if (!writer) continue;
      const edge = { id: edgeId(target, input), source: writer.step, output: writer.output, target, input, dataset };
      edges.push(edge);
      (into.get(target) ?? into.set(target, []).get(target)!).push(edge);
      (outOf.get(writer.step) ?? outOf.set(writer.step, []).get(writer.step)!).push(edge);
    }
  }
  return { edges, into, outOf, writers };
}

/** An input has one edge at most, so that it names its edge. */
export function edgeId(target: StepId, input: string): string {
  return `${target}:${input}`;
}

/** All steps that `id` needs, and itself. */
export function upstream(graph: Graph, id: StepId): Set<StepId> {
  return reach(id, (step) => (graph.into.get(step) ?? []).map((edge) => edge.source));
}

/** All steps that need `id`, and itself. */
export function downstream(graph: Graph, id: StepId): Set<StepId> {
  return reach(id, (step) => (graph.outOf.get(step) ?? []).map((edge) => edge.target));
}

function reach(start: StepId, next: (id: StepId) => StepId[]): Set<StepId> {
  const found = new Set([start]);
  const queue = [start];
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    for (const other of next(id)) {
      if (!found.has(other)) {
        found.add(other);
        queue.push(other);
      }
    }
  }
  return found;
}

/** The shortest way from one step to another, both included, or null. */
export function pathBetween(draft: Draft, from: StepId, to: StepId): StepId[] | null {
  const { outOf } = graphOf(draft);
  const cameFrom = new Map<StepId, StepId | null>([[from, null]]);
  const queue = [from];
  for (const id of queue) {
    if (id === to) {
      const path: StepId[] = [];
      for (let at: StepId | null = to; at !== null; at = cameFrom.get(at) ?? null) path.unshift(at);
      return path;
    }
    for (const { target } of outOf.get(id) ?? []) {
      if (!cameFrom.has(target)) {
        cameFrom.set(target, id);
        queue.push(target);
      }
    }
  }
  return null;
}

/** Names of steps, as a person reads a path: orders → joined → report. */
export function pathText(draft: Draft, path: readonly StepId[]): string {
  return path.map((id) => stepOf(draft, id).name).join(" → ");
}
