import { fieldsOf, valueIn, type Field, type JsonSchema } from "../forms/schema";
import type { Catalog, ConnectionForm, FormatForm, StepForm } from "../messages";
import { kindOf } from "../model/kinds";
import { isAddress } from "./kindNames";

/** Settings that every step takes; they have a section of their own. */
export const RELIABILITY = new Set(["max_retries", "retry_delay", "retry_backoff", "timeout_s", "cache", "materialize"]);

/** Settings that other controls of the inspector show. */
const SHOWN_ELSEWHERE = new Set(["source_type", "format", "mode", "connection", "dialect"]);

/** The fields of a step's own settings, by the catalog. */
export function settingsFields(catalog: Catalog, step: StepForm): Field[] {
  const found = catalog.kinds.find(({ kind }) => kind === settingsKind(catalog, step));
  return found ? fieldsOf(found.settings as JsonSchema) : [];
}

/** The name under which the catalog has a step's settings: the node kind, and for transforms the type. */
function settingsKind(catalog: Catalog, step: StepForm): string {
  const kind = kindOf(step);
  if (kind === "transform") return step.type;
  return isSent(catalog, step) ? "http_publish" : kind;
}

/** Whether a step sends its rows to a service, by its address or by a connection. */
export function isSent(catalog: Catalog, step: StepForm): boolean {
  return kindOf(step) === "publish" && (isAddress(step.value) || connectionOf(catalog, step)?.kind === "http");
}

export function reliabilityFields(fields: Field[]): Field[] {
  return fields.filter((field) => RELIABILITY.has(field.name));
}

/** What is left for the section of the step's own settings. */
export function ownFields(fields: Field[]): Field[] {
  return fields.filter((field) => !RELIABILITY.has(field.name) && !SHOWN_ELSEWHERE.has(field.name));
}

/** Where `params` names the format: what is read says `source_type`, what is written says `format`. */
export function formatKey(step: StepForm): "source_type" | "format" {
  return kindOf(step) === "ingest" ? "source_type" : "format";
}

/** The format that a path's ending implies, or undefined. Endings of packed files count without `.gz`. */
export function formatOfPath(formats: readonly FormatForm[], path: unknown): FormatForm | undefined {
  if (typeof path !== "string") return undefined;
  const name = path.toLowerCase().replace(/\.(gz|zst|bz2)$/, "");
  return formats.find((format) => format.extensions.some((ending) => name.endsWith(ending)));
}

/** The connection that a step names, or undefined. */
export function connectionOf(catalog: Catalog, step: StepForm): ConnectionForm | undefined {
  return catalog.connections.find(({ name }) => name === step.params["connection"]);
}

/** The format that a step has without saying so, and what says it. */
export function impliedFormat(catalog: Catalog, step: StepForm): { format: FormatForm; by: "connection" | "address" | "name" } | undefined {
  const named = (name: string) => catalog.formats.find((format) => format.name === name);
  const behind = named(connectionOf(catalog, step)?.format ?? "");
  if (behind) return { format: behind, by: "connection" };
  const answers = kindOf(step) === "ingest" && isAddress(step.value) ? named("http") : undefined;
  if (answers) return { format: answers, by: "address" };
  const format = formatOfPath(catalog.formats, step.value);
  return format && { format, by: "name" };
}

/** The format of a step: as it says, else by its connection or path. */
export function formatOf(catalog: Catalog, step: StepForm): FormatForm | undefined {
  const said = step.params[formatKey(step)];
  return said ? catalog.formats.find((format) => format.name === said) : impliedFormat(catalog, step)?.format;
}

/** The options of a format for reading or writing. */
export function optionFields(format: FormatForm | undefined, step: StepForm): Field[] {
  if (!format) return [];
  return fieldsOf((kindOf(step) === "ingest" ? format.read_options : format.write_options) as JsonSchema);
}

/** How many settings of some fields a step has, for the summary of a folded section. */
export function countSet(fields: readonly Field[], params: Record<string, unknown>): string | undefined {
  const count = fields.filter((field) => valueIn(params, field) !== undefined).length;
  return count === 0 ? undefined : `${count} set`;
}
