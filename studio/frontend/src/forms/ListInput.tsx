import { ArrowDown, ArrowUp, X } from "lucide-react";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { Control, type ControlProps } from "./Control";
import { Form } from "./Form";
import { within } from "./problems";
import { fieldsOf, itemOf, startOf } from "./schema";
import { isMap, shown, validate } from "./validate";

/** A list: of texts as chips, of anything else as rows. */
export function ListInput(props: ControlProps) {
  const item = itemOf(props.field);
  return item.kind === "text" && !item.widget ? <ChipsInput {...props} /> : <RowsInput {...props} />;
}

/** Texts: Enter or a comma adds one, Backspace in the empty box takes the last. */
export function ChipsInput({ field, value, onChange, id, label, describedBy, isInvalid }: ControlProps) {
  const [typed, setTyped] = useState("");
  const texts = Array.isArray(value) ? value.map(String) : [];

  function give(next: string[]) {
    onChange(next.length === 0 ? undefined : next);
  }

  function take(text: string) {
    const added = text.split(",").map((part) => part.trim()).filter((part) => part !== "" && !texts.includes(part));
    if (added.length > 0) give([...texts, ...added]);
    setTyped("");
  }

  function press(event: KeyboardEvent) {
    if ((event.key === "Enter" || event.key === ",") && typed.trim()) {
      event.preventDefault();
      take(typed);
    } else if (event.key === "Backspace" && typed === "" && texts.length > 0) give(texts.slice(0, -1));
  }

  return (
    <div className="chips" data-invalid={isInvalid || undefined}>
      {texts.map((text, place) => (
        <Chip key={text} text={shown(text)} onRemove={() => give(texts.filter((_one, at) => at !== place))} />
      ))}
      <input
        id={id}
        type="text"
        autoComplete="off"
        spellCheck={false}
        aria-label={label ?? field.label}
        aria-describedby={describedBy}
        placeholder={texts.length === 0 ? "Type, then Enter" : ""}
        value={typed}
        onChange={(event) => (event.target.value.includes(",") ? take(event.target.value) : setTyped(event.target.value))}
        onKeyDown={press}
        onBlur={() => take(typed)}
      />
    </div>
  );
}

/** A word with a button that takes it away. */
export function Chip({ text, detail, onRemove }: { text: string; detail?: string; onRemove: () => void }) {
  return (
    <span className="chip">
      {text}
      {detail && <small>{detail}</small>}
      <button type="button" aria-label={`Remove ${text}`} onClick={onRemove}>
        <X size={12} aria-hidden />
      </button>
    </span>
  );
}

/** Items one below the other, each with its form; they can be moved. */
function RowsInput({ field, value, onChange, problems, id }: ControlProps) {
  const items: unknown[] = Array.isArray(value) ? value : [];
  const item = itemOf(field);
  const list = useRef<HTMLOListElement>(null);
  const added = useRef(false);

  useEffect(() => {
    if (!added.current) return;
    added.current = false;
    list.current?.lastElementChild?.querySelector<HTMLElement>("input, select, .cm-content")?.focus();
  }, [items.length]);

  function give(next: unknown[]) {
    onChange(next.length === 0 ? undefined : next);
  }

  function move(place: number, by: number) {
    const next = [...items];
    const [moved] = next.splice(place, 1);
    next.splice(place + by, 0, moved);
    give(next);
  }

  return (
    <div className="rows">
      <ol ref={list}>
        {items.map((one, place) => (
          <li key={place} className="row">
            <div className="row-body">
              {item.kind === "object" ? (
                <Form
                  className="form-row"
                  fields={fieldsOf(item.schema, item.root)}
                  value={isMap(one) ? one : {}}
                  onChange={(given) => give(items.with(place, given))}
                  problems={within(problems, place)}
                  idPrefix={`${id}.${place}`}
                />
              ) : (
                <RowItem
                  field={item}
                  value={one}
                  onChange={(given) => give(items.with(place, given ?? startOf(item)))}
                  problems={within(problems, place)}
                  id={`${id}.${place}`}
                  label={`${field.label} ${place + 1}`}
                />
              )}
            </div>
            <div className="row-tools">
              <button type="button" aria-label={`Remove ${place + 1}`} onClick={() => give(items.filter((_one, at) => at !== place))}>
                <X size={14} aria-hidden />
              </button>
              {items.length > 1 && (
                <>
                  <button type="button" aria-label={`Move ${place + 1} up`} disabled={place === 0} onClick={() => move(place, -1)}>
                    <ArrowUp size={13} aria-hidden />
                  </button>
                  <button
                    type="button"
                    aria-label={`Move ${place + 1} down`}
                    disabled={place === items.length - 1}
                    onClick={() => move(place, 1)}
                  >
                    <ArrowDown size={13} aria-hidden />
                  </button>
                </>
              )}
            </div>
          </li>
        ))}
      </ol>
      <button
        type="button"
        id={id}
        className="quiet add"
        onClick={() => {
          added.current = true;
          give([...items, startOf(item)]);
        }}
      >
        + Add {singular(field.label)}
      </button>
    </div>
  );
}

function RowItem(props: ControlProps) {
  const messages = [...validate(props.field, props.value), ...props.problems];
  return (
    <>
      <Control {...props} isInvalid={messages.length > 0} />
      {messages.slice(0, 1).map(({ what }) => (
        <p key={what} className="field-message" data-severity="error">
          {what}
        </p>
      ))}
    </>
  );
}

function singular(label: string): string {
  const word = label.toLowerCase();
  return word.replace(/ies$/, "y").replace(/(?<!s)s$/, "");
}
