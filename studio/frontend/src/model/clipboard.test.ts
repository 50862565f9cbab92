import { describe, expect, it } from "vitest";
import { draftOf, joinedSales,  source,  stepNamed } from "../testing/drafts";
import { step } from "../testing/server";
import { copySelection, duplicate, pasteClip, readClip } from "./clipboard";
import { addNote, groupSteps } from "./frames";
import { graphOf } from "./graph";
import { selectionOf } from "./selection";

function clipOf(draft: Parameters<typeof copySelection>[0], steps: string[], items: string[] = []) {
  const clip = readClip(copySelection(draft, selectionOf({ steps, items })) ?? "");
  if (!clip) throw new Error("nothing was copied");
  return clip;
}

describe("pasting", () => {
  it("gives free names and keeps the edges among what was copied", () => {
    const { draft, id } = joinedSales();
    const { edit } = pasteClip(draft, clipOf(draft, [id("orders"), id("joined")]));
    const after = edit(draft);
    expect(stepNamed(after, "orders_2").outputs).toEqual({ data: "orders_2" });
    // Its table keeps its name, so that the SQL stays right; the other input goes on reading what it read.
    expect(stepNamed(after, "joined_2").inputs).toEqual({ orders: "orders_2", customers: "customers" });
  });

  it("into another pipeline opens the inputs whose datasets are not there", () => {
    const { draft, id } = joinedSales();
    const { draft: other } = draftOf(source("rates"));
    const after = pasteClip(other, clipOf(draft, [id("joined"), id("save")])).edit(other);
    expect(stepNamed(after, "joined").inputs).toEqual({ orders: "", customers: "" });
    expect(graphOf(after).edges.map((edge) => edge.dataset)).toEqual(["joined"]);
  });

  it("selects what was pasted, beside where it was copied from", () => {
    const { draft, id } = joinedSales();
    const { edit, selection } = pasteClip(draft, clipOf(draft, [id("save")]));
    const [pasted] = selection.steps;
    expect(edit(draft).positions[pasted ?? ""]).toEqual({ x: 932, y: 32 });
  });

  it("goes where the pointer is", () => {
    const { draft, id } = joinedSales();
    const { edit, selection } = pasteClip(draft, clipOf(draft, [id("orders")]), { x: 1000, y: 1000 });
    const [pasted] = selection.steps;
    expect(edit(draft).positions[pasted ?? ""]).toEqual({ x: 896, y: 976 });
  });

  it("twice gives two copies at two places", () => {
    const { draft, id } = joinedSales();
    const once = duplicate(draft, selectionOf({ steps: [id("orders")] }))?.edit(draft) ?? draft;
    const twice = duplicate(once, selectionOf({ steps: [id("orders")] }))?.edit(once) ?? once;
    const places = Object.values(twice.positions).map(({ x, y }) => `${x},${y}`);
    expect(new Set(places).size).toBe(6);
    expect(stepNamed(twice, "orders_3").outputs).toEqual({ data: "orders_3" });
  });

  it("takes notes, and frames that were copied whole, along", () => {
    const { draft, id } = joinedSales();
    const rich = addNote({ x: 0, y: 200 }, "n1", "Mind the gap")(groupSteps([id("orders"), id("customers")], "In", "g1")(draft));
    const whole = pasteClip(rich, clipOf(rich, [id("orders"), id("customers")], ["n1"])).edit(rich);
    expect(whole.groups.map((group) => [group.title, group.steps.length])).toEqual([["In", 2], ["In", 2]]);
    expect(whole.notes.map((note) => note.text)).toEqual(["Mind the gap", "Mind the gap"]);
    const half = pasteClip(rich, clipOf(rich, [id("orders")])).edit(rich);
    expect(half.groups).toHaveLength(1);
  });
});

describe("a clipboard", () => {
  it("holds text that is none of ours, and is left alone", () => {
    expect(readClip("SELECT 1")).toBeNull();
    expect(readClip('{"format": "odibi-steps/1", "steps": [{}], "groups": [], "notes": []}')).toBeNull();
    expect(readClip('{"format": "odibi-steps/1", "steps"')).toBeNull();
  });

  it("whose steps, groups or notes the server would refuse is left alone", () => {
    const place = { x: 0, y: 0 };
    const note = { id: "n", text: "Mind", ...place, width: 96, height: 40 };
    const clip = (more: object) => JSON.stringify({ format: "odibi-steps/1", steps: [], groups: [], notes: [], ...more });
    expect(readClip(clip({ steps: [{ step: step("a"), place }], notes: [note] }))).not.toBeNull();
    for (const wrong of [{ ...note, x: undefined }, { ...note, width: "96" }, { ...note, text: 1 }, null, {}]) {
      expect(readClip(clip({ notes: [wrong] }))).toBeNull();
    }
    for (const wrong of [null, { title: "In", steps: "a", isCollapsed: false }, { title: "In", steps: [1], isCollapsed: false }, { steps: [], isCollapsed: false }]) {
      expect(readClip(clip({ groups: [wrong] }))).toBeNull();
    }
    for (const wrong of [{ ...step("a"), inputs: { data: 1 } }, { ...step("a"), outputs: ["a"] }, { ...step("a"), engine: null }]) {
      expect(readClip(clip({ steps: [{ step: wrong, place }] }))).toBeNull();
    }
  });

  it("gives steps and notes without what the server does not know", () => {
    const { draft } = draftOf();
    const strange = { odd: 1 };
    const steps = [{ step: { ...step("a"), ...strange }, place: { x: 0, y: 0 } }];
    const notes = [{ id: "n", text: "Mind", x: 0, y: 0, width: 96, height: 40, ...strange }];
    const clip = readClip(JSON.stringify({ format: "odibi-steps/1", steps, groups: [], notes }))!;
    const after = pasteClip(draft, clip).edit(draft);
    expect(stepNamed(after, "a")).toEqual(step("a"));
    expect(Object.keys(after.notes[0]!).sort()).toEqual(["height", "id", "text", "width", "x", "y"]);
  });

  it("has each step in one frame at most, and no frame of steps that are not there", () => {
    const place = { x: 0, y: 0 };
    const frame = (title: string, ...steps: string[]) => ({ title, steps, isCollapsed: false });
    const groups = [frame("In", "a", "a", "gone"), frame("Again", "a"), frame("Empty")];
    const notes = [{ id: "n", text: "Mind", ...place, width: -1e9, height: 0 }];
    const clip = readClip(JSON.stringify({ format: "odibi-steps/1", steps: [{ step: step("a"), place }], groups, notes }))!;
    expect(clip.groups).toEqual([frame("In", "a")]);
    expect(clip.notes[0]).toMatchObject({ width: 96, height: 40 });
  });

  it("leaves outputs without a dataset without one", () => {
    const { draft } = draftOf();
    const steps = ["a", "b"].map((name) => ({ step: step(name, { inputs: { rows: "" }, outputs: { data: "" } }), place: { x: 0, y: 0 } }));
    const clip = readClip(JSON.stringify({ format: "odibi-steps/1", steps, groups: [], notes: [] }))!;
    const after = pasteClip(draft, clip).edit(draft);
    expect(stepNamed(after, "b")).toMatchObject({ inputs: { rows: "" }, outputs: { data: "" } });
    expect(graphOf(after).edges).toEqual([]);
  });

  it("gets nothing where nothing is selected", () => {
    const { draft } = draftOf(step("a"));
    expect(copySelection(draft, selectionOf({}))).toBeNull();
  });
});
