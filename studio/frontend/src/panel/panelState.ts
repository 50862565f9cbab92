import { createStore } from "zustand/vanilla";
import { useStore } from "zustand";
import { keepNumber, readNumber } from "../controls/keptNumber";
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
export const LEAST_PX = 96;
/** What is left to the canvas. */
const CANVAS_PX = 260;

export const panelState = createStore<PanelState>()(() => ({
  heightPx: readNumber(HEIGHT_KEY) ?? 260,
  showsInputs: true,
  showsRun: false,
  column: null,
}));

/** A part of the panel's own state. */
export function usePanel<T>(selector: (state: PanelState) => T): T {
  return useStore(panelState, selector);
}

/** Gives the panel another height, kept for the next visit; the canvas keeps some room. */
export function setHeight(heightPx: number): void {
  const most = Math.max(LEAST_PX, window.innerHeight - CANVAS_PX);
  const kept = Math.round(Math.min(most, Math.max(LEAST_PX, heightPx)));
  panelState.setState({ heightPx: kept });
  keepNumber(HEIGHT_KEY, kept);
}
