/** SQL text as words and brackets: enough to know which tables and columns are in scope, also while it is half typed. */

import { unquoted } from "./quoting";

export interface Token {
  kind: "word" | "quoted" | "text" | "comment" | "placeholder" | "sign" | "number";
  /** The name without quotes, or the sign. */
  text: string;
  from: number;
  to: number;
}

/** What stands between a pair of brackets, or the whole text. */
export interface Group {
  kind: "group";
  items: Item[];
  /** Before the opening bracket, behind the closing one. */
  from: number;
  to: number;
}

export type Item = Token | Group;

const pattern = new RegExp(
  [
    String.raw`(?<comment>--[^\n]*|/\*[\s\S]*?(?:\*/|$))`,
    String.raw`(?<text>'(?:[^']|'')*'?)`,
    String.raw`(?<placeholder>\$\{[^}\s]*\}?|\{[^{}\s]*\})`,
    String.raw`(?<quoted>"(?:[^"]|"")*"?|${"`"}(?:[^${"`"}]|${"``"})*${"`"}?)`,
    String.raw`(?<word>[\p{L}_][\p{L}\p{N}_$]*)`,
    String.raw`(?<number>\d[\w.]*)`,
    String.raw`(?<sign>\S)`,
  ].join("|"),
  "gu",
);

/** The tokens of a text, comments among them. */
export function tokensOf(sql: string): Token[] {
  return [...sql.matchAll(pattern)].map((match) => {
    const kind = Object.entries(match.groups!).find(([, text]) => text !== undefined)![0] as Token["kind"];
    const text = kind === "quoted" ? unquoted(match[0]) : match[0];
    return { kind, text, from: match.index, to: match.index + match[0].length };
  });
}

/** The tokens nested by their brackets, without comments; a bracket that is still open lasts to the end. */
export function grouped(tokens: readonly Token[], length: number): Group {
  const root: Group = { kind: "group", items: [], from: -1, to: length + 1 };
  const open = [root];
  for (const token of tokens) {
    if (token.kind === "comment") continue;
    const inner = open.at(-1)!;
    if (isSign(token, "(")) {
      const group: Group = { kind: "group", items: [], from: token.from, to: length + 1 };
      inner.items.push(group);
      open.push(group);
    } else if (isSign(token, ")")) {
      if (open.length > 1) open.pop()!.to = token.to;
    } else inner.items.push(token);
  }
  return root;
}

export function isSign(item: Item | undefined, sign: string): boolean {
  return item?.kind === "sign" && item.text === sign;
}

/** Whether an item is one of some keywords, given in capitals. */
export function isWord(item: Item | undefined, ...words: string[]): boolean {
  return item?.kind === "word" && words.includes(item.text.toUpperCase());
}

export function isName(item: Item | undefined): item is Token {
  return item?.kind === "quoted" || (item?.kind === "word" && !RESERVED.has(item.text.toUpperCase()));
}

/** Words that are no name where one could stand. */
export const RESERVED = new Set(
  (
    "ALL AND ANTI ANY AS ASC ASOF BETWEEN BY CASE CROSS DESC DISTINCT ELSE END EXCEPT EXISTS FETCH FROM FULL GROUP HAVING IN INNER " +
    "INTERSECT IS JOIN LATERAL LEFT LIKE ILIKE LIMIT NATURAL NOT NULL OFFSET ON OR ORDER OUTER OVER PARTITION PIVOT POSITIONAL QUALIFY " +
    "RIGHT SELECT SEMI TABLESAMPLE THEN UNION UNPIVOT USING VALUES WHEN WHERE WINDOW WITH"
  ).split(" "),
);
