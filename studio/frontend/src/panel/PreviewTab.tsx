import { Loader, Pin, TriangleAlert } from "lucide-react";
import { useEffect } from "react";
import { useAnswer } from "../controls/useAnswer";
import type { Grid as GridAnswer, PreviewAnswer, ProblemForm } from "../messages";
import type { StepId } from "../model/draft";
import { idsByName } from "../model/draft";
import { JoinStrip } from "../health/JoinStrip";
import { isGoing } from "../model/running";
import { shownStep, useDesigner, useDesignerStore } from "../store";
import { counted, elapsedText } from "./cells";
import { Empty, Failure } from "./Empty";
import { Grid } from "./Grid";
import { panelState, usePanel } from "./panelState";
import { type EarlyRows, useEarlyRows } from "./earlyRows";
import { AHEAD_WITHIN_MS, useLookAhead } from "./lookingAhead";
import { questionOf } from "./previewKey";
import { RunRows } from "./RunRows";
import { usePreviewParameters } from "./previewParameters";
import { traceState } from "../trace/traceState";

/** Rows of the selected step, beside those that go into it. */
export function PreviewTab() {
  const id = useDesigner(shownStep);
  const early = useEarlyRows();
  const isEmpty = useDesigner((state) => state.draft.order.length === 0);
  if (id !== null) return <Preview id={id} early={early} />;
  return <Empty>{isEmpty ? "Add a source to the canvas: its rows appear here." : "Select a step to see its rows."}</Empty>;
}

function Preview({ id, early }: { id: StepId; early: EarlyRows }) {
  const store = useDesignerStore();
  const draft = useDesigner((state) => state.draft);
  const given = usePreviewParameters(store);
  const showsInputs = usePanel((state) => state.showsInputs);
  const run = useDesigner((state) => (state.run.summary && !isGoing(state.run.summary) ? state.run.summary.run_id : null));
  const showsRun = usePanel((state) => state.showsRun) && run !== null;
  const isReading = useDesigner((state) => state.isReading);
  const follow = useFollow();
  const { key, wanted } = questionOf(draft, id, given);
  const { pipeline, parameters = {}, step: name } = wanted;
  const { value, failure, isAsking, key: answered } = useAnswer<PreviewAnswer>(key, (signal) => early.take(key, wanted, signal), early.pauseMs(key, name));
  useEffect(() => early.note(name), [early, name]);
  useLookAhead(answered === key && !failure && value && !value.problem && value.elapsed_ms < AHEAD_WITHIN_MS ? id : null, key);
  // Rows of another step would be read as this one's.
  const shown = value?.step === name ? value : null;
  const hasParameters = Object.keys(pipeline.parameters).length > 0;
  const needsValues = Object.entries(pipeline.parameters).some(([key, form]) => form.default === null && parameters[key] === undefined);
  const problem = failure ?? shown?.problem ?? null;

  return (
    <div className="preview" aria-busy={isAsking}>
      <div className="preview-bar">
        {isAsking ? (
          <span className="preview-state">
            <Loader size={13} className="turning" aria-hidden /> Computing…
          </span>
        ) : (
          shown && !problem && <span className="preview-state">{elapsedText(shown.elapsed_ms)}</span>
        )}
        {shown?.warnings.map((warning) => (
          <span key={warning} className="preview-warning">
            <TriangleAlert size={13} aria-hidden /> {warning}
          </span>
        ))}
        <span className="spacer" />
        {run !== null && (
          <label className="preview-toggle">
            <input type="checkbox" checked={showsRun} onChange={(event) => panelState.setState({ showsRun: event.target.checked })} />
            Rows of the run
          </label>
        )}
        {hasParameters && (
          <button type="button" className="button is-small" onClick={() => store.getState().showDialog({ kind: "parameters" })}>
            Parameters
          </button>
        )}
        {!showsRun && !isReading && shown && !problem && shown.outputs.length > 0 && (
          <button
            type="button"
            className="button is-small"
            title="Keep these rows as a test: the step has to give the same for them, on every engine"
            onClick={() => store.getState().showDialog({ kind: "pin", step: id })}
          >
            <Pin size={13} aria-hidden /> Pin as a test
          </button>
        )}
        {shown && shown.inputs.length > 0 && (
          <label className="preview-toggle">
            <input type="checkbox" checked={showsInputs} onChange={(event) => panelState.setState({ showsInputs: event.target.checked })} />
            Inputs
          </label>
        )}
      </div>
      {!problem && !showsRun && <JoinStrip step={name} pipeline={pipeline} parameters={parameters} />}
      {showsRun ? (
        <RunRows runId={run} step={name} onRow={(grid, row) => follow(id, grid, row)} />
      ) : problem ? (
        <PreviewFailure problem={problem} step={name} needsValues={needsValues} />
      ) : shown ? (
        <Grids id={id} answer={shown} showsInputs={showsInputs} isStale={isAsking} />
      ) : (
        <Skeleton />
      )}
    </div>
  );
}

