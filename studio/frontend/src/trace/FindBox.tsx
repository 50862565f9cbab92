import { Search } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { Column } from "../messages";
import type { StepId } from "../model/draft";
import { type DesignerState, shownStep, useDesigner } from "../store";
import { traceState } from "./traceState";

/** Asks for rows of the selected step that are missing, by a column and a value. */
export function FindBox() {
  const id = useDesigner(shownStep);
  const name = useDesigner((state) => (id === null ? "" : state.draft.steps[id]!.name));
  const port = useDesigner((state) => (id === null ? null : portOf(state, id)));
  const columns = useDesigner((state) => (id === null || port === null ? undefined : columnsOf(state, id, port)));
  const [column, setColumn] = useState("");
  const [value, setValue] = useState("");
  const [isNull, setNull] = useState(false);
  const names = columns?.map((each) => each.name) ?? [];
  const chosen = names.includes(column) || columns === undefined ? column : (names[0] ?? "");
  const dataset = port?.dataset;
  const isReady = id !== null && dataset !== undefined && chosen !== "";

  function find(event: FormEvent) {
    event.preventDefault();
    if (!isReady) return;
    traceState.setState({ asked: { kind: "value", step: id, dataset, column: chosen, value: isNull ? null : value } });
  }

  return (
    <form className="trace-find" aria-label="Find a missing row" onSubmit={find}>
      <span>{name ? `Find a row that ${name} lacks` : "Select a step to find a row that it lacks"}</span>
      {columns ? (
        <select aria-label="Column" value={chosen} onChange={(event) => setColumn(event.target.value)}>
          {names.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      ) : (
        <input aria-label="Column" placeholder="Column" value={column} onChange={(event) => setColumn(event.target.value)} />
      )}
      <span aria-hidden>=</span>
      <input
        aria-label="Value"
        placeholder={isNull ? "null" : "Value"}
        value={isNull ? "" : value}
        disabled={isNull}
        onChange={(event) => setValue(event.target.value)}
      />
      <label className="preview-toggle">
        <input type="checkbox" checked={isNull} onChange={(event) => setNull(event.target.checked)} />
        no value
      </label>
      <button type="submit" className="button is-small" disabled={!isReady}>
        <Search size={13} aria-hidden /> Find
      </button>
    </form>
  );
}

interface Port {
  readonly side: "inputs" | "outputs";
  readonly name: string;
  readonly dataset: string;
}

const ports = new WeakMap<object, Port | null>();

/** The first dataset that a step gives or, where it only writes, takes. */
function portOf({ draft }: DesignerState, id: StepId): Port | null {
  const step = draft.steps[id]!;
  if (!ports.has(step)) {
    const [given] = Object.entries(step.outputs);
    const [taken] = Object.entries(step.inputs);
    const [name, dataset] = given ?? taken ?? [];
    const side = given ? "outputs" : "inputs";
    ports.set(step, name === undefined || dataset === undefined ? null : { side, name, dataset });
  }
  return ports.get(step) ?? null;
}

function columnsOf({ truth }: DesignerState, id: StepId, port: Port): readonly Column[] | undefined {
  return truth.steps[id]?.[port.side][port.name] ?? undefined;
}
