import { X } from "lucide-react";
import { Section } from "../controls/Section";
import { Form } from "../forms/Form";
import { LabelledRow } from "../forms/FieldRow";
import { problemsUnder, within } from "../forms/problems";
import { useDesigner } from "../store";
import { countSet, formatOf, optionFields, ownFields, settingsFields } from "./settingsForm";
import type { StepView } from "./useStep";

/** Settings of the step's kind that stand nowhere else, and those that no form knows. */
export function OtherSettings({ view }: { view: StepView }) {
  const { step, problems, set } = view;
  const catalog = useDesigner((state) => state.catalog);
  const all = settingsFields(catalog, step);
  const isCode = step.type === "sql" || step.type === "function";
  const own = ownFields(all).filter((field) => !WITH_FORMAT.has(field.name));
  const options = isCode ? [] : optionFields(formatOf(catalog, step), step);
  const known = new Set([...all, ...options].flatMap(({ name, alias }) => [name, alias]));
  // A function's parameters are its own business; its section shows them all.
  const unknown = step.type === "function" || all.length === 0 ? [] : Object.keys(step.params).filter((name) => !known.has(name));
  const theirs = problemsUnder(problems, "params");
  const shown = [...own.map(({ name }) => name), ...unknown];
  if (shown.length === 0) return null;
  return (
    <Section title="Settings" isOpenAtFirst summary={countSet(own, step.params)} hasProblem={shown.some((name) => within(theirs, name).length > 0)}>
      <Form fields={own} value={step.params} onChange={(params) => set(["params"], params)} problems={theirs} idPrefix="step.params" />
      {unknown.map((name) => (
        <LabelledRow key={name} id={`step.params.${name}`} label={name} theirs={within(theirs, name)}>
          {(describedBy, isInvalid) => (
            <div className="text-input">
              <input
                id={`step.params.${name}`}
                type="text"
                readOnly
                aria-describedby={describedBy}
                aria-invalid={isInvalid || undefined}
                value={typeof step.params[name] === "string" ? (step.params[name] as string) : JSON.stringify(step.params[name])}
              />
              <button type="button" className="icon-button" aria-label={`Remove ${name}`} onClick={() => set(["params", name], undefined)}>
                <X size={14} aria-hidden="true" />
              </button>
            </div>
          )}
        </LabelledRow>
      ))}
    </Section>
  );
}

const WITH_FORMAT = new Set(["merge_key", "partitionBy", "partition_by"]);
