import { useState } from "react";
import type { Grid } from "../messages";
import { cellText, counted, isNumeric } from "../panel/cells";

const FIRST = 5;

/** The rows of a place in a trace: the first few, and all that came on demand. */
export function SmallTable({ grid, label }: { grid: Grid; label: string }) {
  const [isWhole, setWhole] = useState(false);
  const rows = isWhole ? grid.rows : grid.rows.slice(0, FIRST);
  const hidden = grid.rows.length - rows.length;
  return (
    <div className="trace-rows">
      <table aria-label={label}>
        <thead>
          <tr>
            {grid.columns.map(({ name, type }) => (
              <th key={name} scope="col" className={isNumeric(type) ? "is-number" : undefined} title={type}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, place) => (
            <tr key={place}>
              {grid.columns.map(({ name, type }, at) => (
                <td key={name} className={row[at] === null ? "is-null" : isNumeric(type) ? "is-number" : undefined}>
                  {cellText(row[at], type, name)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {(hidden > 0 || grid.row_count > grid.rows.length) && (
        <p className="trace-more">
          {hidden > 0 && (
            <button type="button" className="button is-small" onClick={() => setWhole(true)}>
              Show {counted(hidden, "more row")}
            </button>
          )}
          {grid.row_count > grid.rows.length && ` The first ${grid.rows.length.toLocaleString()} of ${counted(grid.row_count, "row")}`}
        </p>
      )}
    </div>
  );
}
