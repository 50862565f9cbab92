import { Text } from "@codemirror/state";
import { expect, test } from "vitest";
import type { ProblemForm } from "../messages";
import { diagnosticsOf } from "./diagnostics";
import { changeTo } from "./useEditorView";

const problem: ProblemForm = {
  what: "no column amout",
  place: "",
  step: "total",
  field: "value",
  fix: "did you mean amount?",
  severity: "error",
  span: { line: 2, column: 3, end_line: 2, end_column: 8 },
  suggestions: ["amount"],
};

test("a problem is marked under its word, with the replacement to choose", () => {
  const [mark] = diagnosticsOf([problem], Text.of(["SELECT", "  amout", "FROM orders"]));
  expect(mark).toMatchObject({ from: 9, to: 14, severity: "error", message: "no column amout\ndid you mean amount?" });
  expect(mark?.actions?.map((action) => action.name)).toEqual(["Replace by amount"]);
});

test("a problem without a place is marked under the first line that says something", () => {
  expect(diagnosticsOf([{ ...problem, span: null }], Text.of(["", "  SELECT 1"]))[0]).toMatchObject({ from: 3, to: 11, actions: [] });
});

test("a place behind the end of a text that became shorter is kept inside", () => {
  expect(diagnosticsOf([problem], Text.of(["SE"]))[0]).toMatchObject({ from: 1, to: 2 });
  expect(diagnosticsOf([problem], Text.of([""]))[0]).toMatchObject({ from: 0, to: 0 });
});

test("the change to another text touches only what differs", () => {
  expect(changeTo("SELECT a FROM t", "SELECT ab FROM t")).toEqual({ from: 8, to: 8, insert: "b" });
  expect(changeTo("aaa", "aa")).toEqual({ from: 2, to: 3, insert: "" });
  expect(changeTo("same", "same")).toBeNull();
});
