import { cleanup, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { CheckAnswer, CheckRequest, PreviewAnswer, PreviewRequest, ProblemForm } from "../messages";
import { setField } from "../model/steps";
import { designOf, serve, step } from "../testing/server";
import { show } from "../testing/show";
import { BottomPanel } from "./BottomPanel";
import { panelState } from "./panelState";
import { setPreviewParameter } from "./previewParameters";

const orders = step("orders", { layer: "ingest", type: "config_op", value: "orders.csv" });
const total = step("total", { value: "SELECT sum(amount) AS amount FROM orders", inputs: { orders: "orders" } });
const columns = [{ name: "id", type: "BIGINT" }, { name: "amount", type: "DOUBLE" }, { name: "note", type: "VARCHAR" }];

function answer(given: PreviewRequest, more: Partial<PreviewAnswer> = {}): PreviewAnswer {
  const grid = { port: "data", dataset: given.step, columns, row_count: 1200, is_sample: true, note: "the first rows of each file" };
  const rows = [[1, 1234.5, null], [2, 7, "x".repeat(200)]];
  return { revision: 0, step: given.step, inputs: [], outputs: [{ ...grid, rows }], problem: null, warnings: [], elapsed_ms: 7, ...more };
}

// Nothing is laid out here: without a size the grid would draw no row.
beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(900);
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(400);
});

beforeEach(() => panelState.setState({ column: null, showsInputs: true }));

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

test("without a selected step the preview says what to do", async () => {
  serve({ "GET designs/d1": () => designOf([orders]) });
  await show(<BottomPanel />);
  expect(screen.getByText("Select a step to see its rows.")).toBeVisible();
});

test("rows of the selected step appear with types, separators, nulls and the sample's note", async () => {
  serve({ "GET designs/d1": () => designOf([orders]), "POST preview": ({ body }) => answer(body as PreviewRequest) });
  const { state, id } = await show(<BottomPanel />);
  state().selectSteps(id("orders"));
  const grid = await screen.findByRole("grid", { name: "Rows of orders" });
  expect(within(grid).getAllByRole("columnheader").map((head) => head.textContent)).toEqual(["idBIGINT", "amountDOUBLE", "noteVARCHAR"]);
  const [first, second] = within(grid).getAllByRole("row").slice(1);
  expect(within(first!).getAllByRole("gridcell").map((cell) => cell.textContent)).toEqual(["1", "1,234.5", "null"]);
  expect(within(first!).getByText("null")).toHaveClass("is-null");
  expect(within(second!).getByText(/^x+$/)).toHaveAttribute("title", "x".repeat(200));
  expect(screen.getByText("2 of 1,200 rows · 3 columns")).toBeVisible();
  expect(screen.getByText("sample")).toHaveAttribute("title", "the first rows of each file");
  expect(screen.getByText("7 ms")).toBeVisible();
});

test("a new question gives up the one before, and a late answer is not shown", async () => {
  const calls = serve({
    "GET designs/d1": () => designOf([orders, total]),
    "POST preview": ({ body }) => ((body as PreviewRequest).step === "orders" ? new Promise(() => {}) : answer(body as PreviewRequest)),
  });
  const { state, id } = await show(<BottomPanel />);
  state().selectSteps(id("orders"));
  await waitFor(() => expect(calls.filter((call) => call.path === "preview")).toHaveLength(1));
  expect(screen.getByText("Computing…")).toBeVisible();
  state().selectSteps(id("total"));
  await screen.findByRole("grid", { name: "Rows of total" });
  expect(calls.filter((call) => call.path === "preview").map((call) => call.signal?.aborted)).toEqual([true, false]);
});

