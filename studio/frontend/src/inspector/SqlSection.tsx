import { Maximize2, WandSparkles } from "lucide-react";
import { useMemo, useState } from "react";
import { describe } from "../api";
import { Dialog } from "../dialogs/Dialog";
import type { Dialect } from "../editor/dialects";
import { dialectNames } from "../editor/dialects";
import { applied } from "../editor/fixes";
import { CodeView } from "../editor/CodeView";
import { SqlEditor } from "../editor/SqlEditor";
import { dialectOf } from "../model/kinds";
import type { Problem } from "../model/truth";
import { useDesigner, useDesignerStore } from "../store";
import { columnsOf } from "./recipeKeeper";
import { Translation } from "./Translation";
import { problemsAt, type StepView } from "./useStep";

/** The SQL of a step, what is wrong with it, and what the other engine will read. */
export function SqlSection({ view }: { view: StepView }) {
  const [tab, setTab] = useState<"own" | "other">("own");
  const [isLarge, setLarge] = useState(false);
  const dialect = useDialect(view);
  const other: Dialect = dialect === "spark" ? "duckdb" : "spark";
  const sql = typeof view.step.value === "string" ? view.step.value : "";
  return (
    <section className="sql-section" aria-label="SQL">
      <SqlToolbar view={view} dialect={dialect} onEnlarge={() => setLarge(true)}>
        <div className="tabs-small" role="tablist" aria-label="SQL for which engine">
          <button type="button" role="tab" aria-selected={tab === "own"} onClick={() => setTab("own")}>
            SQL
          </button>
          <button type="button" role="tab" aria-selected={tab === "other"} onClick={() => setTab("other")}>
            For {dialectNames[other]}
          </button>
        </div>
      </SqlToolbar>
      {tab === "other" ? <Translation sql={sql} dialect={other} inputs={view.truth?.inputs ?? {}} /> : !isLarge && <StepSql view={view} dialect={dialect} id="step.value" />}
      <SqlProblems view={view} />
      {isLarge && (
        <Dialog title={`SQL of ${view.step.name}`} size="large" onClose={() => setLarge(false)}>
          <SqlToolbar view={view} dialect={dialect} />
          <div className="sql-beside">
            <StepSql view={view} dialect={dialect} id="step.value" />
            <div className="sql-other">
              <p className="field-label">For {dialectNames[other]}</p>
              <Translation sql={sql} dialect={other} inputs={view.truth?.inputs ?? {}} />
            </div>
          </div>
          <SqlProblems view={view} />
        </Dialog>
      )}
    </section>
  );
}

function useDialect({ step }: StepView): Dialect {
  return dialectOf(step, useDesigner((state) => state.draft.head.engine));
}

function StepSql({ view, dialect, id }: { view: StepView; dialect: Dialect; id: string }) {
  const store = useDesignerStore();
  const { step, problems, set } = view;
  const truth = useDesigner((state) => state.truth);
  const functions = useDesigner((state) => state.catalog.sql_functions);
  const parameters = useDesigner((state) => state.draft.head.parameters);
  const inputs = useMemo(() => columnsOf({ truth }, view.id, step), [truth, view.id, step]);
  const marks = useMemo(() => problemsAt(problems, "value"), [problems]);
  const isReading = useDesigner((state) => state.isReading);
  if (isReading) return <CodeView text={typeof step.value === "string" ? step.value : ""} language={dialect} label={`SQL of ${step.name}`} />;
  return (
    <SqlEditor
      id={id}
      value={typeof step.value === "string" ? step.value : ""}
      onChange={(sql) => set(["value"], sql)}
      inputs={inputs}
      functions={functions}
      parameters={Object.keys(parameters)}
      problems={marks}
      dialect={dialect}
      onFormat={() => void format(store, view, dialect)}
      onRun={() => store.getState().showPanel("preview")}
      run="preview"
    />
  );
}

interface ToolbarProps {
  view: StepView;
  dialect: Dialect;
  onEnlarge?: () => void;
  children?: React.ReactNode;
}

function SqlToolbar({ view, dialect, onEnlarge, children }: ToolbarProps) {
  const store = useDesignerStore();
  const said = typeof view.step.params["dialect"] === "string" ? view.step.params["dialect"] : "auto";
  return (
    <div className="sql-toolbar">
      {children}
      <span className="spacer" />
      <select
        id="step.params.dialect"
        aria-label="Dialect of the text"
        title="The dialect in which the text is written"
        value={said}
        onChange={(event) => view.set(["params", "dialect"], event.target.value === "auto" ? undefined : event.target.value)}
      >
        <option value="auto">Auto ({dialectNames[dialect]})</option>
        <option value="duckdb">DuckDB</option>
        <option value="spark">Spark</option>
      </select>
      <button
        type="button"
        className="icon-button"
        aria-label="Format"
        title="Format (Shift-Alt-F)"
        onClick={() => void format(store, view, dialect)}
      >
        <WandSparkles size={15} aria-hidden="true" />
      </button>
      {onEnlarge && (
        <button type="button" className="icon-button" aria-label="Edit in a large window" title="Edit in a large window" onClick={onEnlarge}>
          <Maximize2 size={15} aria-hidden="true" />
        </button>
      )}
    </div>
  );
}

async function format(store: ReturnType<typeof useDesignerStore>, view: StepView, dialect: Dialect): Promise<void> {
  const { api, notify } = store.getState();
  const before = view.step.value;
  if (typeof before !== "string" || !before.trim()) return;
  try {
    const answer = await api.formatSql({ sql: before, dialect });
    const current = store.getState().draft.steps[view.id]?.value;
    if (answer.problem) notify(`Not formatted: ${answer.problem.what}`, "error");
    else if (current === before) view.set(["value"], answer.sql);
  } catch (error) {
    notify(`Not formatted: ${describe(error).what}`, "error");
  }
}

/** What is wrong with the text, in words, with the replacements to choose. */
function SqlProblems({ view: { step, problems, set } }: { view: StepView }) {
  const shown = problemsAt(problems, "value");
  if (shown.length === 0) return null;
  const sql = typeof step.value === "string" ? step.value : "";
  return (
    <ul className="sql-problems" aria-label="Problems of the SQL">
      {shown.map((problem) => (
        <li key={`${problem.what}${problem.span?.line}:${problem.span?.column}`} data-severity={problem.severity}>
          <span>
            {problem.span && <span className="place">Line {problem.span.line}: </span>}
            {problem.what}
            {problem.fix && <span className="field-fix"> {problem.fix}</span>}
          </span>
          <Fixes problem={problem} onFix={(suggestion) => set(["value"], applied(sql, problem, suggestion))} />
        </li>
      ))}
    </ul>
  );
}

function Fixes({ problem, onFix }: { problem: Problem; onFix: (suggestion: string) => void }) {
  if (!problem.span) return null;
  return (
    <span className="fixes">
      {problem.suggestions.slice(0, 3).map((suggestion) => (
        <button key={suggestion} type="button" className="button is-small" onClick={() => onFix(suggestion)}>
          Replace by <code>{suggestion}</code>
        </button>
      ))}
    </span>
  );
}
