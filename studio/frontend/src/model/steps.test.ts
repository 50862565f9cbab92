import { describe, expect, it } from "vitest";
import { draftOf, idOf,  joinedSales,  source,  stepNamed,  store } from "../testing/drafts";
import { step } from "../testing/server";
import { adding } from "./adding";
import { toDocument } from "./draft";
import { groupSteps } from "./frames";
import { graphOf } from "./graph";
import {
  addOutput, changeStep, connect, disconnect, moveSteps, orderInputs, removePort, removeSteps, renamePort, renameStep,
  setDataset, setField,
} from "./steps";

describe("renaming a step", () => {
  it("renames the dataset that bears its name, wherever it is read; SQL still sees its own table", () => {
    const { draft, id } = joinedSales();
    const after = renameStep(id("orders"), "sales_2025")(draft);
    expect(stepNamed(after, "sales_2025").outputs).toEqual({ data: "sales_2025" });
    expect(stepNamed(after, "joined").inputs).toEqual({ orders: "sales_2025", customers: "customers" });
    expect(stepNamed(after, "joined").value).toBe(stepNamed(draft, "joined").value);
  });

  it("keeps its place on the canvas, its frame, and its edges", () => {
    const { draft, id } = joinedSales();
    const grouped = groupSteps([id("orders"), id("customers")], "Inputs", "g1")(draft);
    const document = toDocument(renameStep(id("orders"), "sales")(grouped));
    expect(document.layout.positions["sales"]).toEqual({ x: 0, y: 0 });
    expect(document.layout.groups[0]?.steps).toEqual(["sales", "customers"]);
  });

  it("leaves a dataset of another name alone", () => {
    const { draft, id } = draftOf(step("load", { outputs: { data: "raw" } }), step("clean", { inputs: { raw: "raw" } }));
    expect(stepNamed(renameStep(id("load"), "read")(draft), "read").outputs).toEqual({ data: "raw" });
  });

  it("changes nothing where the name is taken or empty", () => {
    const { draft, id } = joinedSales();
    expect(renameStep(id("orders"), "customers")(draft)).toBe(draft);
    expect(renameStep(id("orders"), "  ")(draft)).toBe(draft);
  });
});

describe("edges", () => {
  it("make an input of the dataset's name, or feed the first open one", () => {
    const { draft, id } = draftOf(source("orders"), step("clean"), store("save", ""));
    const wired = connect({ source: id("orders"), output: "data", target: id("clean") })(draft);
    expect(stepNamed(wired, "clean").inputs).toEqual({ orders: "orders" });
    const stored = connect({ source: id("clean"), output: "data", target: id("save") })(wired);
    expect(stepNamed(stored, "save").inputs).toEqual({ data: "clean" });
  });

  it("leave an open input behind where the SQL speaks of it, and none where it does not", () => {
    const { draft, id } = draftOf(
      source("a"), source("b"),
      step("clean", { value: "SELECT * FROM a -- not b", inputs: { a: "a", b: "b" } }),
    );
    expect(stepNamed(disconnect(id("clean"), "a")(draft), "clean").inputs).toEqual({ a: "", b: "b" });
    expect(stepNamed(disconnect(id("clean"), "b")(draft), "clean").inputs).toEqual({ a: "a" });
  });

  it("go with the step that they hang on", () => {
    const { draft, id } = joinedSales();
    const after = removeSteps([id("customers")])(draft);
    expect(stepNamed(after, "joined").inputs).toEqual({ orders: "orders", customers: "" });
    expect(graphOf(after).edges.map((edge) => edge.dataset)).toEqual(["orders", "joined"]);
    expect(after.positions[id("customers")]).toBeUndefined();
  });

  it("follow a dataset that is renamed", () => {
    const { draft, id } = joinedSales();
    const after = setDataset(id("joined"), "data", "sales_wide")(draft);
    expect(stepNamed(after, "save").inputs).toEqual({ data: "sales_wide" });
  });
});

