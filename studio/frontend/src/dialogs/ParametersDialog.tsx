import { FieldRow } from "../forms/FieldRow";
import { fieldOf, type JsonSchema } from "../forms/schema";
import type { ParameterForm } from "../messages";
import type { RunWish } from "../model/running";
import { usePreviewParameters, setPreviewParameter } from "../panel/previewParameters";
import { useDesigner, useDesignerStore } from "../store";
import { Dialog } from "./Dialog";

/** The values of the pipeline's parameters with which previews are computed, or a run is started. */
export function ParametersDialog({ wish }: { wish?: RunWish }) {
  const store = useDesignerStore();
  const parameters = useDesigner((state) => state.draft.head.parameters);
  const values = usePreviewParameters(store);
  const close = () => store.getState().showDialog(null);
  const run = () => {
    close();
    void store.getState().startRun({ ...wish, parameters: values });
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
      {names.length === 0 ? (
        <p className="empty">This pipeline has no parameters. They are added where the pipeline itself is edited: select nothing on the canvas.</p>
      ) : (
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
