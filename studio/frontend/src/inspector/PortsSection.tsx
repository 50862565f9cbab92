import { ArrowUp, Plus, X } from "lucide-react";
import { useMemo } from "react";
import { Combobox, type Option } from "../controls/Combobox";
import { Section } from "../controls/Section";
import { TextField } from "../controls/TextField";
import type { Column } from "../messages";
import { stepOf, type Draft, type StepId } from "../model/draft";
import { graphOf, pathBetween, pathText } from "../model/graph";
import { givesOutputs, recipeOf, takesInputs, takesMoreInputs } from "../model/kinds";
import { datasetKeys, uniqueName } from "../model/names";
import { addOutput, orderInputs, removePort, renamePort, setDataset, setField } from "../model/steps";
import { useDesigner, useDesignerStore } from "../store";
import { problemsAt, type StepView } from "./useStep";

type Side = "inputs" | "outputs";

/** What flows into the step and out of it: names inside the step, datasets, columns with their types. */
export function PortsSection({ view }: { view: StepView }) {
  const { step, problems } = view;
  const hasInputs = takesInputs(step) || Object.keys(step.inputs).length > 0;
  const hasOutputs = givesOutputs(step) || Object.keys(step.outputs).length > 0;
  if (!hasInputs && !hasOutputs) return null;
  const counts = [hasInputs && many(Object.keys(step.inputs).length, "input"), hasOutputs && many(Object.keys(step.outputs).length, "output")];
  return (
    <Section
      title="Inputs and outputs"
      summary={counts.filter(Boolean).join(", ")}
      hasProblem={problemsAt(problems, "inputs").length + problemsAt(problems, "outputs").length > 0}
    >
      {hasInputs && <Ports view={view} side="inputs" />}
      {hasOutputs && <Ports view={view} side="outputs" />}
    </Section>
  );
}

function Ports({ view, side }: { view: StepView; side: Side }) {
  const { id, step, truth, problems } = view;
  const store = useDesignerStore();
  const isIn = side === "inputs";
  const ports = Object.entries(step[side]);
  const canAdd = isIn ? takesMoreInputs(step) : step.type === "function" || ports.length === 0;

  function add() {
    const { edit } = store.getState();
    if (isIn) {
      const name = uniqueName(step.type === "config_op" || step.type === "api" ? "data" : "input", new Set(Object.keys(step.inputs)));
      edit(`Add an input to ${step.name}`, setField(id, ["inputs", name], ""));
    } else edit(`Add an output to ${step.name}`, addOutput(id, ports.length === 0 ? "data" : "more"));
  }

  return (
    <div className="ios" role="group" aria-label={isIn ? "Inputs" : "Outputs"}>
      <p className="field-label">{isIn ? "Inputs" : "Outputs"}</p>
      {ports.length > 0 && (
        <p className="ios-head" aria-hidden="true">
          <span>Name in the step</span>
          <span>Dataset</span>
        </p>
      )}
      <ul>
        {ports.map(([port, dataset], place) => (
          <Port
            key={port}
            view={view}
            side={side}
            port={port}
            dataset={dataset}
            columns={truth?.[side][port]}
            messages={[...problemsAt(problems, `${side}.${port}`)]}
            onUp={isIn && place > 0 && recipeOf(step) ? () => moveUp(store, view, port) : undefined}
          />
        ))}
      </ul>
      {problems
        .filter((problem) => problem.field === side)
        .map((problem) => (
          <p key={problem.what} className="field-message" data-severity={problem.severity}>
            {problem.what} <span className="field-fix">{problem.fix}</span>
          </p>
        ))}
      {canAdd && (
        <button type="button" className="quiet add" id={ports.length === 0 ? `step.${side}` : undefined} onClick={add}>
          <Plus size={14} aria-hidden="true" /> Add {isIn ? "an input" : "an output"}
        </button>
      )}
    </div>
  );
}

interface PortProps {
  view: StepView;
  side: Side;
  port: string;
  dataset: string;
  /** null: only a run can tell; undefined: not known yet. */
  columns: Column[] | null | undefined;
  messages: { what: string; fix: string; severity: string }[];
  onUp: (() => void) | undefined;
}

