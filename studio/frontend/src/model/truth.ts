import { describe, isAborted } from "../api";
import type { CheckAnswer, CheckRequest, ErrorAnswer, ProblemForm, StepTruth } from "../messages";
import type { Draft, StepId } from "./draft";
import { idsByName, toPipeline } from "./draft";

/** A problem, and the step that has it; null where the pipeline itself has it. */
export interface Problem extends ProblemForm {
  readonly stepId: StepId | null;
}

/** What is known of a draft without running it. */
export interface Truth {
  readonly steps: Readonly<Record<StepId, StepTruth>>;
  readonly problems: readonly Problem[];
  readonly elapsedMs: number;
}

export const NO_TRUTH: Truth = { steps: {}, problems: [], elapsedMs: 0 };

/** How far the truth is behind the draft. */
export type Checking = { readonly kind: "current" | "asking" } | { readonly kind: "failed"; readonly why: ErrorAnswer };

interface Parts {
  readonly ask: (wanted: CheckRequest, signal: AbortSignal) => Promise<CheckAnswer>;
  readonly tell: (truth: Truth) => void;
  readonly report: (state: Checking) => void;
  readonly pauseMs?: number;
}

/** As long as the last check took, so that one that takes long is not asked for at each letter. */
const LEAST_PAUSE_MS = 10;
const MOST_PAUSE_MS = 60;
const RETRY_MS = 2_000;

/** Asks the server what is true of a draft, a moment after it has changed. A late answer counts for nothing. */
export class TruthLoop {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private request: AbortController | null = null;
  private revision = 0;
  private truth = NO_TRUTH;

  constructor(private readonly parts: Parts) {}

  /** Says that the pipeline has changed. */
  touch(draft: Draft): void {
    this.plan(draft, this.parts.pauseMs ?? Math.min(Math.max(this.truth.elapsedMs, LEAST_PAUSE_MS), MOST_PAUSE_MS));
  }

  /** Asks no more. */
  close(): void {
    this.revision += 1;
    clearTimeout(this.timer);
    this.request?.abort();
  }

  private plan(draft: Draft, delayMs: number): void {
    this.close();
    const revision = this.revision;
    this.parts.report({ kind: "asking" });
    this.timer = setTimeout(() => void this.check(draft, revision), delayMs);
  }

  private async check(draft: Draft, revision: number): Promise<void> {
    const request = new AbortController();
    this.request = request;
    try {
      const answer = await this.parts.ask({ revision, pipeline: toPipeline(draft) }, request.signal);
      if (answer.revision !== this.revision) return;
      this.truth = byId(answer, draft, this.truth);
      this.parts.tell(this.truth);
      this.parts.report({ kind: "current" });
    } catch (error) {
      if (isAborted(error) || revision !== this.revision) return;
      this.parts.report({ kind: "failed", why: describe(error) });
      this.timer = setTimeout(() => void this.check(draft, revision), RETRY_MS);
    }
  }
}

/** What did not change stays the same object, so that only the steps that did are drawn anew. */
function byId(answer: CheckAnswer, draft: Draft, before: Truth): Truth {
  const ids = idsByName(draft);
  const steps: Record<StepId, StepTruth> = {};
  for (const [name, truth] of Object.entries(answer.steps)) {
    const id = ids.get(name);
    if (id !== undefined) steps[id] = isSame(before.steps[id], truth) ? before.steps[id]! : truth;
  }
  const problems = answer.problems.map((problem) => ({ ...problem, stepId: ids.get(problem.step) ?? null }));
  return { steps, problems, elapsedMs: answer.elapsed_ms };
}

/** Whether two values of JSON are alike. */
export function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  const keys = Object.keys(one);
  const both = [one, other] as [Record<string, unknown>, Record<string, unknown>];
  return keys.length === Object.keys(other).length && keys.every((key) => isSame(both[0][key], both[1][key]));
}
