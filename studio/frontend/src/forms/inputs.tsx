import { useContext, useState } from "react";
import { SecretMenu } from "../controls/SecretMenu";
import { FormContext } from "./context";
import type { ControlProps } from "./Control";
import { isPlaceholder, shown } from "./validate";

/** A line of text. One-character fields show and take tabs as `\t`. */
export function TextInput({ field, value, onChange, id, label, describedBy, isInvalid }: ControlProps) {
  const isCharacter = field.schema.maxLength === 1;
  const isDate = field.schema.format === "date";
  // A date's field has no room for a hint: it shows the default itself.
  const byDefault = isDate && typeof field.default === "string" ? field.default : "";
  const given = value === undefined || value === null ? (value === undefined ? byDefault : "") : typeof value === "string" ? value : JSON.stringify(value);
  const canBeEmpty = typeof field.default === "string" && field.default !== "" && !field.schema.minLength;
  const isEmptied = value === "" && canBeEmpty;
  const { secrets } = useContext(FormContext);
  return (
    <div className="text-input">
      <input
        id={id}
        type={isDate ? "date" : "text"}
        autoComplete="off"
        spellCheck={false}
        aria-label={label}
        aria-invalid={isInvalid || undefined}
        aria-describedby={describedBy}
        placeholder={isEmptied ? "none" : placeholderOf(field)}
        value={isCharacter ? shown(given) : given}
        onChange={(event) => onChange(textOf(isCharacter ? unescaped(event.target.value) : event.target.value))}
      />
      {canBeEmpty && (
        <button type="button" className="quiet" aria-pressed={isEmptied} onClick={() => onChange(isEmptied ? undefined : "")}>
          none
        </button>
      )}
      {!isCharacter && secrets.length > 0 && <SecretMenu secrets={secrets} onChoose={(secret) => onChange(given + secret)} />}
    </div>
  );
}

/** A value of any kind, as JSON where it would read as other than a text: 12, true, ["a"], "12". */
export function AnyInput({ value, onChange, id, label, describedBy, isInvalid }: ControlProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const given = value === undefined ? "" : anyText(value);
  const isCurrent = typed !== null && JSON.stringify(anyOf(typed)) === JSON.stringify(value);
  return (
    <input
      id={id}
      type="text"
      autoComplete="off"
      spellCheck={false}
      aria-label={label}
      aria-invalid={isInvalid || undefined}
      aria-describedby={describedBy}
      value={isCurrent ? typed : given}
      onChange={(event) => {
        setTyped(event.target.value);
        onChange(anyOf(event.target.value));
      }}
      onBlur={() => setTyped(null)}
    />
  );
}

function anyOf(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function anyText(value: unknown): string {
  return typeof value === "string" && anyOf(value) === value ? value : JSON.stringify(value);
}

/** A number. What is no number stays as typed, and is marked. */
export function NumberInput({ field, value, onChange, id, label, describedBy, isInvalid }: ControlProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const given = value === undefined || value === null ? "" : String(value);
  return (
    <input
      id={id}
      className="number"
      type="text"
      inputMode={field.kind === "integer" ? "numeric" : "decimal"}
      autoComplete="off"
      aria-label={label}
      aria-invalid={isInvalid || undefined}
      aria-describedby={describedBy}
      placeholder={placeholderOf(field)}
      value={typed !== null && numberOf(typed) === value ? typed : given}
      onChange={(event) => {
        setTyped(event.target.value);
        onChange(numberOf(event.target.value));
      }}
      onBlur={() => setTyped(null)}
    />
  );
}

/** A choice. The default is chosen by giving no value; where it is none, or only a run knows it, that has a line of its own. */
export function ChoiceInput({ field, value, onChange, id, label, describedBy, isInvalid }: ControlProps) {
  const isGiven = value !== undefined && value !== null;
  const usual = field.choices.indexOf(field.default);
  const place = isGiven ? field.choices.indexOf(value) : usual;
  const isUnknown = isGiven && place < 0;
  return (
    <select
      id={id}
      aria-label={label}
      aria-invalid={isInvalid || undefined}
      aria-describedby={describedBy}
      data-empty={isGiven ? undefined : true}
      value={isUnknown ? "other" : place < 0 ? "" : String(place)}
      onChange={(event) => {
        const chosen = event.target.value;
        if (chosen !== "other") onChange(chosen === "" || Number(chosen) === usual ? undefined : field.choices[Number(chosen)]);
      }}
    >
      {usual < 0 && <option value="">{field.isRequired ? "Choose…" : "Default"}</option>}
      {isUnknown && <option value="other">{shown(value)}</option>}
      {field.choices.map((choice, index) => (
        <option key={index} value={String(index)}>
          {shown(choice)}
        </option>
      ))}
    </select>
  );
}

/** The default as a field's placeholder shows it. */
export function placeholderOf(field: ControlProps["field"]): string {
  const given = field.default ?? field.schema.examples?.[0];
  if (given === undefined || given === null || given === "" || (Array.isArray(given) && given.length === 0)) return "";
  return field.kind === "number" || field.kind === "integer" ? String(given) : shown(given);
}

/** A typed text as a value: undefined where it is empty. */
function textOf(text: string): string | undefined {
  return text === "" ? undefined : text;
}

function numberOf(text: string): unknown {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  if (isPlaceholder(trimmed) || !/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed)) return text;
  return Number(trimmed);
}

function unescaped(text: string): string {
  return text.replaceAll("\\t", "\t").replaceAll("\\n", "\n");
}
