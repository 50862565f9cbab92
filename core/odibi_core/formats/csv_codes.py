"""Columns of CSV that look like numbers and may be codes: post codes, article numbers, accounts.

A code is written with zeros in front, so that all have the same length. DuckDB's sniffer leaves a column as
text where the head of a file shows such a zero. Where the head shows none, but numbers of one length, a zero
in front may come later; where numbers have different lengths, nobody pads them.
"""

from __future__ import annotations

from collections.abc import Iterable

from odibi_core.formats.csv_shape import Shape
from odibi_core.formats.exact_values import WHOLE

PADDED = r"\s*0\d[\d.]*\s*"
"""What a number looks like that would lose zeros."""
_HEAD_RECORDS = 1_000
_MOST_DIGITS = 18


def code_lengths(shape: Shape, nulls: Iterable[str]) -> dict[str, int]:
    """The columns of whole numbers that may be codes, and how many digits each has in the heads.

    Args:
        shape: The columns whose types were declared are none of them.
        nulls: Texts that mean null.
    """
    empty = {"", *nulls}
    places = {
        place: name
        for place, (name, type_) in enumerate(shape.schema)
        if type_ in WHOLE and name not in shape.declared
    }
    lengths: dict[str, int] = {}
    for head in shape.heads:
        for record in head.records[shape.has_header : _HEAD_RECORDS]:
            if not places:
                return lengths
            if record.width != len(shape.schema):
                continue
            fields = shape.dialect.fields(record.text)
            for place, name in list(places.items()):
                text = fields[place]
                if text in empty:
                    continue
                length = lengths.setdefault(name, len(text))
                if not 1 < length <= _MOST_DIGITS or len(text) != length or not text.isdecimal():
                    del places[place]
                    lengths.pop(name)
    return lengths


def code_sql(text: str, number: str, length: int, otherwise: str) -> str:
    """An expression for the number of a code; what is no such code is left to another one.

    Args:
        text: An expression for the text.
        number: One for the number that a cast makes of it; null where it makes none.
        length: How many digits the code has.
        otherwise: The other expression.
    """
    # So many characters hold so large a number only where all are digits, or a power of ten makes it whole.
    is_code = f"strlen({text}) = {length} AND {number} >= {10 ** (length - 1)}"
    return f"CASE WHEN {is_code} THEN {number} ELSE {otherwise} END"
