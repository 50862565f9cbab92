"""Texts as values, where both engines surely read them alike; an error of Spark's everywhere else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from odibi_core.engines.spark.conforming import spark_type

if TYPE_CHECKING:
    from pyspark.sql import Column

OTHERWISE = "odibi: to be read by the other engine"
"""What Spark fails with where a source holds more than is surely read alike."""

_WHOLE = r"-?\d{1,19}"
_FORMS = {
    "BOOLEAN": r"(?i)true|false",
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT"), _WHOLE),
    # Neither overflows nor vanishes.
    **dict.fromkeys(("FLOAT", "DOUBLE"), r"-?\d{1,15}(\.\d{1,17})?([eE][-+]?\d)?"),
    "DATE": r"[1-9]\d{3}-\d\d-\d\d",
    "TIMESTAMP": r"[1-9]\d{3}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d{1,6})?",
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
_SIGNS = (
    OTHERWISE,
    "CAST_INVALID_INPUT",
    "CAST_OVERFLOW",
    "NUMERIC_VALUE_OUT_OF_RANGE",
    "MALFORMED_RECORD",
    "VARIANT_DUPLICATE_KEY",
    "VARIANT_SIZE_LIMIT",
)


def is_known(type_: str) -> bool:
    """Whether texts can be read as values of a type."""
    return type_ == "VARCHAR" or bool(_form(type_))


def typed(text: Column, type_: str) -> Column:
    """A text as a value of a type that is known; null stays null, and what is of another form is an error."""
    if type_ == "VARCHAR":
        return text
    form = _form(type_)
    return surely(text.isNull() | text.rlike(rf"\A(?:{form})\z"), text).cast(spark_type(type_))


def surely(condition: Column, value: Column) -> Column:
    """The value; an error where the condition does not hold."""
    from pyspark.sql import functions as sf

    return sf.when(condition, value).otherwise(sf.raise_error(sf.lit(OTHERWISE)))


def is_otherwise(error: Exception) -> bool:
    """Whether Spark failed because a source holds more than is surely read alike."""
    return any(sign in str(error) for sign in _SIGNS)


def _form(type_: str) -> str:
    if found := _DECIMAL.fullmatch(type_):
        width, scale = int(found[1]), int(found[2])
        behind = rf"(\.\d{{1,{scale}}})?" if scale else ""
        return rf"-?\d{{1,{max(width - scale, 1)}}}{behind}"
    return _FORMS.get(type_, "")
