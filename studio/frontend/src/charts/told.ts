/** What Python tells of a run at each refresh. Moments are seconds from the start of the run. */
export interface Told {
  readonly run_id: string;
  /** The present, or the end of the run. */
  readonly now: number;
  readonly is_live: boolean;
  /** All steps, from the top down. */
  readonly steps: readonly string[];
  /** The states that bars can have, in words with their colours. */
  readonly states: readonly (readonly [word: string, color: string])[];
  readonly bars: readonly Bar[];
  /** Memory in MiB and load in per cent of a core. */
  readonly vitals: readonly (readonly [at: number, memory: number, load: number])[];
  /** Rows per second, from a moment on for `rate_width` seconds. */
  readonly rates: readonly (readonly [at: number, rate: number])[];
  readonly rate_width: number;
}

/** When a step ran: its place among the steps, the place of its state, when it began and ended; null: it goes on. */
export type Bar = readonly [
  step: number,
  state: number,
  start: number,
  end: number | null,
  /** Told by the run itself; null: the time from the start to the end. */
  took_ms: number | null,
  /** Whether that is the time of all the steps that ran with it as one query. */
  is_shared: boolean,
  rows: number | null,
];
