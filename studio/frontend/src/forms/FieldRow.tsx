import type { ReactNode } from "react";
import { Control } from "./Control";
import type { FieldProblem } from "./problems";
import type { Field } from "./schema";
import { MISSING, validate } from "./validate";

interface Props {
  field: Field;
  value: unknown;
  onChange: (value: unknown) => void;
  problems: readonly FieldProblem[];
  id: string;
}

/** Widgets of one box, whatever the value may be. */
const SINGLE = new Set(["value", "share"]);
const NESTED = new Set(["list", "map", "object", "variants"]);

/** A field with its label, help and what is wrong with it. */
export function FieldRow({ field, value, onChange, problems, id }: Props) {
  const isNested = NESTED.has(field.kind) && !SINGLE.has(field.widget);
  const own = validate(field, value).filter(({ path }) => !isNested || path === "");
  const theirs = problems.filter(({ path }) => !isNested || path === "");
  return (
    <LabelledRow
      id={id}
      label={field.label}
      help={field.help}
      isRequired={field.isRequired && field.default === undefined}
      isGroup={isNested}
      isChanged={value !== undefined && !field.isRequired}
      own={own.map(({ what }) => what)}
      theirs={theirs}
    >
      {(describedBy, isInvalid) => (
        <Control
          field={field}
          value={value}
          onChange={onChange}
          problems={problems}
          id={id}
          describedBy={describedBy}
          isInvalid={isInvalid}
        />
      )}
    </LabelledRow>
  );
}

interface LabelledProps {
  id: string;
  label: string;
  help?: string;
  isRequired?: boolean;
  isGroup?: boolean;
  isChanged?: boolean;
  own?: readonly string[];
  theirs?: readonly FieldProblem[];
  children: (describedBy: string | undefined, isInvalid: boolean) => ReactNode;
}

/** The frame of every field of the designer: label, control, help, message. */
export function LabelledRow(props: LabelledProps) {
  const { id, label, help = "", own = [], theirs = [], isGroup = false } = props;
  // What the browser finds comes first: the server says the same again in other words.
  const messages = own.length > 0 ? own.map((what) => ({ what, fix: "", severity: "error" as const })) : theirs;
  const isInvalid = messages.some(({ severity }) => severity === "error");
  const describedBy = [help && `${id}-help`, messages.length > 0 && `${id}-message`].filter(Boolean).join(" ");
  return (
    <div
      className="field"
      data-invalid={isInvalid || undefined}
      data-changed={props.isChanged || undefined}
      data-field={id}
      role={isGroup ? "group" : undefined}
      aria-labelledby={isGroup ? `${id}-label` : undefined}
    >
      <label className="field-label" id={`${id}-label`} htmlFor={isGroup ? undefined : id}>
        {label}
        {props.isRequired && <span className="field-required"> required</span>}
      </label>
      {props.children(describedBy || undefined, isInvalid)}
      {messages.length > 0 && (
        <div className="field-messages" id={`${id}-message`}>
          {messages.map(({ what, fix, severity }) => (
            <p key={what} className="field-message" data-severity={severity} data-missing={what === MISSING || undefined}>
              {what}
              {fix && <span className="field-fix"> {fix}</span>}
            </p>
          ))}
        </div>
      )}
      {help && (
        <p className="field-help" id={`${id}-help`}>
          {help}
        </p>
      )}
    </div>
  );
}
