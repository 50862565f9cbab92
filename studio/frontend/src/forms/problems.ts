import type { ProblemForm } from "../messages";

/** A problem of a form's field, by its path inside the form. */
export interface FieldProblem {
  path: string;
  what: string;
  fix: string;
  severity: ProblemForm["severity"];
}

/** The problems below a path of a step, with paths from there: "params" of `params.keys[0]` gives `keys.0`. */
export function problemsUnder(problems: readonly ProblemForm[], path: string): FieldProblem[] {
  const all = problems.map(({ field, what, fix, severity }) => ({ path: dotted(field), what, fix, severity }));
  return path === "" ? all : within(all, path);
}

/** The problems of one field, with paths from there; "" is the field itself. */
export function within(problems: readonly FieldProblem[], name: string | number): FieldProblem[] {
  const start = `${name}.`;
  return problems.flatMap((problem) => {
    if (problem.path === String(name)) return [{ ...problem, path: "" }];
    return problem.path.startsWith(start) ? [{ ...problem, path: problem.path.slice(start.length) }] : [];
  });
}

function dotted(path: string): string {
  return path.replaceAll(/\[(?:'([^']*)'|"([^"]*)"|([^\]]*))\]/g, (_all, one, two, three) => `.${one ?? two ?? three}`);
}
