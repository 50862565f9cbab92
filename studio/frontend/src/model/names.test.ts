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
  const sql = `SELECT 'orders', "orders".id FROM Orders o -- orders\nWHERE orders_old = 1 /* orders */`;
  expect(renameInSql(sql, "orders", "sales")).toBe(
    `SELECT 'orders', "sales".id FROM sales o -- orders\nWHERE orders_old = 1 /* orders */`,
  );
  expect(mentions("SELECT 'a' -- a", "a")).toBe(false);
  expect(mentions("SELECT A.x FROM a", "a")).toBe(true);
});
