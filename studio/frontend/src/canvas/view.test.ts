import { afterEach, expect, test } from "vitest";
import { sceneOf } from "../model/scene";
import { draftOf, joinedSales } from "../testing/drafts";
import { openingView, rememberView, startView } from "./view";

afterEach(() => sessionStorage.clear());

test("a canvas opens with everything in view, and then where it was left in this tab", () => {
  const scene = sceneOf(joinedSales().draft);
  const { x, y, zoom } = startView("d1", scene, 1200, 600);
  for (const { rect } of scene.things) {
    expect(rect.x * zoom + x).toBeGreaterThan(0);
    expect((rect.x + rect.width) * zoom + x).toBeLessThan(1200);
    expect(rect.y * zoom + y).toBeGreaterThan(0);
  }
  rememberView("d1", { x: 10, y: 20, zoom: 0.5 });
  expect(startView("d1", scene, 1200, 600)).toEqual({ x: 10, y: 20, zoom: 0.5 });
  expect(startView("d2", scene, 1200, 600)).toEqual({ x, y, zoom });
});

test("an empty canvas does not move once its first step is there", () => {
  expect(startView("d1", sceneOf(draftOf().draft), 800, 600)).toEqual({ x: 0, y: 0, zoom: 1 });
});

test("a short pipeline opens at a size that can be read, at its start where it is wider than the canvas", () => {
  const chain = { x: 100, y: 40, width: 1500, height: 76 };
  const { x, y, zoom } = openingView(chain, 720, 432);
  expect(zoom).toBe(0.75);
  expect(chain.x * zoom + x).toBe(24);
  expect(chain.y * zoom + y).toBeGreaterThan(24);
  expect((chain.y + chain.height) * zoom + y).toBeLessThan(432 - 64);
  expect(openingView({ x: 0, y: 0, width: 40_000, height: 9_000 }, 720, 432).zoom).toBeLessThan(0.02 + 1e-9);
});
