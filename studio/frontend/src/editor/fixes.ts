import { Text } from "@codemirror/state";
import type { ProblemForm } from "../messages";
import { rangeOf } from "./diagnostics";

/** A text with the place of a problem replaced by one of its suggestions. */
export function applied(sql: string, problem: ProblemForm, suggestion: string): string {
  if (!problem.span) return sql;
  const { from, to } = rangeOf(problem.span, Text.of(sql.split("\n")));
  return sql.slice(0, from) + suggestion + sql.slice(to);
}
