import { useMemo } from "react";
import { Combobox } from "../controls/Combobox";
import { TextField } from "../controls/TextField";
import { FormContext, type FormSurroundings } from "../forms/context";
import { LabelledRow } from "../forms/FieldRow";
import { problemsUnder } from "../forms/problems";
import { kindOf, recipeOf } from "../model/kinds";
import { stepNames } from "../model/names";
import { renameStep } from "../model/steps";
import { useDesigner, useDesignerStore } from "../store";
import { ExpectationsSection } from "./ExpectationsSection";
import { FormatSection } from "./FormatSection";
import { FunctionSection } from "./FunctionSection";
import { kindName } from "./kindNames";
import { NotesSection } from "./NotesSection";
import { OtherSettings } from "./OtherSettings";
import { PlaceField } from "./PlaceField";
import { PortsSection } from "./PortsSection";
import { ReliabilitySection } from "./ReliabilitySection";
import { RecipeSection } from "./RecipeSection";
import { columnsOf } from "./recipeKeeper";
import { isSent } from "./settingsForm";
import { SqlSection } from "./SqlSection";
import { useStep, type StepView } from "./useStep";

export const LAYERS = ["ingest", "bronze", "silver", "gold", "transform", "store", "publish", "connect"];

/** The form of one step. */
export function StepSettings({ id }: { id: string }) {
  const view = useStep(id);
  const truth = useDesigner((state) => state.truth);
  const catalog = useDesigner((state) => state.catalog);
  const parameters = useDesigner((state) => state.draft.head.parameters);
  const surroundings = useMemo<FormSurroundings>(
    () => ({
      inputs: view ? columnsOf({ truth }, id, view.step) : {},
      functions: catalog.sql_functions,
      parameters: Object.keys(parameters),
      // No secret belongs into what a form says of rows.
      secrets: view && recipeOf(view.step) ? [] : catalog.secrets,
    }),
    [view, truth, id, catalog, parameters],
  );
  if (!view) return null;
  return (
    <FormContext.Provider value={surroundings}>
      <StepHead view={view} />
      <LooseProblems view={view} />
      <Value view={view} />
      <PortsSection view={view} />
      <OtherSettings view={view} />
      <ExpectationsSection view={view} />
      <ReliabilitySection view={view} />
      <NotesSection view={view} />
    </FormContext.Provider>
  );
}

/** What the step does, by its kind. */
function Value({ view }: { view: StepView }) {
  const { step } = view;
  const catalog = useDesigner((state) => state.catalog);
  if (recipeOf(step)) return <RecipeSection view={view} />;
  if (step.type === "sql") return <SqlSection view={view} />;
  if (step.type === "function") return <FunctionSection view={view} />;
  const kind = kindOf(step);
  return (
    <>
      <PlaceField view={view} />
      {kind !== "connect" && !isSent(catalog, step) && <FormatSection view={view} />}
    </>
  );
}

function StepHead({ view: { id, step, problems, set } }: { view: StepView }) {
  const store = useDesignerStore();
  const engines = useDesigner((state) => state.catalog.engines);
  const engine = useDesigner((state) => state.draft.head.engine);
  const otherLayers = useDesigner((state) => state.draft.order.map((other) => state.draft.steps[other]!.layer).join("\n"));
  const layers = [...new Set([...LAYERS, ...otherLayers.split("\n").filter(Boolean)])];

  function rename(wanted: string): string | null {
    const name = wanted.trim();
    if (!name) return "A step needs a name.";
    const { draft, edit } = store.getState();
    if (name !== step.name && stepNames(draft).has(name)) return `Another step is called ${name}.`;
    edit(`Rename ${step.name} to ${name}`, renameStep(id, name));
    return null;
  }

  return (
    <header className="inspector-head">
      <p className="inspector-kind">{kindName(step)}</p>
      <LabelledRow id="step.name" label="Name" theirs={problemsUnder(problems, "name")}>
        {(describedBy, isInvalid) => (
          <TextField id="step.name" value={step.name} onCommit={rename} describedBy={describedBy} isInvalid={isInvalid} />
        )}
      </LabelledRow>
      <div className="form form-row">
        <LabelledRow id="step.layer" label="Layer" theirs={problemsUnder(problems, "layer")}>
          {(describedBy, isInvalid) => (
            <Combobox
              id="step.layer"
              isFree
              value={step.layer}
              options={layers.map((value) => ({ value }))}
              onChange={(layer) => set(["layer"], layer)}
              describedBy={describedBy}
              isInvalid={isInvalid}
            />
          )}
        </LabelledRow>
        <LabelledRow id="step.engine" label="Engine" theirs={problemsUnder(problems, "engine")}>
          {(describedBy) => (
            <select id="step.engine" value={step.engine} aria-describedby={describedBy} onChange={(event) => set(["engine"], event.target.value)}>
              <option value="">Pipeline’s ({engine})</option>
              {[...new Set([...engines, step.engine])].filter(Boolean).map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          )}
        </LabelledRow>
      </div>
    </header>
  );
}

/** Problems of the step as a whole, which no field shows. */
function LooseProblems({ view: { problems } }: { view: StepView }) {
  const loose = problems.filter((problem) => problem.field === "" || problem.field === "type");
  if (loose.length === 0) return null;
  return (
    <ul className="loose-problems">
      {loose.map((problem) => (
        <li key={problem.what} data-severity={problem.severity}>
          {problem.what}
          {problem.fix && <span className="field-fix"> {problem.fix}</span>}
        </li>
      ))}
    </ul>
  );
}

