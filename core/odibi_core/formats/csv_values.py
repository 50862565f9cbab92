"""The values of CSV columns as they stand in the file: what DuckDB's reader would change is noticed.

The usual file pays little for it: whole numbers and decimals are read as DOUBLE, which costs no more and
tells a fraction, and moments by a pattern, which takes nothing but what it says. All others are read as text,
as are numbers that may be codes, and everything that is in doubt once that has failed. Then a type that was
found out from the head of a file gives way to one that keeps what comes later; a type that was declared
stays, and the row counts as bad.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from odibi_core.formats.csv_codes import PADDED, code_lengths, code_sql
from odibi_core.formats.csv_options import CsvReadOptions
from odibi_core.formats.csv_shape import Shape
from odibi_core.formats.exact_values import (
    MOMENTS,
    NUMBER,
    SURE_DIGITS,
    WHOLE,
    checked_sql,
    exact_sql,
    is_at_risk,
    is_told_by_double,
    select_sql,
)
from odibi_core.schema import Schema, literal, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

INEXACT = "CSV Reader: a value would be changed"
"""What a strict scan fails with at a value that its column's type does not hold as it is."""

_ISO_DATE = "%Y-%m-%d"
_ISO_MOMENTS = {
    rf"\d{{4}}-\d\d-\d\d{between}\d\d:\d\d{seconds}{zone}": f"%Y-%m-%d{between}%H:%M{parsed}{zone}"
    for between in (" ", "T")
    for seconds, parsed in ((r":\d\d", ":%S"), (r":\d\d\.\d{1,6}", ":%S.%f"), ("", ""))
    for zone in ("", "Z")
}
"""Forms of moments, and the patterns that take those and nothing else."""
_LADDER = ("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_NS")
_DOUBLE_TELLS = 2**53
_HEAD_RECORDS = 100


def at_risk(shape: Shape, partitions: Iterable[str]) -> dict[str, str]:
    """The columns whose values a cast may change, and their types."""
    hidden = {name.casefold() for name in partitions}
    return {
        name: type_
        for name, type_ in shape.schema
        if is_at_risk(type_) and name.casefold() not in hidden and not _is_formatted(shape, type_)
    }


def text_types(shape: Shape, risks: Iterable[str]) -> dict[str, str]:
    """The types by which DuckDB's reader leaves the columns at risk as text."""
    return {**shape.schema.as_dict(), **dict.fromkeys(risks, "VARCHAR")}


def value_sql(name: str, shape: Shape, options: CsvReadOptions) -> str:
    """An expression for the value of a column that was read as text; null where it is none of its type."""
    type_ = shape.schema.as_dict()[name]
    return exact_sql(_text(name, type_, options), type_)


def strict_sql(name: str, shape: Shape, options: CsvReadOptions) -> str:
    """The same, but for an error where the text is none of the type."""
    failing = _failing(name, shape.schema.as_dict()[name])
    given = f"CASE WHEN {quote(name)} IS NOT NULL THEN {failing} END"
    return f"COALESCE({value_sql(name, shape, options)}, {given})"


def names_of(shape: Shape, partitions: Iterable[str]) -> list[str]:
    """The columns of a shape's rows: its own, and those that the folders' names hold."""
    own = {name.casefold() for name in shape.schema.names}
    return [*shape.schema.names, *(name for name in sorted(partitions) if name.casefold() not in own)]


