import type { Draft, StepId } from "./draft";
import { stepOf } from "./draft";

/** A step that a search found, and where. */
export interface Find {
  readonly step: StepId;
  /** The field's path: name, value, params.format. */
  readonly field: string;
  /** The text around the find, split at it. */
  readonly before: string;
  readonly match: string;
  readonly after: string;
}

const AROUND = 28;
const MOST = 200;

/** The steps in whose names, SQL, settings, ports or notes a text occurs; names first. */
export function search(draft: Draft, text: string): Find[] {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return [];
  const finds = draft.order.flatMap((id) => findIn(draft, id, wanted));
  const rank = ({ field }: Find) => (field === "name" ? 0 : 1);
  return finds.sort((one, other) => rank(one) - rank(other)).slice(0, MOST);
}

function findIn(draft: Draft, id: StepId, wanted: string): Find[] {
  const step = stepOf(draft, id);
  for (const [field, text] of texts(step, "")) {
    const at = text.toLowerCase().indexOf(wanted);
    if (at < 0) continue;
    const [start, end] = [Math.max(0, at - AROUND), at + wanted.length];
    return [
      {
        step: id,
        field,
        before: (start > 0 ? "…" : "") + flat(text.slice(start, at)),
        match: text.slice(at, end),
        after: flat(text.slice(end, end + AROUND)) + (end + AROUND < text.length ? "…" : ""),
      },
    ];
  }
  return [];
}

function* texts(value: unknown, path: string): Generator<[field: string, text: string]> {
  if (typeof value === "object" && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      const field = path ? `${path}.${key}` : key;
      if (!Array.isArray(value) && path) yield [field, key];
      yield* texts(inner, field);
    }
  } else if (value !== null && value !== undefined && value !== "") {
    yield [path, String(value)];
  }
}

function flat(text: string): string {
  return text.replace(/\s+/g, " ");
}
