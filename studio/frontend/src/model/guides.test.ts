import { expect, test } from "vitest";
import { inLine } from "./guides";

const step = (x: number, y: number, height = 48) => ({ x, y, width: 208, height });

test("a step near the line of another comes onto it, and the line runs over both", () => {
  const { dx, dy, guides } = inLine(step(300, 4), [step(0, 0)], 6);
  expect([dx, dy]).toEqual([0, -4]);
  expect(guides).toEqual([{ axis: "y", at: 0, from: 0, to: 508 }]);
});

test("steps of unlike heights are in line by their middles too", () => {
  expect(inLine(step(300, 13), [step(0, 0, 76)], 6)).toMatchObject({ dy: 1, guides: [{ axis: "y", at: 38 }] });
});

test("of two lines the closer one counts, and of the same line the nearer neighbour's part", () => {
  expect(inLine(step(300, 3), [step(0, 0), step(0, 4)], 6).dy).toBe(1);
  expect(inLine(step(0, 300), [step(0, 900), step(0, 200)], 6).guides).toEqual([{ axis: "x", at: 0, from: 200, to: 348 }]);
});

test("what is out of reach attracts nothing", () => {
  expect(inLine(step(300, 20), [step(0, 0)], 6)).toEqual({ dx: 0, dy: 0, guides: [] });
  expect(inLine(step(300, 20), [], 6).guides).toEqual([]);
});
