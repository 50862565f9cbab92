/** Which tables and columns may be named at a place of a SQL text. */

import type { Column } from "../messages";
import { grouped, isName, isSign, isWord, tokensOf, type Group, type Item, type Token } from "./tokens";

/** Columns of a table; null where they can't be known. */
type Columns = Column[] | null;

export interface Source {
  /** The alias, or the table's name. */
  name: string;
  columns: Columns;
}

export interface Scope {
  /** Tables that may stand behind FROM: inputs and WITH queries. */
  tables: Source[];
  /** What the FROM clauses around the place name, the innermost first. */
  sources: Source[];
  /** Whether a table's name is due: behind FROM, JOIN or a comma of these. */
  expectsTable: boolean;
}

/** What may be named at a place.
 *
 * @param sql The whole text; it may be unfinished.
 * @param place Offset in the text.
 * @param inputs Table → its columns.
 */
export function scopeAt(sql: string, place: number, inputs: Record<string, Columns>): Scope {
  const tokens = tokensOf(sql);
  const root = grouped(tokens, sql.length);
  let tables: Source[] = Object.entries(inputs).map(([name, columns]) => ({ name, columns }));
  const sources: Source[] = [];
  let expectsTable = false;
  for (const group of around(root, place)) {
    const last = group.items.findLast((item) => item.from < place && item.to >= place - 1);
    tables = withQueries(group.items, tables);
    const segment = segmentAt(group.items, place);
    if (!segment.some((item) => isWord(item, "SELECT", "FROM"))) continue;
    const { found, expects } = sourcesOf(segment, tables, last);
    sources.unshift(...found);
    expectsTable = expects;
  }
  return { tables, sources, expectsTable };
}

/** The source of a name before a dot; names are compared as SQL does, without regard to case. */
export function sourceNamed(scope: Scope, name: string): Source | undefined {
  const isIt = (source: Source) => source.name.toLowerCase() === name.toLowerCase();
  return scope.sources.find(isIt) ?? scope.tables.find(isIt);
}

/** The brackets around a place, the outermost first. */
function around(group: Group, place: number): Group[] {
  const inner = group.items.find(
    (item): item is Group => item.kind === "group" && item.from < place && place < item.to,
  );
  return inner ? [group, ...around(inner, place)] : [group];
}

/** The part of a query between UNION, INTERSECT, EXCEPT and semicolons in which a place is. */
function segmentAt(items: Item[], place: number): Item[] {
  let segment: Item[] = [];
  for (const [at, item] of items.entries()) {
    if (endsSegment(items, at)) {
      if (item.from >= place) return segment;
      segment = [];
    } else segment.push(item);
  }
  return segment;
}

/** EXCEPT is a list of columns, and no set operation, where a bracket follows `*`. */
function endsSegment(items: Item[], at: number): boolean {
  const item = items[at];
  if (isSign(item, ";") || isWord(item, "UNION", "INTERSECT")) return true;
  return isWord(item, "EXCEPT") && !isSign(items[at - 1], "*");
}

/** The tables, with those that WITH names before them. */
function withQueries(items: Item[], tables: Source[]): Source[] {
  let known = tables;
  let at = items.findIndex((item) => isWord(item, "WITH"));
  if (at < 0) return tables;
  at += isWord(items[at + 1], "RECURSIVE") ? 2 : 1;
  for (let name = items[at]; isName(name); name = items[at]) {
    at += 1;
    const renamed = items[at]?.kind === "group" ? namesIn(items[at++] as Group) : [];
    while (isWord(items[at], "AS", "NOT", "MATERIALIZED")) at += 1;
    const body = items[at];
    if (body?.kind !== "group") break;
    known = [{ name: name.text, columns: rename(columnsOfQuery(body.items, known), renamed) }, ...known];
    at += 1;
    if (!isSign(items[at], ",")) break;
    at += 1;
  }
  return known;
}

const CLAUSES = ["WHERE", "GROUP", "ORDER", "HAVING", "LIMIT", "QUALIFY", "WINDOW", "SELECT", "OFFSET", "FETCH"];

function sourcesOf(items: Item[], tables: Source[], last?: Item): { found: Source[]; expects: boolean } {
  const found: Source[] = [];
  let expects = false;
  let isInFrom = false;
  for (let at = 0; at < items.length; at += 1) {
    const item = items[at];
    if (isWord(item, ...CLAUSES)) isInFrom = false;
    const begins = isWord(item, "FROM") || isWord(item, "JOIN") || (isInFrom && isSign(item, ","));
    if (!begins) continue;
    isInFrom = true;
    // The word under the cursor may be the beginning of a name that still reads as a keyword: `or` of orders.
    if (last && (item === last || (items[at + 1] === last && last.kind !== "group"))) expects = true;
    const [source, next] = sourceAt(items, at + 1, tables);
    if (source) {
      found.push(source);
      at = next - 1;
    }
  }
  return { found, expects };
}

