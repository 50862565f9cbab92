"""Types as DuckDB spells them: which are alike, and how one that a person wrote is spelled."""

from __future__ import annotations

import re
from functools import lru_cache

_NUMBER = re.compile(r"U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DOUBLE|DECIMAL.*|BIGNUM|VARINT")
_TEXT = re.compile(r"VARCHAR|ENUM\(.*\)", re.DOTALL)
_MOMENT = re.compile(r"DATE|TIMESTAMP.*")
_NESTED = re.compile(r".*\]|(STRUCT|MAP|UNION)\(.*", re.DOTALL)

COMMON = (
    *("BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL(18,2)"),
    *("VARCHAR", "BLOB", "UUID", "DATE", "TIME", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "INTERVAL"),
)
"""The types that are offered in the place of one that there is not."""


def family(type_: str) -> str:
    """What values of the type can be compared with: "number", "text", "moment", "nested", or the type."""
    for name, pattern in (("nested", _NESTED), ("number", _NUMBER), ("text", _TEXT), ("moment", _MOMENT)):
        if pattern.fullmatch(type_):
            return name
    return type_


@lru_cache(maxsize=1000)
def spelled(type_: str) -> str | None:
    """The type as DuckDB spells it; None where DuckDB does not know it."""
    from odibi_core import late_duckdb as duckdb

    with duckdb.connect(":memory:", config={"threads": "1"}) as database:
        try:
            return str(database.sqltype(type_))
        except duckdb.Error:
            return None
