import { useState } from "react";
import { describe } from "../api";
import { useDesigner, useDesignerStore } from "../store";
import { Dialog } from "./Dialog";
import { keepFirst } from "./keepFirst";

type Take = "both" | "mine" | "file";

const TAKES: Record<Take, readonly [label: string, meaning: string]> = {
  both: ["Keep both sides’ changes", "The pipeline gets what the file brought and what was changed here."],
  mine: ["Keep what is here", "The next version replaces the file."],
  file: ["Take the file", "The pipeline becomes what the file says; what is here becomes a version."],
};

/** The pipeline's file was changed outside, by an editor or by git, while the document here had changes of its own. */
export function FileConflictDialog() {
  const store = useDesignerStore();
  const { path, conflict } = useDesigner((state) => state.design);
  const [take, setTake] = useState<Take>("both");
  const [isPutOff, setPutOff] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState("");
  if (isPutOff) return null;

  async function decide() {
    setBusy(true);
    const { api, designId, accept, notify } = store.getState();
    try {
      await keepFirst(store.getState());
      accept(await api.resolve(designId, take), `Settle the change of ${path}`);
      notify(`${path} and the pipeline here are settled`);
    } catch (error) {
      const { what, fix } = describe(error);
      setRefusal([what, fix].filter(Boolean).join(" "));
      setBusy(false);
    }
  }

  return (
    <Dialog
      title="The file of this pipeline was changed outside"
      onClose={() => setPutOff(true)}
      actions={
        <>
          <button type="button" className="button" onClick={() => store.getState().showDialog({ kind: "diff", before: conflict, after: 0 })}>
            See the difference
          </button>
          <span className="spacer" />
          <button type="button" className="button is-primary" disabled={isBusy} onClick={() => void decide()}>
            {TAKES[take][0]}
          </button>
        </>
      }
    >
      <p>
        {path} was changed by an editor or by git, and the pipeline here has changes of its own. What the file says is kept as version {conflict}.
      </p>
      <fieldset className="choices">
        <legend className="visually-hidden">What to do</legend>
        {(Object.keys(TAKES) as Take[]).map((one) => (
          <label key={one}>
            <input type="radio" name="file-conflict" checked={take === one} onChange={() => setTake(one)} />
            <span>
              <strong>{TAKES[one][0]}</strong>
              <small>{TAKES[one][1]}</small>
            </span>
          </label>
        ))}
      </fieldset>
      {refusal && (
        <p className="field-message" data-severity="error" role="alert">
          {refusal}
        </p>
      )}
    </Dialog>
  );
}
