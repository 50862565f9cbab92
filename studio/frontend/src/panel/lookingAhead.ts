import { useCallback, useEffect, useRef } from "react";
import { isAborted } from "../api";
import type { StepId } from "../model/draft";
import { sceneOf } from "../model/scene";
import { type Direction, neighbour } from "../model/walking";
import { type DesignerStore, useDesignerStore } from "../store";
import { questionOf } from "./previewKey";
import { previewParameters } from "./previewParameters";

/** A step whose rows took longer has neighbours that nobody computes unasked. */
export const AHEAD_WITHIN_MS = 400;
/** As long as a person looks at a step before its neighbours are thought of. */
const LOOKING_MS = 350;
/** As long as a pointer lies on a step that it does not only cross. */
const RESTING_MS = 60;
const DIRECTIONS: readonly Direction[] = ["right", "left", "down", "up"];
const MOST_KNOWN = 200;

const asked = new WeakMap<DesignerStore, Set<string>>();

/** Has rows ready of the steps to which the arrow keys lead from a step; null looks nowhere. */
export function useLookAhead(id: StepId | null, key: string): void {
  const store = useDesignerStore();
  useEffect(() => {
    if (id === null) return;
    const request = new AbortController();
    const timer = setTimeout(() => void lookAhead(store, beside(store, id), request.signal), LOOKING_MS);
    return () => {
      clearTimeout(timer);
      request.abort();
    };
  }, [store, id, key]);
}

/** Has rows ready of the step on which the pointer rests. */
export function useLookAtPointer() {
  const store = useDesignerStore();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const onLeave = useCallback(() => clearTimeout(timer.current), []);
  const onEnter = useCallback(
    (event: { readonly buttons: number }, { id }: { readonly id: string }) => {
      clearTimeout(timer.current);
      if (event.buttons === 0) timer.current = setTimeout(() => void lookAhead(store, [id], AbortSignal.timeout(5_000)), RESTING_MS);
    },
    [store],
  );
  useEffect(() => onLeave, [onLeave]);
  return { onEnter, onLeave };
}

async function lookAhead(store: DesignerStore, ids: readonly StepId[], signal: AbortSignal): Promise<void> {
  const known = asked.get(store) ?? new Set();
  asked.set(store, known);
  for (const id of ids) {
    const { draft, panel, api } = store.getState();
    if (!panel.isOpen || panel.tab !== "preview" || document.hidden || !(id in draft.steps)) return;
    const { key, wanted } = questionOf(draft, id, previewParameters(store));
    if (known.has(key)) continue;
    if (known.size >= MOST_KNOWN) known.clear();
    known.add(key);
    try {
      await api.previewAhead(wanted, signal);
    } catch (error) {
      // Whoever selects the step asks again, and is told.
      if (isAborted(error)) known.delete(key);
      return;
    }
  }
}

function beside(store: DesignerStore, id: StepId): StepId[] {
  const { draft } = store.getState();
  const scene = sceneOf(draft);
  const found = DIRECTIONS.map((direction) => neighbour(scene, id, direction));
  return [...new Set(found)].filter((other) => other !== null && other in draft.steps) as StepId[];
}
