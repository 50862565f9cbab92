import { createStore } from "zustand/vanilla";
import { useStore } from "zustand";
import type { StepId } from "../model/draft";

/** A row that is followed back. */
export interface Followed {
  readonly kind: "row";
  readonly step: StepId;
  readonly dataset: string;
  readonly values: readonly unknown[];
  /** Its place among the rows that were shown. */
  readonly row: number;
}

/** A value whose rows are looked for; null looks for rows without one. */
export interface Sought {
  readonly kind: "value";
  readonly step: StepId;
  readonly dataset: string;
  readonly column: string;
  readonly value: string | null;
}

/** What the trace shows: it belongs to the page, not to the document. */
interface TraceState {
  readonly asked: Followed | Sought | null;
}

export const traceState = createStore<TraceState>()(() => ({ asked: null }));

/** A part of what the trace shows. */
export function useTrace<T>(selector: (state: TraceState) => T): T {
  return useStore(traceState, selector);
}
