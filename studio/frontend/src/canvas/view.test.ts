import { afterEach, expect, test } from "vitest";
import { sceneOf } from "../model/scene";
import { draftOf, joinedSales } from "../testing/drafts";
import { rememberView, startView } from "./view";

afterEach(() => sessionStorage.clear());

test("a canvas opens with everything in view, and then where it was left in this tab", () => {
  const scene = sceneOf(joinedSales().draft);
  const { x, y, zoom } = startView("d1", scene, 800, 600);
  for (const { rect } of scene.things) {
    expect(rect.x * zoom + x).toBeGreaterThan(0);
    expect((rect.x + rect.width) * zoom + x).toBeLessThan(800);
    expect(rect.y * zoom + y).toBeGreaterThan(0);
  }
  rememberView("d1", { x: 10, y: 20, zoom: 0.5 });
  expect(startView("d1", scene, 800, 600)).toEqual({ x: 10, y: 20, zoom: 0.5 });
  expect(startView("d2", scene, 800, 600)).toEqual({ x, y, zoom });
});

test("an empty canvas does not move once its first step is there", () => {
  expect(startView("d1", sceneOf(draftOf().draft), 800, 600)).toEqual({ x: 0, y: 0, zoom: 1 });
});
