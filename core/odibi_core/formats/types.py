"""Types of one format in the terms of another: what fits, what must be converted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from odibi_core.errors import SourceError
from odibi_core.schema import Schema

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from duckdb.sqltypes import DuckDBPyType

# Quoted field names of structs are skipped: a field may be called "BIT".
_ENUM = re.compile(r"ENUM\((?:'(?:[^']|'')*'(?:, )?)*\)")
_WORD = re.compile(r'"(?:[^"]|"")*"|\'(?:[^\']|\'\')*\'|[A-Za-z_][A-Za-z_0-9]*')


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


def mismatched_columns(old: Schema, new: Schema, cursor: DuckDBPyConnection) -> list[str]:
    """What is wrong with each column of `new` whose values the one of that name in `old` can't hold."""
    import duckdb

    types = new.as_dict()
    wrong = []
    for name, held in old:
        given = types[name]
        if given in (held, '"NULL"'):
            continue
        try:
            union = cursor.sql(f"SELECT NULL::{held} AS c UNION ALL SELECT NULL::{given}")
            fits = str(union.types[0]) == held
        except duckdb.Error:
            fits = False
        if not fits:
            wrong.append(f"{name!r} is {given}, the target's is {held}")
    return wrong


def known_type(type_: str, column: str, cursor: DuckDBPyConnection) -> str:
    """The type as DuckDB spells it.

    Raises:
        SourceError: There is no such type.
    """
    import duckdb

    try:
        if not re.fullmatch(r'[\w\s(),\[\]"]+', type_):
            raise duckdb.ParserException(type_)
        return str(cursor.sql(f"SELECT CAST(NULL AS {type_})").types[0])
    except duckdb.Error as error:
        raise SourceError(
            f"the type {type_!r} is not known",
            where=f"schema, column {column!r}",
            fix="use an SQL type: VARCHAR, BIGINT, DOUBLE, DECIMAL(18,2), BOOLEAN, DATE, TIMESTAMP",
        ) from error
