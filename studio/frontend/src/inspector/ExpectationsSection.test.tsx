import { cleanup, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import type { Catalog, CheckAnswer, CheckRequest, ProblemForm, StepForm, SuggestRequest } from "../messages";
import { setDataset } from "../model/steps";
import { designOf, emptyCatalog, serve, step } from "../testing/server";
import { show } from "../testing/show";
import { Inspector } from "./Inspector";

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const severity = { enum: ["warn", "fail", "quarantine"], default: "fail" };
const tolerance = { anyOf: [{ type: "number" }, { type: "string" }], default: 0, "x-widget": "share" };
const catalog: Catalog = {
  ...emptyCatalog,
  expectations: [
    {
      check: "not_null", title: "Not null", description: "No row has a null in any of the columns.",
      settings: {
        type: "object", required: ["check", "columns"],
        properties: {
          check: { const: "not_null" },
          columns: { type: "array", items: { type: "string" }, minItems: 1, "x-widget": "columns", "x-input": "output" },
          severity, tolerance,
        },
      },
    },
    {
      check: "set", title: "Allowed values", description: "",
      settings: {
        type: "object", required: ["check", "column", "values"],
        properties: {
          check: { const: "set" },
          column: { type: "string", "x-widget": "column", "x-input": "output" },
          values: { type: "array", items: { anyOf: [{ type: "number" }, { type: "string" }] }, minItems: 1, "x-widget": "values" },
          severity,
        },
      },
    },
    {
      check: "foreign_key", title: "Foreign key", description: "",
      settings: {
        type: "object", required: ["check", "columns", "references"],
        properties: {
          check: { const: "foreign_key" },
          columns: { type: "array", items: { type: "string" }, "x-widget": "columns", "x-input": "output" },
          references: { type: "string", "x-widget": "dataset" },
          key: { type: "array", items: { type: "string" }, default: [], "x-widget": "columns", "x-input": "references" },
        },
      },
    },
  ],
};
const columns = { orders: [{ name: "id", type: "BIGINT" }, { name: "state", type: "VARCHAR" }], people: [{ name: "person", type: "BIGINT" }] };
const people = step("people");
const orders = step("orders");

async function open(steps: StepForm[], problems: ProblemForm[] = []) {
  const check = ({ revision, pipeline }: CheckRequest): CheckAnswer => ({
    revision, problems, elapsed_ms: 1,
    steps: Object.fromEntries(pipeline.steps.map(({ name }) => [name, { kind: "transform", inputs: {}, region: "", why: "", notes: [], outputs: { data: columns[name as "orders"] } }])),
  });
  const calls = serve({
    "GET designs/d1": () => designOf(steps),
    "GET catalog": () => catalog,
    "POST check": ({ body }) => check(body as CheckRequest),
    "POST suggest": () => ({ rows: 5, is_sample: true, expectations: [{ check: "not_null", columns: ["id"] }, { check: "set", column: "state", values: ["new"] }] }),
  });
  const shown = await show(<Inspector />);
  await waitFor(() => expect(shown.state().truth.steps[shown.id("orders")]).toBeDefined());
  shown.state().selectSteps(shown.id("orders"));
  const user = userEvent.setup();
  await user.click(await screen.findByText("Expectations"));
  const expectations = () => shown.state().draft.steps[shown.id("orders")]!.expectations;
  return { ...shown, user, calls, expectations };
}

async function choose(user: ReturnType<typeof userEvent.setup>, box: string, option: string | RegExp) {
  await user.click(screen.getByRole("combobox", { name: box }));
  await user.click(await screen.findByRole("option", { name: option }));
}

test("an expectation is added, and says what it lacks", async () => {
  const { user, expectations } = await open([orders, people]);
  await choose(user, "Add an expectation", /^Not null/);
  expect(expectations()).toEqual([{ check: "not_null" }]);
  expect(screen.getByText("No row has a null in any of the columns.")).toBeVisible();
  expect(screen.getByText("Fill this in.")).toBeVisible();
  await choose(user, "Add to Columns", /^id/);
  expect(expectations()).toEqual([{ check: "not_null", columns: ["id"] }]);
});

test("an expectation is changed, undone and removed", async () => {
  const { user, expectations, state } = await open([{ ...orders, expectations: [{ check: "not_null", columns: ["id"], severity: "quarantine" }] }, people]);
  await user.click(screen.getByRole("button", { name: /Not null id/, expanded: false }));
  await user.type(screen.getByLabelText("Tolerance"), "2.5");
  expect(expectations()).toEqual([{ check: "not_null", columns: ["id"], severity: "quarantine", tolerance: "2.5%" }]);
  state().undo();
  expect(expectations()).toEqual([{ check: "not_null", columns: ["id"], severity: "quarantine" }]);
  state().redo();
  await user.click(screen.getByRole("button", { name: "Remove Not null id" }));
  expect(expectations()).toEqual([]);
});

test("a tolerance is shown in percent, however it is written", async () => {
  const given = [0.01, "0.01", "1%", "1 %", "1e-2"].map((tolerance) => ({ check: "not_null", columns: ["id"], tolerance }));
  const { user } = await open([{ ...orders, expectations: given }, people]);
  for (const place of given.keys()) {
    await user.click(screen.getAllByRole("button", { name: /^Not null id/ })[place]!);
    expect(screen.getByLabelText("Tolerance")).toHaveValue("1");
  }
});

test("values are of the type of their column", async () => {
  const { user, expectations } = await open([{ ...orders, expectations: [{ check: "set", column: "id" }, { check: "set", column: "state" }] }, people]);
  await user.click(screen.getByRole("button", { name: /Allowed values id/, expanded: false }));
  await user.type(screen.getByLabelText("Values"), "1,2{Enter}");
  await user.click(screen.getByRole("button", { name: /Allowed values state/, expanded: false }));
  await user.type(screen.getByLabelText("Values"), "1{Enter}");
  expect(expectations()).toEqual([{ check: "set", column: "id", values: [1, 2] }, { check: "set", column: "state", values: ["1"] }]);
});

test("a problem stands at its field, and its link opens the form", async () => {
  const problem = { what: "there is no column 'idd'", step: "orders", field: "expectations[1].columns", fix: "did you mean 'id'?", severity: "error" as const, span: null, suggestions: [], place: "" };
  const written = [{ check: "not_null", columns: ["id"] }, { check: "not_null", columns: "idd" }];
  const { state, id } = await open([{ ...orders, expectations: written }, people], [problem]);
  expect(screen.queryByText("did you mean 'id'?", { exact: false })).toBeNull();
  state().seek(id("orders"), "expectations[1].columns");
  expect(await screen.findByText("there is no column 'idd'", { exact: false })).toBeVisible();
  await waitFor(() => expect(document.activeElement).toHaveAccessibleName(/idd|Columns/));
});

test("suggestions are looked over, and those that are meant are taken as one change", async () => {
  const { user, expectations, state, calls } = await open([{ ...orders, expectations: [{ check: "not_null", columns: "id" }] }, people]);
  await user.click(screen.getByRole("button", { name: "Suggest" }));
  const list = await screen.findByRole("list", { name: "Suggested expectations" });
  // What is expected already is not offered again.
  expect(within(list).getAllByRole("listitem")).toHaveLength(1);
  const asked = calls.find(({ path }) => path === "suggest")!.body as SuggestRequest;
  expect(asked.pipeline.steps[0]!.expectations).toEqual([]);
  await user.click(screen.getByRole("button", { name: "Take 1" }));
  expect(expectations()).toHaveLength(2);
  state().undo();
  expect(expectations()).toHaveLength(1);
});

test("a dataset that is renamed is looked into under its new name, with its columns", async () => {
  const { state, id, expectations, user } = await open([{ ...orders, expectations: [{ check: "foreign_key", columns: ["id"], references: "people" }] }, people]);
  state().edit("Rename", setDataset(id("people"), "data", "persons"));
  expect(expectations()[0]).toMatchObject({ references: "persons" });
  await user.click(screen.getByRole("button", { name: /Foreign key id/, expanded: false }));
  await choose(user, "Add to Key", /^person/);
  expect(expectations()[0]).toMatchObject({ key: ["person"] });
});
