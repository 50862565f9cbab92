import { FileUp } from "lucide-react";
import { useRef, useState } from "react";
import { describe } from "../api";
import type { Design, ProblemForm } from "../messages";
import { useDesignerStore } from "../store";
import { Dialog } from "./Dialog";

/** Makes a design of a YAML or Python file. Its text is read, never run. */
export function ImportDialog() {
  const store = useDesignerStore();
  const chooser = useRef<HTMLInputElement>(null);
  const [isOver, setOver] = useState(false);
  const [isReading, setReading] = useState(false);
  const [made, setMade] = useState<Design | null>(null);
  const [problems, setProblems] = useState<readonly Pick<ProblemForm, "what" | "fix" | "place" | "severity">[]>([]);
  const close = () => store.getState().showDialog(null);

  async function take(file: File | undefined) {
    if (!file) return;
    setReading(true);
    setMade(null);
    try {
      const answer = await store.getState().api.import(file.name, await file.text());
      setMade(answer.design);
      setProblems(answer.problems);
    } catch (error) {
      const { what, where, fix } = describe(error);
      setProblems([{ what, fix, place: where, severity: "error" }]);
    }
    setReading(false);
  }

  return (
    <Dialog
      title="Import a pipeline"
      onClose={close}
      actions={
        <>
          <button type="button" className="button" onClick={close}>
            {made ? "Stay here" : "Cancel"}
          </button>
          {made && (
            <a className="button is-primary" href={addressOf(made.id)}>
              Open {made.document.pipeline.name}
            </a>
          )}
        </>
      }
    >
      <div
        className="drop-zone"
        data-over={isOver || undefined}
        aria-busy={isReading}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          event.stopPropagation();
          setOver(false);
          void take(event.dataTransfer.files[0]);
        }}
      >
        <FileUp size={28} aria-hidden="true" />
        <p>Drop a YAML or Python file here. Its text is read, never run.</p>
        <input ref={chooser} type="file" accept=".yaml,.yml,.py" hidden aria-hidden="true" onChange={(event) => void take(event.target.files?.[0])} />
        <button type="button" className="button is-primary" disabled={isReading} onClick={() => chooser.current?.click()}>
          {isReading ? "Reading…" : "Choose a file"}
        </button>
      </div>
      {made && (
        <p className="hint" role="status">
          {made.document.pipeline.name} is imported, with {made.document.pipeline.steps.length === 1 ? "one step" : `${made.document.pipeline.steps.length} steps`}.
        </p>
      )}
      {problems.length > 0 && (
        <ul className="import-problems" role="alert">
          {problems.map((problem) => (
            <li key={`${problem.place}${problem.what}`} data-severity={problem.severity}>
              {problem.place && <code>{problem.place}</code>} {problem.what}
              {problem.fix && <span className="field-fix"> {problem.fix}</span>}
            </li>
          ))}
        </ul>
      )}
    </Dialog>
  );
}

/** Where the page of another design is. */
function addressOf(designId: string): string {
  const address = new URL(window.location.href);
  address.searchParams.set("design", designId);
  return address.href;
}
