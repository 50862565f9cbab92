import { cleanup, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { FindAnswer, FindRequest, FollowAnswer, FollowRequest, Grid } from "../messages";
import { BottomPanel } from "../panel/BottomPanel";
import { designOf, serve, step } from "../testing/server";
import { show } from "../testing/show";
import { traceState } from "./traceState";

const orders = step("orders", { layer: "ingest", type: "config_op", value: "orders.csv" });
const total = step("total", { value: "SELECT sum(amount) AS amount FROM orders", inputs: { orders: "orders" } });
const columns = [{ name: "id", type: "BIGINT" }, { name: "note", type: "VARCHAR" }];

function grid(dataset: string, rows: unknown[][]): Grid {
  return { port: dataset, dataset, columns, rows, row_count: rows.length, is_sample: false, note: "" };
}

const followed: FollowAnswer = {
  steps: [
    { step: "total", dataset: "total", grid: grid("total", [[1, "a"]]), is_source: false, why: "", notes: [] },
    { step: "orders", dataset: "orders", grid: grid("orders", [[1, "a"], [2, null]]), is_source: false, why: "a Python function made them", notes: [] },
  ],
  equal_rows: 2,
  problem: null,
  warnings: [],
  elapsed_ms: 3,
};
const lost: FindAnswer = {
  finding: "dropped",
  conclusion: "total dropped id = 7: WHERE id < 5",
  steps: [{ step: "total", dataset: "total", rows_in: 1, rows_out: 0, is_dropped: true, cause: "WHERE id < 5", why: "", grid: grid("orders", [[7, "x"]]) }],
  problem: null,
  warnings: [],
  elapsed_ms: 3,
};

beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(900);
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(400);
  traceState.setState({ asked: null });
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const preview = { revision: 0, step: "total", inputs: [], outputs: [grid("total", [[1, "a"], [2, "b"]])], problem: null, warnings: [], elapsed_ms: 1 };

test("the number of a row leads to the rows that made it", async () => {
  const calls = serve({
    "GET designs/d1": () => designOf([orders, total]),
    "POST preview": () => preview,
    "POST follow": () => followed,
  });
  const { state, id } = await show(<BottomPanel />);
  state().selectSteps(id("total"));
  await userEvent.click(await screen.findByRole("button", { name: "Follow row 2" }));
  const chain = await screen.findByRole("list", { name: "Rows that made the row" });
  const asked = calls.find(({ path }) => path === "follow")!.body as FollowRequest;
  expect([asked.step, asked.dataset, asked.values]).toEqual(["total", "total", [2, "b"]]);
  expect(within(chain).getAllByRole("listitem")).toHaveLength(2);
  expect(within(chain).getByText("2 rows are alike; this is the first of them.")).toBeVisible();
  expect(within(chain).getByRole("note")).toHaveTextContent("can’t be known: a Python function made them");
  await userEvent.click(within(chain).getByRole("button", { name: "orders" }));
  expect(state().selection.steps).toEqual(new Set([id("orders")]));
});

test("the row under the cursor is followed by F", async () => {
  serve({ "GET designs/d1": () => designOf([orders, total]), "POST preview": () => preview, "POST follow": () => followed });
  const { state, id } = await show(<BottomPanel />);
  state().selectSteps(id("total"));
  (await screen.findByRole("grid", { name: "Rows of total" })).focus();
  await userEvent.keyboard("{ArrowDown}f");
  expect(await screen.findByRole("list", { name: "Rows that made the row" })).toBeVisible();
  expect(traceState.getState().asked).toMatchObject({ kind: "row", values: [2, "b"] });
});

test("a value that is missing leads to the step that lost it, and to its cause", async () => {
  const calls = serve({
    "GET designs/d1": () => designOf([orders, total]),
    "POST preview": () => preview,
    "POST find": () => lost,
  });
  const { state, id } = await show(<BottomPanel />);
  state().selectSteps(id("total"));
  state().showPanel("trace");
  const form = await screen.findByRole("form", { name: "Find a missing row" });
  await userEvent.type(within(form).getByLabelText("Column"), "id");
  await userEvent.type(within(form).getByLabelText("Value"), "7{Enter}");
  expect(await screen.findByRole("status")).toHaveTextContent("total dropped id = 7: WHERE id < 5");
  const asked = calls.find(({ path }) => path === "find")!.body as FindRequest;
  expect([asked.dataset, asked.column, asked.value]).toEqual(["total", "id", "7"]);
  expect(screen.getByRole("table", { name: "Rows that total lost" })).toHaveTextContent("7x");
  expect(screen.getByText("1 row in, 0 out")).toBeVisible();
});
