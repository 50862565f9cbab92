import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createApi } from "../api";
import type { CheckRequest, RecipeRequest, StepForm } from "../messages";
import { setField } from "../model/steps";
import { createDesigner } from "../store";
import { idOf, source, stepNamed } from "../testing/drafts";
import { designOf, serve, step } from "../testing/server";
import { RecipeKeeper } from "./recipeKeeper";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  localStorage.clear();
});

/** A designer of tidy → kept, where tidy's SQL is its columns, and kept a form that makes a SELECT of them. */
async function opened(value: string) {
  const kept = step("kept", { value, inputs: { tidy: "tidy" }, metadata: { recipe: { name: "keep", settings: {} } } });
  const asked: string[] = [];
  serve({
    "GET designs/d1": () => designOf([source("orders"), step("tidy", { value: "id, amount", inputs: { orders: "orders" } }), kept]),
    "POST check": ({ body }) => {
      const { pipeline, revision } = body as CheckRequest;
      const columns = columnsOf(pipeline.steps.find(({ name }) => name === "tidy")!);
      const truth = { kind: "sql", inputs: { tidy: columns }, outputs: {}, region: "", why: "", notes: [] };
      return { revision, problems: [], elapsed_ms: 1, steps: { kept: truth } };
    },
    "POST recipe": ({ body }) => {
      const { inputs } = body as RecipeRequest;
      const sql = inputs["tidy"] ? `SELECT ${inputs["tidy"].map(({ name }) => name).join(", ")} FROM tidy` : "";
      asked.push(sql);
      return { sql, problems: [] };
    },
  });
  const designer = createDesigner(createApi({ api: "/api", token: "t" }), "d1");
  const keeper = new RecipeKeeper(designer);
  const stop = keeper.follow();
  await vi.advanceTimersByTimeAsync(1_000);
  const write = async (text: string) => {
    designer.getState().edit("Write", setField(idOf(designer.getState().draft, "tidy"), ["value"], text));
    await vi.advanceTimersByTimeAsync(1_000);
  };
  const close = () => {
    stop();
    designer.getState().close();
  };
  return { designer, keeper, asked, write, close, sql: () => stepNamed(designer.getState().draft, "kept").value };
}

/** "broken" is SQL whose columns nobody can tell. */
function columnsOf({ value }: StepForm) {
  return value === "broken" ? null : String(value).split(", ").map((name) => ({ name, type: "BIGINT" }));
}

test("a form of a reopened design that nobody looks at follows its columns, and is the form's own later on", async () => {
  const { designer, keeper, asked, write, close, sql } = await opened("SELECT id, amount FROM tidy");
  expect(asked).toEqual([]);
  await write("broken");
  await write("id, amount");
  expect(asked).toEqual([]);
  await write("id, amount, tax");
  expect(sql()).toBe("SELECT id, amount, tax FROM tidy");
  const id = idOf(designer.getState().draft, "kept");
  designer.getState().selectSteps(id);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(keeper.views.getState()[id]?.sql).toBe(sql());
  await write("id");
  expect(sql()).toBe("SELECT id FROM tidy");
  close();
});

test("SQL that a person wrote there stays when the columns change", async () => {
  const { write, close, sql } = await opened("SELECT 1");
  await write("id, amount, tax");
  expect(sql()).toBe("SELECT 1");
  close();
});
