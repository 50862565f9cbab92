import type { Option } from "../controls/Combobox";
import { fieldsOf, type Field, type JsonSchema } from "../forms/schema";
import type { Column, ExpectationForm, StepForm } from "../messages";
import { stepOf, type Draft } from "../model/draft";
import { graphOf } from "../model/graph";
import type { Truth } from "../model/truth";

/** What a step's output is expected to be, as its YAML says it. */
export type Expectation = Readonly<Record<string, unknown>>;

/** The fields of an expectation of a step: which output it is about is asked only where there are several. */
export function expectationFields(form: ExpectationForm, step: StepForm, expectation: Expectation): Field[] {
  const outputs = Object.keys(step.outputs);
  return fieldsOf(form.settings as JsonSchema)
    .filter(({ name }) => name !== "output" || outputs.length > 1 || expectation["output"] !== undefined)
    .map((field) => (field.name === "output" ? { ...field, kind: "choice", choices: outputs, default: outputs[0] } : field));
}

/** An expectation as its form has it: what YAML may say as one text, as a list; types that are left open, as empty ones. */
export function asForm(expectation: Expectation, fields: readonly Field[]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(expectation).map(([name, value]) => {
      const kind = fields.find((field) => field.name === name)?.kind;
      if (kind === "list" && typeof value === "string") return [name, [value]];
      if (kind === "map" && isRecord(value)) return [name, mapped(value, (one) => one ?? "")];
      return [name, value];
    }),
  );
}

/** What a form gives, as the YAML says it. */
export function asExpectation(given: Record<string, unknown>, fields: readonly Field[]): Expectation {
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => {
      const isMap = fields.find((field) => field.name === name)?.kind === "map" && isRecord(value);
      return [name, isMap ? mapped(value, (one) => (one === "" ? null : one)) : value];
    }),
  );
}

/** What it looks at, in short: its name, columns, or condition. */
export function subjectOf(expectation: Expectation): string {
  const { name, column, columns, condition, query } = expectation;
  if (typeof name === "string" && name) return name;
  if (Array.isArray(columns)) return columns.join(", ");
  if (isRecord(columns)) return Object.keys(columns).join(", ");
  return [columns, column, condition, query].find((text): text is string => typeof text === "string" && text !== "") ?? "";
}

/** The columns that forms of a step's expectations offer: of its output, and of the dataset that is looked into. */
export function columnsFor(draft: Draft, truth: Truth, id: string, expectation: Expectation): Record<string, Column[] | null> {
  const outputs = truth.steps[id]?.outputs ?? {};
  const output = String(expectation["output"] ?? Object.keys(stepOf(draft, id).outputs)[0] ?? "");
  const writer = graphOf(draft).writers.get(String(expectation["references"] ?? ""));
  return { output: outputs[output] ?? null, references: (writer && truth.steps[writer.step]?.outputs[writer.output]) ?? null };
}

/** The datasets that an expectation may look into. */
export function datasetsOf(draft: Draft): Option[] {
  return [...graphOf(draft).writers].map(([value, { step }]) => ({ value, detail: `by ${stepOf(draft, step).name}` })).sort((one, other) => one.value.localeCompare(other.value));
}

/** Whether two expectations look at the same in the same way, whatever they make of it. */
export function isAlike(one: Expectation, other: Expectation): boolean {
  return one["check"] === other["check"] && (one["check"] === "row_count" ? ("history" in one) === ("history" in other) : listed(one) === listed(other)) && (one["output"] ?? "") === (other["output"] ?? "");
}

function listed({ check, columns, column }: Expectation): string {
  // One of each is enough, whichever columns it has.
  if (check === "schema" || check === "schema_drift") return "";
  return [columns ?? column].flat().map(String).sort().join("\n");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function mapped(map: Record<string, unknown>, change: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));
}
