"""Types of one format in the terms of another: what fits, what must be converted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, cast

from odibi_core.bound_columns import bound_columns, bound_schema
from odibi_core.errors import SourceError, TargetError
from odibi_core.schema import Schema, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from duckdb.sqltypes import DuckDBPyType

    from odibi_core.formats.base import Rows

# Quoted field names of structs are skipped: a field may be called "BIT".
_ENUM = re.compile(r"ENUM\((?:'(?:[^']|'')*'(?:, )?)*\)")
_ARRAY = re.compile(r"\[\d+\]")
_WORD = re.compile(r'"(?:[^"]|"")*"|\'(?:[^\']|\'\')*\'|[A-Za-z_][A-Za-z_0-9]*')


def types_of(schema: Schema, cursor: DuckDBPyConnection) -> dict[str, DuckDBPyType]:
    """Name → type of each column, as DuckDB holds it."""
    listed = ", ".join(f"NULL::{type_} AS {quote(name)}" for name, type_ in schema)
    return dict(bound_columns(cursor, f"SELECT {listed}")) if listed else {}


def child_types(type_: DuckDBPyType) -> list[tuple[str, DuckDBPyType]]:
    """The names and types inside a list ("child"), struct or map ("key", "value")."""
    return cast("list[tuple[str, DuckDBPyType]]", type_.children)


def uses_type(type_: str, word: str) -> bool:
    """Whether a type is, or has inside it, the type `word`."""
    return any(match[0] == word for match in _WORD.finditer(type_))


def converted_type(type_: str, conversions: Mapping[str, str]) -> str:
    """A type with others in the place of some, and text in that of enums, inside structs and lists too."""
    type_ = _ENUM.sub("VARCHAR", type_)
    return _WORD.sub(lambda match: conversions.get(match[0], match[0]), type_)


def storable_type(type_: str, conversions: Mapping[str, str]) -> str:
    """The type that holds the values of one in a format, which has lists but no arrays of fixed length."""
    return "INTEGER" if type_ == '"NULL"' else _ARRAY.sub("[]", converted_type(type_, conversions))


def storable_sql(
    rows: Rows, where: str, *, name: str, conversions: Mapping[str, str], refused: Iterable[str]
) -> str:
    """The rows with the types that a format has.

    Args:
        rows: The rows.
        where: Where they go.
        name: What a person calls the format.
        conversions: Type → the one that holds its values.
        refused: Types that nothing holds; TIMETZ and TIMESTAMPTZ are those with a time zone.

    Raises:
        TargetError: A column has a type that the format can't hold.
    """
    columns = []
    for column, type_ in rows.schema:
        short = type_.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")
        short = short.replace("TIME WITH TIME ZONE", "TIMETZ")
        if any(uses_type(short, word) for word in refused):
            raise TargetError(
                f"column {column!r} is of type {type_}, which {name} can't hold",
                where=where,
                fix=f"cast it in a step before, such as CAST({quote(column)} AS VARCHAR)",
            )
        storable, named = storable_type(type_, conversions), quote(column)
        columns.append(named if storable == type_ else f"CAST({named} AS {storable}) AS {named}")
    return f"SELECT {', '.join(columns)} FROM ({rows.sql})"


def mismatched_columns(old: Schema, new: Schema, cursor: DuckDBPyConnection) -> list[str]:
    """What is wrong with each column of `new` whose values the one of that name in `old` can't hold."""
    from odibi_core import late_duckdb as duckdb

    types = new.as_dict()
    wrong = []
    for name, held in old:
        given = types[name]
        if given in (held, '"NULL"'):
            continue
        try:
            ((_, both),) = bound_schema(cursor, f"SELECT NULL::{held} AS c UNION ALL SELECT NULL::{given}")
            fits = both == held
        except duckdb.Error:
            fits = False
        if not fits:
            wrong.append(f"{name!r} is {given}, the target's is {held}")
    return wrong


def check_types(old: Schema, new: Schema, cursor: DuckDBPyConnection, where: str) -> None:
    """Refuse rows with columns whose values those of the target can't hold.

    Raises:
        TargetError: Names each column and both types.
    """
    wrong = mismatched_columns(old, new, cursor)
    if wrong:
        raise TargetError(
            f"the rows' types don't fit the target's: {'; '.join(wrong)}",
            where=where,
            fix="cast the columns in a step before, or use mode 'overwrite'",
        )


def known_type(type_: str, column: str, cursor: DuckDBPyConnection) -> str:
    """The type as DuckDB spells it.

    Raises:
        SourceError: There is no such type.
    """
    from odibi_core import late_duckdb as duckdb

    try:
        if not re.fullmatch(r'[\w\s(),\[\]"]+', type_):
            raise duckdb.ParserException(type_)
        ((_, spelled),) = bound_schema(cursor, f"SELECT CAST(NULL AS {type_})")
        return spelled
    except duckdb.Error as error:
        raise SourceError(
            f"the type {type_!r} is not known",
            where=f"schema, column {column!r}",
            fix="use an SQL type: VARCHAR, BIGINT, DOUBLE, DECIMAL(18,2), BOOLEAN, DATE, TIMESTAMP",
        ) from error
