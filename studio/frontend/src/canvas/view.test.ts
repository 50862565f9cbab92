import { afterEach, expect, test } from "vitest";
import { recallView, rememberView } from "./view";

const FIT = { padding: 0.12 };

afterEach(() => sessionStorage.clear());

test("a canvas opens with everything in view, and then where it was left in this tab", () => {
  expect(recallView("d1", false, FIT)).toEqual({ fitView: true, fitViewOptions: FIT });
  rememberView("d1", { x: 10, y: 20, zoom: 0.5 });
  expect(recallView("d1", false, FIT)).toEqual({ defaultViewport: { x: 10, y: 20, zoom: 0.5 } });
  expect(recallView("d2", false, FIT)).toEqual({ fitView: true, fitViewOptions: FIT });
});

test("an empty canvas does not move once its first step is there", () => {
  expect(recallView("d1", true, FIT)).toEqual({ defaultViewport: { x: 0, y: 0, zoom: 1 } });
});
