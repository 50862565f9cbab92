import { ApiError, describe } from "../api";
import type { AutosaveAnswer, AutosaveRequest, Document, ErrorAnswer } from "../messages";

/** What became of the changes. */
export type SaveState =
  | { readonly kind: "saved" }
  | { readonly kind: "waiting" }
  | { readonly kind: "saving" }
  /** Nobody answers; it tries again by itself. */
  | { readonly kind: "away"; readonly why: ErrorAnswer; readonly retryAt: number }
  /** The server will not take it; the next edit tries again. */
  | { readonly kind: "refused"; readonly why: ErrorAnswer }
  /** Another browser was faster; nothing is sent until the person decides. */
  | { readonly kind: "conflict"; readonly theirs: AutosaveAnswer };

interface Parts {
  readonly send: (wanted: AutosaveRequest, isLast: boolean) => Promise<AutosaveAnswer>;
  /** The document as it is now. */
  readonly current: () => Document;
  readonly report: (state: SaveState, revision: number) => void;
  /** Keeps what was not saved where a closed browser does not lose it; null forgets it. */
  readonly stow: (unsaved: AutosaveRequest | null) => void;
  readonly pauseMs?: number;
}

const PAUSE_MS = 400;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 15_000;

/** Keeps the document on the server: after a pause, one request at a time, each on top of the last revision. */
export class Autosaver {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private sending: Promise<void> | null = null;
  private isDirty = false;
  private isClosed = false;
  private tries = 0;
  private state: SaveState = { kind: "saved" };

  constructor(
    private readonly parts: Parts,
    private revision: number,
  ) {}

  /** Says that the document has changed. */
  touch(): void {
    this.isDirty = true;
    if (this.state.kind === "conflict") {
      this.stow();
      return;
    }
    if (this.state.kind === "away") this.stow();
    else if (!this.sending) {
      this.become({ kind: "waiting" });
      this.plan(this.parts.pauseMs ?? PAUSE_MS);
    }
  }

  /** Sends what is unsaved at once. Gives back whether everything is kept. */
  async flush(isLast = false): Promise<boolean> {
    if (isLast && this.isDirty) this.stow();
    // Another may have begun to send while this one waited for what was on its way.
    while (this.sending) await this.sending;
    if (this.isDirty && this.state.kind !== "conflict") await this.save(isLast);
    return !this.isDirty && this.state.kind !== "conflict";
  }

  /** Asks anew what the other browser has and what both sides give in one, as either may have changed since. */
  async ask(): Promise<void> {
    if (this.state.kind !== "conflict") return;
    this.isDirty = false;
    try {
      const wanted = { base_revision: this.revision, document: this.parts.current() };
      this.settle(await this.parts.send(wanted, false));
    } catch (error) {
      this.isDirty = true;
      throw error;
    }
  }

  /** Goes on from another revision, after a conflict was decided; `isDirty` says whether there is something to send. */
  resume(revision: number, isDirty: boolean): void {
    this.revision = revision;
    this.isDirty = isDirty;
    this.tries = 0;
    if (isDirty) {
      this.become({ kind: "waiting" });
      this.plan(0);
    } else {
      this.parts.stow(null);
      this.become({ kind: "saved" });
    }
  }

  /** Tries again now, where it was waiting for a server that was away. */
  retry(): void {
    if (this.state.kind === "away") this.plan(0);
  }

  /** Ends it, and sends what is unsaved. */
  close(): void {
    clearTimeout(this.timer);
    this.isClosed = true;
    void this.flush(true);
  }

  private save(isLast = false): Promise<void> {
    clearTimeout(this.timer);
    this.isDirty = false;
    this.become({ kind: "saving" });
    const wanted = { base_revision: this.revision, document: this.parts.current() };
    this.sending = this.parts.send(wanted, isLast).then(
      (answer) => {
        this.sending = null;
        this.settle(answer);
      },
      (error: unknown) => {
        this.sending = null;
        this.isDirty = true;
        this.stow();
        this.fail(error);
      },
    );
    return this.sending;
  }

  private settle(answer: AutosaveAnswer): void {
    this.tries = 0;
    if (!answer.is_kept) {
      this.isDirty = true;
      this.stow();
      this.become({ kind: "conflict", theirs: answer });
      return;
    }
    this.revision = answer.revision;
    if (this.isDirty) {
      this.become({ kind: "waiting" });
      this.plan(this.parts.pauseMs ?? PAUSE_MS);
    } else {
      this.parts.stow(null);
      this.become({ kind: "saved" });
    }
  }

  private fail(error: unknown): void {
    if (error instanceof ApiError && error.status < 500 && error.status !== 403 && error.status !== 429) {
      this.become({ kind: "refused", why: describe(error) });
      return;
    }
    const delay = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.tries);
    this.tries += 1;
    this.become({ kind: "away", why: describe(error), retryAt: Date.now() + delay });
    this.plan(delay);
  }

  private stow(): void {
    this.parts.stow({ base_revision: this.revision, document: this.parts.current() });
  }

  private plan(delayMs: number): void {
    clearTimeout(this.timer);
    if (this.isClosed) return;
    this.timer = setTimeout(() => {
      if (this.isDirty && !this.sending && this.state.kind !== "conflict") void this.save();
    }, delayMs);
  }

  private become(state: SaveState): void {
    this.state = state;
    this.parts.report(state, this.revision);
  }
}
