import { cleanup, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import type { Catalog, CheckAnswer, CheckRequest, ProblemForm, RecipeAnswer, RecipeRequest } from "../messages";
import { renameParameter } from "../model/parameters";
import { changeStep } from "../model/steps";
import { emptyCatalog, designOf, serve, step } from "../testing/server";
import { shownStep } from "../store";
import { show } from "../testing/show";
import { Inspector } from "./Inspector";

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const retries = { max_retries: { anyOf: [{ type: "integer", minimum: 0, maximum: 100 }, { type: "null" }], default: null } };
const storeSettings = {
  type: "object",
  properties: {
    ...retries,
    merge_key: { type: "array", items: { type: "string" }, default: [], "x-widget": "columns" },
    partitionBy: { type: "array", items: { type: "string" }, default: [], "x-widget": "columns" },
  },
};
const format = { can_read: true, can_write: true, modes: ["overwrite", "append", "merge"], can_partition: true, read_options: {}, write_options: {} };
const catalog: Catalog = {
  ...emptyCatalog,
  kinds: ["ingest", "sql", "function"].map((kind) => ({ kind, title: kind, description: "", settings: { type: "object", properties: retries } })).concat([
    { kind: "store", title: "Store", description: "", settings: storeSettings as never },
  ]),
  formats: [
    { ...format, name: "parquet", title: "Parquet", extensions: [".parquet"] },
    { ...format, name: "json", title: "JSON", extensions: [".json"], modes: ["overwrite"], can_partition: false },
    { ...format, name: "avro", title: "Avro", extensions: [".avro"], can_write: false, modes: [] },
    { ...format, name: "postgresql", title: "PostgreSQL", extensions: [], read_options: { type: "object", properties: { query: { type: "string", default: "" } } } },
  ],
  recipes: [
    {
      name: "filter", title: "Filter", description: "Keep rows.", inputs: 1,
      settings: { type: "object", properties: { column: { type: "string", default: "", "x-widget": "column", "x-input": 0 }, least: { type: "integer", default: 0 } } },
    },
  ],
  functions: [{ name: "clean.names", description: "Cleans names.", inputs: ["data"], parameters: [{ name: "limit", type: "int", default: 5, required: false }] }],
  connections: [
    { name: "lake", kind: "folder", place: "lake", format: "" },
    { name: "shop", kind: "postgresql", place: "postgresql://127.0.0.1/shop", format: "postgresql" },
  ],
  secrets: [{ name: "LAKE_KEY", place: "LAKE_KEY=… in .env" }, { name: "OLD_KEY", place: "" }],
};
const columns = [{ name: "id", type: "BIGINT" }, { name: "amount", type: "DOUBLE" }];

const orders = step("orders", { layer: "ingest", type: "config_op", value: "orders.parquet", outputs: { data: "orders" } });
const total = step("total", { value: "SELECT amuont FROM orders", inputs: { orders: "orders" } });
const filter = step("big", { inputs: { orders: "orders" }, metadata: { recipe: { name: "filter", settings: {} } } });
const save = step("save", { layer: "store", type: "config_op", value: "out/total.parquet", inputs: { data: "total" }, outputs: {} });

function problem(more: Partial<ProblemForm>): ProblemForm {
  return { what: "", step: "", field: "", fix: "", severity: "error", span: null, suggestions: [], place: "", ...more };
}

function check({ revision, pipeline }: CheckRequest, problems: ProblemForm[] = []): CheckAnswer {
  const truth = (inputs: string[]) => ({
    kind: "", region: "", why: "", notes: [], outputs: { data: columns }, inputs: Object.fromEntries(inputs.map((name) => [name, columns])),
  });
  return { revision, problems, elapsed_ms: 1, steps: Object.fromEntries(pipeline.steps.map((one) => [one.name, truth(Object.keys(one.inputs))])) };
}

function recipe({ settings }: RecipeRequest): RecipeAnswer {
  if (!settings["column"]) return { sql: "", problems: [problem({ what: "no column is chosen", field: "column", fix: "choose one" })] };
  return { sql: `SELECT * FROM orders WHERE ${String(settings["column"])} > ${String(settings["least"] ?? 0)}`, problems: [] };
}

async function open(steps = [orders, total, filter, save], problems: ProblemForm[] = [], head = {}) {
  const calls = serve({
    "GET designs/d1": () => designOf(steps, head),
    "GET catalog": () => catalog,
    "POST check": ({ body }) => check(body as CheckRequest, problems),
    "POST recipe": ({ body }) => recipe(body as RecipeRequest),
    "POST sql/format": () => ({ sql: "SELECT\n  amount\nFROM orders", warnings: [], problem: null }),
    "POST sql/translate": () => ({ sql: "SELECT `amount` FROM orders", warnings: ["dates may differ"], problem: null }),
  });
  const shown = await show(<Inspector />);
  await waitFor(() => expect(Object.keys(shown.state().truth.steps)).toHaveLength(steps.length));
  const of = (name: string) => shown.state().draft.steps[shown.id(name)]!;
  const select = async (...names: string[]) => {
    shown.state().selectSteps(...names.map(shown.id));
    await waitFor(() => expect(screen.queryByText("Pipeline")).toBeNull());
  };
  return { ...shown, calls, of, select, user: userEvent.setup() };
}

test("a new name goes wherever the step is spoken of, once it is whole, and one undo takes it back", async () => {
  const { user, of, select } = await open();
  await select("orders");
  const name = await screen.findByRole("textbox", { name: "Name" });
  await user.clear(name);
  await user.type(name, "sales");
  expect(of("orders").name).toBe("orders");
  await user.keyboard("{Enter}");
  expect(of("sales").outputs).toEqual({ data: "sales" });
  expect(of("total").inputs).toEqual({ orders: "sales" });
  await user.keyboard("{Control>}z{/Control}");
  expect(of("orders").outputs).toEqual({ data: "orders" });
  expect(screen.getByRole("textbox", { name: "Name" })).toHaveValue("orders");
});

test("a name that is taken is refused at the field, and Escape brings the old one back", async () => {
  const { user, select } = await open();
  await select("orders");
  const name = await screen.findByRole("textbox", { name: "Name" });
  await user.clear(name);
  await user.type(name, "total{Enter}");
  expect(screen.getByRole("alert")).toHaveTextContent("Another step is called total.");
  await user.keyboard("{Escape}");
  expect(name).toHaveValue("orders");
});

test("the SQL's problem is told with its line, and a click puts the suggestion in its place", async () => {
  const span = { line: 1, column: 8, end_line: 1, end_column: 14 };
  const { user, of, select } = await open(undefined, [problem({ what: "there is no column 'amuont'", step: "total", field: "value", span, suggestions: ["amount"] })]);
  await select("total");
  const list = await screen.findByRole("list", { name: "Problems of the SQL" });
  expect(list).toHaveTextContent("Line 1: there is no column 'amuont'");
  await user.click(within(list).getByRole("button", { name: "Replace by amount" }));
  expect(of("total").value).toBe("SELECT amount FROM orders");
});

test("formatting is an edit like any other, and the other engine's SQL stands in its tab with what to look out for", async () => {
  const { state, user, of, select } = await open();
  await select("total");
  await user.click(await screen.findByRole("button", { name: "Format" }));
  await waitFor(() => expect(of("total").value).toBe("SELECT\n  amount\nFROM orders"));
  state().undo();
  expect(of("total").value).toBe("SELECT amuont FROM orders");
  await user.click(screen.getByRole("tab", { name: "For Spark" }));
  expect(await screen.findByText("dates may differ")).toBeVisible();
});

test("a form's SQL follows it, and form and SQL are undone together", async () => {
  const { state, user, of, select } = await open();
  await select("big");
  expect(await screen.findByText("no column is chosen")).toBeVisible();
  await user.click(screen.getByRole("combobox", { name: "Column" }));
  await user.keyboard("{ArrowDown}{Enter}");
  await waitFor(() => expect(of("big").value).toBe("SELECT * FROM orders WHERE amount > 0"));
  const before = state().history.past.length;
  await user.type(screen.getByRole("textbox", { name: "Least" }), "7");
  await waitFor(() => expect(of("big").value).toBe("SELECT * FROM orders WHERE amount > 7"));
  expect(state().history.past.length).toBeLessThanOrEqual(before + 1);
  state().undo();
  await waitFor(() => expect(of("big").value).not.toContain("7"));
});

test("a form that waits for an answer makes no SQL, and makes it again once it has the answer", async () => {
  const made = { ...filter, value: "SELECT * FROM orders WHERE id > 0", metadata: { recipe: { name: "filter", settings: { column: "id" } } } };
  const { state, id, of, select } = await open([orders, made]);
  await select("big");
  const ask = (settings: Record<string, unknown>) =>
    state().edit("Fill in", changeStep(id("big"), (before) => ({ ...before, metadata: { recipe: { name: "filter", settings } } })));
  await screen.findByText(/WHERE/);
  ask({});
  await waitFor(() => expect(of("big").value).toBe(""));
  ask({ column: "amount" });
  await waitFor(() => expect(of("big").value).toBe("SELECT * FROM orders WHERE amount > 0"));
  ask({ column: "amount", least: 3 });
  await waitFor(() => expect(of("big").value).toBe("SELECT * FROM orders WHERE amount > 3"));
  state().undo();
  await waitFor(() => expect(of("big").value).toBe("SELECT * FROM orders WHERE amount > 0"));
  expect(screen.queryByText(/is not what this form makes/)).toBeNull();
});

test("Convert to SQL leaves the SQL and takes the form away", async () => {
  const made = { ...filter, value: "SELECT * FROM orders WHERE id > 0", metadata: { recipe: { name: "filter", settings: { column: "id" } }, owner: "ann" } };
  const { user, of, select } = await open([orders, made]);
  await select("big");
  await user.click(await screen.findByRole("button", { name: "Convert to SQL" }));
  expect(of("big")).toMatchObject({ value: "SELECT * FROM orders WHERE id > 0", metadata: { owner: "ann" } });
  expect(await screen.findByRole("textbox", { name: "SQL" })).toBeVisible();
});

test("SQL that somebody changed by hand is not overwritten before the person says so", async () => {
  const changed = { ...filter, value: "SELECT 1 FROM orders", metadata: { recipe: { name: "filter", settings: { column: "id" } } } };
  const { user, of, select } = await open([orders, changed]);
  await select("big");
  expect(await screen.findByText(/is not what this form makes/)).toBeVisible();
  expect(of("big").value).toBe("SELECT 1 FROM orders");
  await user.click(screen.getByRole("button", { name: "Take the form’s SQL" }));
  expect(of("big").value).toBe("SELECT * FROM orders WHERE id > 0");
});

test("formats that cannot do what the step asks are greyed with the reason", async () => {
  const { user, of, select } = await open([orders, total, { ...save, params: { mode: "merge" } }]);
  await select("save");
  await user.click(await screen.findByRole("combobox", { name: "Format" }));
  expect(screen.getByRole("option", { name: "JSON has no mode merge" })).toHaveAttribute("aria-disabled", "true");
  expect(screen.getByRole("option", { name: "Avro can't be written" })).toHaveAttribute("aria-disabled", "true");
  await user.click(screen.getByRole("option", { name: "JSON has no mode merge" }));
  expect(of("save").params).toEqual({ mode: "merge" });
  await user.keyboard("{Escape}");
  await user.click(screen.getByRole("combobox", { name: "Add to Key columns" }));
  await user.keyboard("{Enter}");
  expect(of("save").params).toEqual({ mode: "merge", merge_key: ["id"] });
});

test("a secret goes into a path by its name, never by its value", async () => {
  const { user, of, select } = await open();
  await select("orders");
  await user.click(await screen.findByRole("option", { name: /^LAKE_KEY/, hidden: true }));
  expect(of("orders").value).toBe("orders.parquet${secret:LAKE_KEY}");
  const name = screen.getByRole("textbox", { name: "Name of the secret", hidden: true });
  await user.type(name, "old{Enter}");
  await user.clear(name);
  await user.type(name, "NEW ONE{Enter}");
  expect(of("orders").value).toBe("orders.parquet${secret:LAKE_KEY}${secret:OLD_KEY}${secret:NEWONE}");
});

test("a dataset that would close a circle cannot be chosen, and the reason names the way", async () => {
  const { user, select } = await open([orders, total, step("late", { inputs: { total: "total" }, value: "SELECT 1" })]);
  await select("total");
  await user.click(await screen.findByText("Inputs and outputs"));
  await user.click(screen.getByRole("combobox", { name: "Dataset of orders" }));
  expect(screen.getByRole("option", { name: "late a cycle: total → late → total" })).toHaveAttribute("aria-disabled", "true");
});

test("an input's new name goes into the SQL that reads it", async () => {
  const { user, of, select } = await open();
  await select("total");
  const name = await screen.findByRole("textbox", { name: "Name of orders in the step" });
  await user.clear(name);
  await user.type(name, "o{Enter}");
  expect(of("total")).toMatchObject({ inputs: { o: "orders" }, value: "SELECT amuont FROM o" });
});

test("a function's parameters are a form by their types", async () => {
  const { user, of, select } = await open([orders, step("clean", { type: "function", value: "clean.names", inputs: { data: "orders" } })]);
  await select("clean");
  const limit = await screen.findByRole("textbox", { name: "Limit" });
  expect(limit).toHaveAttribute("placeholder", "5");
  await user.type(limit, "9");
  expect(of("clean").params).toEqual({ limit: 9 });
});

test("what several steps have in common is changed in all of them, as one entry of the undo list", async () => {
  const { state, user, of, select } = await open();
  await select("orders", "total");
  await user.selectOptions(await screen.findByRole("combobox", { name: "Engine" }), "spark");
  expect([of("orders").engine, of("total").engine]).toEqual(["spark", "spark"]);
  state().undo();
  expect([of("orders").engine, of("total").engine]).toEqual(["", ""]);
});

test("a parameter that is renamed is renamed wherever a step refers to it", async () => {
  const uses = step("uses", { value: "SELECT '{day}', '{{day}}', ${env:day}", params: { keys: ["{day}", { at: "{days}" }] } });
  const { state, user, of } = await open([uses], [], { parameters: { day: { type: "date", default: null, choices: [], description: "" } } });
  const name = await screen.findByRole("textbox", { name: "Name of the parameter" });
  await user.clear(name);
  await user.type(name, "date{Enter}");
  expect(screen.getByRole("alert")).toHaveTextContent("Every run has {date} already.");
  await user.clear(name);
  await user.type(name, "since{Enter}");
  expect(of("uses")).toMatchObject({ value: "SELECT '{since}', '{{day}}', ${env:day}", params: { keys: ["{since}", { at: "{days}" }] } });
  expect(renameParameter("nothing", "else")(state().draft)).toBe(state().draft);
});

test("what a parameter may be is shown and can be taken away, whatever its type", async () => {
  const region = { type: "text", default: null, choices: ["North", "South"], description: "" };
  const { state, user } = await open([], [], { parameters: { region } });
  await user.selectOptions(await screen.findByRole("combobox", { name: /^Default/ }), "South");
  expect(state().draft.head.parameters["region"]).toMatchObject({ default: "South" });
  for (const name of ["North", "South"]) await user.click(screen.getByRole("button", { name: `Remove ${name}` }));
  expect(state().draft.head.parameters["region"]).toMatchObject({ choices: [] });
  expect(screen.queryByText("Choices")).toBeNull();
});

test("a field that was asked for is unfolded and gets the cursor", async () => {
  const { state, id } = await open();
  state().seek(id("orders"), "params.max_retries");
  await waitFor(() => expect(screen.getByRole("textbox", { name: "Max retries" })).toHaveFocus());
  state().seek(id("total"), "inputs.orders");
  await waitFor(() => expect(screen.getByRole("combobox", { name: "Dataset of orders" })).toHaveFocus());
});

test("a step that names a database asks for a table or a query, with the options of the database", async () => {
  const { user, of, select } = await open([step("rows", { layer: "ingest", type: "config_op", value: "orders", params: { connection: "shop" }, outputs: { data: "rows" } })]);
  await select("rows");
  expect(await screen.findByRole("textbox", { name: "Table or query" })).toHaveValue("orders");
  expect(screen.getByRole("combobox", { name: "Format" })).toHaveAttribute("placeholder", "PostgreSQL (by the connection)");
  expect(screen.getByText("PostgreSQL options")).toBeVisible();
  const connection = screen.getByRole("combobox", { name: /^Connection/ });
  await user.click(connection);
  await user.click(await screen.findByRole("option", { name: /None: the workspace/ }));
  expect(of("rows").params).toEqual({});
  expect(screen.getByRole("textbox", { name: "Read from" })).toHaveValue("orders");
});

test("an edge tells what flows along it, leads to its steps, and can be removed", async () => {
  const { user, of, id, state } = await open();
  state().seek(`${id("save")}:data`);
  expect(await screen.findByText("total", { selector: "strong" })).toBeVisible();
  expect(shownStep(state())).toBe(id("total"));
  await user.click(screen.getByRole("button", { name: "Remove the edge" }));
  expect(of("save").inputs).toEqual({ data: "" });
  state().undo();
  state().seek(`${id("save")}:data`);
  await user.click(await screen.findByRole("button", { name: "total" }));
  expect([...state().selection.steps]).toEqual([id("total")]);
});
