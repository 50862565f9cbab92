"""Names and values in SQL, as a person would write them: quoted only where they must be."""

from __future__ import annotations

import re
from functools import cache

from odibi_core.schema import quote

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def sql_name(name: str) -> str:
    """An SQL identifier that means exactly this name, without quotes where it needs none."""
    if _PLAIN.fullmatch(name) and name.casefold() not in _keywords():
        return name
    return quote(name)


@cache
def _keywords() -> frozenset[str]:
    """The words of either dialect that can't stand as a name everywhere."""
    import duckdb
    from sqlglot.dialects.spark import Spark

    with duckdb.connect(":memory:", config={"threads": "1"}) as database:
        found = database.execute(
            "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'"
        ).fetchall()
    spark = Spark.tokenizer_class.KEYWORDS
    words = {str(name) for (name,) in found} | {word for word in spark if _PLAIN.fullmatch(word)}
    return frozenset(word.casefold() for word in words)
