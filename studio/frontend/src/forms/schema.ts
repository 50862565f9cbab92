/** Form fields from a JSON Schema as pydantic writes it. */

export interface JsonSchema {
  type?: string;
  title?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  additionalProperties?: JsonSchema | boolean;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  pattern?: string;
  format?: string;
  examples?: unknown[];
  "x-widget"?: string;
  "x-input"?: string | number;
  /** Another name under which the value may stand. */
  "x-alias"?: string;
  /** The field beside it → the values for which this one is asked. */
  "x-when"?: Record<string, unknown[]>;
}

export type FieldKind = "text" | "number" | "integer" | "choice" | "list" | "map" | "object" | "variants" | "any";

/** A field of a form. `schema` has its references and null resolved; children are made when asked for. */
export interface Field {
  name: string;
  label: string;
  help: string;
  kind: FieldKind;
  isRequired: boolean;
  default: unknown;
  /** What a `choice` offers. */
  choices: unknown[];
  widget: string;
  /** The input whose columns a widget offers: its name, or its place from 0; "" for all. */
  input: string;
  /** Another name under which the value may stand; "" for none. */
  alias: string;
  /** The field beside it → the values for which this one is asked. */
  when: Record<string, unknown[]>;
  schema: JsonSchema;
  root: JsonSchema;
}

/** The fields of an object schema, in its order. */
export function fieldsOf(schema: JsonSchema, root: JsonSchema = schema): Field[] {
  const resolved = resolve(schema, root);
  const required = new Set(resolved.required ?? []);
  return Object.entries(resolved.properties ?? {}).map(([name, property]) =>
    fieldOf(name, property, root, required.has(name)),
  );
}

/** One field of the schema of a property. */
export function fieldOf(name: string, property: JsonSchema, root: JsonSchema, isRequired = false): Field {
  const schema = withoutNull(resolve(property, root), root);
  const choices = choicesOf(schema, root);
  return {
    name,
    label: labelOf(name, property.title ?? ""),
    help: property.description ?? schema.description ?? "",
    kind: choices.length > 0 ? "choice" : kindOf(schema),
    isRequired,
    default: property.default ?? schema.default,
    choices,
    widget: property["x-widget"] ?? schema["x-widget"] ?? "",
    input: String(property["x-input"] ?? schema["x-input"] ?? ""),
    alias: property["x-alias"] ?? "",
    when: property["x-when"] ?? {},
    schema,
    root,
  };
}

/** The value of a field in its object, under either of its names. */
export function valueIn(given: Record<string, unknown>, field: Field): unknown {
  return given[field.name] ?? (field.alias ? given[field.alias] : undefined);
}

/** Whether a form asks for a field: it has a value, or the fields beside it have those that call for it. */
export function isAsked(given: Record<string, unknown>, field: Field, beside: readonly Field[]): boolean {
  if (valueIn(given, field) !== undefined) return true;
  return Object.entries(field.when).every(([name, values]) => {
    const other = beside.find((one) => one.name === name);
    return !other || values.includes(valueIn(given, other) ?? other.default);
  });
}

/** The object with a value for a field, under its own name; undefined removes it. */
export function withValue(given: Record<string, unknown>, { name, alias }: Field, value: unknown): Record<string, unknown> {
  const kept = Object.entries(given).filter(([key]) => key !== alias && (key !== name || value !== undefined));
  const next = Object.fromEntries(kept);
  return value === undefined ? next : { ...next, [name]: value };
}

/** The field of a list's items. */
export function itemOf(list: Field): Field {
  return fieldOf("", list.schema.items ?? {}, list.root, true);
}

/** The field of a map's values. */
export function valueOf(map: Field): Field {
  const values = map.schema.additionalProperties;
  return fieldOf("", typeof values === "object" ? values : {}, map.root, true);
}

/** What a value of several forms may be, one field each. */
export function variantsOf(field: Field): Field[] {
  return alternatives(field.schema).map((schema) => {
    const variant = fieldOf("", schema, field.root, true);
    return { ...variant, label: resolve(schema, field.root).title ?? variantNames[variant.kind] };
  });
}

