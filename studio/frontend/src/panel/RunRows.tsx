import { ApiError } from "../api";
import { useAnswer } from "../controls/useAnswer";
import type { RunGrid, RunSamples } from "../messages";
import { useDesignerStore } from "../store";
import { counted } from "./cells";
import { Empty, Failure } from "./Empty";
import { Grid } from "./Grid";

const MOST_TRIES = 8;
const REST_MS = 400;

/** The first rows that a step took and gave in a run, as the run kept them. */
export function RunRows({ runId, step, onRow }: { runId: string; step: string; onRow: (grid: RunGrid, row: number) => void }) {
  const store = useDesignerStore();
  const { value, failure } = useAnswer<RunSamples>(`${runId} ${step}`, async (signal) => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await store.getState().api.runSamples(runId, step, signal);
      } catch (error) {
        // What a run kept is written a moment after it has ended.
        if (!(error instanceof ApiError) || error.status !== 400 || tries === MOST_TRIES) throw error;
        await new Promise((resolve) => setTimeout(resolve, REST_MS));
        signal.throwIfAborted();
      }
    }
  });
  if (failure) return <Failure why={failure} />;
  if (!value || value.step !== step) return <Empty>Looking…</Empty>;
  if (value.inputs.length + value.outputs.length === 0) return <Empty>The run did not come to this step, or it took and gave no rows.</Empty>;
  return (
    <div className="preview-grids">
      {value.inputs.map((grid) => (
        <RunFigure key={`in:${grid.port}`} grid={grid} side="input" onRow={(row) => onRow(grid, row)} />
      ))}
      {value.outputs.map((grid) => (
        <RunFigure key={`out:${grid.port}`} grid={grid} side="output" onRow={(row) => onRow(grid, row)} />
      ))}
    </div>
  );
}

function RunFigure({ grid, side, onRow }: { grid: RunGrid; side: "input" | "output"; onRow: (row: number) => void }) {
  const { port, dataset, columns, rows, row_count, note } = grid;
  const title = dataset || port;
  return (
    <figure className="preview-grid" data-side={side}>
      <figcaption>
        <span className="preview-side">{side === "input" ? "Took" : "Gave"}</span>
        <strong>{title}</strong>
        <span className="preview-count">
          {row_count === null ? "rows unknown" : `${rows.length.toLocaleString()} of ${counted(row_count, "row")}`}
        </span>
        <span className="badge" title={note || "As the run kept them"}>
          of the run
        </span>
      </figcaption>
      <Grid label={`Rows of ${title} in the run`} columns={columns} rows={rows} onRow={onRow} />
    </figure>
  );
}
