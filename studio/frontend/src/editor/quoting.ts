import { KEYWORDS } from "./keywords";

/** What stands around a name: DuckDB's mark, or Spark's. */
export type Quote = '"' | "`";

/** A name as SQL takes it: in quotes where it is no plain word to every engine. */
export function quoted(name: string, quote: Quote = '"'): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !KEYWORDS.has(name.toLowerCase()) ? name : inQuotes(name, quote);
}

/** A name in quotes. A run fills in `{name}`: braces that mean themselves are doubled. */
export function inQuotes(name: string, quote: Quote): string {
  return quote + name.replace(/\{([A-Za-z_][A-Za-z0-9_]*)\}/g, "{{$1}}").replaceAll(quote, quote + quote) + quote;
}

/** The name that a text in quotes stands for. */
export function unquoted(text: string): string {
  const quote = text[0] as string;
  const inner = text.length > 1 && text.endsWith(quote) ? text.slice(1, -1) : text.slice(1);
  return inner.replaceAll(quote + quote, quote).replace(/\{\{([A-Za-z_][A-Za-z0-9_]*)\}\}/g, "{$1}");
}
