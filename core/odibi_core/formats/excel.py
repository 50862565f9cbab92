"""Sheets of Excel workbooks: read by calamine, written by XlsxWriter, or openpyxl beside other sheets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from pydantic import Field, field_validator

from odibi_core.errors import SourceError, TargetError, did_you_mean
from odibi_core.formats.arrow_schema import aligned, united_schema, with_folders
from odibi_core.formats.base import Abilities, Options, Rows, Scan, ScanContext, Target, WriteMode, Written
from odibi_core.formats.batches import BatchFormat
from odibi_core.formats.excel_books import KeptBook, is_same_sheet
from odibi_core.formats.excel_cells import column_names, found_types, is_blank, valued
from odibi_core.formats.excel_formulas import check_computed
from odibi_core.formats.excel_writing import ExcelWriter, NewBook, Sheet, cells_sql
from odibi_core.formats.ledger import changed_meanwhile
from odibi_core.formats.sources import Files, find_files, folder_values
from odibi_core.formats.streams import BatchSource, told_error
from odibi_core.formats.typed_values import arrow_type, cast_sql, to_arrow
from odibi_core.formats.types import known_type
from odibi_core.schema import Schema

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection
    from python_calamine import CalamineSheet, CalamineWorkbook

_BATCH_ROWS = 20_000


class ExcelReadOptions(Options):
    """How a sheet is read."""

    sheet: str | int | None = Field(
        default=None, description="The sheet's name, or its number from 1; the first if empty."
    )
    header: bool = Field(default=True, description="Whether the first row holds the columns' names.")
    skip: int = Field(default=0, ge=0, description="Rows to pass over before the header.")
    null_values: tuple[str, ...] = Field(
        default=(), description="Texts that mean null beside the empty cell, such as NA."
    )
    column_types: dict[str, str] | None = Field(
        default=None,
        alias="schema",
        description="Column → type, for some or all columns; the others are what all their cells are.",
    )

    @field_validator("null_values", mode="before")
    @classmethod
    def _one_text(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value


class ExcelWriteOptions(Options):
    """How a sheet of a workbook is written; other sheets stay."""

    sheet: str = Field(default="Sheet1", min_length=1, max_length=31, description="The sheet's name.")
    header: bool = Field(default=True, description="Whether the first row holds the columns' names.")

    @field_validator("sheet")
    @classmethod
    def _is_allowed(cls, sheet: str) -> str:
        if set(sheet) & set("[]:*?/\\") or sheet.startswith("'") or sheet.endswith("'"):
            raise ValueError("a sheet's name can't hold any of []:*?/\\, nor begin or end with '")
        return sheet


class _SheetOptions(ExcelWriteOptions):
    """How a sheet is written into a workbook that may be there.

    Attributes:
        book: The workbook.
        where: What messages call it.
        is_new: Whether the sheet was not in it.
    """

    book: Path
    where: str
    is_new: bool


class ExcelFormat(BatchFormat[ExcelReadOptions, ExcelWriteOptions]):
    """Excel workbooks.

    A sheet has numbers of 15 digits, texts, truth values and moments to the millisecond. Longer numbers and
    moments before March 1900 are refused; long decimals, moments with a zone, bytes, lists and structs are
    written as text. A number column of whole numbers is read as BIGINT, an empty text as null.

    A workbook is to its sheets what a database is to its tables: a step writes one, the others stay. Their
    formulas are computed when Excel opens the workbook; a step that reads them before is refused. Older kinds
    of workbooks (.xls, .xlsb, .ods) are read only.
    """

    name: ClassVar[str] = "excel"
    extensions: ClassVar[tuple[str, ...]] = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
    abilities: ClassVar[Abilities] = Abilities(
        modes=frozenset({WriteMode.OVERWRITE, WriteMode.ERROR, WriteMode.IGNORE}),
        partition=False,
        streams=False,
        tables=True,
        keeps_types=frozenset({"BOOLEAN", "BIGINT", "DOUBLE", "VARCHAR", "DATE", "TIME"}),
    )
    read_options = ExcelReadOptions
    write_options = ExcelWriteOptions

    def probe(self, source: str, options: ExcelReadOptions, cursor: DuckDBPyConnection) -> Schema:
        """The columns, by all cells: a workbook does not say them elsewhere."""
        return _Source(find_files(source, self.extensions), options, cursor).schema

    def scan(self, source: str, options: ExcelReadOptions, context: ScanContext) -> Scan:
        """The sheet, ready to be read."""
        ready = _Source(find_files(source, self.extensions), options, context.cursor)
        view = f"{context.name}_rows"
        batches = BatchSource(ready.arrow, ready.batches)
        return Scan(cast_sql(ready.schema, view), ready.schema, ready.rows, views={view: batches})

    def explain_read_error(self, error: Exception, source: str) -> Exception:  # noqa: ARG002
        """A SourceError where a cell is not of its column's type."""
        return told_error(error) or error

    def write(self, rows: Rows, target: Target, options: ExcelWriteOptions) -> Written:
        """Write a sheet.

        Raises:
            TargetError: The target can't be written, or would lose other sheets or what is around them.
        """
        if target.path.suffix and target.path.suffix.lower() != ".xlsx":
            raise TargetError(
                f"a workbook of the kind {target.path.suffix!r} can't be written",
                where=str(target.path),
                fix=f"write {target.path.with_suffix('.xlsx').name}",
            )
        there = _sheets(target.path, target.where)
        is_new = not any(is_same_sheet(name, options.sheet) for name in there)
        bound = _SheetOptions(**options.model_dump(), book=target.path, where=target.where, is_new=is_new)
        if there and is_new:
            # The modes are about the sheet.
            target = replace(target, mode=WriteMode.OVERWRITE)
        return super().write(rows, target, bound)

    def checked_sql(self, rows: Rows, options: ExcelWriteOptions, path: Path) -> str:  # noqa: ARG002
        """The rows as cells can hold them."""
        return cells_sql(rows.sql, rows.schema, path)

    def open_writer(
        self,
        path: Path,
        columns: Schema,
        schema: pa.Schema,  # noqa: ARG002
        options: ExcelWriteOptions,
    ) -> ExcelWriter:
        """A workbook with the sheet, and with the others of the one that is there."""
        assert isinstance(options, _SheetOptions)
        there = _sheets(options.book, options.where)
        others = [name for name in there if not is_same_sheet(name, options.sheet)]
        if options.is_new and len(others) < len(there):
            raise changed_meanwhile(options.book)
        book: Sheet = (
            KeptBook(options.book, path, options.sheet, options.where)
            if others
            else NewBook(path, options.sheet)
        )
        return ExcelWriter(path, book, columns.names, has_header=options.header)

    def existing_schema(
        self,
        files: Files,
        options: ExcelWriteOptions,  # noqa: ARG002
        cursor: DuckDBPyConnection,  # noqa: ARG002
    ) -> Schema:
        """Nothing: a workbook is not added to.

        Raises:
            TargetError: Always.
        """
        _refuse(files)

    def existing_sql(self, files: Files, schema: Schema, options: ExcelWriteOptions) -> str:  # noqa: ARG002
        """Nothing: a workbook is not added to.

        Raises:
            TargetError: Always.
        """
        _refuse(files)


