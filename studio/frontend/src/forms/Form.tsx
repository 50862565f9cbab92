import { isAsked, valueIn, withValue, type Field } from "./schema";
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
        .filter((field) => field.schema.const === undefined && isAsked(value, field, fields))
        .map((field) => (
          <FieldRow
            key={field.name}
            field={field}
            value={valueIn(value, field)}
            onChange={(given) => onChange(withValue(value, field, given))}
            problems={[...within(problems, field.name), ...(field.alias ? within(problems, field.alias) : [])]}
            id={`${idPrefix}.${field.name}`}
          />
        ))}
    </div>
  );
}
