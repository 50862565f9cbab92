import { expect, test } from "vitest";
import { scopeAt, sourceNamed } from "./scope";

const inputs = {
  orders: [
    { name: "id", type: "BIGINT" },
    { name: "amount", type: "DOUBLE" },
  ],
  customers: [
    { name: "id", type: "BIGINT" },
    { name: "city", type: "VARCHAR" },
  ],
  later: null,
};

/** The scope at the mark `|` of a text. */
function at(marked: string) {
  return scopeAt(marked.replace("|", ""), marked.indexOf("|"), inputs);
}

function columns(marked: string, name: string): string[] | null {
  return sourceNamed(at(marked), name)?.columns?.map((column) => column.name) ?? null;
}

test("an alias has the columns of its table, also where it is named before FROM", () => {
  expect(columns("SELECT o.| FROM orders AS o JOIN customers c ON c.id = o.id", "o")).toEqual(["id", "amount"]);
  expect(columns("SELECT | FROM orders AS o JOIN customers c ON c.id = o.id", "c")).toEqual(["id", "city"]);
});

test("tables are separated by commas and joins, and names are compared without regard to case", () => {
  expect(at("SELECT | FROM Orders, customers AS c LEFT JOIN later USING (id)").sources.map((one) => one.name)).toEqual([
    "Orders",
    "c",
    "later",
  ]);
  expect(columns("SELECT | FROM ORDERS", "orders")).toEqual(["id", "amount"]);
});

test("a query of WITH is a table with the columns that its text names", () => {
  const sql = "WITH big AS (SELECT o.id, amount * 2 AS twice, city town FROM orders o, customers) SELECT | FROM big";
  expect(at(sql).sources[0]?.columns).toEqual([
    { name: "id", type: "BIGINT" },
    { name: "twice", type: "" },
    { name: "town", type: "VARCHAR" },
  ]);
});

test("a star stands for all columns, less those that it excludes", () => {
  expect(columns("SELECT | FROM (SELECT * EXCLUDE (amount) FROM orders) x", "x")).toEqual(["id"]);
  expect(columns("SELECT | FROM (SELECT o.*, city FROM orders o, customers) x", "x")).toEqual(["id", "amount", "city"]);
});

test("columns that only a run can tell stay unknown", () => {
  expect(columns("SELECT | FROM (SELECT * FROM later) x", "x")).toBeNull();
});

test("a subquery sees its own tables first, then those around it", () => {
  const scope = at("SELECT * FROM orders o WHERE EXISTS (SELECT 1 FROM customers c WHERE |)");
  expect(scope.sources.map((one) => one.name)).toEqual(["c", "o"]);
});

test("each side of a UNION sees its own tables", () => {
  expect(at("SELECT id FROM orders UNION ALL SELECT | FROM customers").sources.map((one) => one.name)).toEqual(["customers"]);
});

test.each(["SELECT * FROM |", "SELECT * FROM or|", "SELECT * FROM orders, |", "SELECT * FROM orders LEFT JOIN |"])(
  "a table's name is due at %s",
  (sql) => expect(at(sql).expectsTable).toBe(true),
);

test.each(["SELECT |", "SELECT * FROM orders WHERE |", "SELECT * FROM orders o JOIN customers c ON |"])(
  "no table's name is due at %s",
  (sql) => expect(at(sql).expectsTable).toBe(false),
);

test("brackets, quotes and comments that are still open break nothing", () => {
  expect(columns('SELECT sum(o.| FROM orders o', "o")).toEqual(["id", "amount"]);
  expect(at("SELECT 'FROM customers' -- FROM later\n, | FROM orders").sources.map((one) => one.name)).toEqual(["orders"]);
  expect(at("SELECT * FROM orders WHERE note = 'it| FROM customers").sources.map((one) => one.name)).toEqual(["orders"]);
});
