import { describe, expect, it } from "vitest";
import { draftOf, joinedSales, source, stepNamed, store } from "../testing/drafts";
import { step } from "../testing/server";
import { waysOf } from "./connecting";

const titles = (ways: ReturnType<typeof waysOf>) => ways.filter(({ refusal }) => !refusal).map(({ title }) => title);

describe("edges to choose from", () => {
  const split = draftOf(
    step("split", { outputs: { good: "good", bad: "bad" } }),
    step("join", { type: "function", inputs: { left: "", right: "" } }),
    store("save", ""),
  );

  it("name the ports where there are several, and draw what was chosen", () => {
    const ways = waysOf(split.draft, { kind: "connect", from: split.id("split") });
    expect(titles(ways)).toEqual(["good → join · left", "good → join · right", "good → save", "bad → join · left", "bad → join · right", "bad → save"]);
    const way = ways.find(({ title }) => title === "bad → join · right")!;
    expect(stepNamed(way.edit(split.draft), "join").inputs).toEqual({ left: "", right: "bad" });
  });

  it("are those into a step too", () => {
    const ways = waysOf(split.draft, { kind: "feed", to: split.id("save") });
    expect(titles(ways)).toEqual(["split · good", "split · bad", "join"]);
    expect(stepNamed(ways[1]!.edit(split.draft), "save").inputs).toEqual({ data: "bad" });
  });

  it("say why not, behind those that can be drawn", () => {
    const { draft, id } = joinedSales();
    const ways = waysOf(draft, { kind: "feed", to: id("customers") });
    expect(titles(ways)).toEqual([]);
    expect(ways[0]?.refusal).toContain("is a source");
    expect(waysOf(draft, { kind: "connect", from: id("save") })[0]?.refusal).toContain("it has no output");
  });

  it("take the place of one", () => {
    const { draft, id } = draftOf(source("a"), source("b"), step("clean", { inputs: { a: "a" } }), step("more"));
    const ways = waysOf(draft, { kind: "reconnect", edge: `${id("clean")}:a` });
    expect(titles(ways)).toEqual(["more"]);
    const after = ways[0]!.edit(draft);
    expect(stepNamed(after, "clean").inputs).toEqual({});
    expect(stepNamed(after, "more").inputs).toEqual({ a: "a" });
  });
});
