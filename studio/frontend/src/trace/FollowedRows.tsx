import { ArrowUp, CircleHelp } from "lucide-react";
import type { FollowAnswer } from "../messages";
import { counted } from "../panel/cells";
import { SmallTable } from "./SmallTable";
import { StepLink } from "./StepLink";

/** A row, and below it the rows that made it, back to the sources. */
export function FollowedRows({ answer: { steps, equal_rows } }: { answer: FollowAnswer }) {
  return (
    <ol className="trace-chain" aria-label="Rows that made the row">
      {steps.map(({ step, dataset, grid, is_source, why, notes }, place) => (
        <li key={dataset} className="trace-link">
          <p className="trace-head">
            {place > 0 && <ArrowUp size={14} aria-hidden />}
            <StepLink name={step} />
            <span className="trace-dataset">
              {place === 0 ? "the row" : `${counted(grid.row_count, "row")} of ${dataset}`}
              {is_source && " · read from the source"}
            </span>
            {grid.is_sample && (
              <span className="badge" title={grid.note}>
                sample
              </span>
            )}
          </p>
          <SmallTable grid={grid} label={`${dataset}, followed`} />
          {place === 0 && equal_rows > 1 && <p className="trace-note">{counted(equal_rows, "row")} are alike; this is the first of them.</p>}
          {notes.map((note) => (
            <p key={note} className="trace-note">
              {note}
            </p>
          ))}
          {why && (
            <p className="trace-unknown" role="note">
              <CircleHelp size={14} aria-hidden /> What came before can’t be known: {why}.
            </p>
          )}
        </li>
      ))}
    </ol>
  );
}
