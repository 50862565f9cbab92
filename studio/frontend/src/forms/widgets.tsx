import { useContext } from "react";
import { Combobox } from "../controls/Combobox";
import { SqlLine } from "../editor/SqlLine";
import type { ControlProps } from "./Control";
import { FormContext, useColumns } from "./context";
import { ChoiceInput, placeholderOf, TextInput } from "./inputs";
import { Chip } from "./ListInput";

/** SQL types that people choose from; any other may be typed. */
export const SQL_TYPES: readonly (readonly [type: string, meaning: string])[] = [
  ["VARCHAR", "text"],
  ["BIGINT", "whole number"],
  ["INTEGER", "smaller whole number"],
  ["DOUBLE", "number"],
  ["DECIMAL(18,2)", "exact number, money"],
  ["BOOLEAN", "true or false"],
  ["DATE", "day"],
  ["TIMESTAMP", "day and time"],
  ["TIMESTAMP WITH TIME ZONE", "moment"],
  ["TIME", "time of day"],
  ["BLOB", "bytes"],
];

/** A column of the input that the field means. */
export function ColumnInput(props: ControlProps) {
  const columns = useColumns(props.field.input);
  const given = typeof props.value === "string" ? props.value : "";
  return (
    <Combobox
      id={props.id}
      label={props.label}
      isFree
      value={given}
      placeholder={placeholderOf(props.field) || "Choose a column"}
      options={columns.map((column) => ({ value: column.name, detail: column.type }))}
      onChange={(name) => props.onChange(name || undefined)}
      isInvalid={props.isInvalid}
      describedBy={props.describedBy}
    />
  );
}

/** Columns in an order: chips, and a box that adds one. */
export function ColumnsInput({ field, value, onChange, id, label, describedBy, isInvalid }: ControlProps) {
  const columns = useColumns(field.input);
  const chosen = Array.isArray(value) ? value.map(String) : [];
  const left = columns.filter((column) => !chosen.includes(column.name));
  const give = (next: string[]) => onChange(next.length === 0 ? undefined : next);
  return (
    <div className="columns" data-invalid={isInvalid || undefined}>
      {chosen.length > 0 && (
        <div className="chips">
          {chosen.map((name) => (
            <Chip
              key={name}
              text={name}
              detail={columns.find((column) => column.name === name)?.type}
              onRemove={() => give(chosen.filter((other) => other !== name))}
            />
          ))}
        </div>
      )}
      <div className="columns-add">
        <Combobox
          id={id}
          label={label ?? `Add to ${field.label}`}
          isFree
          clearsOnChoice
          value=""
          placeholder="Add a column"
          options={left.map((column) => ({ value: column.name, detail: column.type }))}
          onChange={(name) => name && !chosen.includes(name) && give([...chosen, name])}
          describedBy={describedBy}
        />
        {left.length > 1 && (
          <button type="button" className="quiet" onClick={() => give([...chosen, ...left.map((column) => column.name)])}>
            All
          </button>
        )}
      </div>
    </div>
  );
}

/** An SQL expression over the columns of the input. */
export function ExpressionInput({ field, value, onChange, id, label, describedBy, isInvalid }: ControlProps) {
  const { inputs, functions, parameters } = useContext(FormContext);
  const columns = useColumns(field.input);
  return (
    <SqlLine
      id={id}
      label={label ?? field.label}
      value={typeof value === "string" ? value : ""}
      onChange={(text) => onChange(text === "" ? undefined : text)}
      placeholder={placeholderOf(field)}
      inputs={inputs}
      columns={columns}
      functions={functions}
      parameters={parameters}
      describedBy={describedBy}
      isInvalid={isInvalid}
    />
  );
}

/** How a column is compared. */
export function OperatorInput(props: ControlProps) {
  return props.field.choices.length > 0 ? <ChoiceInput {...props} /> : <TextInput {...props} />;
}

/** How many values become one: of the schema's choices, else any aggregate function of the dialect. */
export function AggregateInput(props: ControlProps) {
  const { functions } = useContext(FormContext);
  if (props.field.choices.length > 0) return <ChoiceInput {...props} />;
  return (
    <Combobox
      id={props.id}
      label={props.label}
      isFree
      value={typeof props.value === "string" ? props.value : ""}
      placeholder={placeholderOf(props.field) || "Choose a function"}
      options={functions.map((one) => ({ value: one.name, detail: one.description }))}
      onChange={(name) => props.onChange(name || undefined)}
      isInvalid={props.isInvalid}
      describedBy={props.describedBy}
    />
  );
}

/** An SQL type. */
export function TypeInput(props: ControlProps) {
  return (
    <Combobox
      id={props.id}
      label={props.label}
      isFree
      value={typeof props.value === "string" ? props.value : ""}
      placeholder={placeholderOf(props.field) || "Choose a type"}
      options={SQL_TYPES.map(([value, detail]) => ({ value, detail }))}
      onChange={(type) => props.onChange(type || undefined)}
      isInvalid={props.isInvalid}
      describedBy={props.describedBy}
    />
  );
}
