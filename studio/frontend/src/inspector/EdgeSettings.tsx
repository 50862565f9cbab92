import { Trash2 } from "lucide-react";
import type { StepId } from "../model/draft";
import { graphOf } from "../model/graph";
import { disconnect } from "../model/steps";
import { useDesigner, useDesignerStore } from "../store";

/** What flows along an edge, and between which ports. */
export function EdgeSettings({ id }: { id: string }) {
  const store = useDesignerStore();
  const draft = useDesigner((state) => state.draft);
  const truth = useDesigner((state) => state.truth);
  const edge = graphOf(draft).edges.find((found) => found.id === id);
  if (!edge) return null;
  const { dataset, source, output, target, input } = edge;
  const columns = truth.steps[source]?.outputs[output];
  return (
    <>
      <header className="inspector-head">
        <p className="inspector-kind">Edge</p>
        <p className="field-help">
          Dataset <strong>{dataset}</strong>
          {columns ? `, ${columns.length === 1 ? "1 column" : `${columns.length} columns`}` : ""}
        </p>
      </header>
      <End title="From" step={source} port={output} />
      <End title="To" step={target} port={input} />
      <p className="field-help">C on the canvas moves it to another step.</p>
      <button type="button" className="button is-danger" onClick={() => store.getState().edit("Remove an edge", disconnect(target, input))}>
        <Trash2 size={14} aria-hidden="true" /> Remove the edge
      </button>
    </>
  );
}

function End({ title, step, port }: { title: string; step: StepId; port: string }) {
  const name = useDesigner((state) => state.draft.steps[step]?.name);
  const seek = useDesigner((state) => state.seek);
  return (
    <p className="edge-end">
      <span className="field-label">{title}</span>
      <button type="button" className="chip" onClick={() => seek(step)}>
        {name}
      </button>
      <span className="field-help">{port}</span>
    </p>
  );
}
