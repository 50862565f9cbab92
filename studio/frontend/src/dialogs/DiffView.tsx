import { useState } from "react";
import { CodeView } from "../editor/CodeView";
import type { Diff, StepChange } from "../messages";
import { idsByName } from "../model/draft";
import { useDesigner, useDesignerStore, type ChangeMark } from "../store";
import { DiffGraph } from "./DiffGraph";

const WORDS: Record<ChangeMark, string> = { added: "Added", removed: "Removed", changed: "Changed", renamed: "Renamed" };
const SIGNS: Record<ChangeMark, string> = { added: "+", removed: "−", changed: "~", renamed: "→" };

/** How two documents differ: as a graph, as a list of steps, as text. */
export function DiffView({ diff, isToNow, names }: { diff: Diff; isToNow: boolean; names: [string, string] }) {
  const store = useDesignerStore();
  const [tab, setTab] = useState<"graph" | "text">("graph");
  const draft = useDesigner((state) => state.draft);
  const isSame = diff.steps.length === 0 && diff.fields.length === 0 && diff.text.trim() === "";

  function mark() {
    const ids = idsByName(draft);
    const marks = diff.steps.flatMap(({ step, change }) => {
      const id = ids.get(step);
      return id === undefined ? [] : [[id, change] as const];
    });
    const { setMarks, showDialog, notify } = store.getState();
    setMarks(Object.fromEntries(marks));
    showDialog(null);
    notify(`What changed since ${names[0]} is marked on the canvas`);
  }

  if (isSame) {
    return (
      <p className="empty">
        {names[0]} and {names[1]} are the same.
      </p>
    );
  }
  return (
    <div className="diff">
      <header className="diff-head">
        <div className="tabs-small" role="tablist" aria-label="How to show the difference">
          <button type="button" role="tab" aria-selected={tab === "graph"} onClick={() => setTab("graph")}>
            Graph
          </button>
          <button type="button" role="tab" aria-selected={tab === "text"} onClick={() => setTab("text")}>
            Text
          </button>
        </div>
        <span className="diff-names">
          {names[0]} → {names[1]}
        </span>
        <span className="spacer" />
        {isToNow && diff.steps.length > 0 && (
          <button type="button" className="button is-small" onClick={mark}>
            Mark on the canvas
          </button>
        )}
      </header>
      {tab === "text" ? (
        <CodeView text={diff.text} language="diff" label={`What changed from ${names[0]} to ${names[1]}`} />
      ) : (
        <>
          <DiffGraph diff={diff} />
          <ul className="diff-steps" aria-label="Steps that differ">
            {diff.fields.length > 0 && (
              <li data-change="changed">
                <span className="diff-sign" aria-hidden="true">
                  ~
                </span>
                <strong>Pipeline</strong> <span className="diff-fields">{diff.fields.join(", ")}</span>
              </li>
            )}
            {diff.steps.map((change) => (
              <Change key={`${change.change}${change.step}`} change={change} />
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

function Change({ change: { step, change, before, fields } }: { change: StepChange }) {
  return (
    <li data-change={change}>
      <span className="diff-sign" role="img" aria-label={WORDS[change]}>
        {SIGNS[change]}
      </span>
      <strong>{before && before !== step ? `${before} → ${step}` : step}</strong>{" "}
      {fields.length > 0 && <span className="diff-fields">{namesOf(fields).join(", ")}</span>}
    </li>
  );
}

const FORM = "metadata.recipe.settings.";

/** The fields as people know them: of a form its own, without the SQL that follows from them. */
function namesOf(fields: readonly string[]): readonly string[] {
  const ofForm = fields.filter((field) => field.startsWith(FORM)).map((field) => field.slice(FORM.length).replaceAll("_", " "));
  return ofForm.length ? [...ofForm, ...fields.filter((field) => !field.startsWith(FORM) && field !== "value")] : fields;
}
