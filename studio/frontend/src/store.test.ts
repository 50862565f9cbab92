import { beforeEach, describe, expect, it, vi } from "vitest";
import { createApi } from "./api";
import type { AutosaveRequest, CheckAnswer, CheckRequest, Document, ProblemForm } from "./messages";
import { addNote } from "./model/frames";
import { moveSteps, removeSteps, renameStep, setField } from "./model/steps";
import { createDesigner, type DesignerStore } from "./store";
import { documentOf, idOf, source, stepNamed, store as storing } from "./testing/drafts";
import { designOf, serve, step } from "./testing/server";

const STEPS = [source("orders"), step("clean", { inputs: { orders: "orders" } }), storing("save", "clean")];

/** A designer of orders → clean → save, at revision 7; `kept` is what it sent to be kept. */
async function opened(routes: Parameters<typeof serve>[0] = {}) {
  const kept: AutosaveRequest[] = [];
  const calls = serve({
    "GET designs/d1": () => ({ ...designOf(STEPS), revision: 7 }),
    "PUT designs/d1": ({ body }) => {
      kept.push(body as AutosaveRequest);
      const revision = (body as AutosaveRequest).base_revision + 1;
      return { revision, is_kept: true, theirs: null, merged: null, author: "", warnings: [] };
    },
    ...routes,
  });
  const designer: DesignerStore = createDesigner(createApi({ api: "/api", token: "t" }), "d1");
  await vi.advanceTimersByTimeAsync(100);
  return { designer, kept, calls };
}

function answer(revision: number, problems: ProblemForm[] = []): CheckAnswer {
  return { revision, steps: {}, problems, elapsed_ms: 1 };
}

/** Leaves what a page could not save in the browser. */
function leave(page: string, document: Document, at = 0) {
  localStorage.setItem(`odibi-unsaved:d1:${page}`, JSON.stringify({ at, unsaved: { base_revision: 7, document } }));
}

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
  return () => vi.useRealTimers();
});

describe("undo", () => {
  it("takes back ten edits of every kind, and redo makes them again", async () => {
    const { designer } = await opened();
    const { edit, undo, redo } = designer.getState();
    const first = designer.getState().draft;
    const clean = idOf(first, "clean");
    for (let at = 0; at < 4; at += 1) edit("Move", moveSteps({ [clean]: { x: at * 8, y: 8 } }));
    edit("Rename", renameStep(clean, "cleaned"));
    edit("Set", setField(clean, ["params", "max_retries"], 3));
    edit("Note", addNote({ x: 0, y: 0 }));
    edit("Note", addNote({ x: 0, y: 200 }));
    edit("Write SQL", setField(clean, ["value"], "SELECT 1"));
    edit("Remove", removeSteps([idOf(first, "save")]));
    const last = designer.getState().draft;
    for (let at = 0; at < 10; at += 1) undo();
    expect(designer.getState().draft).toBe(first);
    undo();
    expect(designer.getState().draft).toBe(first);
    for (let at = 0; at < 10; at += 1) redo();
    expect(designer.getState().draft).toBe(last);
  });

  it("takes typing without a pause in one field back at once, and another field's by itself", async () => {
    const { designer } = await opened();
    const { edit, undo } = designer.getState();
    const clean = idOf(designer.getState().draft, "clean");
    const type = (field: string, text: string) => edit("Write", setField(clean, [field], text), `${clean}:${field}`);
    for (const text of ["S", "SE", "SEL"]) type("value", text);
    type("layer", "gold");
    await vi.advanceTimersByTimeAsync(1_500);
    type("layer", "golden");
    expect(designer.getState().history.past).toHaveLength(3);
    undo();
    expect(stepNamed(designer.getState().draft, "clean").layer).toBe("gold");
    undo();
    undo();
    expect(stepNamed(designer.getState().draft, "clean")).toMatchObject({ value: "", layer: "transform" });
  });

  it("forgets what was undone once something else is edited", async () => {
    const { designer } = await opened();
    const { edit, undo, redo } = designer.getState();
    const clean = idOf(designer.getState().draft, "clean");
    edit("Rename", renameStep(clean, "one"));
    undo();
    edit("Rename", renameStep(clean, "two"));
    redo();
    expect(designer.getState().draft.steps[clean]?.name).toBe("two");
  });

  it("is kept on the server like any edit", async () => {
    const { designer, kept } = await opened();
    const { edit, undo } = designer.getState();
    edit("Remove", removeSteps([idOf(designer.getState().draft, "save")]));
    await vi.advanceTimersByTimeAsync(500);
    undo();
    await vi.advanceTimersByTimeAsync(500);
    expect(kept.map(({ base_revision, document }) => [base_revision, document.pipeline.steps.length])).toEqual([[7, 2], [8, 3]]);
  });
});

describe("a selection", () => {
  it("loses what an edit takes away", async () => {
    const { designer } = await opened();
    const { edit, selectSteps } = designer.getState();
    const { draft } = designer.getState();
    selectSteps(idOf(draft, "clean"), idOf(draft, "save"));
    edit("Remove", removeSteps([idOf(draft, "save")]));
    expect([...designer.getState().selection.steps]).toEqual([idOf(draft, "clean")]);
  });
});

