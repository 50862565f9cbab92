/** How values look in a grid. */

const NUMERIC = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|U?INT\d+|DECIMAL|NUMERIC|DOUBLE|FLOAT|REAL|LONG|SHORT|BYTE)\b/i;

/** Numbers that name something, and are no amounts: a separator would only be in the way. */
const IDENTIFIER = /(^|[_\s])(id|key|year|code|zip|no|nr|number|phone)$/i;
const IDENTIFIER_IN_CAMEL_CASE = /[a-z](Id|ID|Key|Year|Code|Zip|No|Nr|Number|Phone)$/;

/** Whether a column's values are numbers, which are aligned by their last digit. */
export function isNumeric(type: string): boolean {
  return NUMERIC.test(type.trim()) && !type.trim().endsWith("]");
}

/** A value as the grid shows it, in the reader's notation; null is told apart by the grid itself.
 *
 * @param value As it came in JSON; what JSON lacks (exact decimals, whole numbers past 2^53) is text.
 * @param type The column's SQL type.
 * @param column The column's name: years and keys get no thousands separators.
 */
export function cellText(value: unknown, type: string, column = ""): string {
  if (value === null || value === undefined) return "null";
  if (isNumeric(type) && (typeof value === "number" || typeof value === "string")) {
    return IDENTIFIER.test(column) || IDENTIFIER_IN_CAMEL_CASE.test(column) ? String(value) : numberText(String(value));
  }
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "true" : "false";
  return JSON.stringify(value);
}

const LOCAL = new Intl.NumberFormat();
const PARTS = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1 }).formatToParts(0.5);
const POINT = PARTS.find((part) => part.type === "decimal")?.value ?? ".";

/** A number with thousands separators; no digit is lost or rounded, however many there are. */
export function numberText(digits: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(digits.trim());
  if (!match) return digits;
  const [, sign = "", whole = "", fraction] = match;
  return sign + LOCAL.format(BigInt(whole)) + (fraction ? POINT + fraction : "");
}

/** A count with its noun: "1 row", "12,000 rows". */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString()} ${noun}${count === 1 ? "" : "s"}`;
}

/** A time as people read it: "7 ms", "1.2 s". */
export function elapsedText(ms: number): string {
  return ms < 1_000 ? `${Math.max(1, Math.round(ms)).toLocaleString()} ms` : `${(ms / 1_000).toLocaleString(undefined, { maximumFractionDigits: 1 })} s`;
}

/** Rows and columns as text that spreadsheets take: tabs between, quotes where a value holds a tab or line end. */
export function tabSeparated(rows: readonly (readonly unknown[])[]): string {
  return rows.map((row) => row.map(copied).join("\t")).join("\n");
}

function copied(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return /["\t\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
