import type { Draft } from "./draft";

/** A state that can be gone back to, and what was done to it. */
interface Moment {
  readonly draft: Draft;
  readonly label: string;
}

/** What can be undone and done again. */
export interface History {
  readonly past: readonly Moment[];
  readonly future: readonly Moment[];
  /** What the newest edit is about: edits of one key close together are one. */
  readonly key: string;
  readonly changedAt: number;
}

export const NO_HISTORY: History = { past: [], future: [], key: "", changedAt: 0 };

const DEPTH = 200;
const PAUSE_MS = 1_000;

/** The history after an edit of `before`. Typing without a pause in one field (`key`) is one edit. */
export function remember(history: History, before: Draft, label: string, key: string, now: number): History {
  const isTyping = key !== "" && key === history.key && now - history.changedAt < PAUSE_MS;
  const past = isTyping ? history.past : [...history.past, { draft: before, label }].slice(-DEPTH);
  return { past, future: [], key, changedAt: now };
}

/** The history and the draft one edit earlier, or null where there is none. */
export function stepBack(history: History, now: Draft): { history: History; draft: Draft; label: string } | null {
  const moment = history.past.at(-1);
  if (!moment) return null;
  const future = [...history.future, { draft: now, label: moment.label }];
  return { history: { ...history, past: history.past.slice(0, -1), future, key: "" }, ...moment };
}

/** The history and the draft one undone edit later, or null where there is none. */
export function stepForth(history: History, now: Draft): { history: History; draft: Draft; label: string } | null {
  const moment = history.future.at(-1);
  if (!moment) return null;
  const past = [...history.past, { draft: now, label: moment.label }];
  return { history: { ...history, past, future: history.future.slice(0, -1), key: "" }, ...moment };
}
