import { ArrowDown, CircleCheck, CircleHelp, CircleX } from "lucide-react";
import type { FindAnswer, Finding, FoundStep } from "../messages";
import { counted } from "../panel/cells";
import { SmallTable } from "./SmallTable";
import { StepLink } from "./StepLink";

const ICONS = { there: CircleCheck, dropped: CircleX, changed: CircleCheck, absent: CircleX, unknown: CircleHelp } as const satisfies Record<Finding, unknown>;

/** What became of rows that are missing: from the sources down to the step that lost them. */
export function Found({ answer: { finding, conclusion, steps } }: { answer: FindAnswer }) {
  const Drawn = ICONS[finding];
  return (
    <>
      <p className={`trace-conclusion is-${finding}`} role="status">
        <Drawn size={15} aria-hidden /> {conclusion}
      </p>
      <ol className="trace-chain" aria-label="What became of the rows">
        {steps.map((found, place) => (
          <FoundLink key={found.dataset} found={found} isFirst={place === 0} />
        ))}
      </ol>
    </>
  );
}

function FoundLink({ found, isFirst }: { found: FoundStep; isFirst: boolean }) {
  const { step, dataset, rows_in, rows_out, is_dropped, cause, why, grid } = found;
  return (
    <li className={is_dropped ? "trace-link is-dropped" : "trace-link"}>
      <p className="trace-head">
        {!isFirst && <ArrowDown size={14} aria-hidden />}
        <StepLink name={step} />
        <span className="trace-dataset">
          {rows_in > 0 ? `${counted(rows_in, "row")} in, ${rows_out.toLocaleString()} out` : `${counted(rows_out, "row")} of ${dataset}`}
        </span>
        {grid.is_sample && (
          <span className="badge" title={grid.note}>
            sample
          </span>
        )}
      </p>
      {is_dropped && (
        <p className="trace-cause">
          Lost here{cause ? ": " : ". Which part of the SQL does it can’t be told."}
          {cause && <code>{cause}</code>}
        </p>
      )}
      {why && (
        <p className="trace-unknown" role="note">
          <CircleHelp size={14} aria-hidden /> What came out of them can’t be known: {why}.
        </p>
      )}
      <SmallTable grid={grid} label={is_dropped ? `Rows that ${step} lost` : `${dataset}, found`} />
    </li>
  );
}