test("only what the step needs is sent, so that work elsewhere asks nothing anew", async () => {
  const calls = serve({
    "GET designs/d1": () => designOf([orders, total, step("other")]),
    "POST preview": ({ body }) => answer(body as PreviewRequest),
  });
  const { state, id } = await show(<BottomPanel />);
  const previews = () => calls.filter((call) => call.path === "preview").map((call) => call.body as PreviewRequest);
  state().selectSteps(id("total"));
  await waitFor(() => expect(previews()).toHaveLength(1));
  expect(previews()[0]!.pipeline.steps.map(({ name }) => name)).toEqual(["orders", "total"]);
  state().edit("other", setField(id("other"), ["value"], "SELECT 1"));
  state().edit("own", setField(id("total"), ["value"], "SELECT 2"));
  await waitFor(() => expect(previews().at(-1)?.pipeline.steps[1]?.value).toBe("SELECT 2"));
  expect(previews()).toHaveLength(2);
});

test("a parameter without a value stops only the steps that use it, and is asked for there", async () => {
  const parameter = { type: "text", default: null, choices: [], description: "" };
  const uses = { ...total, value: "SELECT * FROM orders WHERE region = {region}" };
  const missing: ProblemForm = { what: "a value is needed", step: "", field: "", fix: "", severity: "error", span: null, suggestions: [], place: "" };
  const calls = serve({
    "GET designs/d1": () => designOf([orders, uses], { parameters: { region: parameter } }),
    "POST preview": ({ body }) => {
      const given = body as PreviewRequest;
      return "region" in given.pipeline.parameters && !("region" in (given.parameters ?? {})) ? answer(given, { outputs: [], problem: missing }) : answer(given);
    },
  });
  const { state, store, id } = await show(<BottomPanel />);
  state().selectSteps(id("orders"));
  await screen.findByRole("grid", { name: "Rows of orders" });
  state().selectSteps(id("total"));
  await userEvent.click(await screen.findByRole("button", { name: "Give values for the preview" }));
  expect(state().dialog).toEqual({ kind: "parameters" });
  setPreviewParameter(store, "region", "North");
  await screen.findByRole("grid", { name: "Rows of total" });
  expect((calls.at(-1)?.body as PreviewRequest).parameters).toEqual({ region: "North" });
});

test("a step that cannot be shown says why, and leads to the step at fault", async () => {
  const problem: ProblemForm = { what: "no column amont", step: "orders", field: "value", fix: "did you mean amount?", severity: "error", span: null, suggestions: [], place: "" };
  serve({
    "GET designs/d1": () => designOf([orders, total]),
    "POST preview": ({ body }) => answer(body as PreviewRequest, { outputs: [], problem }),
  });
  const { state, id } = await show(<BottomPanel />);
  state().selectSteps(id("total"));
  expect(await screen.findByText("no column amont")).toBeVisible();
  await userEvent.click(screen.getByRole("button", { name: "Go to orders" }));
  expect(state().sought).toMatchObject({ id: id("orders"), field: "value" });
});

test("a server that is away is said, and the preview comes back by itself with the next change", async () => {
  let isAway = true;
  serve({
    "GET designs/d1": () => designOf([orders]),
    "POST preview": ({ body }) => (isAway ? new Error("the sandbox does not start") : answer(body as PreviewRequest)),
  });
  const { state, id } = await show(<BottomPanel />);
  state().selectSteps(id("orders"));
  expect(await screen.findByRole("alert")).toHaveTextContent("the sandbox does not start");
  isAway = false;
  state().edit("path", setField(id("orders"), ["value"], "new.csv"));
  expect(await screen.findByRole("grid")).toBeVisible();
  expect(screen.queryByRole("alert")).toBeNull();
});

