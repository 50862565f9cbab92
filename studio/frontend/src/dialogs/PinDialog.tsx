import { useState } from "react";
import { describe } from "../api";
import { LabelledRow } from "../forms/FieldRow";
import type { StepId } from "../model/draft";
import { pipelineUpTo, valuesFor } from "../panel/previewKey";
import { usePreviewParameters } from "../panel/previewParameters";
import { useDesigner, useDesignerStore } from "../store";
import { Dialog } from "./Dialog";

const ROWS = [5, 20, 100];

/** Keeps the first rows of a step's inputs, and what it makes of them, as a test that runs on every engine. */
export function PinDialog({ id }: { id: StepId }) {
  const store = useDesignerStore();
  const step = useDesigner((state) => state.draft.steps[id]);
  const given = usePreviewParameters(store);
  const [name, setName] = useState(step?.name ?? "");
  const [description, setDescription] = useState("");
  const [rows, setRows] = useState(20);
  const [isSaving, setSaving] = useState(false);
  const [refusal, setRefusal] = useState({ text: "", isTaken: false });
  const close = () => store.getState().showDialog(null);
  if (!step) return null;

  async function pin(replaces: boolean) {
    setSaving(true);
    const { api, draft, notify } = store.getState();
    const pipeline = pipelineUpTo(draft, id);
    try {
      const wish = { name: name.trim(), description: description.trim(), rows, replaces, parameters: valuesFor(pipeline, given) };
      const made = await api.pin({ pipeline, step: step!.name, ...wish });
      notify(`${made.path} is written: \`odibi test\` runs it on every engine`);
      close();
    } catch (error) {
      const { what, where, fix } = describe(error);
      setRefusal({ text: [what, fix].filter(Boolean).join(": "), isTaken: where === "name" });
      setSaving(false);
    }
  }

  return (
    <Dialog
      title="Pin rows as a test"
      size="small"
      onClose={close}
      actions={
        <>
          <button type="button" className="button" onClick={close}>
            Cancel
          </button>
          {refusal.isTaken && (
            <button type="button" className="button" disabled={isSaving} onClick={() => void pin(true)}>
              Replace the test
            </button>
          )}
          <button type="submit" form="pin-form" className="button is-primary" disabled={isSaving || name.trim() === ""}>
            {isSaving ? "Pinning…" : "Pin"}
          </button>
        </>
      }
    >
      <form
        id="pin-form"
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void pin(false);
        }}
      >
        <p className="field-help">
          {Object.keys(step.inputs).length === 0
            ? `The first rows that ${step.name} reads are kept: it has to give the same the next time.`
            : `The first rows of the inputs of ${step.name} are kept with what it makes of them: it has to give the same for them, on every engine.`}
        </p>
        <LabelledRow id="pin.name" label="Name" own={refusal.text ? [refusal.text] : []} help={`It becomes the file golden/${name.trim() || "…"}.yaml.`}>
          {(describedBy, isInvalid) => (
            <input
              id="pin.name"
              type="text"
              autoComplete="off"
              data-autofocus
              aria-describedby={describedBy}
              aria-invalid={isInvalid || undefined}
              value={name}
              onChange={(event) => {
                setName(event.target.value);
                setRefusal({ text: "", isTaken: false });
              }}
            />
          )}
        </LabelledRow>
        <LabelledRow id="pin.rows" label="Rows">
          {() => (
            <select id="pin.rows" value={rows} onChange={(event) => setRows(Number(event.target.value))}>
              {ROWS.map((count) => (
                <option key={count} value={count}>
                  The first {count}
                </option>
              ))}
            </select>
          )}
        </LabelledRow>
        <LabelledRow id="pin.description" label="What they show">
          {() => <input id="pin.description" type="text" autoComplete="off" value={description} onChange={(event) => setDescription(event.target.value)} />}
        </LabelledRow>
      </form>
    </Dialog>
  );
}
