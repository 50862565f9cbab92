import { cleanup, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RunSamples, RunSummary } from "../messages";
import { designOf, serve, step } from "../testing/server";
import { show } from "../testing/show";
import { traceState } from "../trace/traceState";
import { BottomPanel } from "./BottomPanel";
import { panelState } from "./panelState";

const orders = step("orders", { layer: "ingest", type: "config_op", value: "orders.csv" });
const columns = [{ name: "id", type: "BIGINT" }];
const kept: RunSamples = {
  step: "orders",
  inputs: [],
  outputs: [{ port: "data", dataset: "orders", columns, rows: [[7], [8]], row_count: 1200, note: "the first rows" }],
};
const empty = { revision: 0, step: "orders", inputs: [], outputs: [], problem: null, warnings: [], elapsed_ms: 1 };
const ended = { run_id: "r1", state: "success", can_fork: true } as RunSummary;

beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(900);
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(400);
  panelState.setState({ showsRun: false });
  traceState.setState({ asked: null });
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

test("the rows that a run kept are shown in the place of the preview's, and can be followed", async () => {
  serve({
    "GET designs/d1": () => designOf([orders]),
    "POST preview": () => empty,
    "POST follow": () => ({ steps: [], equal_rows: 1, problem: null, warnings: [], elapsed_ms: 1 }),
    "GET runs/r1/samples": () => kept,
  });
  const { store, state, id } = await show(<BottomPanel />);
  store.setState({ run: { summary: ended, statuses: {}, rowCounts: {} } });
  state().selectSteps(id("orders"));
  await userEvent.click(await screen.findByRole("checkbox", { name: "Rows of the run" }));
  expect(await screen.findByRole("grid", { name: "Rows of orders in the run" })).toBeVisible();
  expect(screen.getByText("2 of 1,200 rows")).toBeVisible();
  await userEvent.click(screen.getByRole("button", { name: "Follow row 2" }));
  expect(traceState.getState().asked).toMatchObject({ kind: "row", dataset: "orders", values: [8], row: 1 });
  expect(state().panel.tab).toBe("trace");
});

test("rows that are written a moment after the run's end are asked for again", async () => {
  let asked = 0;
  serve({
    "GET designs/d1": () => designOf([orders]),
    "POST preview": () => empty,
    "GET runs/r1/samples": () => ((asked += 1) === 1 ? new Error("the rows of the run are there once it has ended") : kept),
  });
  panelState.setState({ showsRun: true });
  const { store, state, id } = await show(<BottomPanel />);
  store.setState({ run: { summary: ended, statuses: {}, rowCounts: {} } });
  state().selectSteps(id("orders"));
  expect(await screen.findByRole("grid", { name: "Rows of orders in the run" }, { timeout: 3_000 })).toBeVisible();
  expect(asked).toBe(2);
});