class StrictColumns:
    """How the columns of a shape are read at once, or an error raised at a value of another type.

    Attributes:
        types: Those by which DuckDB's reader reads the columns.
        shape: The shape, with the patterns of its moments.

    Args:
        shape: The shape.
        partitions: Columns that the folders' names hold.
        options: What the step says.
    """

    def __init__(self, shape: Shape, partitions: Iterable[str], options: CsvReadOptions) -> None:
        self.shape = shape
        self._names = names_of(shape, partitions)
        risks = at_risk(shape, partitions)
        self.types = text_types(shape, risks)
        self._values: dict[str, str] = {}
        self._numbers: list[str] = []
        codes = code_lengths(shape, options.null_values)
        heads = _heads(shape, risks)
        self._read_by_patterns(risks, heads)
        for name, type_ in risks.items():
            if name in codes:
                # Cast once for all that looks at it, which takes half of what two casts take.
                number = quote(f"odibi number {len(self._numbers)}")
                self._numbers.append(f"TRY_CAST({quote(name)} AS {type_}) AS {number}")
                otherwise = _code_sql(name, type_, shape, options)
                self._values[name] = code_sql(quote(name), number, codes[name], otherwise)
            elif is_told_by_double(type_) and _is_short(heads[name], options):
                self.types[name] = "DOUBLE"
                self._values[name] = checked_sql(quote(name), type_, _failing(name, type_))
            elif self.types[name] == "VARCHAR":
                self._values[name] = strict_sql(name, shape, options)

    def sql(self, reader: str) -> str:
        """A table expression for a reader of these types."""
        if self._numbers:
            reader = f"(SELECT *, {', '.join(self._numbers)} FROM {reader})"
        return select_sql(reader, self._names, self._values)

    def _read_by_patterns(self, risks: Mapping[str, str], heads: Mapping[str, list[str]]) -> None:
        dates = [name for name, type_ in risks.items() if type_ == "DATE"]
        moments = [name for name, type_ in risks.items() if type_ == "TIMESTAMP"]
        self.types |= dict.fromkeys(dates, "DATE")
        if dates:
            self.shape = replace(self.shape, date_format=_ISO_DATE)
        for form, pattern in _ISO_MOMENTS.items():
            if moments and all(re.fullmatch(form, text) for name in moments for text in heads[name]):
                self.shape = replace(self.shape, timestamp_format=pattern)
                self.types |= dict.fromkeys(moments, "TIMESTAMP")
                return


def suspects(
    shape: Shape, reader: str, partitions: Iterable[str], options: CsvReadOptions, cursor: DuckDBPyConnection
) -> dict[str, str]:
    """The columns that hold a value which a cast may change or refuse, and their types.

    Args:
        shape: As its heads say.
        reader: A table expression that gives its columns as text.
        partitions: Columns that the folders' names hold.
        options: What the step says.
        cursor: Where `reader` is read, whole.
    """
    risks = at_risk(shape, partitions)
    if not risks:
        return risks
    asked = []
    codes = code_lengths(shape, options.null_values)
    for name, type_ in risks.items():
        text = _text(name, type_, options)
        doubt = f"{exact_sql(text, type_)} IS NULL"
        if type_ in WHOLE:
            doubt = f"TRY_CAST({text} AS {type_}) IS NULL OR regexp_matches({text}, '[.eE]')"
        if name in codes:
            doubt = f"{doubt} OR {_is_padded(name)}"
        asked.append(f"bool_or({text} IS NOT NULL AND ({doubt}))")
    found = cursor.execute(f"SELECT {', '.join(asked)} FROM {reader}").fetchall()[0]
    return {name: type_ for (name, type_), is_one in zip(risks.items(), found, strict=True) if is_one}


def widened(
    shape: Shape, reader: str, doubts: Mapping[str, str], options: CsvReadOptions, cursor: DuckDBPyConnection
) -> tuple[Shape, dict[str, str]]:
    """The shape with types that keep every value where types were found out, and what is to be checked still.

    Args:
        shape: As its heads say.
        reader: A table expression that gives its columns as text.
        doubts: Its `suspects`.
        options: What the step says.
        cursor: Where `reader` is read, whole.
    """
    if shape.date_format == _ISO_DATE:
        # The pattern refuses dates that are exact, such as those with a midnight.
        shape = replace(shape, date_format="")
    types = {name: type_ for name, type_ in doubts.items() if name not in shape.declared}
    asked: list[str] = []
    codes = code_lengths(shape, options.null_values)
    for name, type_ in types.items():
        text = _text(name, type_, options)
        if name in codes:
            asked.append(f"bool_or({_is_padded(name)})")
        asked += _numbers_sql(text, type_) if type_ in WHOLE else _moments_sql(text, type_)
    if not asked:
        return shape, dict(doubts)
    found = iter(cursor.execute(f"SELECT {', '.join(asked)} FROM {reader}").fetchall()[0])
    wider = shape.schema.as_dict()
    for name, type_ in types.items():
        is_padded = name in codes and next(found)
        if type_ not in WHOLE:
            steps = [(step, next(found)) for step in _ladder(type_)]
            wider[name] = next((step for step, fits in steps if fits is not False), "VARCHAR")
            continue
        fits, is_huge, is_beyond, scale = (next(found) for _ in range(4))
        if is_padded:
            wider[name] = "VARCHAR"
        elif fits is False and is_huge:
            wider[name] = "HUGEINT"
        elif fits is False and not is_beyond:
            wider[name] = "DOUBLE"
        elif fits is False:
            wider[name] = _decimal(_text(name, type_, options), scale, reader, cursor)
    left = {name: wider[name] for name in doubts if is_at_risk(wider[name])}
    return replace(shape, schema=Schema.of(wider)), left


