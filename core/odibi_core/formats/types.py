"""Types of one format in the terms of another: what fits, what must be converted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from odibi_core.schema import Schema

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# Quoted field names of structs are skipped: a field may be called "BIT".
_ENUM = re.compile(r"ENUM\((?:'(?:[^']|'')*'(?:, )?)*\)")
_WORD = re.compile(r'"(?:[^"]|"")*"|\'(?:[^\']|\'\')*\'|[A-Za-z_][A-Za-z_0-9]*')


def uses_type(type_: str, word: str) -> bool:
    """Whether a type is, or has inside it, the type `word`."""
    return any(match[0] == word for match in _WORD.finditer(type_))


def converted_type(type_: str, conversions: Mapping[str, str]) -> str:
    """A type with others in the place of some, and text in the place of enums, inside structs and lists too."""
    type_ = _ENUM.sub("VARCHAR", type_)
    return _WORD.sub(lambda match: conversions.get(match[0], match[0]), type_)


def mismatched_columns(old: Schema, new: Schema, cursor: DuckDBPyConnection) -> list[str]:
    """What is wrong with each column of `new` whose values the column of that name in `old` can't all hold."""
    import duckdb

    types = new.as_dict()
    wrong = []
    for name, held in old:
        given = types[name]
        if given == held or given == '"NULL"':
            continue
        try:
            union = cursor.sql(f"SELECT NULL::{held} AS c UNION ALL SELECT NULL::{given}")
            fits = str(union.types[0]) == held
        except duckdb.Error:
            fits = False
        if not fits:
            wrong.append(f"{name!r} is {given}, the target's is {held}")
    return wrong
