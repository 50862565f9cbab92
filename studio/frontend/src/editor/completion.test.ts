import { CompletionContext } from "@codemirror/autocomplete";
import { EditorState } from "@codemirror/state";
import { expect, test } from "vitest";
import { completeSql, type Vocabulary } from "./completion";
import { quoted } from "./quoting";

const vocabulary: Vocabulary = {
  inputs: {
    orders: [
      { name: "id", type: "BIGINT" },
      { name: "amount", type: "DOUBLE" },
      { name: "Order date", type: "DATE" },
    ],
    customers: [{ name: "id", type: "BIGINT" }],
  },
  columns: [],
  functions: [{ name: "date_trunc", signature: "date_trunc(part, value)", description: "The start of the part." }],
  parameters: ["region"],
  quote: '"',
};

function complete(marked: string, isExplicit = true, given = vocabulary) {
  const place = marked.indexOf("|");
  const state = EditorState.create({ doc: marked.replace("|", "") });
  return completeSql(given, new CompletionContext(state, place, isExplicit));
}

function labels(marked: string): string[] {
  return complete(marked)?.options.map((option) => option.label) ?? [];
}

test("behind an alias and a dot stand the columns of its table, with their types", () => {
  const found = complete("SELECT o.am| FROM orders o");
  expect(found?.options.map(({ label, detail }) => [label, detail])).toEqual([
    ["id", "BIGINT"],
    ["amount", "DOUBLE"],
    ["Order date", "DATE"],
  ]);
  expect(found?.from).toBe("SELECT o.".length);
});

test("a name that SQL would not read as one is put in quotes", () => {
  expect(complete("SELECT o.| FROM orders o")?.options.at(-1)?.apply).toBe('"Order date"');
  expect(quoted("group")).toBe('"group"');
  expect(quoted("größe")).toBe('"größe"');
  expect(quoted("verbose")).toBe('"verbose"');
  expect(quoted("{day}")).toBe('"{{day}}"');
  expect(quoted("a b", "`")).toBe("`a b`");
});

test("behind FROM stand the inputs alone", () => {
  expect(labels("SELECT * FROM |")).toEqual(["orders", "customers"]);
});

test("a column of several tables is offered with the table's name", () => {
  const found = labels("SELECT | FROM orders o JOIN customers c ON true");
  expect(found).toEqual(expect.arrayContaining(["o.id", "c.id", "amount", "o", "c", "date_trunc", "GROUP BY"]));
  expect(found).not.toContain("id");
});

test("parameters of the pipeline and of every run stand behind a brace", () => {
  expect(labels("SELECT * FROM orders WHERE day = {r|")).toEqual(["{region}", "{date}", "{yesterday}", "{run_id}"]);
});

test("nothing is offered inside texts and comments, or before anything was typed", () => {
  expect(complete("SELECT 'o.|' FROM orders o")).toBeNull();
  expect(complete("SELECT 1 -- or|")).toBeNull();
  expect(complete("SELECT 'it|")).toBeNull();
  expect(complete("SELECT | FROM orders", false)).toBeNull();
});

test("an unknown alias offers nothing rather than everything", () => {
  expect(complete("SELECT x.| FROM orders o")).toBeNull();
});

test("a lone expression names the columns it was given", () => {
  const given = { ...vocabulary, columns: [{ name: "amount", type: "DOUBLE" }] };
  expect(complete("am|", false, given)?.options[0]?.label).toBe("amount");
});
