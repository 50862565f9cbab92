import { Plus } from "lucide-react";
import { Section } from "../controls/Section";
import { TextField } from "../controls/TextField";
import { Form } from "../forms/Form";
import { LabelledRow } from "../forms/FieldRow";
import { problemsUnder } from "../forms/problems";
import { fieldsOf, type JsonSchema } from "../forms/schema";
import { addParameter } from "../model/parameters";
import { setHead } from "../model/steps";
import { useDesigner, useDesignerStore } from "../store";
import { ParameterSettings } from "./ParameterSettings";
import { countSet } from "./settingsForm";

/** The form of the pipeline itself, while no step is selected. */
export function PipelineSettings() {
  const store = useDesignerStore();
  const head = useDesigner((state) => state.draft.head);
  const isEmpty = useDesigner((state) => state.draft.order.length === 0);
  const { engines, pipeline_settings } = useDesigner((state) => state.catalog);
  const all = useDesigner((state) => state.truth.problems);
  const problems = all.filter((problem) => problem.stepId === null);
  const settings = fieldsOf(pipeline_settings as JsonSchema);
  const names = Object.keys(head.parameters);
  const edit = (label: string, change: Parameters<typeof setHead>[0]) =>
    store.getState().edit(label, setHead(change), `pipeline:${Object.keys(change).join()}`);

  return (
    <>
      <header className="inspector-head">
        <p className="inspector-kind">Pipeline</p>
        <LabelledRow id="step.name" label="Name" theirs={problemsUnder(problems, "name")}>
          {(describedBy, isInvalid) => (
            <TextField
              id="step.name"
              value={head.name}
              describedBy={describedBy}
              isInvalid={isInvalid}
              onCommit={(text) => {
                if (!text.trim()) return "A pipeline needs a name.";
                edit("Rename the pipeline", { name: text.trim() });
                return null;
              }}
            />
          )}
        </LabelledRow>
        <LabelledRow id="step.description" label="Description" help="What it is for, and for whom.">
          {(describedBy) => (
            <textarea
              id="step.description"
              rows={3}
              aria-describedby={describedBy}
              value={head.description}
              onChange={(event) => edit("Describe the pipeline", { description: event.target.value })}
            />
          )}
        </LabelledRow>
        <LabelledRow id="step.engine" label="Engine" help="Runs the steps that name none of their own." theirs={problemsUnder(problems, "engine")}>
          {(describedBy) => (
            <select id="step.engine" aria-describedby={describedBy} value={head.engine} onChange={(event) => edit("Change the engine", { engine: event.target.value })}>
              {[...new Set([...engines, head.engine])].filter(Boolean).map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          )}
        </LabelledRow>
      </header>
      {isEmpty && <p className="hint">Drag a step from the palette to the canvas, drop a CSV or Parquet file on it, or double-click it and type.</p>}
      <Section title="Parameters" isOpenAtFirst summary={names.length === 0 ? undefined : names.join(", ")}>
        {names.length === 0 && (
          <p className="field-help">
            What a run may be given, such as a day or a region. A step refers to one as <code>{"{name}"}</code>, and the run asks for it in a form.
          </p>
        )}
        {names.map((name) => (
          <ParameterSettings key={name} name={name} form={head.parameters[name]!} problems={problemsUnder(problems, `parameters.${name}`)} />
        ))}
        <button type="button" className="quiet add" id="step.parameters" onClick={() => store.getState().edit("Add a parameter", addParameter("parameter"))}>
          <Plus size={14} aria-hidden="true" /> Add a parameter
        </button>
      </Section>
      {settings.length > 0 && (
        <Section title="Run settings" summary={countSet(settings, head.settings)} hasProblem={problemsUnder(problems, "settings").length > 0}>
          <Form
            fields={settings}
            value={head.settings}
            onChange={(next) => edit("Change the run settings", { settings: next })}
            problems={problemsUnder(problems, "settings")}
            idPrefix="step.settings"
          />
        </Section>
      )}
    </>
  );
}
