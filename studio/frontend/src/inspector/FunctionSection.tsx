import { useMemo } from "react";
import { Combobox } from "../controls/Combobox";
import { Section } from "../controls/Section";
import { Form } from "../forms/Form";
import { LabelledRow } from "../forms/FieldRow";
import { MapInput } from "../forms/MapInput";
import { problemsUnder } from "../forms/problems";
import { fieldOf, type Field, type JsonSchema } from "../forms/schema";
import type { FunctionForm } from "../messages";
import { useDesigner } from "../store";
import { RELIABILITY } from "./settingsForm";
import type { StepView } from "./useStep";

const FREE = fieldOf("params", { type: "object", additionalProperties: {} }, {});

/** Which function is called, and with what. */
export function FunctionSection({ view: { step, problems, set } }: { view: StepView }) {
  const functions = useDesigner((state) => state.catalog.functions);
  const name = typeof step.value === "string" ? step.value : "";
  const chosen = functions.find((one) => one.name === name);
  const fields = useMemo(() => (chosen ? parameterFields(chosen) : []), [chosen]);
  const known = new Set(fields.map((field) => field.name));
  const own = Object.entries(step.params).filter(([key]) => !RELIABILITY.has(key));
  const others = Object.fromEntries(own.filter(([key]) => !known.has(key)));
  const kept = Object.fromEntries(Object.entries(step.params).filter(([key]) => RELIABILITY.has(key) || known.has(key)));
  const theirs = problemsUnder(problems, "params");
  return (
    <>
      <div className="form">
        <LabelledRow
          id="step.value"
          label="Function"
          help={chosen?.description || "A registered function, or package.module.function."}
          own={name === "" ? ["Choose a function."] : []}
          theirs={problemsUnder(problems, "value")}
        >
          {(describedBy, isInvalid) => (
            <Combobox
              id="step.value"
              isFree
              value={name}
              placeholder="package.module.function"
              options={functions.map((one) => ({ value: one.name, detail: one.description }))}
              onChange={(given) => set(["value"], given)}
              describedBy={describedBy}
              isInvalid={isInvalid}
            />
          )}
        </LabelledRow>
      </div>
      <Section title="Parameters of the function" isOpenAtFirst>
        <Form fields={fields} value={step.params} onChange={(params) => set(["params"], params)} problems={theirs} idPrefix="step.params" />
        {(!chosen || Object.keys(others).length > 0) && (
          <LabelledRow id="step.params" label={chosen ? "Others" : "Names and values"} isGroup>
            {() => (
              <MapInput
                field={FREE}
                value={others}
                onChange={(next) => set(["params"], { ...kept, ...((next as Record<string, unknown> | undefined) ?? {}) })}
                problems={theirs}
                id="step.params"
              />
            )}
          </LabelledRow>
        )}
        {chosen && fields.length === 0 && Object.keys(others).length === 0 && <p className="field-help">It takes none.</p>}
      </Section>
    </>
  );
}

const TYPES: readonly (readonly [RegExp, JsonSchema])[] = [
  [/^bool/, { type: "boolean" }],
  [/^int/, { type: "integer" }],
  [/^(float|number|double|decimal)/i, { type: "number" }],
  [/^(str|text)/, { type: "string" }],
  [/^(list|tuple|sequence|set)\[str\]/i, { type: "array", items: { type: "string" } }],
  [/^(list|tuple|sequence|set)\[int\]/i, { type: "array", items: { type: "integer" } }],
  [/^(list|tuple|sequence|set)/i, { type: "array", items: {} }],
  [/^(dict|mapping)/i, { type: "object", additionalProperties: {} }],
];

/** The parameters of a function as fields, by what Python says of their types. */
function parameterFields(form: FunctionForm): Field[] {
  return form.parameters.map((parameter) => {
    const type = String(parameter["type"] ?? "").replace(/\s*\|\s*None$/, "");
    const schema = TYPES.find(([pattern]) => pattern.test(type))?.[1] ?? {};
    const given = parameter["default"];
    const property = given === undefined || given === null ? schema : { ...schema, default: given };
    return fieldOf(String(parameter["name"]), property, {}, parameter["required"] === true);
  });
}