def _ladder(type_: str) -> tuple[str, ...]:
    return _LADDER[_LADDER.index(type_) :] if type_ in _LADDER[:2] else (type_,)


def _numbers_sql(text: str, type_: str) -> list[str]:
    """Whether all numbers are of the type, and whole, and too large for a DOUBLE; the digits of fractions."""
    likely = f"FILTER (regexp_full_match({text}, {literal(NUMBER)}))"
    whole = exact_sql(text, "HUGEINT")
    return [
        f"bool_and({exact_sql(text, type_)} IS NOT NULL) {likely}",
        f"bool_and({whole} IS NOT NULL) {likely}",
        f"bool_or(abs({whole}) > {_DOUBLE_TELLS} OR strlen({text}) > 38 OR {_is_long(text)}) {likely}",
        f"max(strlen(regexp_extract({text}, '\\.(\\d*)', 1))) {likely}",
    ]


def _is_long(text: str) -> str:
    """Whether a number has more digits than the DOUBLE that is nearest to it would be written with."""
    digits = f"regexp_replace(regexp_extract({text}, '^[^eE]*'), '[^0-9]|^[-+0.]+', '', 'g')"
    written = f"TRY_CAST(CAST(TRY_CAST({text} AS DOUBLE) AS VARCHAR) AS DECIMAL(38,18))"
    return f"strlen({digits}) > 17 OR TRY_CAST({text} AS DECIMAL(38,18)) <> {written}"


def _moments_sql(text: str, type_: str) -> list[str]:
    kind = "TIME" if type_ == "TIME" else "TIMESTAMP"
    likely = f"FILTER (TRY_CAST({text} AS {kind}) IS NOT NULL)"
    return [f"bool_and({exact_sql(text, step)} IS NOT NULL) {likely}" for step in _ladder(type_)]


def _decimal(text: str, scale: int, reader: str, cursor: DuckDBPyConnection) -> str:
    type_ = f"DECIMAL(38,{min(scale, 38)})"
    query = (
        f"SELECT bool_and({exact_sql(text, type_)} IS NOT NULL) "
        f"FILTER (regexp_full_match({text}, {literal(NUMBER)})) FROM {reader}"
    )
    return type_ if cursor.execute(query).fetchall()[0][0] else "VARCHAR"


def _is_formatted(shape: Shape, type_: str) -> bool:
    """Whether a pattern that is not the usual one says how the moments of a type are written."""
    if type_ == "DATE":
        return shape.date_format not in ("", _ISO_DATE)
    return type_ in ("TIMESTAMP", "TIMESTAMP WITH TIME ZONE") and bool(shape.timestamp_format)


def _heads(shape: Shape, names: Iterable[str]) -> dict[str, list[str]]:
    """The first values of some columns, without the empty ones."""
    places = {name: place for place, name in enumerate(shape.schema.names) if name in set(names)}
    heads: dict[str, list[str]] = {name: [] for name in places}
    for head in shape.heads if places else ():
        for record in head.records[shape.has_header : _HEAD_RECORDS]:
            if record.width == len(shape.schema):
                fields = shape.dialect.fields(record.text)
                for name, place in places.items():
                    if fields[place]:
                        heads[name].append(fields[place])
    return heads


def _is_short(texts: Iterable[str], options: CsvReadOptions) -> bool:
    """Whether numbers are no longer than what a DOUBLE tells from every other."""
    return all(len(text) < SURE_DIGITS or text in options.null_values for text in texts)


def _is_padded(name: str) -> str:
    return f"regexp_full_match({quote(name)}, {literal(PADDED)})"


def _code_sql(name: str, type_: str, shape: Shape, options: CsvReadOptions) -> str:
    """An expression for what is no code in a column of codes, read as text; an error at a zero in front."""
    strict = strict_sql(name, shape, options)
    return f"CASE WHEN {_is_padded(name)} THEN {_failing(name, type_)} ELSE {strict} END"


def _failing(name: str, type_: str) -> str:
    return f"error({literal(f'{INEXACT}: in column {name!r}, of type {type_}')})"


def _text(name: str, type_: str, options: CsvReadOptions) -> str:
    """An expression for a column's text, with numbers as SQL writes them."""
    text = quote(name)
    if type_ in MOMENTS:
        return text
    if options.thousands_separator:
        text = f"replace({text}, {literal(options.thousands_separator)}, '')"
    # A dot that is neither of both separators makes the text no number.
    return f"translate({text}, ',.', '.x')" if options.decimal_separator == "," else text
