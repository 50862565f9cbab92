import { X } from "lucide-react";
import { useState } from "react";
import { Combobox } from "../controls/Combobox";
import { Control, type ControlProps } from "./Control";
import { useColumns } from "./context";
import { within } from "./problems";
import { startOf, valueOf } from "./schema";
import { isMap, validate } from "./validate";

type Row = [name: string, value: unknown];

/** Names with values. A name may be empty or there twice while one types; such rows count once they are whole. */
export function MapInput({ field, value, onChange, problems, id }: ControlProps) {
  const given: Record<string, unknown> = isMap(value) ? value : {};
  const [draft, setDraft] = useState<Row[]>([]);
  const columns = useColumns(field.input);
  const namesColumns = field.widget === "" && /column/i.test(field.help);
  const child = valueOf(field);
  const rows = sameMap(mapOf(draft), given) ? draft : Object.entries(given);

  function give(next: Row[]) {
    setDraft(next);
    const map = mapOf(next);
    if (!sameMap(map, given)) onChange(Object.keys(map).length === 0 ? undefined : map);
  }

  function change(place: number, row: Row) {
    give(rows.with(place, row));
  }

  return (
    <div className="map">
      {rows.map(([name, one], place) => {
        const isDouble = name !== "" && rows.findIndex(([other]) => other === name) !== place;
        const wrong = isDouble
          ? "This name is there already."
          : (validate(child, one)[0]?.what ?? within(problems, name)[0]?.what);
        return (
          <div className="map-row" key={place}>
            {namesColumns ? (
              <Combobox
                id={`${id}.${place}-name`}
                label={`Name ${place + 1}`}
                value={name}
                isFree
                placeholder="column"
                options={columns.map((column) => ({ value: column.name, detail: column.type }))}
                onChange={(next) => change(place, [next, one])}
              />
            ) : (
              <input
                type="text"
                aria-label={`Name ${place + 1}`}
                placeholder="name"
                autoComplete="off"
                spellCheck={false}
                value={name}
                onChange={(event) => change(place, [event.target.value, one])}
              />
            )}
            <Control
              field={child}
              value={one}
              onChange={(next) => change(place, [name, next ?? startOf(child)])}
              problems={within(problems, name)}
              id={`${id}.${name || place}`}
              label={`Value of ${name || place + 1}`}
              isInvalid={wrong !== undefined}
            />
            <button
              type="button"
              className="quiet"
              aria-label={`Remove ${name || place + 1}`}
              onClick={() => give(rows.filter((_row, at) => at !== place))}
            >
              <X size={14} aria-hidden />
            </button>
            {wrong && (
              <p className="field-message" data-severity="error">
                {wrong}
              </p>
            )}
          </div>
        );
      })}
      <button type="button" id={id} className="quiet add" onClick={() => setDraft([...rows, ["", startOf(child)]])}>
        + Add
      </button>
    </div>
  );
}

function mapOf(rows: Row[]): Record<string, unknown> {
  const map: Record<string, unknown> = {};
  for (const [name, value] of rows) if (name !== "" && !Object.hasOwn(map, name)) map[name] = value;
  return map;
}

function sameMap(one: Record<string, unknown>, other: Record<string, unknown>): boolean {
  return JSON.stringify(Object.entries(one)) === JSON.stringify(Object.entries(other));
}
