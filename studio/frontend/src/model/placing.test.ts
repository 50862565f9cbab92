import { expect, it } from "vitest";
import { joinedSales } from "../testing/drafts";
import { stillWanted } from "./placing";
import { moveSteps, removeSteps } from "./steps";

it("a layout that took its time leaves alone what was moved meanwhile, and what is gone", () => {
  const { draft, id } = joinedSales();
  const places = Object.fromEntries(draft.order.map((step, at) => [step, { x: at * 100, y: 400 }]));
  const moved = moveSteps({ [id("orders")]: { x: 8, y: 8 } })(removeSteps([id("save")])(draft));
  const wanted = stillWanted(places, draft, moved);
  expect(Object.keys(wanted)).toEqual([id("customers"), id("joined")]);
  expect(moveSteps(wanted)(moved).positions[id("orders")]).toEqual({ x: 8, y: 8 });
});
