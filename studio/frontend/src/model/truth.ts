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

const PAUSE_MS = 60;
const RETRY_MS = 2_000;

/** Asks the server what is true of a draft, a moment after it has changed. A late answer counts for nothing. */
export class TruthLoop {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private request: AbortController | null = null;
  private revision = 0;

  constructor(private readonly parts: Parts) {}

  /** Says that the pipeline has changed. */
  touch(draft: Draft): void {
    this.plan(draft, this.parts.pauseMs ?? PAUSE_MS);
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
      this.parts.tell(byId(answer, draft));
      this.parts.report({ kind: "current" });
    } catch (error) {
      if (isAborted(error) || revision !== this.revision) return;
      this.parts.report({ kind: "failed", why: describe(error) });
      this.timer = setTimeout(() => void this.check(draft, revision), RETRY_MS);
    }
  }
}

function byId(answer: CheckAnswer, draft: Draft): Truth {
  const ids = idsByName(draft);
  const steps: Record<StepId, StepTruth> = {};
  for (const [name, truth] of Object.entries(answer.steps)) {
    const id = ids.get(name);
    if (id !== undefined) steps[id] = truth;
  }
  const problems = answer.problems.map((problem) => ({ ...problem, stepId: ids.get(problem.step) ?? null }));
  return { steps, problems, elapsedMs: answer.elapsed_ms };
}
