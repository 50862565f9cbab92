"""Whether the columns that an expectation looks at are there, and of types that it can be asked of.

The plan asks where it knows the columns; a run asks again, of what the step made.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from odibi_core.errors import did_you_mean
from odibi_core.expectations.measuring import REASONS, ROW
from odibi_core.expectations.model import (
    AllowedValues,
    Consequence,
    Expectation,
    ForeignKey,
    Freshness,
    Pattern,
    Range,
)
from odibi_core.expectations.types import family
from odibi_core.schema import Schema

_RESERVED = (ROW, REASONS)


class Mistake(NamedTuple):
    """Why an expectation can't be asked of what the step makes.

    Attributes:
        field: The field of the expectation that says so.
        what: What is wrong.
        fix: How to mend it, or "".
    """

    field: str
    what: str
    fix: str


def fitting_mistakes(
    expectation: Expectation, schema: Schema | None, there: Schema | None = None
) -> Iterator[Mistake]:
    """What is wrong with the columns for this expectation.

    Args:
        expectation: What is expected.
        schema: The columns of the output; None where only a run can tell.
        there: Those of the dataset that it looks into; None where it looks into none, or nobody knows.
    """
    absent = _absent_keys(expectation, there)
    yield from absent
    if schema is None:
        return
    missing = [column for column in expectation.looked_at if column not in schema.names]
    for column in missing:
        fix = did_you_mean(column, schema.names)
        yield Mistake(column_field(expectation), f"there is no column {column!r} in what the step makes", fix)
    if expectation.consequence is Consequence.QUARANTINE:
        for column in schema.names:
            if column.casefold() in _RESERVED:
                what = f"{column!r} is a column that rows get when they are taken out"
                yield Mistake("severity", what, "give the column of the data another name")
    if missing or absent:
        return
    if isinstance(expectation, ForeignKey):
        found = _unlike_keys(expectation, schema, there)
    else:
        found = _type_mistakes(expectation, schema)
    yield from (Mistake(column_field(expectation), what, fix) for what, fix in found)


def column_field(expectation: Expectation) -> str:
    """The field that names the columns which an expectation looks at, or "check" where none does."""
    return next((name for name in ("columns", "column") if name in type(expectation).model_fields), "check")


def _type_mistakes(expectation: Expectation, schema: Schema) -> Iterator[tuple[str, str]]:
    types = schema.as_dict()
    cast = "declare its type where it is read, or cast it in the step"
    match expectation:
        case Pattern(column=column) if family(types[column]) != "text":
            what = f"{column!r} is {types[column]}, and a pattern is for texts"
            yield what, "take another column, or a range"
        case Freshness(column=column) if family(types[column]) != "moment":
            fix = f"make it one in the step, such as CAST({column} AS TIMESTAMP)"
            yield f"{column!r} is {types[column]}, which is no moment", fix
        case Range(column=column, min=low, max=high) if family(types[column]) == "text":
            if isinstance(low, int | float) or isinstance(high, int | float):
                yield f"{column!r} is {types[column]}, and its bounds are numbers", cast
        case AllowedValues(column=column, values=values) if family(types[column]) == "text":
            if any(isinstance(value, int | float) for value in values):
                what = f"{column!r} is {types[column]}, and there are numbers among its values"
                yield what, f"write them as texts, such as '1'; or {cast}"


def _absent_keys(expectation: Expectation, there: Schema | None) -> list[Mistake]:
    if there is None or not isinstance(expectation, ForeignKey):
        return []
    return [
        Mistake(
            "key" if expectation.key else "columns",
            f"there is no column {key!r} in {expectation.references!r}",
            did_you_mean(key, there.names),
        )
        for key in expectation.keys
        if key not in there.names
    ]


def _unlike_keys(expectation: ForeignKey, schema: Schema, there: Schema | None) -> Iterator[tuple[str, str]]:
    if there is None:
        return
    ours, theirs = schema.as_dict(), there.as_dict()
    for column, key in zip(expectation.columns, expectation.keys, strict=True):
        if family(ours[column]) != family(theirs[key]):
            yield (
                f"{column!r} is {ours[column]}, and {key!r} of {expectation.references!r} is {theirs[key]}",
                "make them alike: declare their types where they are read, or cast one in its step",
            )
