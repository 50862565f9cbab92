import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { CheckAnswer, CheckRequest } from "../messages";
import { joinedSales } from "../testing/drafts";
import { TruthLoop } from "./truth";

describe("what is true of a draft", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it.each([
    [2, 10],
    [33, 33],
    [900, 60],
  ])("is asked for as long after a change as the check of before took: %d ms, %d", async (elapsedMs, pause) => {
    const ask = vi.fn(
      async ({ revision }: CheckRequest): Promise<CheckAnswer> => ({ revision, steps: {}, problems: [], elapsed_ms: elapsedMs }),
    );
    const loop = new TruthLoop({ ask, tell: () => {}, report: () => {} });
    const { draft } = joinedSales();
    loop.touch(draft);
    await vi.advanceTimersByTimeAsync(10);
    expect(ask).toHaveBeenCalledTimes(1);
    loop.touch(draft);
    await vi.advanceTimersByTimeAsync(pause - 1);
    expect(ask).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(ask).toHaveBeenCalledTimes(2);
  });
});