function Port({ view, side, port, dataset, columns, messages, onUp }: PortProps) {
  const { id, step } = view;
  const store = useDesignerStore();
  const fieldId = `step.${side}.${port}`;

  function rename(wanted: string): string | null {
    const name = wanted.trim();
    if (!name) return "It needs a name.";
    if (name !== port && name in step[side]) return `${name} is there already.`;
    store.getState().edit(`Rename ${port} of ${step.name}`, renamePort(id, side, port, name));
    return null;
  }

  function name(wanted: string): string | null {
    const key = wanted.trim();
    const { draft, edit } = store.getState();
    const writer = graphOf(draft).writers.get(key);
    if (!key) return "It needs a name.";
    if (writer && (writer.step !== id || writer.output !== port)) return `${stepOf(draft, writer.step).name} writes ${key} already.`;
    edit(`Rename dataset ${dataset}`, setDataset(id, port, key));
    return null;
  }

  return (
    <li className="io">
      <div className="io-row">
        <TextField id={`${fieldId}.name`} label={`Name of ${port} in the step`} value={port} onCommit={rename} />
        {side === "inputs" ? (
          <InputDataset view={view} port={port} dataset={dataset} fieldId={fieldId} isInvalid={messages.length > 0} />
        ) : (
          <TextField id={fieldId} label={`Dataset of ${port}`} value={dataset} onCommit={name} isInvalid={messages.length > 0} />
        )}
        {onUp && (
          <button type="button" className="icon-button" aria-label={`Put ${port} first`} title="Put first" onClick={onUp}>
            <ArrowUp size={14} aria-hidden />
          </button>
        )}
        <button
          type="button"
          className="icon-button"
          aria-label={`Remove ${port}`}
          onClick={() => store.getState().edit(`Remove ${port} of ${step.name}`, removePort(id, side, port))}
        >
          <X size={14} aria-hidden="true" />
        </button>
      </div>
      {messages.map((problem) => (
        <p key={problem.what} className="field-message" data-severity={problem.severity}>
          {problem.what} <span className="field-fix">{problem.fix}</span>
        </p>
      ))}
      <Columns columns={columns} isOpen={dataset !== ""} />
    </li>
  );
}

function InputDataset(props: { view: StepView; port: string; dataset: string; fieldId: string; isInvalid: boolean }) {
  const { view, port, dataset, fieldId, isInvalid } = props;
  const draft = useDesigner((state) => state.draft);
  const options = useMemo(() => datasetOptions(draft, view.id), [draft, view.id]);
  return (
    <Combobox
      id={fieldId}
      label={`Dataset of ${port}`}
      value={dataset}
      isInvalid={isInvalid}
      placeholder="Choose a dataset"
      options={options}
      onChange={(key) => view.set(["inputs", port], key)}
    />
  );
}

/** The datasets that a step may read; those that would close a circle are greyed. */
function datasetOptions(draft: Draft, id: StepId): Option[] {
  const { writers } = graphOf(draft);
  return [...datasetKeys(draft)]
    .filter((key) => writers.get(key)?.step !== id)
    .sort()
    .map((key) => {
      const writer = writers.get(key);
      const way = writer && pathBetween(draft, id, writer.step);
      const detail = writer ? `by ${stepOf(draft, writer.step).name}` : "written by no step";
      return way ? { value: key, disabledReason: `a cycle: ${pathText(draft, [...way, id])}` } : { value: key, detail };
    });
}

function Columns({ columns, isOpen }: { columns: Column[] | null | undefined; isOpen: boolean }) {
  if (!isOpen || columns === undefined) return null;
  if (columns === null) return <p className="field-help">Only a run can tell its columns.</p>;
  return (
    <details className="io-columns">
      <summary>{many(columns.length, "column")}</summary>
      <ul>
        {columns.map((column) => (
          <li key={column.name}>
            <span>{column.name}</span>
            <code>{column.type}</code>
          </li>
        ))}
      </ul>
    </details>
  );
}

function moveUp(store: ReturnType<typeof useDesignerStore>, { id, step }: StepView, port: string): void {
  const order = [port, ...Object.keys(step.inputs).filter((other) => other !== port)];
  store.getState().edit(`Reorder inputs of ${step.name}`, orderInputs(id, order));
}

function many(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
