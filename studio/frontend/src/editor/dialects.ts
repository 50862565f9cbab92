import { PostgreSQL, SQLDialect } from "@codemirror/lang-sql";

export type Dialect = "duckdb" | "spark";

const words =
  "select from where group by order having limit offset qualify window with recursive as distinct on using join inner left right full outer " +
  "cross semi anti asof lateral natural positional union all intersect except exclude replace case when then else end and or not in is null " +
  "between like ilike similar exists any over partition rows range groups unbounded preceding following current row asc desc nulls first last " +
  "cast try_cast pivot unpivot values interval filter within tablesample sample escape at";

const types =
  "varchar text string char bigint integer int smallint tinyint hugeint ubigint uinteger double float real decimal numeric boolean bool date " +
  "time timestamp timestamptz timestamp_ntz blob binary uuid json struct map list array bit long short byte";

/** DuckDB's SQL: Postgres' notation, few reserved words. */
export const duckdb = SQLDialect.define({
  ...PostgreSQL.spec,
  keywords: words,
  types,
  builtin: "",
  caseInsensitiveIdentifiers: true,
});

/** Spark's SQL: names in backticks, texts in either quotes. */
export const spark = SQLDialect.define({
  keywords: `${words} view explode distribute cluster sort`,
  types,
  builtin: "",
  identifierQuotes: "`",
  doubleQuotedStrings: true,
  backslashEscapes: true,
  caseInsensitiveIdentifiers: true,
});

export const dialects: Record<Dialect, SQLDialect> = { duckdb, spark };
export const dialectNames: Record<Dialect, string> = { duckdb: "DuckDB", spark: "Spark" };
