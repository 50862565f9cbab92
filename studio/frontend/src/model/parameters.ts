import type { ParameterForm } from "../messages";
import type { Edit } from "./draft";

/** Adds a parameter of the pipeline under a name that is free. */
export function addParameter(name: string): Edit {
  return (draft) => {
    let free = name;
    for (let number = 2; free in draft.head.parameters; number += 1) free = `${name}_${number}`;
    const parameter: ParameterForm = { type: "text", default: null, choices: [], description: "" };
    return { ...draft, head: { ...draft.head, parameters: { ...draft.head.parameters, [free]: parameter } } };
  };
}

/** Changes a parameter, or removes it where there is no change. */
export function changeParameter(name: string, change: Partial<ParameterForm> | null): Edit {
  return (draft) => {
    const { [name]: before, ...rest } = draft.head.parameters;
    if (!before) return draft;
    const parameters = change === null ? rest : { ...draft.head.parameters, [name]: { ...before, ...change } };
    return { ...draft, head: { ...draft.head, parameters } };
  };
}

/** Renames a parameter in its place, and wherever a step refers to it as {name}. */
export function renameParameter(before: string, after: string): Edit {
  return (draft) => {
    if (before === after || after in draft.head.parameters || !(before in draft.head.parameters)) return draft;
    const entries = Object.entries(draft.head.parameters).map(([name, form]) => [name === before ? after : name, form] as const);
    const steps = { ...draft.steps };
    for (const id of draft.order) {
      const step = steps[id]!;
      const value = renamed(step.value, before, after);
      const params = renamed(step.params, before, after) as typeof step.params;
      const recipe = step.metadata["recipe"];
      const form = renamed(recipe, before, after);
      const metadata = form === recipe ? step.metadata : { ...step.metadata, recipe: form };
      if (value !== step.value || params !== step.params || metadata !== step.metadata) steps[id] = { ...step, value, params, metadata };
    }
    return { ...draft, head: { ...draft.head, parameters: Object.fromEntries(entries) }, steps };
  };
}

/** A value with {before} in its texts as {after}; `{{before}}` is a text of its own, and `${env:before}` another thing. */
function renamed(value: unknown, before: string, after: string): unknown {
  if (typeof value === "string") {
    return value.replace(/\{\{\w+\}\}|\$\{[^}]*\}|\{(\w+)\}/g, (whole, name) => (name === before ? `{${after}}` : whole));
  }
  if (Array.isArray(value)) {
    const items = value.map((item) => renamed(item, before, after));
    return items.some((item, place) => item !== value[place]) ? items : value;
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, renamed(item, before, after)] as const);
  return entries.some(([key, item]) => item !== (value as Record<string, unknown>)[key]) ? Object.fromEntries(entries) : value;
}
