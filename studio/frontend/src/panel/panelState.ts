import { createStore } from "zustand/vanilla";
import { useStore } from "zustand";
import type { StepId } from "../model/draft";

/** What the panel shows, beside its tab: it belongs to the page, not to the document. */
interface PanelState {
  heightPx: number;
  showsInputs: boolean;
  /** Whether rows are those of the run on the canvas, and not of a preview. */
  showsRun: boolean;
  /** The column whose profile is shown. */
  column: { step: StepId; port: string; name: string } | null;
}

const HEIGHT_KEY = "odibi.panel.height";

export const panelState = createStore<PanelState>()(() => ({
  heightPx: Number(readHeight()) || 260,
  showsInputs: true,
  showsRun: false,
  column: null,
}));

/** A part of the panel's own state. */
export function usePanel<T>(selector: (state: PanelState) => T): T {
  return useStore(panelState, selector);
}

/** Gives the panel another height, kept for the next visit; at least 96 px, and the canvas keeps some room. */
export function setHeight(heightPx: number): void {
  const kept = Math.round(Math.min(Math.max(96, window.innerHeight - 260), Math.max(96, heightPx)));
  panelState.setState({ heightPx: kept });
  try {
    localStorage.setItem(HEIGHT_KEY, String(kept));
  } catch {
    // A browser that keeps nothing still shows the panel.
  }
}

function readHeight(): string | null {
  try {
    return localStorage.getItem(HEIGHT_KEY);
  } catch {
    return null;
  }
}
