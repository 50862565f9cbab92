import { expect, it } from "vitest";
import { slug, uniqueName } from "./names";
import { mentions, renameInSql } from "./sql_names";

it("a name that is taken gets the first free number", () => {
  expect(uniqueName("orders", new Set())).toBe("orders");
  expect(uniqueName("orders", new Set(["orders", "orders_2"]))).toBe("orders_3");
  expect(uniqueName("orders_2", new Set(["orders_2"]))).toBe("orders_3");
});

it("a name from a file reads well as a table", () => {
  expect(slug("Umsätze 2025 (final).csv")).toBe("umsatze_2025_final_csv");
  expect(slug("2025")).toBe("_2025");
  expect(slug("!?")).toBe("step");
});

it("a table is renamed in SQL, quoted or not, but not in texts and comments", () => {
  const sql = `SELECT 'orders', "orders".id FROM Orders -- orders\nWHERE orders_old = 1 /* orders */`;
  expect(renameInSql(sql, "orders", "sales")).toBe(
    `SELECT 'orders', "sales".id FROM sales -- orders\nWHERE orders_old = 1 /* orders */`,
  );
  expect(mentions("SELECT 'a' -- a", "a")).toBe(false);
  expect(mentions("SELECT A.x FROM a", "a")).toBe(true);
});

it.each([
  ["a column and an alias of the name stay", "SELECT orders, count(orders) AS orders FROM orders", "SELECT orders, count(orders) AS orders FROM sales"],
  ["a function's FROM names a column", "SELECT extract(year FROM orders) FROM orders", "SELECT extract(year FROM orders) FROM sales"],
  ["a comparison's FROM names a column", "SELECT 1 FROM orders WHERE a IS DISTINCT FROM orders", "SELECT 1 FROM sales WHERE a IS DISTINCT FROM orders"],
  ["tables behind commas and joins", "SELECT orders.* FROM c, orders LEFT JOIN d ON orders.id = d.orders", "SELECT sales.* FROM c, sales LEFT JOIN d ON sales.id = d.orders"],
  ["an alias of its own name still stands for it", "SELECT orders.id FROM rates AS orders JOIN orders o USING (id)", "SELECT orders.id FROM rates AS orders JOIN sales o USING (id)"],
  ["a struct column of the name", "SELECT orders.id FROM orders o", "SELECT orders.id FROM sales o"],
  ["a subquery, and what it says of the outer table", "SELECT * FROM orders WHERE EXISTS (SELECT 1 FROM c WHERE c.id = orders.id)", "SELECT * FROM sales WHERE EXISTS (SELECT 1 FROM c WHERE c.id = sales.id)"],
  ["a WITH query of the name hides it behind itself", "WITH orders AS (SELECT * FROM orders) SELECT orders.id FROM orders", "WITH orders AS (SELECT * FROM sales) SELECT orders.id FROM orders"],
  ["brackets around a join", "SELECT * FROM (orders JOIN c USING (id))", "SELECT * FROM (sales JOIN c USING (id))"],
  ["both sides of a UNION", "SELECT id FROM orders UNION ALL FROM orders", "SELECT id FROM sales UNION ALL FROM sales"],
  ["a query that begins with FROM, behind WITH", "WITH c AS (FROM orders) FROM c, orders", "WITH c AS (FROM sales) FROM c, sales"],
  ["a pivot", "PIVOT orders ON orders.day USING sum(amount)", "PIVOT sales ON sales.day USING sum(amount)"],
  ["an alias that is the old name stays", "SELECT orders.id FROM orders AS orders", "SELECT orders.id FROM sales AS orders"],
  ["another schema's table and a function", "SELECT * FROM main.orders, orders(1)", "SELECT * FROM main.orders, orders(1)"],
])("renaming a table: %s", (_what, sql, renamed) => {
  expect(renameInSql(sql, "orders", "sales")).toBe(renamed);
});

it("a new name of a table is quoted where it is no plain word", () => {
  const sql = "SELECT orders.id FROM orders";
  expect(renameInSql(sql, "orders", "new orders")).toBe('SELECT "new orders".id FROM "new orders"');
  expect(renameInSql(sql, "orders", "table", "`")).toBe("SELECT `table`.id FROM `table`");
  expect(renameInSql('SELECT * FROM "my orders"', "my orders", 'say "x"')).toBe('SELECT * FROM "say ""x"""');
  for (const name of ["binary", "similar", "at", "größe", "ſ", "9lives"]) {
    expect(renameInSql(sql, "orders", name)).toBe(`SELECT "${name}".id FROM "${name}"`);
  }
});

it("a table with braces, quotes or backticks in its name is found again under that name", () => {
  const sql = "SELECT orders.id FROM orders";
  for (const name of ["day {day}", 'say "x"', "a`b", "{x}{y}"]) {
    for (const quote of ['"', "`"] as const) {
      const renamed = renameInSql(sql, "orders", name, quote);
      expect(mentions(renamed, name)).toBe(true);
      expect(renameInSql(renamed, name, "sales")).toBe(renameInSql(sql.replaceAll("orders", `${quote}orders${quote}`), "orders", "sales"));
    }
  }
  expect(renameInSql(sql, "orders", "day {day}")).toBe('SELECT "day {{day}}".id FROM "day {{day}}"');
});
