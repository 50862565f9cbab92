import { snippetCompletion, type Completion, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import type { Column, SqlFunction } from "../messages";
import { type Quote, quoted } from "./quoting";
import { scopeAt, sourceNamed, type Scope, type Source } from "./scope";
import { tokensOf } from "./tokens";

/** What the texts of an editor may name. */
export interface Vocabulary {
  /** Table → its columns; null where only a run can tell. */
  inputs: Record<string, Column[] | null>;
  /** Columns that may be named without a FROM clause, for a lone expression. */
  columns: Column[];
  functions: SqlFunction[];
  parameters: string[];
  quote: Quote;
}

const KEYWORDS = (
  "SELECT|FROM|WHERE|GROUP BY|ORDER BY|HAVING|LIMIT|QUALIFY|WITH|AS|DISTINCT|JOIN|LEFT JOIN|RIGHT JOIN|FULL JOIN|CROSS JOIN|SEMI JOIN|" +
  "ANTI JOIN|ASOF JOIN|ON|USING|UNION ALL|UNION BY NAME|UNION|INTERSECT|EXCEPT|CASE|WHEN|THEN|ELSE|END|AND|OR|NOT|IN|IS NULL|IS NOT NULL|" +
  "BETWEEN|LIKE|ILIKE|EXISTS|OVER|PARTITION BY|ROWS BETWEEN|ASC|DESC|NULLS LAST|NULLS FIRST|CAST|TRY_CAST|EXCLUDE|REPLACE|PIVOT|UNPIVOT|" +
  "VALUES|TRUE|FALSE|NULL|INTERVAL|DATE|TIMESTAMP"
).split("|");

/** The completions at a place: columns of what FROM names, tables behind FROM, functions, keywords. */
export function completeSql(vocabulary: Vocabulary, context: CompletionContext): CompletionResult | null {
  const sql = context.state.doc.toString();
  const at = context.pos;
  const parameter = context.matchBefore(/\$?\{[\w:]*/);
  if (parameter) return { from: parameter.from, options: parameterOptions(vocabulary.parameters), validFor: /^\$?\{[\w:]*$/ };
  const inside = tokensOf(sql).find((token) => token.from < at && at < token.to + (isOpen(sql, token.to) ? 1 : 0));
  if (inside && (inside.kind === "text" || inside.kind === "comment")) return null;

  const word = context.matchBefore(/[\p{L}_"`][\p{L}\p{N}_$ ]*?/u)?.text.match(/["`][^"`]*$|[\p{L}\p{N}_$]*$/u)?.[0] ?? "";
  const from = at - word.length;
  const scope = scopeAt(sql, at, vocabulary.inputs);
  const before = sql.slice(0, from).match(/(?:(["`])([^"`]+)\1|([\p{L}_][\p{L}\p{N}_$]*))\s*\.\s*$/u);
  const validFor = /^["`]?[\p{L}\p{N}_$]*$/u;
  if (before) {
    const source = sourceNamed(scope, before[2] ?? before[3] ?? "");
    if (!source?.columns) return null;
    return { from, options: source.columns.map((column) => columnOption(column, vocabulary.quote)), validFor };
  }
  if (word === "" && !context.explicit) return null;
  if (scope.expectsTable) return { from, options: scope.tables.map((table) => tableOption(table, vocabulary.quote)), validFor };
  return {
    from,
    options: [
      ...columnOptions(scope, vocabulary),
      ...scope.sources.filter((source) => source.name).map((source) => ({ ...tableOption(source, vocabulary.quote), boost: 20 })),
      ...vocabulary.functions.map(functionOption),
      ...KEYWORDS.map((label) => ({ label, type: "keyword", boost: -20 })),
    ],
    validFor,
  };
}

/** Columns in scope; one that several sources have is offered with its source's name. */
function columnOptions(scope: Scope, vocabulary: Vocabulary): Completion[] {
  const known = scope.sources.filter((source) => source.columns);
  const counts = new Map<string, number>();
  for (const { name } of known.flatMap((source) => source.columns!)) {
    counts.set(name.toLowerCase(), (counts.get(name.toLowerCase()) ?? 0) + 1);
  }
  const all = known.flatMap((source) =>
    source.columns!.map((column) => {
      const isShared = source.name !== "" && counts.get(column.name.toLowerCase())! > 1;
      const option = columnOption(column, vocabulary.quote);
      if (!isShared) return { ...option, detail: [column.type, known.length > 1 && source.name].filter(Boolean).join(" · ") };
      const label = `${source.name}.${column.name}`;
      return { ...option, label, apply: `${quoted(source.name, vocabulary.quote)}.${option.apply as string}` };
    }),
  );
  return [...all, ...vocabulary.columns.map((column) => columnOption(column, vocabulary.quote))];
}

function columnOption(column: Column, quote: Quote): Completion & { apply: string } {
  return { label: column.name, apply: quoted(column.name, quote), detail: column.type, type: "property", boost: 50 };
}

function tableOption(source: Source, quote: Quote): Completion {
  const count = source.columns?.length;
  const detail = count === undefined ? "" : `${count} column${count === 1 ? "" : "s"}`;
  return { label: source.name, apply: quoted(source.name, quote), detail, type: "class", boost: 60 };
}

function functionOption(one: SqlFunction): Completion {
  const hasNone = /\(\s*\)/.test(one.signature);
  return snippetCompletion(hasNone ? `${one.name}()` : `${one.name}(\${})`, {
    label: one.name,
    detail: one.signature.replace(one.name, "").trim(),
    info: one.description || undefined,
    type: "function",
  });
}

function parameterOptions(parameters: string[]): Completion[] {
  return [...parameters, "date", "yesterday", "run_id"].map((name) => ({ label: `{${name}}`, type: "variable" }));
}

/** Whether a text or comment that ends here is still open, so that the place behind it lies inside. */
function isOpen(sql: string, end: number): boolean {
  return end === sql.length && (/--[^\n]*$/.test(sql) || (sql.match(/'/g)?.length ?? 0) % 2 === 1);
}