test("a click on a column's head shows its profile", async () => {
  const profile = {
    column: columns[1], row_count: 1200, null_count: 12, distinct_count: 800, minimum: "0.5", maximum: "12345.6", mean: "100.25", is_sample: false,
    histogram: [{ low: "0", high: "6000", count: 1100 }, { low: "6000", high: "12345.6", count: 88 }],
    most_frequent: [{ value: "7", count: 40 }, { value: null, count: 12 }],
  };
  const calls = serve({
    "GET designs/d1": () => designOf([orders]),
    "POST preview": ({ body }) => answer(body as PreviewRequest),
    "POST profile": () => profile,
    "POST check": ({ body }): CheckAnswer => truth(body as CheckRequest),
  });
  const { state, id } = await show(<BottomPanel />);
  state().selectSteps(id("orders"));
  await userEvent.click(within(await screen.findByRole("grid")).getByText("amount"));
  expect(state().panel.tab).toBe("profile");
  expect(await screen.findByText("12,345.6", { selector: "dd" })).toBeVisible();
  expect(screen.getByText("1%", { selector: "dd small" })).toBeVisible();
  expect(screen.getByRole("img", { name: "Distribution from 0 to 12,345.6" })).toBeVisible();
  expect(screen.getByText("null", { selector: "th" })).toBeVisible();
  expect(calls.find((call) => call.path === "profile")?.body).toMatchObject({ step: "orders", port: "data", column: "amount" });
});

function truth({ revision }: CheckRequest): CheckAnswer {
  const of = (region: string, why: string) => ({ kind: "", inputs: {}, outputs: { data: columns }, region, why, notes: [] });
  const problem: ProblemForm = { what: "no column amont", step: "total", field: "value", fix: "", severity: "error", span: null, suggestions: [], place: "" };
  return { revision, elapsed_ms: 1, problems: [{ ...problem, what: "no row limit", severity: "warning", step: "" }, problem], steps: { orders: of("region 1", "two steps take it"), total: of("region 2", "") } };
}

test("problems are counted on the tab, stand errors first, and lead to their fields", async () => {
  serve({ "GET designs/d1": () => designOf([orders, total]), "POST check": ({ body }) => truth(body as CheckRequest) });
  const { state, id } = await show(<BottomPanel />);
  await userEvent.click(await screen.findByRole("tab", { name: "Problems 2" }));
  const list = screen.getByRole("list", { name: "Problems" });
  expect(within(list).getAllByRole("button").map((button) => button.textContent)).toEqual(["totalno column amontvalue", "Pipelineno row limitvalue"]);
  await userEvent.click(within(list).getAllByRole("button")[0]!);
  expect(state().sought).toMatchObject({ id: id("total"), field: "value" });
});

test("the plan shows which steps run as one, and why a result is kept", async () => {
  serve({ "GET designs/d1": () => designOf([orders, total]), "POST check": ({ body }) => truth(body as CheckRequest) });
  const { state, id } = await show(<BottomPanel />);
  state().showPanel("plan");
  expect(await screen.findByText("two steps take it")).toBeVisible();
  await userEvent.click(screen.getByRole("button", { name: "total" }));
  expect(state().selection.steps).toEqual(new Set([id("total")]));
});

test("the tabs work with arrow keys, and a click on the open one folds the panel", async () => {
  serve({ "GET designs/d1": () => designOf([orders]) });
  const { state } = await show(<BottomPanel />);
  screen.getByRole("tab", { name: "Preview" }).focus();
  await userEvent.keyboard("{ArrowRight}");
  expect(screen.getByRole("tab", { name: "Schema" })).toHaveFocus();
  expect(state().panel).toEqual({ isOpen: true, tab: "schema" });
  await userEvent.click(screen.getByRole("tab", { name: "Schema" }));
  expect(state().panel.isOpen).toBe(false);
  expect(screen.queryByRole("tabpanel")).toBeNull();
});

test("the height follows the arrow keys and keeps room for the canvas", async () => {
  serve({ "GET designs/d1": () => designOf([orders]) });
  await show(<BottomPanel />);
  const before = panelState.getState().heightPx;
  screen.getByRole("separator", { name: "Height of the panel" }).focus();
  await userEvent.keyboard("{ArrowUp}");
  expect(panelState.getState().heightPx).toBe(before + 24);
  await userEvent.keyboard("{ArrowDown}".repeat(30));
  expect(panelState.getState().heightPx).toBe(96);
});