/** The value with which a required field begins. */
export function startOf(field: Field): unknown {
  if (field.default !== undefined && field.default !== null) return field.default;
  if (field.kind === "object") {
    const given = fieldsOf(field.schema, field.root).filter((child) => child.schema.const !== undefined);
    return Object.fromEntries(given.map((child) => [child.name, child.schema.const]));
  }
  if (field.kind === "list") return [];
  if (field.kind === "map") return {};
  if (field.kind === "choice") return field.choices[0];
  if (field.kind === "variants") return startOf(variantsOf(field)[0]!);
  return "";
}

const variantNames: Record<FieldKind, string> = {
  text: "Text",
  number: "Number",
  integer: "Whole number",
  choice: "Choice",
  list: "List",
  map: "Names and values",
  object: "Settings",
  variants: "Other",
  any: "Value",
};

function resolve(schema: JsonSchema, root: JsonSchema): JsonSchema {
  if (schema.allOf?.length === 1) {
    const { allOf, ...rest } = schema;
    return { ...resolve(allOf[0]!, root), ...rest };
  }
  if (schema.$ref === undefined) return schema;
  const { $ref, ...rest } = schema;
  const target = root.$defs?.[$ref.replace("#/$defs/", "")];
  return target ? { ...resolve(target, root), ...rest } : rest;
}

function alternatives(schema: JsonSchema): JsonSchema[] {
  return schema.anyOf ?? schema.oneOf ?? [];
}

function withoutNull(schema: JsonSchema, root: JsonSchema): JsonSchema {
  const given = alternatives(schema);
  if (given.length === 0) return schema;
  const kept = given.filter((one) => resolve(one, root).type !== "null");
  const { anyOf, oneOf, ...rest } = schema;
  return kept.length === 1 ? { ...resolve(kept[0]!, root), ...rest } : { ...rest, anyOf: kept };
}

/** Booleans, constants, enumerations and patterns of words are choices, alone or as alternatives (`true`, `false` or "auto"). */
function choicesOf(schema: JsonSchema, root: JsonSchema): unknown[] {
  if (schema.enum) return schema.enum;
  if (schema.const !== undefined) return [schema.const];
  if (schema.type === "boolean") return [true, false];
  const words = schema.pattern?.match(/^\^\(([\w-]+(?:\|[\w-]+)+)\)\$$/)?.[1];
  if (words) return words.split("|");
  const each = alternatives(schema).map((one) => choicesOf(resolve(one, root), root));
  return each.every((choices) => choices.length > 0) ? each.flat() : [];
}

function kindOf(schema: JsonSchema): FieldKind {
  if (alternatives(schema).length > 1) return "variants";
  if (schema.properties) return "object";
  switch (schema.type) {
    case "string":
      return "text";
    case "number":
      return "number";
    case "integer":
      return "integer";
    case "array":
      return "list";
    case "object":
      return "map";
    default:
      return "any";
  }
}

const units: Record<string, string> = { s: "seconds", ms: "ms", mb: "MB", bytes: "bytes" };

/** A field's name as people say it: `retry_delay` → "Retry delay", `timeout_s` → "Timeout (seconds)". */
export function labelOf(name: string, title = ""): string {
  const isAutomatic = title.replaceAll(" ", "").toLowerCase() === name.replaceAll("_", "").toLowerCase();
  // Made from the name of a field in Python: it is no sentence yet.
  if (/^[A-Z][a-z]+( [A-Z][a-z]+)+$/.test(title) && !isAutomatic) return title.charAt(0) + title.slice(1).toLowerCase();
  if (title && !isAutomatic) return title;
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .split(/[\s_]+/)
    .map((word) => word.toLowerCase());
  const unit = words.length > 1 ? units[words.at(-1)!] : undefined;
  const label = (unit ? words.slice(0, -1) : words).join(" ");
  return label.charAt(0).toUpperCase() + label.slice(1) + (unit ? ` (${unit})` : "");
}
