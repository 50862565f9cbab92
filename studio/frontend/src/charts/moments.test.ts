import { expect, test } from "vitest";
import { durationText, momentText, rangeText, ticksOf } from "./moments";

const words = (from: number, to: number, width = 900) => {
  const { step, moments } = ticksOf({ from, to }, width);
  return moments.map((moment) => momentText(moment, step));
};

test("ticks are round, apart, and told from each other", () => {
  expect(words(0, 10)).toEqual(["0 s", "1 s", "2 s", "3 s", "4 s", "5 s", "6 s", "7 s", "8 s", "9 s", "10 s"]);
  expect(words(0.31, 0.34)).toEqual(["0.310 s", "0.315 s", "0.320 s", "0.325 s", "0.330 s", "0.335 s", "0.340 s"]);
  expect(words(0, 300)).toEqual(["0 s", "30 s", "60 s", "90 s", "2:00", "2:30", "3:00", "3:30", "4:00", "4:30", "5:00"]);
  expect(words(3_500, 7_300)).toEqual(["1:00:00", "1:10:00", "1:20:00", "1:30:00", "1:40:00", "1:50:00", "2:00:00"]);
  for (const span of [0.002, 0.03, 1, 7, 59, 61, 600, 5_000, 90_000, 1e6]) {
    for (const from of [0, span / 3, span * 40]) {
      const found = words(from, from + span);
      expect(found.length).toBeGreaterThan(2);
      expect(found.length).toBeLessThan(13);
      if (span >= 0.03) expect(new Set(found).size).toBe(found.length);
    }
  }
});

test("a narrow picture has few ticks", () => {
  expect(words(0, 10, 200).length).toBeLessThanOrEqual(3);
  expect(words(0, 10, 0).length).toBeGreaterThan(0);
});

test("a range is told as closely as it can be read", () => {
  expect(rangeText({ from: 0, to: 80 })).toBe("0.0 s – 80.0 s");
  expect(rangeText({ from: 12.3456, to: 12.4 })).toBe("12.346 s – 12.400 s");
  expect(rangeText({ from: 0, to: 7_200 })).toBe("0 s – 2:00:00");
});

test("durations are worded as stories word them", () => {
  expect([0.4, 12, 999.4, 999.6, 9_990, 12_340, 59_996, 125_000, 3_840_000].map(durationText)).toEqual([
    "0.4 ms", "12 ms", "999 ms", "1.00 s", "9.99 s", "12.3 s", "1 min 00 s", "2 min 05 s", "1 h 04 min",
  ]);
});