describe("ports", () => {
  it("are renamed in their place, and in the SQL outside of texts and comments", () => {
    const { draft, id } = joinedSales();
    const { inputs, value } = stepNamed(renamePort(id("joined"), "inputs", "orders", "o")(draft), "joined");
    expect(Object.keys(inputs)).toEqual(["o", "customers"]);
    expect(value).toBe("SELECT * FROM o JOIN customers USING (customer_id) -- orders first");
  });

  it("are quoted in the SQL as its dialect does, where their names are no plain words", () => {
    const { draft, id } = joinedSales();
    const sqlOf = (engine: string) => {
      const set = setField(id("joined"), ["engine"], engine)(draft);
      return stepNamed(renamePort(id("joined"), "inputs", "orders", "new orders")(set), "joined").value;
    };
    expect(sqlOf("")).toContain('FROM "new orders" JOIN');
    expect(sqlOf("spark")).toContain("FROM `new orders` JOIN");
  });

  it("change their order", () => {
    const { draft, id } = joinedSales();
    const after = orderInputs(id("joined"), ["customers", "orders"])(draft);
    expect(Object.entries(stepNamed(after, "joined").inputs)).toEqual([["customers", "customers"], ["orders", "orders"]]);
  });

  it("are added under a free dataset key, and take their readers' edges when they go", () => {
    const { draft, id } = joinedSales();
    const more = addOutput(id("joined"), "rejected")(draft);
    expect(stepNamed(more, "joined").outputs).toEqual({ data: "joined", rejected: "joined_rejected" });
    expect(stepNamed(removePort(id("joined"), "outputs", "data")(more), "save").inputs).toEqual({ data: "" });
  });
});

describe("an edit", () => {
  it("shares what it does not change", () => {
    const { draft, id } = joinedSales();
    const after = setField(id("save"), ["params", "mode"], "append")(draft);
    expect(stepNamed(after, "save").params).toEqual({ format: "parquet", mode: "append" });
    expect(stepNamed(after, "joined")).toBe(stepNamed(draft, "joined"));
    expect(after.positions).toBe(draft.positions);
  });

  it("that changes nothing gives the same draft", () => {
    const { draft, id } = joinedSales();
    expect(setField(id("save"), ["params", "format"], "parquet")(draft)).toBe(draft);
    expect(changeStep(id("save"), (before) => before)(draft)).toBe(draft);
    expect(moveSteps({ [id("save")]: { x: 900, y: 0 } })(draft)).toBe(draft);
  });

  it("removes a field by undefined", () => {
    const { draft, id } = joinedSales();
    expect(stepNamed(setField(id("save"), ["params", "format"], undefined)(draft), "save").params).toEqual({});
  });
});

describe("a new step", () => {
  it("gets free names, a free place, and the edges that were asked for", () => {
    const { draft, id } = joinedSales();
    const added = adding(draft, step("joined"), { from: [{ step: id("joined") }] });
    const after = added.edit(draft);
    const form = stepNamed(after, "joined_2");
    expect(form.outputs).toEqual({ data: "joined_2" });
    expect(form.inputs).toEqual({ joined: "joined" });
    const places = Object.values(after.positions).map(({ x, y }) => `${x},${y}`);
    expect(new Set(places).size).toBe(places.length);
  });

  it("is not fed by the accident that an open input asks for its name", () => {
    const { draft } = draftOf(step("clean", { inputs: { raw: "orders" } }));
    const after = adding(draft, source("orders"), {}).edit(draft);
    expect(graphOf(after).edges).toEqual([]);
    expect(stepNamed(after, "orders").outputs).toEqual({ data: "orders_2" });
  });

  it("stays unconnected where the rules refuse the edge", () => {
    const { draft } = joinedSales();
    const after = adding(draft, step("more"), { from: [{ step: idOf(draft, "save") }] }).edit(draft);
    expect(stepNamed(after, "more").inputs).toEqual({});
  });
});
