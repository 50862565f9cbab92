import { useState } from "react";
import { FieldRow, LabelledRow } from "../forms/FieldRow";
import { fieldOf, type JsonSchema } from "../forms/schema";
import type { ParameterForm } from "../messages";
import type { RunWish } from "../model/running";
import { usePreviewParameters, setPreviewParameter } from "../panel/previewParameters";
import { useDesigner, useDesignerStore } from "../store";
import { Dialog } from "./Dialog";

/** The values of the pipeline's parameters with which previews are computed, or a run is started, and the run's engine. */
export function ParametersDialog({ wish }: { wish?: RunWish }) {
  const store = useDesignerStore();
  const parameters = useDesigner((state) => state.draft.head.parameters);
  const values = usePreviewParameters(store);
  const [engine, setEngine] = useState("");
  const close = () => store.getState().showDialog(null);
  const run = () => {
    close();
    void store.getState().startRun({ ...wish, parameters: values, engine });
  };
  const names = Object.keys(parameters);
  return (
    <Dialog
      title={wish ? "Run with" : "Values for the preview"}
      size="small"
      onClose={close}
      actions={
        <button type="button" className="button is-primary" onClick={wish ? run : close}>
          {wish ? "Run" : "Done"}
        </button>
      }
    >
      {wish && <EngineRow value={engine} onChange={setEngine} />}
      {names.length === 0 && !wish && (
        <p className="empty">This pipeline has no parameters. They are added where the pipeline itself is edited: select nothing on the canvas.</p>
      )}
      {names.length > 0 && (
        <div className="form">
          {names.map((name) => (
            <FieldRow
              key={name}
              field={fieldOf(name, valueSchema(parameters[name]!), {}, parameters[name]!.default === null)}
              value={values[name]}
              onChange={(value) => setPreviewParameter(store, name, value)}
              problems={[]}
              id={`preview.${name}`}
            />
          ))}
        </div>
      )}
    </Dialog>
  );
}

function EngineRow({ value, onChange }: { value: string; onChange: (engine: string) => void }) {
  const engines = useDesigner((state) => state.catalog.engines);
  const own = useDesigner((state) => state.draft.head.engine);
  return (
    <LabelledRow id="run.engine" label="Engine" help="Runs the steps that name none of their own.">
      {(describedBy) => (
        <select id="run.engine" aria-describedby={describedBy} value={value} onChange={(event) => onChange(event.target.value)}>
          <option value="">As the pipeline says ({own})</option>
          {engines.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      )}
    </LabelledRow>
  );
}

function valueSchema({ type, choices, description, default: given }: ParameterForm): JsonSchema {
  const rest: JsonSchema = { description, title: "", ...(given === null || given === undefined ? {} : { default: given }) };
  switch (type) {
    case "number":
    case "integer":
    case "boolean":
      return { ...rest, type };
    case "date":
      return { ...rest, type: "string", format: "date" };
    case "choice":
      return choices.length > 0 ? { ...rest, enum: choices } : { ...rest, type: "string" };
    default:
      return { ...rest, type: "string" };
  }
}
