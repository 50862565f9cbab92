import { useEffect, useMemo, useState } from "react";
import { describe, isAborted } from "../api";
import { Dialog } from "../dialogs/Dialog";
import type { ErrorAnswer, SuggestAnswer } from "../messages";
import { counted } from "../panel/cells";
import { pipelineUpTo, valuesFor } from "../panel/previewKey";
import { usePreviewParameters } from "../panel/previewParameters";
import { useDesigner, useDesignerStore } from "../store";
import { isAlike, subjectOf, type Expectation } from "./expectationsForm";
import type { StepView } from "./useStep";

interface Props {
  view: StepView;
  onTake: (taken: Expectation[]) => void;
  onClose: () => void;
}

/** Expectations that fit the rows of the step's preview, of which a person takes those that are meant. */
export function SuggestDialog({ view: { id, step }, onTake, onClose }: Props) {
  const store = useDesignerStore();
  const given = usePreviewParameters(store);
  const forms = useDesigner((state) => state.catalog.expectations);
  const [answer, setAnswer] = useState<SuggestAnswer | null>(null);
  const [failure, setFailure] = useState<ErrorAnswer | null>(null);
  const [left, setLeft] = useState<ReadonlySet<number>>(new Set());

  useEffect(() => {
    const request = new AbortController();
    const { api, draft } = store.getState();
    const pipeline = pipelineUpTo(draft, id);
    api.suggest({ pipeline, step: step.name, parameters: valuesFor(pipeline, given) }, request.signal).then(setAnswer, (error: unknown) => {
      if (!isAborted(error)) setFailure(describe(error));
    });
    return () => request.abort();
    // What is suggested is of the step as it was when it was asked.
  }, []);

  const fresh = useMemo(
    () => (answer?.expectations ?? []).filter((one) => !step.expectations.some((other) => isAlike(one, other))),
    [answer, step.expectations],
  );
  const taken = fresh.filter((_one, place) => !left.has(place));

  return (
    <Dialog
      title={`Expectations that fit ${step.name}`}
      onClose={onClose}
      actions={
        <>
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="button"
            className="button is-primary"
            disabled={taken.length === 0}
            onClick={() => {
              onTake(taken);
              onClose();
            }}
          >
            Take {taken.length}
          </button>
        </>
      }
    >
      {failure ? (
        <p className="field-message" data-severity="error" role="alert">
          {failure.what} <span className="field-fix">{failure.fix}</span>
        </p>
      ) : !answer ? (
        <p className="empty">Looking at the rows…</p>
      ) : fresh.length === 0 ? (
        <p className="empty">{answer.rows === 0 ? "The step makes no rows now, so there is nothing to tell from." : "What fits is expected already."}</p>
      ) : (
        <>
          <p className="field-help">
            They fit {answer.is_sample ? "the sample of" : "all"} {counted(answer.rows, "row")} that the step makes now: look them over, and take those that are meant.
          </p>
          <ul className="suggestions" aria-label="Suggested expectations">
            {fresh.map((one, place) => (
              <li key={place}>
                <label>
                  <input
                    type="checkbox"
                    checked={!left.has(place)}
                    onChange={(event) => setLeft(event.target.checked ? new Set([...left].filter((at) => at !== place)) : new Set([...left, place]))}
                  />
                  <span className="expectation-title">{forms.find(({ check }) => check === one["check"])?.title ?? String(one["check"])}</span>
                  <span className="expectation-subject">{subjectOf(one)}</span>
                  <span className="suggestion-says">{saysOf(one)}</span>
                </label>
              </li>
            ))}
          </ul>
        </>
      )}
    </Dialog>
  );
}

/** What it expects of its subject, in short. */
function saysOf(expectation: Expectation): string {
  const told = Object.entries(expectation).filter(([name]) => !["check", "columns", "column", "output"].includes(name));
  return told.map(([name, value]) => `${name.replaceAll("_", " ")} ${Array.isArray(value) ? value.join(", ") : String(value)}`).join(" · ");
}
