import { describe, expect, it, vi } from "vitest";
import { type Api, ServerAway } from "../api";
import type { RunEvents, RunSteps, RunSummary } from "../messages";
import { designOf, step } from "../testing/server";
import { openDraft } from "./draft";
import { isGoing, RunFollower, viewOf } from "./running";

const draft = openDraft(designOf([step("read"), step("clean", { inputs: { rows: "read" } })]).document);

function summaryOf(state: RunSummary["state"]): RunSummary {
  return { run_id: "r1", state, total_steps: 2 } as RunSummary;
}

function stepsOf(...states: RunSteps["steps"][number]["state"][]): RunSteps {
  const names = ["read", "clean", "gone"];
  const steps = states.map((state, at) => ({ name: names[at], state })) as RunSteps["steps"];
  const edges = [{ source: "read", target: "clean", dataset: "read", row_count: 7 }];
  return { run_id: "r1", state: "running", next: states.length, steps, edges };
}

describe("viewOf", () => {
  it("finds the steps by their names, and leaves out those that are gone", () => {
    const { statuses, rowCounts } = viewOf(summaryOf("running"), stepsOf("success", "running", "pending"), draft);
    const [read, clean] = draft.order;
    expect(statuses).toEqual({ [read!]: "success", [clean!]: "running" });
    expect(rowCounts).toEqual({ read: 7 });
  });
});

describe("RunFollower", () => {
  it("tells of every change up to the end, also of what comes after the state is final, and then asks no more", async () => {
    const states: RunSummary["state"][] = ["queued", "running", "success", "success"];
    const overs = [false, false, true];
    const api = {
      run: vi.fn(async () => summaryOf(states.shift()!)),
      runSteps: vi.fn(async () => stepsOf("success", "success")),
      runEvents: vi.fn(async () => ({ events: [], next: 2, state: "running", is_over: overs.shift() }) as RunEvents),
    };
    const told: string[] = [];
    await new RunFollower(api as unknown as Api, ({ state }) => told.push(state)).follow("r1");
    expect(told).toEqual(["queued", "running", "success", "success"]);
    expect(overs).toEqual([]);
  });

  it("goes on when the server is back", async () => {
    vi.useFakeTimers();
    const answers: (RunSummary | Error)[] = [new ServerAway(null), summaryOf("failed"), summaryOf("failed")];
    const api = {
      run: async () => {
        const answer = answers.shift()!;
        if (answer instanceof Error) throw answer;
        return answer;
      },
      runSteps: async () => stepsOf("failed"),
      runEvents: async () => ({ events: [], next: 1, state: "failed", is_over: true }) as RunEvents,
    };
    const told: string[] = [];
    const followed = new RunFollower(api as unknown as Api, ({ state }) => told.push(state)).follow("r1");
    await vi.runAllTimersAsync();
    await followed;
    vi.useRealTimers();
    expect(told).toEqual(["failed", "failed"]);
  });
});

describe("isGoing", () => {
  it("is true before the end alone", () => {
    const states: RunSummary["state"][] = ["queued", "running", "success", "failed", "cancelled", "lost"];
    expect(states.filter((state) => isGoing(summaryOf(state)))).toEqual(["queued", "running"]);
  });
});
