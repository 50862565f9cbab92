import type { ControlProps } from "./Control";
import { Control } from "./Control";
import { Form } from "./Form";
import { fieldsOf, startOf, variantsOf } from "./schema";
import { isMap, variantIndex } from "./validate";

/** Settings inside a setting. */
export function ObjectInput({ field, value, onChange, problems, id }: ControlProps) {
  return (
    <Form
      className="form-nested"
      fields={fieldsOf(field.schema, field.root)}
      value={isMap(value) ? value : {}}
      onChange={(given) => onChange(Object.keys(given).length === 0 && !field.isRequired ? undefined : given)}
      problems={problems}
      idPrefix={id}
    />
  );
}

/** A value of several forms: which one, and the control of that one. */
export function VariantsInput(props: ControlProps) {
  const { field, value, onChange, id } = props;
  const variants = variantsOf(field);
  const chosen = variantIndex(field, value);
  return (
    <div className="variants">
      <select
        id={`${id}-form`}
        aria-label={`Form of ${field.label || "the value"}`}
        value={chosen}
        onChange={(event) => onChange(startOf(variants[Number(event.target.value)]!))}
      >
        {variants.map((variant, place) => (
          <option key={place} value={place}>
            {variant.label}
          </option>
        ))}
      </select>
      <Control {...props} field={variants[chosen]!} />
    </div>
  );
}
