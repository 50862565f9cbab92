import { useCallback, useState } from "react";
import type { Range } from "./range";

/** What a person made of the charts. */
export interface View {
  /** The time that is shown; null: all of it. */
  readonly range: Range | null;
  /** How far the steps are scrolled, in pixels. */
  readonly top: number;
  /** Whether the steps scroll to the one that runs. */
  readonly isFollowing: boolean;
}

const FIRST: View = { range: null, top: 0, isFollowing: true };
// By run: a page that is built anew, as at the end of a run or on the way back from its log, finds it as it was.
const kept = new Map<string, View>();

/** The view of a run's charts, and how to change it. Nothing that Python says changes it. */
export function useView(runId: string): readonly [View, (part: Partial<View>) => void] {
  const [view, setView] = useState(() => kept.get(runId) ?? FIRST);
  const change = useCallback(
    (part: Partial<View>) => {
      const next = { ...(kept.get(runId) ?? FIRST), ...part };
      kept.set(runId, next);
      setView(next);
    },
    [runId],
  );
  return [view, change];
}
