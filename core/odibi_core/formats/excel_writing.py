"""Rows as the cells of a sheet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from odibi_core.errors import TargetError
from odibi_core.formats.excel_cells import EXACT_LIMIT
from odibi_core.schema import Schema, quote

if TYPE_CHECKING:
    import pyarrow as pa

ROW_LIMIT, COLUMN_LIMIT, TEXT_LIMIT = 1_048_576, 16_384, 32_767
_NUMBERS = (
    *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"),
    *("HUGEINT", "UHUGEINT"),
)
_FORMATS = {dt.datetime: "yyyy-mm-dd hh:mm:ss.000", dt.date: "yyyy-mm-dd", dt.time: "hh:mm:ss"}
_FIRST_DAY = dt.date(1900, 3, 1)
# Columns get the room that their first rows need, in letters.
_MEASURED_ROWS, _LEAST_WIDTH, _MOST_WIDTH = 1_000, 9, 60


def cells_sql(sql: str, schema: Schema, path: Path) -> str:
    """The rows with the types that cells have: what has none becomes text.

    Raises:
        TargetError: There are more columns than a sheet has.
    """
    if len(schema) > COLUMN_LIMIT:
        raise TargetError(f"a sheet has {COLUMN_LIMIT:,} columns, not {len(schema):,}", where=str(path))
    columns = []
    for name, type_ in schema:
        column = quote(name)
        if type_ in _NUMBERS:
            cast = f"CAST({column} AS DECIMAL(38,0))" if "HUGE" in type_ else column
        elif type_.startswith("DECIMAL(") and int(type_[8:].partition(",")[0]) <= 15:
            cast = f"CAST({column} AS DOUBLE)"
        elif type_ in ("TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"):
            cast = f"CAST({column} AS TIMESTAMP)"
        elif type_ in ("BOOLEAN", "FLOAT", "DOUBLE", "VARCHAR", "DATE", "TIME", "TIMESTAMP"):
            cast = column
        else:
            cast = f"CAST({column} AS VARCHAR)"
        columns.append(f"{cast} AS {column}")
    return f"SELECT {', '.join(columns)} FROM ({sql})"


class Sheet(Protocol):
    """A sheet that is filled from the top down, and the workbook that it is in."""

    def put(self, row: int, place: int, value: Any, number_format: str = "") -> None:
        """Fill a cell with a text, number, truth value or moment."""

    def head(self, names: Sequence[str]) -> None:
        """Fill the first row with the columns' names, which stay in sight."""

    def close(self, widths: Sequence[int]) -> None:
        """Complete the workbook, whose columns get room for so many letters."""


class NewBook:
    """A workbook with one sheet; rows go to the disk as they come.

    Args:
        path: Where it will be.
        sheet: The sheet's name.
    """

    def __init__(self, path: Path, sheet: str) -> None:
        import xlsxwriter

        self._book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "tmpdir": str(path.parent)})
        self._sheet = self._book.add_worksheet(sheet)
        self._formats = {text: self._book.add_format({"num_format": text}) for text in _FORMATS.values()}

    def put(self, row: int, place: int, value: Any, number_format: str = "") -> None:
        """Fill a cell with a text, number, truth value or moment."""
        sheet = self._sheet
        match value:
            case bool():
                sheet.write_boolean(row, place, value)
            case str():
                sheet.write_string(row, place, value)
            case dt.date() | dt.time():
                sheet.write_datetime(row, place, value, self._formats[number_format])
            case _:
                sheet.write_number(row, place, value)

    def head(self, names: Sequence[str]) -> None:
        """Fill the first row with the columns' names, which stay in sight."""
        bold = self._book.add_format({"bold": True})
        for place, name in enumerate(names):
            self._sheet.write_string(0, place, name, bold)
        self._sheet.freeze_panes(1, 0)

    def close(self, widths: Sequence[int]) -> None:
        """Complete the workbook, whose columns get room for so many letters."""
        from xlsxwriter.exceptions import FileCreateError

        for place, width in enumerate(widths):
            self._sheet.set_column(place, place, width)
        try:
            self._book.close()
        except FileCreateError as error:
            cause = error.args[0] if error.args else error
            raise (cause if isinstance(cause, OSError) else OSError(str(error))) from error


class ExcelWriter:
    """Rows on their way into a sheet.

    Args:
        path: The workbook, for messages.
        sheet: What is filled.
        names: The columns.
        has_header: Whether the first row holds the names.
    """

    def __init__(self, path: Path, sheet: Sheet, names: Sequence[str], *, has_header: bool) -> None:
        self._path, self._names, self._sheet = path, names, sheet
        self._widths = [_LEAST_WIDTH] * len(names)
        self._row = 0
        if has_header:
            sheet.head(names)
            self._widths = [_width(name) for name in names]
            self._row = 1

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows."""
        try:
            columns = [column.to_pylist() for column in batch.columns]
            for row in zip(*columns, strict=True):
                if self._row >= ROW_LIMIT:
                    raise self._refusal(f"a sheet has {ROW_LIMIT:,} rows, fewer than are written")
                for place, value in enumerate(row):
                    if value is not None:
                        self._write(place, value)
                self._row += 1
        except OverflowError as error:
            raise self._refusal(f"a moment is beyond what Excel knows: {error}") from error

    def close(self) -> None:
        """Complete the workbook."""
        self._sheet.close(self._widths)

    def _write(self, place: int, value: Any) -> None:
        name, number_format = self._names[place], ""
        if isinstance(value, bool):
            pass
        elif isinstance(value, str):
            if len(value) > TEXT_LIMIT:
                raise self._refusal(f"column {name!r} has a text longer than the {TEXT_LIMIT:,} of a cell")
        elif isinstance(value, dt.date | dt.time):
            day = value.date() if isinstance(value, dt.datetime) else value
            if isinstance(day, dt.date) and day < _FIRST_DAY:
                raise self._refusal(f"column {name!r} has a date before March 1900")
            number_format = _FORMATS[type(value)]
        elif isinstance(value, float):
            if value - value != 0:
                raise self._refusal(f"column {name!r} holds NaN or infinity, for which Excel has no number")
        elif abs(value) >= EXACT_LIMIT:
            raise self._refusal(f"column {name!r} has a number of more than 15 digits")
        else:
            value = int(value)
        if self._row < _MEASURED_ROWS:
            self._widths[place] = max(self._widths[place], _width(number_format or str(value)))
        self._sheet.put(self._row, place, value, number_format)

    def _refusal(self, what: str) -> TargetError:
        return TargetError(
            what,
            where=str(self._path),
            fix="cast the column to VARCHAR in a step before, or filter the rows",
        )


def _width(text: str) -> int:
    """The room that a text needs, and a column gets at most."""
    return min(max(len(text) + 2, _LEAST_WIDTH), _MOST_WIDTH)
