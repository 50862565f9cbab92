import { X } from "lucide-react";
import { TextField } from "../controls/TextField";
import { FieldRow, LabelledRow } from "../forms/FieldRow";
import { ChipsInput } from "../forms/ListInput";
import type { FieldProblem } from "../forms/problems";
import { fieldOf, type JsonSchema } from "../forms/schema";
import type { ParameterForm } from "../messages";
import type { Edit } from "../model/draft";
import { changeParameter, renameParameter } from "../model/parameters";
import { useDesigner, useDesignerStore } from "../store";

const TYPES: Record<string, string> = {
  text: "Text",
  number: "Number",
  integer: "Whole number",
  boolean: "Yes or no",
  date: "Day",
  choice: "Choice",
  dataset: "Dataset",
};
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const BUILT_IN = new Set(["date", "yesterday", "run_id"]);
const CHOICES = fieldOf("choices", { type: "array", items: { type: "string" } }, {});

/** One parameter: its name, type, default and what the run form says of it. */
export function ParameterSettings({ name, form, problems }: { name: string; form: ParameterForm; problems: readonly FieldProblem[] }) {
  const store = useDesignerStore();
  const parameters = useDesigner((state) => state.draft.head.parameters);
  const id = `step.parameters.${name}`;
  const edit = (label: string, change: Edit, field: string) => store.getState().edit(label, change, `parameter:${name}:${field}`);
  const change = (field: keyof ParameterForm, value: unknown) =>
    edit(`Change ${field} of ${name}`, changeParameter(name, { [field]: value }), field);

  function rename(wanted: string): string | null {
    const given = wanted.trim();
    if (!NAME.test(given)) return "Letters, digits and _ only, no digit first.";
    if (BUILT_IN.has(given)) return `Every run has {${given}} already.`;
    if (given !== name && given in parameters) return `${given} is there already.`;
    edit(`Rename ${name} to ${given}`, renameParameter(name, given), "name");
    return null;
  }

  return (
    <fieldset className="parameter">
      <legend className="visually-hidden">Parameter {name}</legend>
      <div className="parameter-head">
        <TextField id={id} label="Name of the parameter" value={name} onCommit={rename} />
        <select
          aria-label={`Type of ${name}`}
          value={form.type}
          onChange={(event) => edit(`Change the type of ${name}`, changeParameter(name, { type: event.target.value, default: null }), "type")}
        >
          {Object.entries({ ...TYPES, ...(form.type in TYPES ? {} : { [form.type]: form.type }) }).map(([type, label]) => (
            <option key={type} value={type}>
              {label}
            </option>
          ))}
        </select>
        <button type="button" className="icon-button" aria-label={`Remove ${name}`} onClick={() => edit(`Remove ${name}`, changeParameter(name, null), "")}>
          <X size={14} aria-hidden="true" />
        </button>
      </div>
      <div className="form">
        {(form.type === "choice" || form.choices.length > 0) && (
          <LabelledRow id={`${id}.choices`} label="Choices" own={form.choices.length === 0 ? ["Give at least one."] : []}>
            {(describedBy, isInvalid) => (
              <ChipsInput
                field={CHOICES}
                value={form.choices}
                onChange={(choices) => change("choices", choices ?? [])}
                problems={[]}
                id={`${id}.choices`}
                describedBy={describedBy}
                isInvalid={isInvalid}
              />
            )}
          </LabelledRow>
        )}
        <FieldRow
          field={{ ...fieldOf("default", defaultSchema(form), {}), help: "Empty: every run must give a value." }}
          value={form.default ?? undefined}
          onChange={(value) => change("default", value ?? null)}
          problems={problems.filter(({ path }) => path === "default" || path === "").map((problem) => ({ ...problem, path: "" }))}
          id={`${id}.default`}
        />
        <LabelledRow id={`${id}.description`} label="Help text">
          {() => (
            <input
              id={`${id}.description`}
              type="text"
              value={form.description}
              placeholder="Shown in the run form"
              onChange={(event) => change("description", event.target.value)}
            />
          )}
        </LabelledRow>
      </div>
    </fieldset>
  );
}

function defaultSchema(form: ParameterForm): JsonSchema {
  if (form.choices.length > 0) return { enum: form.choices };
  switch (form.type) {
    case "number":
    case "integer":
    case "boolean":
      return { type: form.type };
    case "date":
      return { type: "string", format: "date" };
    default:
      return { type: "string" };
  }
}
