import { describe, expect, it } from "vitest";
import { draftOf, joinedSales,  source,  store } from "../testing/drafts";
import { step } from "../testing/server";
import { doubleWriters, refusalOf, targetsOf } from "./rules";

describe("an edge", () => {
  const { draft, id } = joinedSales();
  const wish = (from: string, to: string, input?: string) => ({ source: id(from), output: "data", target: id(to), input });

  it("may go to a step that does not lead to its source", () => {
    const { draft: two, id: of } = draftOf(source("orders"), step("clean"));
    expect(refusalOf(two, { source: of("orders"), output: "data", target: of("clean") })).toBeNull();
  });

  it("is refused where it would close a cycle, and the cycle is named", () => {
    const { draft: chain, id: of } = draftOf(
      step("first", { inputs: { other: "" } }),
      step("second", { inputs: { first: "first" } }),
      step("third", { inputs: { second: "second" } }),
    );
    expect(refusalOf(chain, { source: of("third"), output: "data", target: of("first") })).toBe(
      "that would be a cycle: first → second → third → first",
    );
  });

  it("is refused from a step to itself", () => {
    expect(refusalOf(draft, wish("joined", "joined"))).toBe("joined cannot read its own output");
  });

  it("is refused as the second writer of an input, and the first is named", () => {
    expect(refusalOf(draft, wish("customers", "joined", "orders"))).toBe(
      "orders of joined is fed by orders: an input has one writer",
    );
    expect(refusalOf(draft, wish("orders", "save"))).toBe("save takes one input, which is fed already");
  });

  it("is refused into a source, and out of a step that writes rows away", () => {
    expect(refusalOf(draft, wish("orders", "customers"))).toBe("customers is a source: it has no input");
    expect(refusalOf(draft, wish("save", "joined"))).toBe("save writes rows away: it has no output");
  });

  it("is refused where its target reads the dataset already", () => {
    expect(refusalOf(draft, wish("orders", "joined"))).toBe("joined reads orders already");
  });

  it("is refused by a form that has all its inputs", () => {
    const recipe = { name: "join", title: "Join", description: "", inputs: 2, settings: {} };
    const { draft: full, id: of } = draftOf(
      source("a"), source("b"), source("c"),
      step("both", { inputs: { a: "a", b: "b" }, metadata: { recipe: { name: "join", settings: {} } } }),
    );
    const third = { source: of("c"), output: "data", target: of("both") };
    expect(refusalOf(full, third, [recipe])).toBe("both (join) takes 2 inputs");
    expect(refusalOf(full, third, [{ ...recipe, inputs: 0 }])).toBeNull();
  });
});

describe("a draft", () => {
  it("tells the steps that an edge may go to", () => {
    const { draft, id } = draftOf(source("orders"), step("clean"), step("other", { inputs: { x: "clean" } }), store("save", ""));
    expect(targetsOf(draft, id("other"), "data").map((target) => draft.steps[target]?.name)).toEqual(["save"]);
    expect(targetsOf(draft, id("orders"), "data").map((target) => draft.steps[target]?.name)).toEqual(["clean", "other", "save"]);
  });

  it("tells datasets that two steps write", () => {
    const { draft, id } = draftOf(source("orders"), step("clean", { outputs: { data: "orders" } }), source("rates"));
    expect([...doubleWriters(draft)]).toEqual([["orders", [id("orders"), id("clean")]]]);
  });
});
