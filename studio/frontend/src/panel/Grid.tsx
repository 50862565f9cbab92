import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import type { Column } from "../messages";
import { cellText, isNumeric, tabSeparated } from "./cells";
import { ValuePopover } from "./ValuePopover";

const ROW_HEIGHT = 26;
const HEAD_HEIGHT = 42;
const MARGIN_WIDTH = 46;
const FIRST_SIZE = { width: 900, height: 400 };

interface Props {
  label: string;
  columns: readonly Column[];
  rows: readonly (readonly unknown[])[];
  /** A click on a column's head; without it heads are only read. */
  onColumn?: ((name: string) => void) | undefined;
  /** A click on a row's number, or F on the row; without it numbers are only read. */
  onRow?: ((row: number) => void) | undefined;
}

interface Cell {
  row: number;
  column: number;
}

/** Rows of a table: only what is in view is drawn. Arrows move, Shift extends, Ctrl-C copies, Enter shows a whole value, F follows the row. */
export function Grid({ label, columns, rows, onColumn, onRow }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState<Cell>({ row: 0, column: 0 });
  const [anchor, setAnchor] = useState<Cell | null>(null);
  const [shown, setShown] = useState<Cell | null>(null);
  const widths = useMemo(() => columns.map((column, place) => widthOf(column, rows, place)), [columns, rows]);
  const vertical = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 8,
    scrollPaddingStart: HEAD_HEIGHT,
    initialRect: FIRST_SIZE,
  });
  const horizontal = useVirtualizer({
    count: columns.length,
    getScrollElement: () => scroller.current,
    estimateSize: (place) => widths[place] ?? 120,
    horizontal: true,
    overscan: 3,
    scrollPaddingStart: MARGIN_WIDTH,
    initialRect: FIRST_SIZE,
  });
  useEffect(() => horizontal.measure(), [widths]);

  const last = { row: Math.max(0, rows.length - 1), column: Math.max(0, columns.length - 1) };
  const at = { row: Math.min(active.row, last.row), column: Math.min(active.column, last.column) };
  const from = anchor ?? at;
  const isMarked = (row: number, column: number) =>
    between(row, from.row, at.row) && between(column, from.column, at.column) && (anchor !== null || (row === at.row && column === at.column));

  function go(to: Cell, isExtending: boolean) {
    const next = { row: clamp(to.row, last.row), column: clamp(to.column, last.column) };
    setAnchor(isExtending ? from : null);
    setActive(next);
    vertical.scrollToIndex(next.row);
    horizontal.scrollToIndex(next.column);
  }

  function copy() {
    const [top, bottom] = sorted(from.row, at.row);
    const [left, right] = sorted(from.column, at.column);
    void navigator.clipboard?.writeText(tabSeparated(rows.slice(top, bottom + 1).map((row) => row.slice(left, right + 1))));
  }

  function press(event: KeyboardEvent) {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / ROW_HEIGHT) - 2);
    const moves: Record<string, Cell> = {
      ArrowDown: { row: at.row + 1, column: at.column },
      ArrowUp: { row: at.row - 1, column: at.column },
      ArrowRight: { row: at.row, column: at.column + 1 },
      ArrowLeft: { row: at.row, column: at.column - 1 },
      PageDown: { row: at.row + page, column: at.column },
      PageUp: { row: at.row - page, column: at.column },
      Home: { row: event.ctrlKey ? 0 : at.row, column: 0 },
      End: { row: event.ctrlKey ? last.row : at.row, column: last.column },
    };
    const isCommand = event.ctrlKey || event.metaKey;
    const key = event.key.toLowerCase();
    if (moves[event.key]) go(moves[event.key]!, event.shiftKey);
    else if (isCommand && key === "c") copy();
    else if (isCommand && key === "a") {
      setAnchor({ row: 0, column: 0 });
      setActive(last);
    } else if (event.key === "Enter" && rows.length > 0) setShown(at);
    else if (key === "f" && !isCommand && onRow && rows.length > 0) onRow(at.row);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function point(event: PointerEvent, cell: Cell) {
    if (event.button !== 0) return;
    setAnchor(event.shiftKey ? from : cell);
    setActive(cell);
  }

  return (
    <div
      ref={scroller}
      className="grid"
      role="grid"
      tabIndex={0}
      aria-label={label}
      aria-rowcount={rows.length + 1}
      aria-colcount={columns.length}
      onKeyDown={press}
    >
      <div className="grid-space" style={{ width: MARGIN_WIDTH + horizontal.getTotalSize(), height: HEAD_HEIGHT + vertical.getTotalSize() }}>
        <div className="grid-head" role="row" aria-rowindex={1} style={{ height: HEAD_HEIGHT }}>
          <div className="grid-corner" style={{ width: MARGIN_WIDTH }} />
          {horizontal.getVirtualItems().map(({ index, start, size }) => {
            const column = columns[index]!;
            return (
              <div
                key={index}
                role="columnheader"
                aria-colindex={index + 1}
                className={isNumeric(column.type) ? "grid-column is-number" : "grid-column"}
                style={{ left: MARGIN_WIDTH + start, width: size }}
              >
                <HeadButton column={column} onColumn={onColumn} />
              </div>
            );
          })}
        </div>
        {vertical.getVirtualItems().map((row) => (
          <div key={row.index} role="row" aria-rowindex={row.index + 2} className="grid-row" style={{ top: HEAD_HEIGHT + row.start, height: ROW_HEIGHT }}>
            <RowNumber row={row.index} onRow={onRow} />
            {horizontal.getVirtualItems().map(({ index, start, size }) => {
              const cell = { row: row.index, column: index };
              const { name, type } = columns[index]!;
              const value = rows[row.index]?.[index];
              return (
                <div
                  key={index}
                  role="gridcell"
                  aria-colindex={index + 1}
                  aria-selected={isMarked(row.index, index)}
                  className={classOf(value, type)}
                  data-active={(row.index === at.row && index === at.column) || undefined}
                  style={{ left: MARGIN_WIDTH + start, width: size }}
                  title={size < 400 ? titleOf(value, type, name, size) : undefined}
                  onPointerDown={(event) => point(event, cell)}
                  onPointerEnter={(event) => event.buttons === 1 && setActive(cell)}
                  onDoubleClick={() => setShown(cell)}
                >
                  {cellText(value, type, name)}
                </div>
              );
            })}
          </div>
        ))}
      </div>
      {shown && (
        <ValuePopover
          name={columns[shown.column]!.name}
          type={columns[shown.column]!.type}
          value={rows[shown.row]?.[shown.column]}
          onClose={() => {
            setShown(null);
            scroller.current?.focus();
          }}
        />
      )}
    </div>
  );
}

