"""Workbooks that have other sheets than the one that is written: they are kept."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odibi_core.errors import TargetError

if TYPE_CHECKING:
    from openpyxl import Workbook

# What openpyxl does not write again as it was.
_LOST = {
    "xl/charts/": "charts",
    "xl/chartsheets/": "sheets with charts",
    "xl/media/": "pictures",
    "xl/drawings/drawing": "drawings",
    "xl/pivotTables/": "pivot tables",
    "xl/slicers/": "slicers",
    "xl/timelines/": "timelines",
    "xl/ctrlProps/": "controls",
    "xl/activeX/": "controls",
    "xl/threadedComments/": "threads of comments",
    "xl/embeddings/": "embedded files",
    "xl/richData/": "linked values",
    "xl/connections.xml": "queries of other data",
    "xl/model/": "a data model",
    "xl/vbaProject.bin": "macros",
}
_LOST_IN_SHEETS = {
    b"<x14:sparklineGroup": "sparklines",
    b"<x14:conditionalFormatting": "rules for colours, bars and icons",
    b"<x14:dataValidation": "rules for what may be entered",
}
_PIECE_BYTES = 1 << 20
# What a damaged archive raises, XML that is none (a SyntaxError), and XML that openpyxl does not know.
_UNREADABLE = (
    *(zipfile.BadZipFile, zlib.error, EOFError, SyntaxError),
    *(KeyError, ValueError, TypeError, AttributeError),
)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_LIKE_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


class KeptBook:
    """A workbook of which one sheet is written anew or added; the others stay.

    It is held in memory whole. Formulas stay; Excel computes them when it opens the workbook.

    Args:
        book: The workbook as it is.
        path: Where the new one will be.
        sheet: The sheet's name.
        where: What messages call the workbook.

    Raises:
        TargetError: The workbook has things that would be lost, or is locked.
    """

    def __init__(self, book: Path, path: Path, sheet: str, where: str) -> None:
        from openpyxl.styles import Font

        self._path, self._bold = path, Font(bold=True)
        self._book = _load(book, where)
        old = next((name for name in self._book.sheetnames if is_same_sheet(name, sheet)), None)
        place = None
        if old is not None:
            place = self._book.sheetnames.index(old)
            self._book.remove(self._book[old])
        self._sheet = self._book.create_sheet(sheet, place)

    def put(self, row: int, place: int, value: Any, number_format: str = "") -> None:
        """Fill a cell with a text, number, truth value or moment."""
        cell = self._sheet.cell(row + 1, place + 1)
        if isinstance(value, str):
            # Not by its setter: that cuts what is longer than a text may be before it is spelled for XML, and
            # takes a text that begins with "=" for a formula.
            cell._value, cell.data_type = _escaped(value), "s"
            return
        cell.value = value
        if isinstance(value, dt.date | dt.time):
            cell.number_format = number_format

    def head(self, names: Sequence[str]) -> None:
        """Fill the first row with the columns' names, which stay in sight."""
        for place, name in enumerate(names):
            self.put(0, place, name)
            self._sheet.cell(1, place + 1).font = self._bold
        self._sheet.freeze_panes = "A2"

    def close(self, widths: Sequence[int]) -> None:
        """Complete the workbook, whose columns get room for so many letters."""
        from openpyxl.utils import get_column_letter

        for place, width in enumerate(widths, start=1):
            self._sheet.column_dimensions[get_column_letter(place)].width = width
        self._book.save(self._path)


def is_same_sheet(one: str, other: str) -> bool:
    """Whether a workbook can't hold sheets of both names."""
    return sheet_key(one) == sheet_key(other)


def sheet_key(name: str) -> str:
    """A sheet's name as Excel compares it: "Sales" is "sales", but "Straße" is not "Strasse"."""
    return name.lower()


def _load(book: Path, where: str) -> Workbook:
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(book) as parts:
            _check_kept(parts, where)
        return load_workbook(book, rich_text=True)
    except _UNREADABLE as error:
        raise TargetError(
            f"the workbook has other sheets, and can't be read whole so as to keep them: {error}",
            where=where,
            fix="save it again in Excel, or write to a file of its own",
        ) from error


def _check_kept(parts: zipfile.ZipFile, where: str) -> None:
    names = parts.namelist()
    lost = [told for start, told in _LOST.items() if any(name.startswith(start) for name in names)]
    found = {mark for name in names if name.startswith("xl/worksheets/") for mark in _marks(parts, name)}
    lost += [told for mark, told in _LOST_IN_SHEETS.items() if mark in found]
    if lost:
        raise TargetError(
            f"the workbook has other sheets, and {' and '.join(dict.fromkeys(lost))} that would be lost",
            where=where,
            fix="write to a file of its own, and let the workbook refer to it",
        )


def _marks(parts: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """What stands in a sheet that would be lost."""
    rest = b""
    with parts.open(name) as file:
        while piece := file.read(_PIECE_BYTES):
            text = rest + piece
            yield from (mark for mark in _LOST_IN_SHEETS if mark in text)
            rest = text[-100:]


def _escaped(text: str) -> str:
    """A text as a workbook spells it, where XML has no such letter."""
    text = _LIKE_ESCAPE.sub("_x005F_", text)
    return _CONTROL.sub(lambda found: f"_x{ord(found.group()):04X}_", text)