describe("the truth", () => {
  it("of an older draft counts for nothing, however late it comes", async () => {
    const answers: ((answer: CheckAnswer) => void)[] = [];
    const asked: CheckRequest[] = [];
    const { designer } = await opened({
      "POST check": ({ body }) => {
        asked.push(body as CheckRequest);
        return new Promise<CheckAnswer>((resolve) => answers.push(resolve));
      },
    });
    const clean = idOf(designer.getState().draft, "clean");
    designer.getState().edit("Write", setField(clean, ["value"], "SELECT 1"));
    await vi.advanceTimersByTimeAsync(100);
    const problem: ProblemForm = {
      what: "new", step: "clean", field: "value", place: "", fix: "", severity: "error", span: null, suggestions: [],
    };
    answers[1]?.(answer(asked[1]!.revision, [problem]));
    await vi.advanceTimersByTimeAsync(0);
    answers[0]?.(answer(asked[0]!.revision, [{ ...problem, what: "old" }]));
    await vi.advanceTimersByTimeAsync(0);
    expect(designer.getState().truth.problems.map(({ what }) => what)).toEqual(["new"]);
    expect(designer.getState().problemsOf[clean]).toHaveLength(1);
  });

  it("of a step that did not change stays the same object, so that it is not drawn anew", async () => {
    const column = { name: "id", type: "INTEGER" };
    const truthOf = (...columns: { name: string; type: string }[]) => {
      return { kind: "transform", inputs: {}, outputs: { data: columns }, region: "", why: "" };
    };
    let added: { name: string; type: string }[] = [];
    const { designer } = await opened({
      "POST check": ({ body }) => ({
        ...answer((body as CheckRequest).revision),
        steps: { orders: truthOf(column), clean: truthOf(column, ...added) },
      }),
    });
    const before = designer.getState();
    const id = (name: string) => idOf(before.draft, name);
    added = [{ name: "tax", type: "DOUBLE" }];
    before.edit("Write", setField(id("clean"), ["value"], "SELECT *, 1.0 AS tax FROM orders"));
    await vi.advanceTimersByTimeAsync(100);
    const { truth } = designer.getState();
    expect(truth.steps[id("orders")]).toBe(before.truth.steps[id("orders")]);
    expect(truth.steps[id("clean")]?.outputs["data"]).toHaveLength(2);
  });

  it("is asked for once after quick edits, and not for moves", async () => {
    const { designer, calls } = await opened();
    const clean = idOf(designer.getState().draft, "clean");
    const { edit } = designer.getState();
    for (const text of ["S", "SE", "SEL"]) edit("Write", setField(clean, ["value"], text));
    await vi.advanceTimersByTimeAsync(100);
    edit("Move", moveSteps({ [clean]: { x: 8, y: 8 } }));
    await vi.advanceTimersByTimeAsync(100);
    expect(calls.filter(({ path }) => path === "check")).toHaveLength(2);
  });
});

describe("opening", () => {
  it("brings back what an earlier page could not save, as an edit that can be undone", async () => {
    const document = documentOf(source("orders"));
    leave("closed", document);
    const { designer, kept } = await opened();
    expect(designer.getState().draft.order).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(500);
    expect(kept.at(-1)).toEqual({ base_revision: 7, document });
    expect(localStorage).toHaveLength(0);
    designer.getState().undo();
    expect(designer.getState().draft.order).toHaveLength(3);
  });

  it("brings back what each of several closed pages left, the next once the one before is saved", async () => {
    leave("later", documentOf(source("customers")), 2);
    leave("earlier", documentOf(source("orders")), 1);
    const { designer, kept } = await opened();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(kept.map(({ document }) => document.pipeline.steps.map(({ name }) => name))).toEqual([["orders"], ["customers"]]);
    expect(kept.map(({ base_revision }) => base_revision)).toEqual([7, 7]);
    expect(localStorage).toHaveLength(0);
    designer.getState().undo();
    expect(stepNamed(designer.getState().draft, "orders").type).toBe("config_op");
  });

  it("leaves what an open page could not save to that page, whatever is saved here", async () => {
    leave("open", documentOf(source("theirs")));
    vi.stubGlobal("navigator", { locks: { request: async () => {}, query: async () => ({ held: [{ name: "odibi-unsaved:d1:open" }] }) } });
    const { designer, kept } = await opened();
    designer.getState().edit("Remove", removeSteps([idOf(designer.getState().draft, "save")]));
    await vi.advanceTimersByTimeAsync(500);
    vi.unstubAllGlobals();
    expect(kept.map(({ document }) => document.pipeline.steps.length)).toEqual([2]);
    expect(Object.keys(localStorage)).toEqual(["odibi-unsaved:d1:open"]);
  });

  it("says why it cannot", async () => {
    const { designer } = await opened({ "GET designs/d1": () => new Error("the design is gone") });
    expect(designer.getState().opening).toEqual({ kind: "failed", why: { what: "the design is gone", where: "", fix: "" } });
  });
});

describe("the canvas", () => {
  it("opens with the newest run of the design, also with one of its file from elsewhere", async () => {
    const run = (run_id: string, design_id: string, source: string) => ({ run_id, design_id, source, state: "success" });
    const asked: string[] = [];
    await opened({
      "GET runs": () => ({
        runs: [run("r3", "d2", "pipelines/sales.yaml"), run("r2", "", "other/sales.yaml"), run("r1", "", "pipelines/sales.yaml"), run("r0", "d1", "")],
        total: 4,
      }),
      "GET runs/r1": () => {
        asked.push("r1");
        return run("r1", "", "pipelines/sales.yaml");
      },
      "GET runs/r1/steps": () => ({ run_id: "r1", state: "success", next: 0, steps: [], edges: [] }),
      "GET runs/r1/events": () => ({ events: [], next: 0, state: "success", is_over: true }),
    });
    expect(asked).not.toEqual([]);
  });
});