def _refuse(files: Files) -> NoReturn:
    raise TargetError(
        "a workbook can't be added to: what is around its cells would be lost",
        where=files.paths[0],
        fix="use mode 'overwrite', or another format",
    )


def _sheets(path: Path, where: str) -> list[str]:
    """The sheets of a workbook; none where there is none.

    Raises:
        TargetError: It can't be read, so that nobody knows what it holds.
    """
    if not path.is_file() or path.stat().st_size == 0:
        return []
    try:
        return list(_open(str(path)).sheet_names)
    except SourceError as error:
        raise TargetError(
            f"the workbook's sheets can't be kept: {error.what}",
            where=where,
            fix="remove it first, or write to a file of its own",
        ) from error


class _Source:
    """Sheets of the same name or place in one or several workbooks, looked through once."""

    def __init__(self, files: Files, options: ExcelReadOptions, cursor: DuckDBPyConnection) -> None:
        import pyarrow as pa

        self._files, self._options = files, options
        self._nulls = frozenset(options.null_values)
        self._types: dict[str, dict[str, str]] = {}
        self.rows = 0
        for path in files.paths:
            names, cells = self._sheet(path, is_checked=True)
            types, count = found_types(cells, len(names), self._nulls)
            self._types[path] = dict(zip(names, types, strict=True))
            self.rows += count
        given = {
            name: known_type(type_, name, cursor) for name, type_ in (options.column_types or {}).items()
        }
        known = {name for types in self._types.values() for name in types}
        for name in given:
            if name not in known:
                raise SourceError(
                    f"the schema names a column that the sheet does not have: {name!r}",
                    where=files.paths[0],
                    fix=did_you_mean(name, known),
                )
        self._types = {
            path: {name: given.get(name, type_) for name, type_ in types.items()}
            for path, types in self._types.items()
        }
        inner = united_schema(
            {
                path: pa.schema([(name, arrow_type(type_)) for name, type_ in types.items()])
                for path, types in self._types.items()
            }
        )
        self.arrow = with_folders(inner, files.partitions)
        relation = cursor.from_arrow(self.arrow.empty_table())
        self.schema = Schema.of(
            (name, given.get(name, str(type_)))
            for name, type_ in zip(relation.columns, relation.types, strict=True)
        )

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows."""
        import pyarrow as pa

        for path, types in self._types.items():
            values = folder_values(path, self._files.partitions)
            _, rows = self._sheet(path)
            cells = (row for row in rows if not all(map(is_blank, row)))
            while some := list(islice(cells, _BATCH_ROWS)):
                arrays = [
                    _column([row[place] for row in some], name, type_, nulls=self._nulls, path=path)
                    for place, (name, type_) in enumerate(types.items())
                ]
                yield aligned(pa.RecordBatch.from_arrays(arrays, names=list(types)), self.arrow, values)

    def _sheet(self, path: str, *, is_checked: bool = False) -> tuple[list[str], Iterator[Sequence[Any]]]:
        """The names of a sheet's columns, and the rows behind them."""
        book = _open(path)
        name = _sheet_name(book, self._options.sheet, path)
        if is_checked:
            check_computed(path, name, self._options.skip)
        sheet = _opened(book, name, path)
        rows = islice(iter(sheet.iter_rows()), self._options.skip, None)
        first = next(rows, None)
        if first is None:
            raise SourceError("the sheet is empty", where=path, fix="say which sheet is read with `sheet`")
        if self._options.header:
            return column_names(first, path), rows
        return [f"column{place}" for place in range(len(first))], _chained(first, rows)


