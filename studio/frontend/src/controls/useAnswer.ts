import { useLayoutEffect, useState } from "react";
import { describe, isAborted } from "../api";
import type { ErrorAnswer } from "../messages";

export interface Answer<T> {
  /** The newest answer; it stays while the next one is awaited. */
  value: T | null;
  failure: ErrorAnswer | null;
  isAsking: boolean;
  /** The key that `value` answers. */
  key: string | null;
}

/** The answer to a question, asked anew when its key changes, a moment after; an older request is given up.
 *
 * @param key What the question depends on; null asks nothing.
 * @param ask Sends the request.
 * @param pauseMs How long the key must stay the same before it is asked.
 */
export function useAnswer<T>(key: string | null, ask: (signal: AbortSignal) => Promise<T>, pauseMs = 0): Answer<T> {
  const [answer, setAnswer] = useState<Answer<T>>({ value: null, failure: null, isAsking: key !== null, key: null });
  // Before what was drawn with it is painted: the answer is on its way meanwhile.
  useLayoutEffect(() => {
    if (key === null) {
      setAnswer({ value: null, failure: null, isAsking: false, key: null });
      return;
    }
    const request = new AbortController();
    setAnswer((before) => ({ ...before, isAsking: true }));
    const send = async () => {
      try {
        const value = await ask(request.signal);
        if (!request.signal.aborted) setAnswer({ value, failure: null, isAsking: false, key });
      } catch (error) {
        if (request.signal.aborted || isAborted(error)) return;
        setAnswer((before) => ({ ...before, failure: describe(error), isAsking: false }));
      }
    };
    const timer = pauseMs > 0 ? setTimeout(() => void send(), pauseMs) : undefined;
    if (timer === undefined) void send();
    return () => {
      clearTimeout(timer);
      request.abort();
    };
    // `ask` is made anew by each rendering; the key says whether it asks something else.
  }, [key]);
  return answer;
}
