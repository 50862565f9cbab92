"""Formulas whose values a workbook does not hold: what keeps a formula need not be able to compute it."""

from __future__ import annotations

import re
import zipfile
import zlib
from contextlib import suppress

from odibi_core.errors import SourceError

_BOOK = "xl/workbook.xml"
# Programs that can't compute say so, that Excel does it; Excel says it no more when it has.
_IS_TO_DO = re.compile(rb'<calcPr[^>]*\sfullCalcOnLoad="(?:1|true)"')
# A formula whose value is an empty text says that it is a text.
_EMPTY = re.compile(
    rb'<c r="([A-Z]+(\d+))"(?: s="\d+")?><f(?:\s[^>]*)?(?:/>|>[^<]*</f>)(?:<v\s*/>|<v></v>)?</c>'
)
_NOT_OURS = (zipfile.BadZipFile, zlib.error, EOFError, SyntaxError, KeyError, ValueError, TypeError)
_PIECE_BYTES = 1 << 20
# Excel's longest formula, where each letter is spelled as an entity.
_LONGEST_BYTES = 8_192 * 6 + 200


def check_computed(path: str, sheet: str, skip: int) -> None:
    """Refuse a sheet whose formulas would be read as empty cells.

    Args:
        path: The workbook.
        sheet: The sheet's name.
        skip: How many rows at its top do not count.

    Raises:
        SourceError: A formula has no value.
    """
    cell = ""
    # What is damaged is told by what reads it, and what is built otherwise is read as it is.
    with suppress(*_NOT_OURS), zipfile.ZipFile(path) as parts:
        if _IS_TO_DO.search(parts.read(_BOOK)):
            cell = _first_empty(parts, _part_of(parts, sheet), skip)
    if cell:
        raise SourceError(
            f"the sheet {sheet!r} has formulas, such as {cell}, that nothing has computed since the workbook "
            "was written",
            where=path,
            fix="open it in Excel and save it: until then their cells are empty",
        )


def _part_of(parts: zipfile.ZipFile, sheet: str) -> str:
    from openpyxl.reader.workbook import WorkbookParser

    book = WorkbookParser(parts, _BOOK, keep_links=False)
    book.parse()
    return {found.name: str(part.target) for found, part in book.find_sheets()}[sheet]


def _first_empty(parts: zipfile.ZipFile, part: str, skip: int) -> str:
    """The first cell below the rows that do not count whose formula has no value, or ""."""
    rest = b""
    with parts.open(part) as file:
        while piece := file.read(_PIECE_BYTES):
            text = rest + piece
            for found in _EMPTY.finditer(text):
                if int(found[2]) > skip:
                    return found[1].decode()
            rest = text[-_LONGEST_BYTES:]
    return ""
