import { describe, expect, test } from "vitest";
import { moved, momentAt, place, roundedUp, wheelFactor, wholeOf, zoomed } from "./range";

const whole = { from: 0, to: 100 };

describe("a zoom", () => {
  test("keeps the moment under the pointer where it is", () => {
    const range = { from: 20, to: 60 };
    for (const factor of [0.1, 0.5, 0.9, 1.3]) {
      const next = zoomed(range, 30, factor, whole)!;
      expect(place(30, next, 800)).toBeCloseTo(place(30, range, 800), 6);
      expect(next.to - next.from).toBeCloseTo(40 * factor, 9);
    }
  });

  test("ends in the whole time, and says so", () => {
    expect(zoomed({ from: 20, to: 60 }, 30, 2.5, whole)).toBeNull();
    expect(zoomed({ from: 20, to: 60 }, 30, 100, whole)).toBeNull();
  });

  test("never leaves the time of the run", () => {
    expect(zoomed({ from: 0, to: 10 }, 9, 4, whole)).toEqual({ from: 0, to: 40 });
    expect(zoomed({ from: 90, to: 100 }, 91, 4, whole)).toEqual({ from: 60, to: 100 });
  });

  test("stops at what a picture can show", () => {
    let range = whole;
    for (let turn = 0; turn < 500; turn += 1) range = zoomed(range, 50, 0.5, whole)!;
    expect(range.to - range.from).toBeCloseTo(0.002, 9);
    expect(range.from).toBeLessThanOrEqual(50);
    expect(range.to).toBeGreaterThanOrEqual(50);
  });

  test("in and out again by the wheel comes back", () => {
    const turn = (deltaY: number) => wheelFactor({ deltaY, deltaMode: 0, ctrlKey: false });
    expect(turn(120) * turn(-120)).toBeCloseTo(1, 12);
    expect(turn(-120)).toBeLessThan(1);
    expect(wheelFactor({ deltaY: 3, deltaMode: 1, ctrlKey: false })).toBeCloseTo(turn(48), 12);
    expect(wheelFactor({ deltaY: 9, deltaMode: 0, ctrlKey: true })).toBeGreaterThan(turn(9));
  });
});

test("a move keeps the width, and stops at the ends of the run", () => {
  expect(moved({ from: 20, to: 60 }, 10, whole)).toEqual({ from: 30, to: 70 });
  expect(moved({ from: 20, to: 60 }, -50, whole)).toEqual({ from: 0, to: 40 });
  expect(moved({ from: 20, to: 60 }, 500, whole)).toEqual({ from: 60, to: 100 });
});

test("a place and its moment are the same thing", () => {
  const range = { from: 3, to: 7.5 };
  for (const moment of [0, 3, 4.2, 9]) expect(momentAt(place(moment, range, 640), range, 640)).toBeCloseTo(moment, 9);
});

test("the whole time of a running run seldom changes", () => {
  const ends = new Set(Array.from({ length: 1_000 }, (_, second) => wholeOf(second + 1, true).to));
  expect(ends.size).toBeLessThan(35);
  for (const end of [0.01, 0.7, 3, 59, 1_000, 86_400]) {
    expect(wholeOf(end, true).to).toBeGreaterThan(end);
    expect(wholeOf(end, true).to).toBeLessThan(end * 1.45);
    expect(wholeOf(end, false).to).toBeCloseTo(end * 1.02, 9);
  }
});

test("a figure is rounded up to a round one", () => {
  expect([0, 0.011, 1, 1.1, 7, 99, 412, 8_001].map(roundedUp).map((it) => Number(it.toPrecision(6)))).toEqual([1, 0.0125, 1, 1.25, 8, 100, 500, 10_000]);
});