/** The table or query at a place of a FROM clause, and the place behind it. */
function sourceAt(items: Item[], start: number, tables: Source[]): [Source | undefined, number] {
  let at = start;
  if (isWord(items[at], "LATERAL")) at += 1;
  const first = items[at];
  let source: Source;
  if (first?.kind === "group") {
    source = { name: "", columns: columnsOfQuery(first.items, tables) };
    at += 1;
  } else if (isName(first)) {
    let name = first;
    for (at += 1; isSign(items[at], ".") && isName(items[at + 1]); at += 2) name = items[at + 1] as Token;
    const isCall = items[at]?.kind === "group";
    if (isCall) at += 1;
    const table = tables.find((one) => one.name.toLowerCase() === name.text.toLowerCase());
    source = { name: name.text, columns: isCall ? null : (table?.columns ?? null) };
  } else return [undefined, at];
  if (isWord(items[at], "AS")) at += 1;
  const alias = items[at];
  if (isName(alias)) {
    source = { ...source, name: alias.text };
    at += 1;
    const list = items[at];
    if (list?.kind === "group") {
      source = { ...source, columns: rename(source.columns, namesIn(list)) };
      at += 1;
    }
  }
  return [source, at];
}

/** The columns that a query gives, as far as its text tells them. */
function columnsOfQuery(items: Item[], outer: Source[]): Columns {
  const tables = withQueries(items, outer);
  const segment = segmentAt(items, Math.min(...items.map((item) => item.from), 0) + 1);
  const main = segment.length > 0 ? segment : items;
  const { found } = sourcesOf(main, tables);
  const select = main.findIndex((item) => isWord(item, "SELECT"));
  if (select < 0) return allOf(found);
  const end = main.findIndex((item, at) => at > select && isWord(item, "FROM", ...CLAUSES));
  const list = main.slice(select + 1, end < 0 ? undefined : end);
  const each = split(list).map((item) => columnsOfItem(item, found));
  return each.some((columns) => columns === null) ? null : each.flatMap((columns) => columns ?? []);
}

function columnsOfItem(given: Item[], sources: Source[]): Columns {
  const item = given.filter((one) => !isWord(one, "DISTINCT", "ALL"));
  const star = item.findIndex((one) => isSign(one, "*"));
  const isStar = star === 0 || (star === 2 && isSign(item[1], "."));
  if (isStar && (item.length === star + 1 || isWord(item[star + 1], "EXCLUDE", "EXCEPT", "REPLACE", "RENAME"))) {
    const of = star === 0 ? sources : sources.filter((one) => sameName(one.name, (item[0] as Token).text));
    const list = isWord(item[star + 1], "EXCLUDE", "EXCEPT") ? item[star + 2] : undefined;
    const left = list?.kind === "group" ? namesIn(list) : list && isName(list) ? [list.text] : [];
    return allOf(of)?.filter((column) => !left.some((name) => sameName(name, column.name))) ?? null;
  }
  const last = item.at(-1);
  if (!last || last.kind === "group" || !["word", "quoted"].includes(last.kind)) return [];
  const name = (last as Token).text;
  const isColumn = item.length === 1 || (item.length === 3 && isSign(item[1], "."));
  const isAlias = item.length > 1 && !isColumn;
  if (isAlias && !isName(last) && !isWord(item.at(-2), "AS")) return [];
  const plain = isAlias && isWord(item.at(-2), "AS") ? item.slice(0, -2) : isAlias ? item.slice(0, -1) : item;
  return [{ name, type: typeOf(plain, sources) }];
}

/** The type of a plain column, or "" for any other expression. */
function typeOf(item: Item[], sources: Source[]): string {
  if (item.length !== 1 && !(item.length === 3 && isSign(item[1], "."))) return "";
  const name = item.at(-1);
  if (!name || name.kind === "group") return "";
  const of = item.length === 3 ? sources.filter((one) => sameName(one.name, (item[0] as Token).text)) : sources;
  return of.flatMap((one) => one.columns ?? []).find((column) => sameName(column.name, name.text))?.type ?? "";
}

function split(items: Item[]): Item[][] {
  const parts: Item[][] = [[]];
  for (const item of items) {
    if (isSign(item, ",")) parts.push([]);
    else parts.at(-1)!.push(item);
  }
  return parts.filter((part) => part.length > 0);
}

function allOf(sources: Source[]): Columns {
  return sources.some((source) => source.columns === null) ? null : sources.flatMap((source) => source.columns ?? []);
}

function namesIn(group: Group): string[] {
  return group.items.flatMap((item) => (item.kind === "word" || item.kind === "quoted" ? [item.text] : []));
}

function rename(columns: Columns, names: string[]): Columns {
  if (names.length === 0) return columns;
  if (columns === null) return names.map((name) => ({ name, type: "" }));
  return columns.map((column, place) => ({ ...column, name: names[place] ?? column.name }));
}

function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
