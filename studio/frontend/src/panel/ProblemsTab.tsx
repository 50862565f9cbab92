import { CircleAlert, CircleCheck, TriangleAlert } from "lucide-react";
import { NOTHING } from "../model/selection";
import type { Problem } from "../model/truth";
import { useDesigner, useDesignerStore } from "../store";
import { Empty, Failure } from "./Empty";

/** Every problem of the pipeline, errors first; a click leads to the field. */
export function ProblemsTab() {
  const store = useDesignerStore();
  const problems = useDesigner((state) => state.truth.problems);
  const checking = useDesigner((state) => state.checking);
  const isEmpty = useDesigner((state) => state.draft.order.length === 0);
  const sorted = problems.toSorted((one, other) => Number(one.severity === "warning") - Number(other.severity === "warning"));

  function open(problem: Problem) {
    const { seek, select } = store.getState();
    if (problem.stepId === null) select(NOTHING);
    else seek(problem.stepId, problem.field || "name");
  }

  return (
    <>
      {checking.kind === "failed" && <Failure why={{ what: `Not checked: ${checking.why.what}`, fix: checking.why.fix }} />}
      {problems.length === 0 && checking.kind !== "failed" && (
        <Empty>
          {isEmpty ? (
            "There is nothing to check yet."
          ) : (
            <>
              <CircleCheck size={16} className="is-good" aria-hidden /> No problem: this pipeline can run.
            </>
          )}
        </Empty>
      )}
      <ul className="problems" aria-label="Problems">
        {sorted.map((problem) => (
          <li key={`${problem.step}\0${problem.field}\0${problem.what}`}>
            <button type="button" onClick={() => open(problem)}>
              {problem.severity === "error" ? (
                <CircleAlert size={15} className="is-error" role="img" aria-label="Error" />
              ) : (
                <TriangleAlert size={15} className="is-warning" role="img" aria-label="Warning" />
              )}
              <span className="problem-step">{problem.step || "Pipeline"}</span>
              <span className="problem-what">
                {problem.what}
                {problem.fix && <span className="field-fix"> {problem.fix}</span>}
              </span>
              <span className="problem-field">
                {problem.field}
                {problem.span && ` line ${problem.span.line}`}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
