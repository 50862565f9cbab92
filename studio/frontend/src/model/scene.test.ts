import { describe, expect, it } from "vitest";
import { joinedSales } from "../testing/drafts";
import { aligned, distributed } from "./arranging";
import { addNote, changeGroup, groupSteps, ungroupSteps } from "./frames";
import { layOut } from "./layout";
import { placesAfter, layoutTask, missingPlaces } from "./placing";
import { sceneOf } from "./scene";
import { search } from "./searching";
import { selectionOf } from "./selection";
import { STEP_WIDTH } from "./sizes";
import { moveSteps } from "./steps";
import { cursorOf, neighbour, nextWire } from "./walking";

describe("a scene", () => {
  const { draft, id } = joinedSales();
  const grouped = groupSteps([id("orders"), id("customers")], "Inputs", "g1")(draft);

  it("draws a frame around its steps", () => {
    const frame = sceneOf(grouped).things.find((thing) => thing.kind === "frame");
    expect(frame?.rect).toEqual({ x: -20, y: -48, width: 548, height: 116 });
  });

  it("draws a folded group as one box, with the edges that leave it", () => {
    const { things, wires } = sceneOf(changeGroup("g1", { isCollapsed: true })(grouped));
    expect(things.map((thing) => thing.kind)).toEqual(["fold", "step", "step"]);
    expect(wires.map(({ source, target, dataset }) => [source, target, dataset])).toEqual([
      ["g1", id("joined"), "orders"],
      ["g1", id("joined"), "customers"],
      [id("joined"), id("save"), "joined"],
    ]);
  });

  it("loses a frame with its last step", () => {
    expect(ungroupSteps([id("orders"), id("customers")])(grouped).groups).toEqual([]);
  });
});

describe("places", () => {
  const { draft, id } = joinedSales();
  const ids = [id("orders"), id("customers"), id("joined")];
  const spread = moveSteps({ [id("orders")]: { x: 0, y: 40 }, [id("customers")]: { x: 100, y: 8 }, [id("joined")]: { x: 800, y: 0 } })(draft);

  it("are aligned to the outermost step", () => {
    expect(Object.values(aligned(spread, ids, "top")).map(({ y }) => y)).toEqual([0, 0, 0]);
    expect(Object.values(aligned(spread, ids, "left")).map(({ x }) => x)).toEqual([0, 0, 0]);
  });

  it("are distributed with equal gaps, on the grid", () => {
    const xs = Object.values(distributed(spread, ids, "x")).map(({ x }) => x).sort((a, b) => a - b);
    expect(xs).toEqual([0, 400, 800]);
  });

  it("of a layout go from left to right along edges, without overlap, from the old corner", () => {
    const places = placesAfter(draft, layOut(layoutTask(draft, draft.order)));
    const { x } = places[id("joined")]!;
    expect(places[id("orders")]!.x).toBeLessThan(x);
    expect(x).toBeLessThan(places[id("save")]!.x);
    expect(Math.abs(places[id("orders")]!.y - places[id("customers")]!.y)).toBeGreaterThanOrEqual(48);
    expect(Math.min(...Object.values(places).map((place) => place.x))).toBe(0);
  });

  it("of a layout keep a frame's steps together, and move a folded group as one", () => {
    const grouped = groupSteps([id("customers"), id("joined")], "Wide", "g1")(draft);
    const open = placesAfter(grouped, layOut(layoutTask(grouped, grouped.order)));
    const laidOut = moveSteps(open)(grouped);
    const frame = sceneOf(laidOut).things.find((thing) => thing.kind === "frame")!.rect;
    const { x, y } = open[id("orders")]!;
    expect(x + STEP_WIDTH <= frame.x || y + 48 <= frame.y || y >= frame.y + frame.height).toBe(true);
    const folded = changeGroup("g1", { isCollapsed: true })(grouped);
    expect(layoutTask(folded, folded.order).boxes.map((box) => box.id)).toEqual([id("orders"), "g1", id("save")]);
    const moved = placesAfter(folded, layOut(layoutTask(folded, folded.order)));
    expect(moved[id("joined")]!.x - moved[id("customers")]!.x).toBe(300);
  });

  it("are found for steps that have none, behind what they read", () => {
    const { [id("save")]: _gone, ...positions } = draft.positions;
    const place = missingPlaces({ ...draft, positions })[id("save")]!;
    expect(place.x).toBeGreaterThan(draft.positions[id("joined")]!.x);
  });
});

describe("arrow keys", () => {
  const { draft, id } = joinedSales();
  const scene = sceneOf(draft);
  const orders = `${id("joined")}:orders`;
  const customers = `${id("joined")}:customers`;

  it("go along edges, and to the nearest step where there is none", () => {
    expect(neighbour(scene, id("joined"), "right")).toBe(id("save"));
    expect(neighbour(scene, id("joined"), "left")).toBe(id("customers"));
    expect(neighbour(scene, id("customers"), "left")).toBe(id("orders"));
    expect(neighbour(scene, id("save"), "right")).toBeNull();
  });

  it("reach notes, frames by their titles, and groups that are folded up in the place of their steps", () => {
    const noted = addNote({ x: 600, y: 200 }, "n1", "Mind")(draft);
    const grouped = groupSteps([id("orders"), id("customers")], "In", "g1")(noted);
    const near = sceneOf(grouped);
    expect(neighbour(near, id("joined"), "down")).toBe("n1");
    expect(neighbour(near, "n1", "up")).toBe(id("joined"));
    expect(neighbour(near, id("customers"), "up")).toBe("g1");
    expect(neighbour(near, "g1", "down")).toBe(id("orders"));
    const folded = changeGroup("g1", { isCollapsed: true })(grouped);
    expect(neighbour(sceneOf(folded), id("joined"), "left")).toBe("g1");
    expect(cursorOf(folded, selectionOf({ steps: [id("orders")] }))).toBe("g1");
  });

  it("go from an edge to its ends, and to the edge above or below", () => {
    expect(neighbour(scene, orders, "left")).toBe(id("orders"));
    expect(neighbour(scene, orders, "right")).toBe(id("joined"));
    expect(neighbour(scene, orders, "down")).toBe(customers);
    expect(neighbour(scene, customers, "up")).toBe(orders);
    expect(neighbour(scene, orders, "up")).toBe(`${id("save")}:data`);
  });

  it("a step's edges come one after the other, and folded ones never", () => {
    const out = `${id("save")}:data`;
    expect([null, orders, customers, out].map((current) => nextWire(scene, id("joined"), current, 1))).toEqual([orders, customers, out, orders]);
    expect(nextWire(scene, id("joined"), orders, -1)).toBe(out);
    const folded = changeGroup("g1", { isCollapsed: true })(groupSteps([id("orders")], "In", "g1")(draft));
    expect(nextWire(sceneOf(folded), "g1", null, 1)).toBeNull();
  });
});

describe("search", () => {
  const { draft, id } = joinedSales();
  it("finds names first, then SQL and settings, and says where", () => {
    const found = search(draft, "customer");
    expect(found.map(({ step, field }) => [step, field])).toEqual([
      [id("customers"), "name"],
      [id("joined"), "value"],
    ]);
    expect(search(draft, "parquet").map(({ field }) => field)).toEqual(["params.format"]);
    expect(search(draft, "  ")).toEqual([]);
  });
});
