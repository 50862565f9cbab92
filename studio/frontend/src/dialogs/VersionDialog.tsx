import { useState } from "react";
import { describe } from "../api";
import { useDesigner, useDesignerStore } from "../store";
import { Dialog } from "./Dialog";
import { keepFirst } from "./keepFirst";

/** Saves a version: the document as it is now, with a message, for ever. */
export function VersionDialog() {
  const store = useDesignerStore();
  const { version, is_changed, path } = useDesigner((state) => state.design);
  const problems = useDesigner((state) => state.truth.problems.filter((problem) => problem.severity === "error").length);
  const [message, setMessage] = useState("");
  const [isSaving, setSaving] = useState(false);
  const [refusal, setRefusal] = useState("");
  const close = () => store.getState().showDialog(null);
  const isFirst = version === 0;

  async function save() {
    setSaving(true);
    const state = store.getState();
    try {
      await keepFirst(state);
      const { revision } = store.getState().design;
      const made = await state.api.createVersion(state.designId, { revision, message: message.trim() });
      state.versionMade(made.number, revision);
      state.notify(`Version ${made.number} is saved`);
      close();
    } catch (error) {
      const { what, fix } = describe(error);
      setRefusal([what, fix].filter(Boolean).join(" "));
      setSaving(false);
    }
  }

  return (
    <Dialog
      title="Save a version"
      size="small"
      onClose={close}
      actions={
        <>
          <button type="button" className="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" form="version-form" className="button is-primary" disabled={isSaving}>
            {isSaving ? "Saving…" : `Save version ${version + 1}`}
          </button>
        </>
      }
    >
      <form
        id="version-form"
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <label className="field">
          <span className="field-label">What has changed, and why</span>
          <textarea
            data-autofocus
            rows={3}
            value={message}
            placeholder={isFirst ? "First version" : "For whoever reads the history"}
            onChange={(event) => setMessage(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void save();
            }}
          />
        </label>
        {!isFirst && !is_changed && <p className="hint">Nothing has changed since version {version}.</p>}
        {problems > 0 && (
          <p className="hint" data-severity="warning">
            {problems === 1 ? "One problem is" : `${problems} problems are`} open: this version will not run as it is.
          </p>
        )}
        {path && <p className="field-help">The file {path} in the workspace becomes the same.</p>}
        {refusal && (
          <p className="field-message" data-severity="error" role="alert">
            {refusal}
          </p>
        )}
      </form>
    </Dialog>
  );
}
