import { useMemo } from "react";
import { useAnswer } from "../controls/useAnswer";
import type { FindAnswer, FollowAnswer } from "../messages";
import { Empty, Failure } from "../panel/Empty";
import { pipelineUpTo, valuesFor } from "../panel/previewKey";
import { usePreviewParameters } from "../panel/previewParameters";
import { useDesigner, useDesignerStore } from "../store";
import { FindBox } from "./FindBox";
import { Found } from "./Found";
import { FollowedRows } from "./FollowedRows";
import { type Followed, type Sought, useTrace } from "./traceState";

/** Where a row comes from, or what became of one that is missing. */
export function TraceTab() {
  const asked = useTrace((state) => state.asked);
  const isThere = useDesigner((state) => asked !== null && asked.step in state.draft.steps);
  return (
    <div className="trace">
      <FindBox />
      {asked && isThere ? (
        <Trace asked={asked} />
      ) : (
        <Empty>
          Click the number of a row in the preview to see the rows that made it, or look for a row that is missing.
        </Empty>
      )}
    </div>
  );
}

function Trace({ asked }: { asked: Followed | Sought }) {
  const store = useDesignerStore();
  const draft = useDesigner((state) => state.draft);
  const given = usePreviewParameters(store);
  const pipeline = useMemo(() => pipelineUpTo(draft, asked.step), [draft.steps, draft.order, draft.head, asked.step]);
  const parameters = useMemo(() => valuesFor(pipeline, given), [pipeline, given]);
  const step = draft.steps[asked.step]!.name;
  const key = useMemo(() => JSON.stringify([asked, step, parameters, pipeline]), [asked, step, parameters, pipeline]);
  const { value, failure, isAsking } = useAnswer<FollowAnswer | FindAnswer>(key, (signal) => {
    const wanted = { pipeline, step, dataset: asked.dataset, parameters };
    const { api } = store.getState();
    return asked.kind === "row"
      ? api.follow({ ...wanted, row: asked.row, values: [...asked.values] }, signal)
      : api.find({ ...wanted, column: asked.column, value: asked.value }, signal);
  });
  const problem = failure ?? value?.problem;
  if (problem) return <Failure why={problem} />;
  if (!value) return <Empty>Looking…</Empty>;
  return (
    <div className="trace-body" aria-busy={isAsking} data-stale={isAsking || undefined}>
      {"finding" in value ? <Found answer={value} /> : <FollowedRows answer={value} />}
    </div>
  );
}
