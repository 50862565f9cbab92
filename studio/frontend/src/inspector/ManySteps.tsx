import { Trash2 } from "lucide-react";
import { Combobox } from "../controls/Combobox";
import { Section } from "../controls/Section";
import { Form } from "../forms/Form";
import { LabelledRow } from "../forms/FieldRow";
import type { Field } from "../forms/schema";
import type { StepForm } from "../messages";
import type { StepId } from "../model/draft";
import { changeStep, removeSteps } from "../model/steps";
import { useDesigner, useDesignerStore } from "../store";
import { kindName } from "./kindNames";
import { reliabilityFields, settingsFields } from "./settingsForm";
import { LAYERS } from "./StepSettings";

/** What several steps have in common, changed in all of them at once. */
export function ManySteps({ ids }: { ids: ReadonlySet<StepId> }) {
  const store = useDesignerStore();
  const all = useDesigner((state) => state.draft.steps);
  const catalog = useDesigner((state) => state.catalog);
  const steps = [...ids].flatMap((id) => all[id] ?? []);
  const fields = commonFields(steps.map((step) => reliabilityFields(settingsFields(catalog, step))));
  const layer = common(steps.map((step) => step.layer));
  const engine = common(steps.map((step) => step.engine));
  const params = Object.fromEntries(fields.flatMap(({ name }) => entryOf(name, common(steps.map((step) => step.params[name])))));

  function change(what: string, how: (step: StepForm) => StepForm) {
    store.getState().edit(
      `Change ${what} of ${steps.length} steps`,
      (draft) => [...ids].reduce((changed, id) => changeStep(id, how)(changed), draft),
      `${[...ids].join(",")}:${what}`,
    );
  }

  return (
    <>
      <header className="inspector-head">
        <p className="inspector-kind">{steps.length} steps</p>
        <p className="field-help">{counted(steps.map(kindName))}</p>
      </header>
      <div className="form form-row">
        <LabelledRow id="many.layer" label="Layer">
          {() => (
            <Combobox
              id="many.layer"
              isFree
              value={layer ?? ""}
              placeholder={layer === undefined ? "several" : ""}
              options={LAYERS.map((value) => ({ value }))}
              onChange={(value) => value && change("layer", (step) => ({ ...step, layer: value }))}
            />
          )}
        </LabelledRow>
        <LabelledRow id="many.engine" label="Engine">
          {() => (
            <select
              id="many.engine"
              value={engine ?? "several"}
              onChange={(event) => change("engine", (step) => ({ ...step, engine: event.target.value }))}
            >
              {engine === undefined && (
                <option value="several" disabled>
                  several
                </option>
              )}
              <option value="">Pipeline’s</option>
              {catalog.engines.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          )}
        </LabelledRow>
      </div>
      {fields.length > 0 && (
        <Section title="Retries, time limit, cache" isOpenAtFirst>
          <p className="field-help">An empty field stands for the default, or for values that differ.</p>
          <Form
            fields={fields}
            value={params}
            onChange={(next) => {
              const name = fields.find((field) => next[field.name] !== params[field.name])?.name;
              if (name) change(name, (step) => ({ ...step, params: withParam(step.params, name, next[name]) }));
            }}
            problems={[]}
            idPrefix="many.params"
          />
        </Section>
      )}
      <button type="button" className="button is-danger" onClick={() => store.getState().edit(`Delete ${steps.length} steps`, removeSteps(ids))}>
        <Trash2 size={14} aria-hidden="true" /> Delete {steps.length} steps
      </button>
    </>
  );
}

function common<T>(values: T[]): T | undefined {
  return values.every((value) => JSON.stringify(value) === JSON.stringify(values[0])) ? values[0] : undefined;
}

function commonFields(each: Field[][]): Field[] {
  return (each[0] ?? []).filter((field) => each.every((fields) => fields.some(({ name }) => name === field.name)));
}

function entryOf(name: string, value: unknown): [string, unknown][] {
  return value === undefined ? [] : [[name, value]];
}

function withParam(params: Record<string, unknown>, name: string, value: unknown): Record<string, unknown> {
  const { [name]: _before, ...rest } = params;
  return value === undefined ? rest : { ...params, [name]: value };
}

function counted(kinds: string[]): string {
  const counts = new Map<string, number>();
  for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${count} × ${kind}`).join(", ");
}
