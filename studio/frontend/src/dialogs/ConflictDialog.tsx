import { useMemo, useState } from "react";
import { describe } from "../api";
import type { AutosaveAnswer, Document, StepChange } from "../messages";
import { toDocument } from "../model/draft";
import { useDesigner, useDesignerStore } from "../store";
import { stepChanges } from "./differences";
import { Dialog } from "./Dialog";

type Choice = "merged" | "mine" | "theirs" | "copy";

/** Another browser was faster: nothing is lost until the person has decided. */
export function ConflictDialog({ theirs: answer }: { theirs: AutosaveAnswer }) {
  const store = useDesignerStore();
  const draft = useDesigner((state) => state.draft);
  const [chosen, setChoice] = useState<Choice>("merged");
  const choice = chosen === "merged" && !answer.merged ? "copy" : chosen;
  const [isPutOff, setPutOff] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState("");
  const mine = useMemo(() => toDocument(draft), [draft]);
  const who = answer.author || "Another browser";

  async function decide() {
    setBusy(true);
    try {
      await store.getState().resolveConflict(choice);
    } catch (error) {
      const { what, fix } = describe(error);
      setRefusal([what, fix].filter(Boolean).join(" "));
      setBusy(false);
    }
  }

  if (isPutOff) {
    return (
      <div className="conflict-bar" role="alert">
        Your changes are not saved: {who} has changed this pipeline too.
        <button type="button" className="button is-small" onClick={() => setPutOff(false)}>
          Decide
        </button>
      </div>
    );
  }
  return (
    <Dialog
      title="Two browsers have changed this pipeline"
      onClose={() => setPutOff(true)}
      actions={
        <>
          <button type="button" className="button" onClick={() => setPutOff(true)}>
            Decide later
          </button>
          <button type="button" className="button is-primary" disabled={isBusy} onClick={() => void decide()}>
            {isBusy ? "Saving…" : LABELS[choice]}
          </button>
        </>
      }
    >
      <p>
        {who} saved changes while you made yours. {answer.merged ? "They touch different steps, so that both can be kept." : "Both touch the same steps, so that one side has to give way, or become a pipeline of its own."}
      </p>
      {answer.theirs && <Sides mine={mine} theirs={answer.theirs} who={who} />}
      <fieldset className="choices">
        <legend className="visually-hidden">What to do</legend>
        {(Object.keys(LABELS) as Choice[])
          .filter((one) => one !== "merged" || answer.merged)
          .map((one) => (
            <label key={one}>
              <input type="radio" name="conflict" checked={choice === one} onChange={() => setChoice(one)} />
              <span>
                <strong>{LABELS[one]}</strong>
                <small>{MEANINGS[one]}</small>
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

const LABELS: Record<Choice, string> = {
  merged: "Keep both sides’ changes",
  copy: "Keep mine as a copy",
  mine: "Keep mine here",
  theirs: "Take theirs",
};

const MEANINGS: Record<Choice, string> = {
  merged: "The pipeline gets what both of you changed.",
  copy: "Mine becomes a pipeline of its own; this one becomes theirs.",
  mine: "Their changes are replaced by mine; their versions stay in the history.",
  theirs: "My unsaved changes are given up; undo brings them back.",
};

function Sides({ mine, theirs, who }: { mine: Document; theirs: Document; who: string }) {
  const changes = stepChanges(theirs, mine);
  if (changes.length === 0) return <p className="field-help">The steps are the same; what differs is how they lie, or the pipeline’s own settings.</p>;
  return (
    <table className="sides">
      <thead>
        <tr>
          <th scope="col">Step</th>
          <th scope="col">Mine</th>
          <th scope="col">{who}</th>
        </tr>
      </thead>
      <tbody>
        {changes.map((change) => (
          <tr key={change.step}>
            <th scope="row">{change.step}</th>
            <td>{sideText(change, "mine")}</td>
            <td>{sideText(change, "theirs")}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function sideText({ change, fields }: StepChange, side: "mine" | "theirs"): string {
  if (change === "changed") return `other ${fields.join(", ")}`;
  const isThere = (change === "added") === (side === "mine");
  return isThere ? "there" : "not there";
}
