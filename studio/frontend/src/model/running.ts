import { type Api, isAborted, ServerAway } from "../api";
import type { RunState, RunSteps, RunSummary } from "../messages";
import type { Draft, StepId } from "./draft";

/** Where a run has come to with a step. */
export type StepStatus = RunSteps["steps"][number]["state"];

/** What a run tells the canvas: empty until one is shown. */
export interface RunView {
  readonly summary: RunSummary | null;
  readonly statuses: Readonly<Record<StepId, StepStatus>>;
  /** Dataset key → rows. */
  readonly rowCounts: Readonly<Record<string, number>>;
}

export const NO_RUN: RunView = { summary: null, statuses: {}, rowCounts: {} };

/** Which part of the pipeline runs, and with which parameters. */
export interface RunWish {
  /** From this step on; empty: from the beginning. */
  readonly start?: string;
  /** Up to this step; empty: to the end. */
  readonly end?: string;
  readonly parameters?: Record<string, unknown>;
  /** The engine of steps that name none; empty: as the pipeline says. */
  readonly engine?: string;
  /** The run from whose checkpoint it goes on. */
  readonly forkOf?: string;
}

const WAIT_S = 20;
const REST_MS = 200;
const AWAY_MS = 2000;
const GOING: readonly RunState[] = ["queued", "running"];

/** Whether more is to come of the run. */
export function isGoing(run: RunSummary): boolean {
  return GOING.includes(run.state);
}

/** A run as the canvas shows it; steps that have another name by now are left out. */
export function viewOf(summary: RunSummary, { steps, edges }: RunSteps, draft: Draft): RunView {
  const ids = new Map(Object.entries(draft.steps).map(([id, step]) => [step.name, id]));
  const statuses: Record<StepId, StepStatus> = {};
  for (const { name, state } of steps) {
    const id = ids.get(name);
    if (id !== undefined) statuses[id] = state;
  }
  const rowCounts: Record<string, number> = {};
  for (const { dataset, row_count } of edges) if (row_count !== null) rowCounts[dataset] = row_count;
  return { summary, statuses, rowCounts };
}

/** Follows one run at a time to its end, and tells of each change. */
export class RunFollower {
  private following = new AbortController();

  constructor(
    private readonly api: Api,
    private readonly tell: (summary: RunSummary, steps: RunSteps) => void,
  ) {}

  /** Follows the run in the place of the one before; ends with the run, or when it is given up. */
  async follow(id: string): Promise<void> {
    this.stop();
    const { signal } = (this.following = new AbortController());
    for (let isOver = false; ; ) {
      try {
        const [summary, steps] = await Promise.all([this.api.run(id, signal), this.api.runSteps(id, signal)]);
        this.tell(summary, steps);
        // The last reports come after the state is final: only `is_over` says that nothing more will.
        if (isOver) return;
        isOver = (await this.api.runEvents(id, steps.next, WAIT_S, signal)).is_over;
        if (!isOver) await rest(REST_MS);
      } catch (error) {
        if (isAborted(error)) return;
        if (!(error instanceof ServerAway)) throw error;
        await rest(AWAY_MS);
      }
      if (signal.aborted) return;
    }
  }

  stop(): void {
    this.following.abort();
  }
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
