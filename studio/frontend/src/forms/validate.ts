/** What is wrong with a value, said as its field's schema has it. */

import { fieldsOf, itemOf, valueIn, valueOf, variantsOf, type Field } from "./schema";

export interface Issue {
  /** Path from the value that was checked: "", "columns", "keys.0.name". */
  path: string;
  what: string;
}

/** What is said of a value that is not there yet: nobody needs to read it while they type. */
export const MISSING = "Fill this in.";

/** Every mistake in a value; a missing one is a mistake only where it is required. */
export function validate(field: Field, value: unknown): Issue[] {
  if (value === undefined || value === null || value === "") {
    return field.isRequired && field.default === undefined && !allowsEmpty(field) ? [issue(MISSING)] : [];
  }
  if (isPlaceholder(value) && field.kind !== "text") return [];
  switch (field.kind) {
    case "text":
      return textIssues(field, value);
    case "number":
    case "integer":
      return numberIssues(field, value);
    case "choice":
      return field.choices.includes(value) ? [] : [issue(`Choose one of ${field.choices.map(shown).join(", ")}.`)];
    case "list":
      return listIssues(field, value);
    case "map":
      return mapIssues(field, value);
    case "object":
      return objectIssues(field, value);
    case "variants":
      return variantIssues(field, value);
    case "any":
      return [];
  }
}

/** Whether a value stands for one that only a run knows, such as "{date}" or "${secret:KEY}". */
export function isPlaceholder(value: unknown): boolean {
  return typeof value === "string" && /\{[^{}]+\}/.test(value);
}

/** A value as a form shows it: control characters and blanks escaped. */
export function shown(value: unknown): string {
  if (value === true) return "Yes";
  if (value === false) return "No";
  if (typeof value === "string" && /^[a-z]+(_[a-z]+)+$/.test(value)) return value.replaceAll("_", " ");
  if (typeof value === "string") return JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("\\\\", "\\");
  return value === null || value === undefined ? "" : JSON.stringify(value);
}

function issue(what: string, path = ""): Issue {
  return { path, what };
}

function under(name: string | number, issues: Issue[]): Issue[] {
  return issues.map(({ path, what }) => issue(what, path ? `${name}.${path}` : String(name)));
}

function allowsEmpty(field: Field): boolean {
  return field.kind === "text" && field.schema.minLength === undefined && field.name === "";
}

function textIssues({ schema }: Field, value: unknown): Issue[] {
  if (typeof value !== "string") return [issue("Give a text.")];
  if (schema.minLength !== undefined && value.length < schema.minLength) {
    return [issue(`Give at least ${count(schema.minLength, "character")}.`)];
  }
  if (schema.maxLength !== undefined && [...value].length > schema.maxLength) {
    return [issue(`Give at most ${count(schema.maxLength, "character")}.`)];
  }
  if (schema.pattern !== undefined && !isPlaceholder(value) && !fits(schema.pattern, value)) {
    return [issue(`This does not fit the pattern ${schema.pattern}.`)];
  }
  return [];
}

function numberIssues({ kind, schema }: Field, value: unknown): Issue[] {
  if (typeof value !== "number" || !Number.isFinite(value)) {
    return [issue(kind === "integer" ? "Give a whole number." : "Give a number.")];
  }
  if (kind === "integer" && !Number.isInteger(value)) return [issue("Give a whole number.")];
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  if (minimum !== undefined && value < minimum) {
    return [issue(maximum === undefined ? `Give ${minimum} or more.` : `Give ${minimum} to ${maximum}.`)];
  }
  if (maximum !== undefined && value > maximum) {
    return [issue(minimum === undefined ? `Give ${maximum} or less.` : `Give ${minimum} to ${maximum}.`)];
  }
  if (exclusiveMinimum !== undefined && value <= exclusiveMinimum) return [issue(`Give more than ${exclusiveMinimum}.`)];
  if (exclusiveMaximum !== undefined && value >= exclusiveMaximum) return [issue(`Give less than ${exclusiveMaximum}.`)];
  return [];
}

function listIssues(field: Field, value: unknown): Issue[] {
  if (!Array.isArray(value)) return [issue("Give a list.")];
  const { minItems, maxItems } = field.schema;
  if (minItems !== undefined && value.length < minItems) return [issue(`Give at least ${minItems}.`)];
  if (maxItems !== undefined && value.length > maxItems) return [issue(`Give at most ${maxItems}.`)];
  const item = itemOf(field);
  return value.flatMap((one, place) => under(place, validate(item, one)));
}

function mapIssues(field: Field, value: unknown): Issue[] {
  if (!isMap(value)) return [issue("Give names with values.")];
  const child = valueOf(field);
  return Object.entries(value).flatMap(([name, one]) =>
    under(name, name === "" ? [issue("Give it a name.")] : validate(child, one)),
  );
}

function objectIssues(field: Field, value: unknown): Issue[] {
  if (!isMap(value)) return [issue("Give settings.")];
  return fieldsOf(field.schema, field.root).flatMap((child) => under(child.name, validate(child, valueIn(value, child))));
}

function variantIssues(field: Field, value: unknown): Issue[] {
  const each = variantsOf(field).map((variant) => validate(variant, value));
  return each.some((issues) => issues.length === 0) ? [] : (each[variantIndex(field, value)] ?? []);
}

/** Which of a field's variants a value is, or is nearest to. */
export function variantIndex(field: Field, value: unknown): number {
  const counts = variantsOf(field).map((variant) => {
    const issues = validate(variant, value);
    const isOtherShape = issues.some(({ path }) => path === "");
    const mistaken = fieldsOf(variant.schema, variant.root).some(
      (child) => child.schema.const !== undefined && isMap(value) && value[child.name] !== child.schema.const,
    );
    return issues.length + (isOtherShape || mistaken ? 1_000 : 0);
  });
  return Math.max(0, counts.indexOf(Math.min(...counts)));
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a text fits a pattern; one that JavaScript can't read is left to the server. */
function fits(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern, "u").test(text);
  } catch {
    return true;
  }
}

function count(many: number, noun: string): string {
  return `${many} ${noun}${many === 1 ? "" : "s"}`;
}
