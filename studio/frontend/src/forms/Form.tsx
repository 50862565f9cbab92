import type { Field } from "./schema";
import { FieldRow } from "./FieldRow";
import { within, type FieldProblem } from "./problems";

interface Props {
  fields: Field[];
  value: Record<string, unknown>;
  onChange: (value: Record<string, unknown>) => void;
  problems: readonly FieldProblem[];
  /** Begins the ids of the controls: `${idPrefix}.${field}` is where a problem's link leads. */
  idPrefix: string;
  className?: string;
}

/** A form of fields; what is emptied is removed from the value. */
export function Form({ fields, value, onChange, problems, idPrefix, className = "" }: Props) {
  return (
    <div className={`form ${className}`}>
      {fields
        .filter((field) => field.schema.const === undefined)
        .map((field) => (
          <FieldRow
            key={field.name}
            field={field}
            value={value[field.name]}
            onChange={(given) => onChange(withField(value, field.name, given))}
            problems={within(problems, field.name)}
            id={`${idPrefix}.${field.name}`}
          />
        ))}
    </div>
  );
}

/** An object with a field set, or without it where it is undefined. */
export function withField(given: Record<string, unknown>, name: string, value: unknown): Record<string, unknown> {
  if (value !== undefined) return { ...given, [name]: value };
  const { [name]: _removed, ...rest } = given;
  return rest;
}
