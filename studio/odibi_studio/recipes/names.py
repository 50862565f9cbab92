"""Names and values in SQL, as a person would write them: quoted only where they must be.

A step's SQL is filled with the run's parameters before it runs, so braces that mean themselves are doubled.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import cache

from odibi_core.schema import literal, quote

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BRACES = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_PARAMETER = re.compile(r"\{[A-Za-z_][A-Za-z0-9_]*\}")
# No name can hold these: a reference is filled in; a backslash before a quote escapes it for Spark.
_UNFIT = re.compile(r"\0|\$(?=\{(?:secret|env):)|\\(?=\"|$)")
_SPELT = re.compile(r"[\\\0]|\$(?=\{(?:secret|env):)")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_NUMERIC = re.compile(r"(?:U?(?:TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|BIGNUM|FLOAT|DOUBLE|DECIMAL.*)$")


class UnfitValueError(ValueError):
    """A value that can't be what a column holds."""


def sql_name(name: str) -> str:
    """An SQL identifier that means exactly this name, without quotes where it needs none.

    Raises:
        UnfitValueError: No SQL of a step can hold the name.
    """
    if _PLAIN.fullmatch(name) and name.casefold() not in keywords():
        return name
    if not name or _UNFIT.search(name):
        raise UnfitValueError(f"the name {name!r} can't stand in the SQL of a step")
    return _BRACES.sub(r"{{\1}}", quote(name))


def sql_text(text: str) -> str:
    """An SQL literal that means exactly this text, in both dialects."""
    if not _SPELT.search(text):
        return _BRACES.sub(r"{{\1}}", literal(text))
    pieces = _SPELT.split(text)
    marks = [f"chr({ord(mark)})" for mark in _SPELT.findall(text)]
    parts = [sql_text(pieces[0])] if pieces[0] else []
    for mark, piece in zip(marks, pieces[1:], strict=True):
        parts += [mark, sql_text(piece)] if piece else [mark]
    return f"({' || '.join(parts)})" if len(parts) > 1 else parts[0]


def sql_value(text: str, type_: str = "") -> str:
    """An SQL literal for what a person typed, of the type of the column that it is for.

    `{name}` alone is a parameter of the run.

    Args:
        text: What was typed.
        type_: The column's type; "" where it is unknown, and then DuckDB converts a text.

    Raises:
        UnfitValueError: It can't be of that type.
    """
    if _PARAMETER.fullmatch(text):
        return text
    if _NUMERIC.match(type_):
        if not _NUMBER.fullmatch(text.strip()):
            raise UnfitValueError(f"{text!r} is not a number, and the column holds {type_}")
        return text.strip()
    match type_:
        case "BOOLEAN":
            if text.strip().lower() not in ("true", "false"):
                raise UnfitValueError(f"{text!r} is neither true nor false")
            return text.strip().upper()
        case "DATE":
            return f"DATE '{_moment(text, dt.date, 'a date such as 2026-01-31')}'"
        case "TIMESTAMP" | "TIMESTAMP WITH TIME ZONE":
            moment = _moment(text, dt.datetime, "a moment such as 2026-01-31 12:00:00")
            return f"{'TIMESTAMPTZ' if 'ZONE' in type_ else 'TIMESTAMP'} '{moment}'"
    return sql_text(text)


def is_text(type_: str) -> bool:
    """Whether a column of the type holds texts."""
    return type_ == "VARCHAR"


def is_number(type_: str) -> bool:
    """Whether a column of the type holds numbers."""
    return bool(_NUMERIC.match(type_))


def _moment(text: str, kind: type[dt.date], example: str) -> str:
    try:
        moment = kind.fromisoformat(text.strip())
    except ValueError:
        raise UnfitValueError(f"{text!r} is not {example}") from None
    return moment.isoformat(sep=" ") if isinstance(moment, dt.datetime) else moment.isoformat()


# DuckDB takes these as names, the translation to Spark does not.
_NOT_BARE_IN_TRANSLATION = """
    alter current_catalog current_date current_time current_timestamp current_user drop force grant if insert
    install localtime localtimestamp minus partitioned_by recursive regexp revoke rlike rollback
    serdeproperties session_user uncache xor
"""


@cache
def keywords() -> frozenset[str]:
    """The words that can't stand as a name everywhere, in small letters."""
    import duckdb

    with duckdb.connect(":memory:", config={"threads": "1"}) as database:
        found = database.execute(
            "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'"
        ).fetchall()
    return frozenset(_NOT_BARE_IN_TRANSLATION.split()) | {str(name).casefold() for (name,) in found}
