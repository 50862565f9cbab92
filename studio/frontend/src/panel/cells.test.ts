import { expect, test } from "vitest";
import { cellText, counted, elapsedText, isNumeric, numberText, tabSeparated } from "./cells";
import { schemaChanges } from "./schemaChanges";

test.each(["BIGINT", "INTEGER", "UTINYINT", "HUGEINT", "DECIMAL(18,2)", "DOUBLE", "FLOAT", "int64"])("%s is numeric", (type) =>
  expect(isNumeric(type)).toBe(true),
);

test.each(["VARCHAR", "DATE", "INTERVAL", "BIGINT[]", "STRUCT(a INTEGER)", "BOOLEAN", ""])("%s is not numeric", (type) =>
  expect(isNumeric(type)).toBe(false),
);

test("numbers get thousands separators and keep every digit", () => {
  expect(numberText("1234567")).toBe("1,234,567");
  expect(numberText("-1234.50")).toBe("-1,234.50");
  expect(numberText("170141183460469231731687303715884105727")).toBe("170,141,183,460,469,231,731,687,303,715,884,105,727");
  expect(numberText("0.000000000000000001")).toBe("0.000000000000000001");
});

test("what is no plain number stays as it came", () => {
  expect(numberText("NaN")).toBe("NaN");
  expect(numberText("1e+300")).toBe("1e+300");
});

test("years and keys are no amounts", () => {
  expect(cellText(2026, "BIGINT", "year")).toBe("2026");
  expect(cellText(12345, "BIGINT", "customer_id")).toBe("12345");
  expect(cellText(12345, "BIGINT", "customerId")).toBe("12345");
  expect(cellText(12345, "BIGINT", "paid")).toBe("12,345");
});

test("null, booleans, texts and nested values are told apart", () => {
  expect(cellText(null, "VARCHAR")).toBe("null");
  expect(cellText(false, "BOOLEAN")).toBe("false");
  expect(cellText("12345", "VARCHAR")).toBe("12345");
  expect(cellText([{ a: 1 }], "STRUCT(a INTEGER)[]")).toBe('[{"a":1}]');
});

test("copied cells are text that a spreadsheet takes, without separators", () => {
  expect(tabSeparated([[1234567, null, 'a "b"'], [true, "two\nlines", { a: 1 }]])).toBe('1234567\t\t"a ""b"""\ntrue\t"two\nlines"\t"{""a"":1}"');
});

test("counts and times read as people say them", () => {
  expect(counted(1, "row")).toBe("1 row");
  expect(counted(12000, "row")).toBe("12,000 rows");
  expect(elapsedText(0.2)).toBe("1 ms");
  expect(elapsedText(1240)).toBe("1.2 s");
});

test("an output's columns are new, other or gone, against all that comes in", () => {
  const inputs = [[{ name: "id", type: "BIGINT" }, { name: "amount", type: "VARCHAR" }], [{ name: "city", type: "VARCHAR" }]];
  const output = [{ name: "id", type: "BIGINT" }, { name: "amount", type: "DOUBLE" }, { name: "total", type: "DOUBLE" }];
  expect(schemaChanges(output, inputs).map(({ name, change, before }) => [name, change, before])).toEqual([
    ["id", "same", ""],
    ["amount", "changed", "VARCHAR"],
    ["total", "added", ""],
    ["city", "removed", ""],
  ]);
});

test("against an input that nobody knows nothing is called new", () => {
  expect(schemaChanges([{ name: "id", type: "BIGINT" }], [null])).toMatchObject([{ change: "same" }]);
});
