import { inQuotes, type Quote, quoted } from "../editor/quoting";
import { grouped, type Group, isName, isSign, isWord, type Item, type Token, tokensOf } from "../editor/tokens";

/** What closes a FROM clause. */
const CLAUSES = ["WHERE", "GROUP", "ORDER", "HAVING", "LIMIT", "QUALIFY", "WINDOW", "SELECT", "OFFSET", "FETCH"];

/** What begins a statement whose first word is a table. */
const STATEMENTS = ["PIVOT", "UNPIVOT", "SUMMARIZE", "DESCRIBE", "TABLE"];

/** Whether a SQL text names something outside its texts and comments. */
export function mentions(sql: string, name: string): boolean {
  return tokensOf(sql).some((token) => isCalled(token, name));
}

/**
 * The SQL text with a table called otherwise: behind FROM, JOIN and commas, and before the dot of its columns.
 *
 * Columns, aliases, WITH queries, texts and comments of that name stay as they are.
 *
 * @param quote What stands around a name that is no plain word.
 */
export function renameInSql(sql: string, before: string, after: string, quote: Quote = '"'): string {
  const found = new Set<Token>();
  visit(grouped(tokensOf(sql), sql.length), { isInFrom: false, isTable: false, queryFrom: Infinity }, before, found);
  let text = sql;
  for (const token of [...found].toSorted((one, other) => other.from - one.from)) {
    const name = token.kind === "quoted" ? inQuotes(after, sql[token.from] as Quote) : quoted(after, quote);
    text = text.slice(0, token.from) + name + text.slice(token.to);
  }
  return text;
}

/** What holds where brackets open. */
interface Around {
  /** They stand where a table could: what is in them, too. */
  readonly isInFrom: boolean;
  /** The name before a dot means the table. */
  readonly isTable: boolean;
  /** From this place on, the name is that of a WITH query. */
  readonly queryFrom: number;
}

function visit(group: Group, around: Around, name: string, found: Set<Token>): void {
  const queryFrom = Math.min(around.queryFrom, placeOfQuery(group.items, name));
  for (const items of segmentsOf(group.items)) {
    const { tables, aliases, nested } = sourcesOf(items, around.isInFrom, name);
    const mine = tables.filter(({ token }) => token.from < queryFrom);
    for (const { token } of mine) found.add(token);
    const isBare = mine.some(({ isAliased }) => !isAliased);
    const isOther = aliases || mine.length < tables.length;
    const isTable = isBare || (around.isTable && !isOther);
    items.forEach((item, at) => {
      if (item.kind === "group") visit(item, { isInFrom: nested.has(item), isTable, queryFrom }, name, found);
      else if (isTable && isCalled(item, name) && isSign(items[at + 1], ".") && !isSign(items[at - 1], ".")) found.add(item);
    });
  }
}

/** Where a WITH query of the name begins to count; Infinity where there is none. */
function placeOfQuery(items: readonly Item[], name: string): number {
  const start = items.findIndex((item) => isWord(item, "WITH"));
  if (start < 0) return Infinity;
  for (let at = start + 1; at < items.length && !isWord(items[at], "SELECT", "FROM"); at += 1) {
    const item = items[at] as Item;
    const isDefined = isWord(items[at - 1], "WITH", "RECURSIVE") || isSign(items[at - 1], ",");
    if (item.kind === "group" || !isDefined || !isCalled(item, name)) continue;
    if (isWord(items[start + 1], "RECURSIVE")) return item.from;
    // Its own body still reads the table.
    const as = items.findIndex((one, index) => index > at && isWord(one, "AS"));
    return items.find((one, index) => index > as && one.kind === "group")?.to ?? item.from;
  }
  return Infinity;
}

/** The parts between UNION, INTERSECT, EXCEPT and semicolons; EXCEPT behind `*` is a list of columns. */
function segmentsOf(items: readonly Item[]): Item[][] {
  const segments: Item[][] = [[]];
  items.forEach((item, at) => {
    const isSet = isWord(item, "UNION", "INTERSECT") || (isWord(item, "EXCEPT") && !isSign(items[at - 1], "*"));
    if (isSet || isSign(item, ";")) segments.push([]);
    else segments.at(-1)?.push(item);
  });
  return segments;
}

interface Sources {
  readonly tables: { readonly token: Token; readonly isAliased: boolean }[];
  /** Whether something else is called so here. */
  aliases: boolean;
  /** Brackets that hold tables: `FROM (a JOIN b)`. */
  readonly nested: Set<Group>;
}

function sourcesOf(items: readonly Item[], isWholeFrom: boolean, name: string): Sources {
  const sources: Sources = { tables: [], aliases: false, nested: new Set() };
  const start = items.findIndex((item) => !isWord(item, "ALL", "DISTINCT", "BY", "NAME"));
  const isQuery = isWord(items[start], "FROM", "WITH", ...STATEMENTS) || items.some((item) => isWord(item, "SELECT"));
  if (!isQuery && !isWholeFrom) return sources;
  let isInFrom = isWholeFrom && !isQuery;
  for (let at = isInFrom ? -1 : 0; at < items.length; at += 1) {
    const item = items[at];
    if (isWord(item, ...CLAUSES)) isInFrom = false;
    // `a IS DISTINCT FROM b` compares.
    const isFrom = isWord(item, "FROM") && !(isWord(items[at - 1], "DISTINCT") && isWord(items[at - 2], "IS", "NOT"));
    const isJoin = isWord(item, "JOIN", "PIVOT", "UNPIVOT") || (at === start && isWord(item, ...STATEMENTS));
    const begins = at < 0 || isFrom || isJoin || (isInFrom && isSign(item, ","));
    if (!begins) continue;
    isInFrom = true;
    const first = isWord(items[at + 1], "LATERAL") ? at + 2 : at + 1;
    const source = items[first];
    const next = items[first + 1];
    const alias = isWord(next, "AS") ? items[first + 2] : next;
    if (isName(alias) && isCalled(alias, name)) sources.aliases = true;
    if (source?.kind === "group") sources.nested.add(source);
    // `schema.name` and `name(…)` are no inputs.
    else if (source && isCalled(source, name) && !isSign(next, ".") && next?.kind !== "group") {
      sources.tables.push({ token: source, isAliased: isName(alias) });
    }
  }
  return sources;
}

function isCalled(item: Item, name: string): item is Token {
  if (item.kind !== "quoted" && item.kind !== "word") return false;
  return item.text.toLowerCase() === name.toLowerCase();
}
