import type { StepForm } from "../messages";

export type Kind = "connect" | "ingest" | "transform" | "store" | "publish";

const KINDS: ReadonlySet<string> = new Set(["connect", "ingest", "transform", "store", "publish"]);

/** What a step does, by the core's own rules; "" where it is of no kind yet. */
export function kindOf(step: StepForm): Kind | "" {
  if (KINDS.has(step.layer)) return step.layer as Kind;
  if (step.type === "sql" || step.type === "function") return "transform";
  if (step.type !== "config_op" && step.type !== "api") return "";
  const reads = Object.keys(step.inputs).length > 0;
  const writes = Object.keys(step.outputs).length > 0;
  if (reads && writes) return "";
  if (writes) return "ingest";
  if (reads) return isPublished(step) ? "publish" : "store";
  return "connect";
}

function isPublished(step: StepForm): boolean {
  const isAddress = typeof step.value === "string" && /^https?:\/\//.test(step.value);
  return isAddress || step.type === "api" || "method" in step.params;
}

/** The self-service form that made a step's SQL, or null. */
export function recipeOf(step: StepForm): { name: string; settings: Record<string, unknown> } | null {
  const recipe = step.metadata["recipe"];
  if (typeof recipe !== "object" || recipe === null || !("name" in recipe)) return null;
  const { name, settings } = recipe as { name: unknown; settings?: unknown };
  if (typeof name !== "string") return null;
  return { name, settings: (settings ?? {}) as Record<string, unknown> };
}

/** Whether the step may have inputs. */
export function takesInputs(step: StepForm): boolean {
  const kind = kindOf(step);
  return kind !== "ingest" && kind !== "connect";
}

/** Whether more inputs may be added, beside those that are there. */
export function takesMoreInputs(step: StepForm): boolean {
  const kind = kindOf(step);
  if (kind === "store" || kind === "publish") return Object.keys(step.inputs).length === 0;
  return takesInputs(step);
}

/** Whether the step gives rows to others. */
export function givesOutputs(step: StepForm): boolean {
  const kind = kindOf(step);
  return kind !== "store" && kind !== "publish" && kind !== "connect";
}

/** The dialect in which a step's SQL is written: as the step says, else that of the engine it runs on. */
export function dialectOf(step: StepForm, pipelineEngine: string): "duckdb" | "spark" {
  const said = step.params["dialect"];
  if (said === "spark" || said === "duckdb") return said;
  return (step.engine || pipelineEngine) === "spark" ? "spark" : "duckdb";
}