function RowNumber({ row, onRow }: { row: number; onRow: Props["onRow"] }) {
  const number = (row + 1).toLocaleString();
  const style = { width: MARGIN_WIDTH };
  if (!onRow) {
    return (
      <div className="grid-number" aria-hidden="true" style={style}>
        {number}
      </div>
    );
  }
  return (
    <div className="grid-number" role="rowheader" style={style}>
      <button
        type="button"
        tabIndex={-1}
        aria-label={`Follow row ${number}`}
        title="Follow: the rows that made this one"
        onClick={() => onRow(row)}
      >
        {number}
      </button>
    </div>
  );
}

function HeadButton({ column, onColumn }: { column: Column; onColumn: Props["onColumn"] }) {
  const content = (
    <>
      <span className="grid-name">{column.name}</span>
      <span className="grid-type">{column.type}</span>
    </>
  );
  if (!onColumn) return content;
  return (
    <button type="button" tabIndex={-1} title={`${column.name} · ${column.type}\nClick for its profile`} onClick={() => onColumn(column.name)}>
      {content}
    </button>
  );
}

function classOf(value: unknown, type: string): string {
  const kind = value === null || value === undefined ? " is-null" : isNumeric(type) ? " is-number" : "";
  return `grid-cell${kind}`;
}

/** The whole text of a cell that is probably clipped. */
function titleOf(value: unknown, type: string, name: string, width: number): string | undefined {
  const text = cellText(value, type, name);
  return text.length * 7 > width - 16 ? (text.length > 600 ? `${text.slice(0, 600)}…` : text) : undefined;
}

/** A width that fits the head and most of the first rows. */
function widthOf(column: Column, rows: readonly (readonly unknown[])[], place: number): number {
  const lengths = rows.slice(0, 60).map((row) => cellText(row[place], column.type, column.name).length);
  const usual = lengths.sort((one, other) => one - other)[Math.floor(lengths.length * 0.9)] ?? 0;
  const letters = Math.max(usual, column.name.length + 1, Math.min(column.type.length, 22) * 0.85);
  return Math.round(Math.min(280, Math.max(68, letters * 7.4 + 22)));
}

function between(place: number, one: number, other: number): boolean {
  return place >= Math.min(one, other) && place <= Math.max(one, other);
}

function sorted(one: number, other: number): [number, number] {
  return [Math.min(one, other), Math.max(one, other)];
}

function clamp(place: number, last: number): number {
  return Math.min(last, Math.max(0, place));
}
