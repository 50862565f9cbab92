import { useEffect, useState } from "react";
import type { PreviewAnswer, PreviewRequest } from "../messages";
import { isGoing } from "../model/running";
import { type DesignerState, type DesignerStore, shownStep, useDesignerStore } from "../store";
import { panelState } from "./panelState";
import { questionOf } from "./previewKey";
import { previewParameters } from "./previewParameters";

/** As long as letters follow each other. */
const TYPING_PAUSE_MS = 120;
/** A key that is held down walks faster than this. */
const WALKING_PAUSE_MS = 35;
/** Whoever selects a step after that long is not walking, and waits for nothing. */
const RESTED_MS = 150;

/** Asks for the rows of a step in the very moment in which it is selected, before the page has drawn that it is. */
export class EarlyRows {
  private asked: { key: string; request: AbortController; answer: Promise<PreviewAnswer> } | null = null;
  private last = { name: "", at: -RESTED_MS };

  constructor(private readonly store: DesignerStore) {}

  /** Asks ahead of the page from now on; gives what ends that. */
  watch(): () => void {
    return this.store.subscribe((state, before) => {
      if (state.selection === before.selection && state.draft === before.draft) return;
      const id = shownStep(state);
      if (id === null || id === shownStep(before) || showsRun(state) || !this.isRested()) return;
      const { key, wanted } = questionOf(state.draft, id, previewParameters(this.store));
      this.asked?.request.abort();
      const request = new AbortController();
      const answer = state.api.preview(wanted, request.signal);
      // Who takes it hears of its failure; perhaps nobody does.
      answer.catch(() => undefined);
      this.asked = { key, request, answer };
    });
  }

  /** The answer, which may be on its way already. */
  take(key: string, wanted: PreviewRequest, signal: AbortSignal): Promise<PreviewAnswer> {
    const early = this.asked;
    this.asked = null;
    if (early?.key !== key) {
      early?.request.abort();
      return this.store.getState().api.preview(wanted, signal);
    }
    signal.addEventListener("abort", () => early.request.abort());
    return early.answer;
  }

  /** How long a question waits for the next one to take its place. */
  pauseMs(key: string, name: string): number {
    if (this.asked?.key === key) return 0;
    if (this.last.name === name) return TYPING_PAUSE_MS;
    return this.isRested() ? 0 : WALKING_PAUSE_MS;
  }

  /** Says that rows of a step were asked for. */
  note(name: string): void {
    this.last = { name, at: performance.now() };
  }

  private isRested(): boolean {
    return performance.now() - this.last.at > RESTED_MS;
  }
}

/** Asks early for as long as the component is there. */
export function useEarlyRows(): EarlyRows {
  const store = useDesignerStore();
  const [early] = useState(() => new EarlyRows(store));
  useEffect(() => early.watch(), [early]);
  return early;
}

function showsRun({ run }: DesignerState): boolean {
  return panelState.getState().showsRun && run.summary !== null && !isGoing(run.summary);
}
