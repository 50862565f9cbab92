import { CircleAlert, CircleCheck, History, LoaderCircle, Redo2, Share, TriangleAlert, Undo2 } from "lucide-react";
import { Menu } from "../controls/Menu";
import { TitleField } from "../controls/TitleField";
import { setHead } from "../model/steps";
import { useDesigner } from "../store";
import { ReadingBar } from "./ReadingBar";
import { RunMark } from "./RunMark";
import { RunMenu } from "./RunMenu";
import { SaveMark } from "./SaveMark";

/** The top bar. */
export function TopBar() {
  const showDialog = useDesigner((state) => state.showDialog);
  const isReading = useDesigner((state) => state.isReading);
  if (isReading) return <ReadingBar />;
  return (
    <header className="topbar">
      <PipelineName />
      <SaveMark />
      <span className="spacer" />
      <UndoButtons />
      <i className="divider" />
      <ValidateButton />
      <RunMark />
      <RunMenu />
      <Menu
        label="Export"
        icon={<Share size={15} strokeWidth={1.75} aria-hidden />}
        items={[
          { title: "YAML", detail: "for git and the command line", onChoose: () => showDialog({ kind: "export", form: "yaml" }) },
          { title: "Python", detail: "a script that runs with odibi_core", onChoose: () => showDialog({ kind: "export", form: "python" }) },
          { title: "Import…", detail: "a YAML or Python file", onChoose: () => showDialog({ kind: "import" }) },
        ]}
      />
      <button type="button" className="button" onClick={() => showDialog({ kind: "history" })}>
        <History size={15} strokeWidth={1.75} aria-hidden />
        History
      </button>
    </header>
  );
}

function PipelineName() {
  const name = useDesigner((state) => state.draft.head.name);
  const edit = useDesigner((state) => state.edit);
  return (
    <TitleField
      className="pipeline-name"
      label="Pipeline's name"
      value={name}
      minWidth={8}
      onCommit={(wanted) => edit("Rename the pipeline", setHead({ name: wanted }))}
    />
  );
}

function UndoButtons() {
  const undone = useDesigner((state) => state.history.past.at(-1)?.label);
  const redone = useDesigner((state) => state.history.future.at(-1)?.label);
  const undo = useDesigner((state) => state.undo);
  const redo = useDesigner((state) => state.redo);
  return (
    <>
      <button
        type="button"
        className="icon-button"
        aria-label="Undo"
        data-tip={undone ? `Undo: ${undone} (Ctrl Z)` : "Nothing to undo"}
        disabled={!undone}
        onClick={undo}
      >
        <Undo2 size={17} strokeWidth={1.75} aria-hidden />
      </button>
      <button
        type="button"
        className="icon-button"
        aria-label="Redo"
        data-tip={redone ? `Redo: ${redone} (Ctrl Shift Z)` : "Nothing to redo"}
        disabled={!redone}
        onClick={redo}
      >
        <Redo2 size={17} strokeWidth={1.75} aria-hidden />
      </button>
    </>
  );
}

function ValidateButton() {
  const problems = useDesigner((state) => state.truth.problems);
  const checking = useDesigner((state) => state.checking);
  const isEmpty = useDesigner((state) => state.draft.order.length === 0);
  const showPanel = useDesigner((state) => state.showPanel);
  const errors = problems.filter((problem) => problem.severity === "error").length;
  const warnings = problems.length - errors;
  const failure = checking.kind === "failed" ? checking.why.what : null;
  const isAsking = checking.kind === "asking";
  return (
    <button
      type="button"
      className="button validate"
      aria-live="polite"
      aria-label={failure ? `Not checked: ${failure}` : `${errors} errors, ${warnings} warnings`}
      data-tip={failure ?? "Every change is checked as you make it. Click to read the problems."}
      onClick={() => showPanel("problems")}
    >
      {failure ? (
        <>
          <LoaderCircle size={15} aria-hidden /> Not checked
        </>
      ) : isEmpty ? (
        "Nothing to check"
      ) : errors + warnings === 0 ? (
        <span className={isAsking ? "tally is-good is-asking" : "tally is-good"}>
          <CircleCheck size={15} aria-hidden /> Valid
        </span>
      ) : (
        <>
          {errors > 0 && (
            <span className="tally is-error">
              <CircleAlert size={15} aria-hidden /> {errors}
            </span>
          )}
          {warnings > 0 && (
            <span className="tally is-warning">
              <TriangleAlert size={15} aria-hidden /> {warnings}
            </span>
          )}
        </>
      )}
    </button>
  );
}
