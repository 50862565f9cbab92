import { Combobox, type Option } from "../controls/Combobox";
import { Section } from "../controls/Section";
import { FieldRow, LabelledRow } from "../forms/FieldRow";
import { Form } from "../forms/Form";
import { problemsUnder, within } from "../forms/problems";
import { valueIn, withValue, type Field } from "../forms/schema";
import type { FormatForm, StepForm } from "../messages";
import { kindOf } from "../model/kinds";
import { useDesigner } from "../store";
import { countSet, formatKey, formatOf, impliedFormat, optionFields, settingsFields } from "./settingsForm";
import type { StepView } from "./useStep";

const MODES: Record<string, string> = {
  overwrite: "replaces what is there",
  append: "adds the rows",
  merge: "updates rows by their key, adds new ones",
  error: "fails if something is there",
  ignore: "writes nothing if something is there",
};

/** The format that is read or written, how, and its options. What a format can't do is greyed, with the reason. */
export function FormatSection({ view }: { view: StepView }) {
  const { step, problems, set } = view;
  const catalog = useDesigner((state) => state.catalog);
  const key = formatKey(step);
  const isRead = kindOf(step) === "ingest";
  const implied = impliedFormat(catalog, step);
  const format = formatOf(catalog, step);
  const options = optionFields(format, step);
  const files = catalog.formats.filter(({ extensions }) => extensions.length > 0);
  const theirs = problemsUnder(problems, "params");
  const fields = settingsFields(catalog, step);
  const mode = typeof step.params["mode"] === "string" ? step.params["mode"] : "overwrite";
  const mergeKey = named(fields, "merge_key");
  const partition = named(fields, "partitionBy", "partition_by");

  return (
    <>
      <div className="form form-row">
        <LabelledRow id={`step.params.${key}`} label="Format" theirs={within(theirs, key)}>
          {(describedBy, isInvalid) => (
            <Combobox
              id={`step.params.${key}`}
              value={String(step.params[key] ?? "")}
              placeholder={implied ? `${implied.format.title} (by the ${implied.by})` : "Choose a format"}
              options={[
                { value: "", label: implied ? `By the ${implied.by}: ${implied.format.title}` : "By the name of the file" },
                // What is behind a connection or an address has the format that it has.
                ...(implied && implied.by !== "name" ? [] : files.map((one) => formatOption(one, step, isRead))),
              ]}
              onChange={(name) => set(["params", key], name || undefined)}
              describedBy={describedBy}
              isInvalid={isInvalid}
            />
          )}
        </LabelledRow>
        {!isRead && (
          <LabelledRow id="step.params.mode" label="Mode" theirs={within(theirs, "mode")}>
            {(describedBy, isInvalid) => (
              <Combobox
                id="step.params.mode"
                value={String(step.params["mode"] ?? "")}
                placeholder="overwrite"
                options={Object.entries(MODES).map(([value, detail]) => ({
                  value,
                  detail,
                  ...(format && !format.modes.includes(value) ? { disabledReason: `${format.title} can't` } : {}),
                }))}
                onChange={(chosen) => set(["params", "mode"], chosen || undefined)}
                describedBy={describedBy}
                isInvalid={isInvalid}
              />
            )}
          </LabelledRow>
        )}
      </div>
      <div className="form">
        {!isRead && mergeKey && (mode === "merge" || valueIn(step.params, mergeKey) !== undefined) && (
          <ColumnsSetting view={view} field={{ ...mergeKey, label: "Key columns", isRequired: mode === "merge", default: undefined }} />
        )}
        {!isRead && partition && (format?.can_partition !== false || valueIn(step.params, partition) !== undefined) && (
          <ColumnsSetting view={view} field={partition} />
        )}
        {!isRead && partition && format?.can_partition === false && valueIn(step.params, partition) === undefined && (
          <p className="field-help">{format.title} can’t be split into folders by the values of a column.</p>
        )}
      </div>
      {options.length > 0 && (
        <Section
          title={`${format!.title} options`}
          summary={countSet(options, step.params)}
          hasProblem={options.some((field) => within(theirs, field.name).length > 0)}
        >
          <Form fields={options} value={step.params} onChange={(params) => set(["params"], params)} problems={theirs} idPrefix="step.params" />
        </Section>
      )}
    </>
  );
}

/** Columns of the rows that are written. */
function ColumnsSetting({ view: { step, problems, set }, field }: { view: StepView; field: Field }) {
  return (
    <FieldRow
      field={{ ...field, widget: "columns" }}
      value={valueIn(step.params, field)}
      onChange={(value) => set(["params"], withValue(step.params, field, value))}
      problems={within(problemsUnder(problems, "params"), field.name)}
      id={`step.params.${field.name}`}
    />
  );
}

function formatOption(format: FormatForm, step: StepForm, isRead: boolean): Option {
  const option = { value: format.name, label: format.title, detail: format.extensions.join(" ") };
  const reason = isRead ? (format.can_read ? "" : "can't be read") : reasonAgainstWriting(format, step);
  return reason ? { ...option, disabledReason: reason } : option;
}

function reasonAgainstWriting(format: FormatForm, step: StepForm): string {
  if (!format.can_write) return "can't be written";
  const mode = step.params["mode"];
  if (typeof mode === "string" && !format.modes.includes(mode)) return `has no mode ${mode}`;
  const folders = step.params["partitionBy"] ?? step.params["partition_by"];
  const isSplit = Array.isArray(folders) ? folders.length > 0 : Boolean(folders);
  return isSplit && !format.can_partition ? "can't be split into folders" : "";
}

function named(fields: Field[], ...names: string[]): Field | undefined {
  return fields.find((field) => names.includes(field.name));
}
