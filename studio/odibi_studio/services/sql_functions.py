"""The functions of SQL, for completion: DuckDB's own, and Spark's that are translated."""

from __future__ import annotations

import re
from functools import cache

from odibi_core.sql.spark_functions import TEMPLATES
from odibi_core.sql.templates import arity
from odibi_studio.messages import SqlFunction

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TABLE_FUNCTIONS = ("generate_series", "range", "unnest")
_HIDDEN = (
    "collate_",
    "icu_",
    "pragma_",
    "pg_",
    "has_",
    "inet_",
    "getenv",
    "current_setting",
    "query",
    "combine",
    "finalize",
)


@cache
def sql_functions() -> tuple[SqlFunction, ...]:
    """Every function once, by name, with its signature and what it does."""
    import duckdb

    with duckdb.connect(":memory:", config={"threads": "1"}) as database:
        rows = database.execute(
            """
            SELECT function_name, parameters, parameter_types, varargs, return_type, description
            FROM duckdb_functions()
            WHERE function_type IN ('scalar', 'aggregate', 'macro') OR function_name IN $tables
            ORDER BY function_name, description IS NULL, len(parameters)
            """,
            {"tables": list(_TABLE_FUNCTIONS)},
        ).fetchall()
    found: dict[str, SqlFunction] = {}
    for name, parameters, types, varargs, returned, description in rows:
        if not _NAME.fullmatch(name) or name.startswith(_HIDDEN):
            continue
        if name not in found or (description and not found[name].description):
            found[name] = SqlFunction(
                name=name,
                signature=_signature(name, parameters or [], types or [], varargs or "", returned or ""),
                description=description or "",
            )
    for spark_name, templates in TEMPLATES.items():
        name = spark_name.lower()
        if name not in found:
            found[name] = SqlFunction(
                name=name,
                signature=_spark_signature(name, templates[-1]),
                description="Spark's; translated for DuckDB.",
            )
    return tuple(found[name] for name in sorted(found))


def _signature(name: str, parameters: list[str], types: list[str | None], varargs: str, returned: str) -> str:
    given = [
        f"{parameter} {kind}" if kind else parameter
        for parameter, kind in zip(parameters, [*types, *([None] * len(parameters))], strict=False)
    ]
    given += [f"{varargs} …"] if varargs else []
    return f"{name}({', '.join(given)})" + (f" → {returned}" if returned else "")


def _spark_signature(name: str, template: str) -> str:
    count = arity(template)
    return f"{name}({'…' if count < 0 else ', '.join(f'argument {n}' for n in range(1, count + 1))})"
