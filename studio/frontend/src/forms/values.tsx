import { useContext, useState } from "react";
import { Combobox } from "../controls/Combobox";
import { isNumeric } from "../panel/cells";
import type { ControlProps } from "./Control";
import { FormContext } from "./context";
import { AnyInput, placeholderOf } from "./inputs";
import { ChipsInput } from "./ListInput";
import { isPlaceholder } from "./validate";

/** A dataset of the pipeline. */
export function DatasetInput(props: ControlProps) {
  const { datasets = [] } = useContext(FormContext);
  return (
    <Combobox
      id={props.id}
      label={props.label}
      value={typeof props.value === "string" ? props.value : ""}
      placeholder="Choose a dataset"
      options={[...datasets]}
      onChange={(key) => props.onChange(key || undefined)}
      isInvalid={props.isInvalid}
      describedBy={props.describedBy}
    />
  );
}

/** A value of the column that the form is about: a number of a column of numbers, a text of any other. */
export function ValueInput(props: ControlProps) {
  const { valueType } = useContext(FormContext);
  const [typed, setTyped] = useState<string | null>(null);
  if (!valueType) return <AnyInput {...props} />;
  const given = props.value === undefined || props.value === null ? "" : String(props.value);
  return (
    <input
      id={props.id}
      className={isNumeric(valueType) ? "number" : undefined}
      type="text"
      autoComplete="off"
      spellCheck={false}
      aria-label={props.label}
      aria-invalid={props.isInvalid || undefined}
      aria-describedby={props.describedBy}
      placeholder={EXAMPLES[valueType] ?? ""}
      value={typed !== null && valueOfType(typed, valueType) === props.value ? typed : given}
      onChange={(event) => {
        setTyped(event.target.value);
        props.onChange(event.target.value === "" ? undefined : valueOfType(event.target.value, valueType));
      }}
      onBlur={() => setTyped(null)}
    />
  );
}

const EXAMPLES: Record<string, string> = { DATE: "2026-01-31", TIMESTAMP: "2026-01-31 12:00:00" };

/** Values of the column that the form is about, as chips. */
export function ValuesInput(props: ControlProps) {
  const { valueType } = useContext(FormContext);
  const values: unknown[] = Array.isArray(props.value) ? props.value : [];
  const known = new Map(values.map((value) => [String(value), value]));
  return (
    <ChipsInput
      {...props}
      value={[...known.keys()]}
      // What was there already stays what it was: a text of digits becomes no number by a look at the form.
      onChange={(texts) =>
        props.onChange((texts as string[] | undefined)?.map((text) => (known.has(text) ? known.get(text) : valueOfType(text, valueType ?? "VARCHAR"))))
      }
    />
  );
}

/** A share of the rows, in percent. */
export function ShareInput(props: ControlProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const given = percentOf(props.value);
  return (
    <div className="share-input">
      <input
        id={props.id}
        className="number"
        type="text"
        inputMode="decimal"
        autoComplete="off"
        aria-label={props.label}
        aria-invalid={props.isInvalid || undefined}
        aria-describedby={props.describedBy}
        placeholder={percentOf(props.field.default) || placeholderOf(props.field)}
        value={typed !== null && shareOf(typed) === props.value ? typed : given}
        onChange={(event) => {
          setTyped(event.target.value);
          props.onChange(shareOf(event.target.value));
        }}
        onBlur={() => setTyped(null)}
      />
      <span aria-hidden="true">%</span>
    </div>
  );
}

/** A text of several lines. */
export function LinesInput({ value, onChange, id, label, describedBy, isInvalid }: ControlProps) {
  return (
    <textarea
      id={id}
      rows={3}
      spellCheck={false}
      aria-label={label}
      aria-invalid={isInvalid || undefined}
      aria-describedby={describedBy}
      value={typeof value === "string" ? value : ""}
      onChange={(event) => onChange(event.target.value || undefined)}
    />
  );
}

/** A typed text as a value of a column's type; what is none stays a text, and the server says so. */
function valueOfType(text: string, type: string): unknown {
  const trimmed = text.trim();
  if (isPlaceholder(trimmed)) return trimmed;
  if (isNumeric(type) && /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed)) {
    const number = Number(trimmed);
    // A number that this page can't hold goes as the text that was typed.
    return Number.isInteger(number) && !Number.isSafeInteger(number) ? trimmed : number;
  }
  if (type === "BOOLEAN" && /^(true|false)$/i.test(trimmed)) return trimmed.toLowerCase() === "true";
  return text;
}

const DECIMAL = /^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function shareOf(text: string): unknown {
  const trimmed = text.trim().replace(/\s*%$/, "");
  if (trimmed === "") return undefined;
  return DECIMAL.test(trimmed) ? `${trimmed}%` : trimmed;
}

/** What stands before the sign: a text without one is a share, as a number is. */
function percentOf(value: unknown): string {
  if (typeof value === "number") return String(Number((value * 100).toPrecision(12)));
  if (typeof value !== "string") return "";
  const trimmed = value.trim();
  return DECIMAL.test(trimmed) ? percentOf(Number(trimmed)) : trimmed.replace(/\s*%$/, "");
}