def _chained(first: Sequence[Any], rows: Iterator[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    yield first
    yield from rows


def _column(cells: Sequence[Any], name: str, type_: str, *, nulls: frozenset[str], path: str) -> pa.Array:
    try:
        return to_arrow([valued(cell, type_, nulls) for cell in cells], arrow_type(type_))
    except (ValueError, TypeError, OverflowError) as error:
        raise SourceError(
            f"column {name!r} holds a cell that is not of type {type_}: {str(error).splitlines()[0]}",
            where=path,
            fix=f"read it as text: schema: {{{name}: VARCHAR}}",
        ) from error


def _open(path: str) -> CalamineWorkbook:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    try:
        return CalamineWorkbook.from_path(path)
    except PasswordError as error:
        raise SourceError(
            "the workbook is locked by a password", where=path, fix="save it without one"
        ) from error
    except (CalamineError, OSError, ValueError) as error:
        raise _damaged(error, path) from error


def _opened(book: CalamineWorkbook, name: str, path: str) -> CalamineSheet:
    from python_calamine import CalamineError

    try:
        return book.get_sheet_by_name(name)
    except CalamineError as error:
        raise _damaged(error, path) from error


def _damaged(error: Exception, path: str) -> SourceError:
    return SourceError(
        f"the file is no workbook, or it is damaged: {error}",
        where=path,
        fix="save it again, or say its real format with source_type",
    )


def _sheet_name(book: CalamineWorkbook, sheet: str | int | None, path: str) -> str:
    names = book.sheet_names
    if isinstance(sheet, str):
        if sheet not in names:
            raise SourceError(
                f"the workbook has no sheet {sheet!r}", where=path, fix=did_you_mean(sheet, names)
            )
        return sheet
    number = sheet or 1
    if not 1 <= number <= len(names):
        raise SourceError(
            f"the workbook has no sheet number {number}", where=path, fix=f"it has {', '.join(names)}"
        )
    return names[number - 1]
