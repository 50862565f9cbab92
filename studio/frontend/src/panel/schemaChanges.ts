import type { Column } from "../messages";

export interface ColumnChange {
  name: string;
  type: string;
  change: "same" | "added" | "removed" | "changed";
  /** The type in the inputs, where it is another. */
  before: string;
}

/** The columns of an output, against all columns that come in; those that are gone stand last. */
export function schemaChanges(output: readonly Column[], inputs: readonly (readonly Column[] | null)[]): ColumnChange[] {
  // Of an input that nobody knows, nothing can be said to be new or gone.
  if (inputs.length === 0 || inputs.some((columns) => columns === null)) {
    return output.map(({ name, type }) => ({ name, type, change: "same", before: "" }));
  }
  const incoming = new Map<string, string[]>();
  for (const { name, type } of inputs.flatMap((columns) => columns ?? [])) {
    incoming.set(name, [...(incoming.get(name) ?? []), type]);
  }
  const names = new Set(output.map(({ name }) => name));
  const kept = output.map(({ name, type }): ColumnChange => {
    const types = incoming.get(name);
    if (!types) return { name, type, change: "added", before: "" };
    return types.includes(type) ? { name, type, change: "same", before: "" } : { name, type, change: "changed", before: types[0]! };
  });
  const gone = [...incoming].filter(([name]) => !names.has(name));
  return [...kept, ...gone.map(([name, types]): ColumnChange => ({ name, type: types[0]!, change: "removed", before: "" }))];
}
