import type { Draft } from "./draft";
import { stepOf } from "./draft";

/** A name that reads well as a SQL table and as a file name: lower case, digits, underscores. */
export function slug(text: string, otherwise = "step"): string {
  const plain = text
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "_")
    .replace(/^_+|_+$/g, "");
  if (!plain) return otherwise;
  return /^\d/.test(plain) ? `_${plain}` : plain;
}

/** `wanted`, or with the first number behind it that nobody has taken: orders, orders_2, orders_3. */
export function uniqueName(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted;
  const stem = wanted.replace(/_\d+$/, "");
  for (let number = 2; ; number += 1) {
    const name = `${stem}_${number}`;
    if (!taken.has(name)) return name;
  }
}

/** The names of all steps. */
export function stepNames(draft: Draft): Set<string> {
  return new Set(draft.order.map((id) => stepOf(draft, id).name));
}

/**
 * The dataset keys that are written or read. One that is only read counts as taken too: a new step must not
 * feed another by the accident of its name.
 */
export function datasetKeys(draft: Draft): Set<string> {
  const keys = draft.order.flatMap((id) => {
    const step = stepOf(draft, id);
    return [...Object.values(step.outputs), ...Object.values(step.inputs)];
  });
  return new Set(keys.filter(Boolean));
}
