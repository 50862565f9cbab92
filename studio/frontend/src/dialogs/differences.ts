import type { Document, StepChange, StepForm } from "../messages";

/** How the steps of two documents differ, by their names. */
export function stepChanges(before: Document, after: Document): StepChange[] {
  const old = new Map(before.pipeline.steps.map((step) => [step.name, step]));
  const now = new Map(after.pipeline.steps.map((step) => [step.name, step]));
  const gone = [...old.keys()].filter((name) => !now.has(name)).map((step) => change(step, "removed"));
  const other = [...now].flatMap(([name, step]) => {
    const known = old.get(name);
    if (!known) return [change(name, "added")];
    const fields = fieldsThatDiffer(known, step);
    return fields.length === 0 ? [] : [change(name, "changed", fields)];
  });
  return [...other, ...gone];
}

function change(step: string, kind: StepChange["change"], fields: string[] = []): StepChange {
  return { step, change: kind, before: "", fields };
}

function fieldsThatDiffer(one: StepForm, other: StepForm): string[] {
  return (Object.keys(one) as (keyof StepForm)[]).filter((field) => JSON.stringify(one[field]) !== JSON.stringify(other[field]));
}