/** Has the trace show where a row comes from. */
function useFollow(): (step: StepId, grid: Pick<GridAnswer, "dataset" | "rows">, row: number) => void {
  const showPanel = useDesigner((state) => state.showPanel);
  return (step, { dataset, rows }, row) => {
    traceState.setState({ asked: { kind: "row", step, dataset, values: rows[row]!, row } });
    showPanel("trace");
  };
}

function Grids({ id, answer, showsInputs, isStale }: { id: StepId; answer: PreviewAnswer; showsInputs: boolean; isStale: boolean }) {
  const showPanel = useDesigner((state) => state.showPanel);
  const follow = useFollow();
  const inputs = showsInputs || answer.outputs.length === 0 ? answer.inputs : [];
  if (inputs.length + answer.outputs.length === 0) return <Empty>This step has no rows to show.</Empty>;
  return (
    <div className="preview-grids" data-stale={isStale || undefined}>
      {inputs.map((grid) => (
        <PreviewGrid key={`in:${grid.port}`} grid={grid} side="input" onRow={(row) => follow(id, grid, row)} />
      ))}
      {answer.outputs.map((grid) => (
        <PreviewGrid key={`out:${grid.port}`} grid={grid} side="output" onColumn={(name) => showProfile(grid.port, name)} onRow={(row) => follow(id, grid, row)} />
      ))}
    </div>
  );

  function showProfile(port: string, name: string) {
    panelState.setState({ column: { step: id, port, name } });
    showPanel("profile");
  }
}

interface PreviewGridProps {
  grid: GridAnswer;
  side: "input" | "output";
  onColumn?: (name: string) => void;
  onRow: (row: number) => void;
}

function PreviewGrid({ grid, side, onColumn, onRow }: PreviewGridProps) {
  const { port, dataset, columns, rows, row_count, is_sample, note } = grid;
  const title = port === dataset || port === "data" ? dataset : `${port} · ${dataset}`;
  const isPart = rows.length < row_count;
  return (
    <figure className="preview-grid" data-side={side}>
      <figcaption>
        <span className="preview-side">{side === "input" ? "In" : "Out"}</span>
        <strong>{title}</strong>
        <span className="preview-count">
          {isPart && `${rows.length.toLocaleString()} of `}
          {counted(row_count, "row")} · {counted(columns.length, "column")}
        </span>
        {is_sample && (
          <span className="badge" title={note || "Computed over samples of the sources, not over all of their rows"}>
            sample
          </span>
        )}
      </figcaption>
      {rows.length === 0 && columns.length > 0 ? (
        <>
          <Grid label={`Rows of ${title}`} columns={columns} rows={rows} onColumn={onColumn} />
          <p className="preview-none">No row comes out{is_sample ? " of this sample" : ""}.</p>
        </>
      ) : (
        <Grid label={`Rows of ${title}`} columns={columns} rows={rows} onColumn={onColumn} onRow={onRow} />
      )}
    </figure>
  );
}

/** Why there are no rows; a problem of another step leads there. */
function PreviewFailure(props: { problem: { what: string; fix: string } & Partial<ProblemForm>; step: string; needsValues: boolean }) {
  const { problem, step, needsValues } = props;
  const store = useDesignerStore();
  const id = problem.step ? idsByName(store.getState().draft).get(problem.step) : undefined;
  return (
    <Failure why={problem}>
      {needsValues && (
        <button type="button" className="button is-small" onClick={() => store.getState().showDialog({ kind: "parameters" })}>
          Give values for the preview
        </button>
      )}
      {id !== undefined && (
        <button type="button" className="button is-small" onClick={() => store.getState().seek(id, problem.field || "value")}>
          {problem.step === step ? "Go to the field" : `Go to ${problem.step}`}
        </button>
      )}
    </Failure>
  );
}

function Skeleton() {
  return (
    <div className="skeleton" aria-hidden="true">
      {Array.from({ length: 6 }, (_row, place) => (
        <i key={place} />
      ))}
    </div>
  );
}
