import { useEffect, useRef, useState } from "react";

const FRAME_MS = 100;
const UNTOLD_MS = 2_500;

/** The present of a run: grows by itself from one refresh to the next, but not for long where none comes. */
export function usePresent(told: number, isLive: boolean): number {
  const [present, setPresent] = useState(told);
  const latest = useRef(told);
  useEffect(() => {
    if (!isLive) return;
    const began = performance.now();
    const grow = () => {
      const now = told + Math.min(performance.now() - began, UNTOLD_MS) / 1_000;
      // A refresh that was long on its way tells of a moment that is past already: no bar shrinks for that.
      latest.current = Math.max(latest.current, now);
      setPresent(latest.current);
    };
    grow();
    const timer = setInterval(grow, FRAME_MS);
    return () => clearInterval(timer);
  }, [told, isLive]);
  return isLive ? Math.max(present, told) : told;
}
