import type { Action, Diagnostic } from "@codemirror/lint";
import type { Text } from "@codemirror/state";
import type { ProblemForm, Span } from "../messages";

/** Marks for the problems of a text: under the word where the place is known, else under its first line. */
export function diagnosticsOf(problems: readonly ProblemForm[], text: Text): Diagnostic[] {
  return problems.map((problem) => {
    const { from, to } = problem.span ? rangeOf(problem.span, text) : firstLine(text);
    return {
      from,
      to,
      severity: problem.severity,
      message: problem.fix ? `${problem.what}\n${problem.fix}` : problem.what,
      actions: problem.span ? problem.suggestions.slice(0, 3).map(replacement) : [],
    };
  });
}

/** The offsets of a place, kept inside the text: it may have been typed on since. */
export function rangeOf(span: Span, text: Text): { from: number; to: number } {
  const from = offsetOf(text, span.line, span.column);
  const to = Math.max(from, offsetOf(text, span.end_line, span.end_column));
  return to > from ? { from, to } : { from: Math.max(0, from - 1), to: from };
}

function offsetOf(text: Text, lineNumber: number, column: number): number {
  const line = text.line(Math.min(Math.max(1, lineNumber), text.lines));
  return Math.min(line.from + Math.max(0, column - 1), line.to);
}

function firstLine(text: Text): { from: number; to: number } {
  for (let number = 1; number <= text.lines; number += 1) {
    const line = text.line(number);
    if (line.text.trim()) return { from: line.from + line.text.search(/\S/), to: line.to };
  }
  return { from: 0, to: 0 };
}

function replacement(text: string): Action {
  return {
    name: `Replace by ${text}`,
    apply: (view, from, to) =>
      view.dispatch({ changes: { from, to, insert: text }, selection: { anchor: from + text.length }, userEvent: "input.fix" }),
  };
}
