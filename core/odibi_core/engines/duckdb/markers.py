"""Markers: they count the rows of steps that stream, in the pass that carries the rows.

A marker is `TABLESAMPLE SYSTEM (100 PERCENT)`: it passes whole blocks on, so that it costs nothing, keeps
the order, works on all threads, and lets no later filter below it. DuckDB's profile of the query then says
how many rows went through it. A limit would do the same only without order or on one thread.

DuckDB (2.0) orders no joins below a marker and may not know there how many rows it joins: the sides of a join
can be other than without it, and with them the order of the rows. `joins` tells whether they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_OPERATOR = "STREAMING_SAMPLE"
_METHOD = "System: 100.000000%"
STAND_IN = re.compile(r"\bodibi_scan_\d+_rows_c\d+\b")
"""The name of a column of a table that stands in for a source while a query is planned."""

_TAKE_ALL = frozenset(
    [
        *(
            "RESULT_COLLECTOR",
            "CREATE_TABLE_AS",
            "BATCH_CREATE_TABLE_AS",
            "COPY_TO_FILE",
            "BATCH_COPY_TO_FILE",
        ),
        *("PROJECTION", "FILTER", "UNNEST", "UNION", "ORDER_BY", "WINDOW", "STREAMING_WINDOW", _OPERATOR),
        *("HASH_GROUP_BY", "PERFECT_HASH_GROUP_BY", "PARTITIONED_AGGREGATE", "UNGROUPED_AGGREGATE"),
    ]
)
"""Operators that take every row of what is below them. A limit does not, nor a join with nothing to join."""

_PASSED_OVER = frozenset(["PROJECTION", "FILTER", _OPERATOR])
"""Operators that a marker may bring, move or keep, and that join nothing."""

Operator = dict[str, Any]


def marked(query: str) -> str:
    """The query with a marker around it."""
    return f"SELECT * FROM (\n{query}\n) TABLESAMPLE SYSTEM (100 PERCENT)"


@contextmanager
def profiled(cursor: DuckDBPyConnection) -> Iterator[None]:
    """Within it, the cursor keeps the profile of its last query."""
    cursor.execute("PRAGMA enable_profiling = 'no_output'")
    cursor.execute("SET profiling_coverage = 'ALL'")
    try:
        yield
    finally:
        cursor.execute("PRAGMA disable_profiling")


def rows_through(cursor: DuckDBPyConnection, markers: int) -> list[int] | None:
    """How many rows went through each marker of the cursor's last query, the one nearest to the source first.

    Args:
        cursor: It must have been profiled.
        markers: How many markers the query had, each upon the next.

    Returns:
        None where the profile doesn't say it for sure: another query came after, the optimizer proved a part
        of the query needless, or something above a marker may not have taken all rows.
    """
    profile = json.loads(cursor.get_profiling_information(format="json"))
    found = [path for root in profile.get("operator", ()) for path in _paths_to_markers(root, ())]
    if len(found) != markers or not all(_takes_all(path) for path in found):
        return None
    by_depth = sorted(found, key=len, reverse=True)
    return [int(path[-1]["intermediate_rows"]) for path in by_depth]


def pushed_filters(cursor: DuckDBPyConnection, query: str) -> list[str]:
    """The filters of a query that reach its sources."""
    return sorted(filter_ for root in _plan(cursor, query) for filter_ in _filters(root, {}))


def joins(cursor: DuckDBPyConnection, query: str) -> list[str]:
    """How the plan of a query joins: one text for each root, equal where what is joined and its sides are."""
    return [_shape(root) for root in _plan(cursor, query)]


def _plan(cursor: DuckDBPyConnection, query: str) -> list[Operator]:
    ((_, plan),) = cursor.execute(f"EXPLAIN (FORMAT json) {query}").fetchall()
    found: list[Operator] = json.loads(plan)
    return found


def _shape(operator: Operator) -> str:
    below = ", ".join(map(_shape, operator["children"]))
    name = operator["name"]
    if name in _PASSED_OVER:
        return below
    return f"{name} {operator['extra_info'].get('Table', '')}({below})"


def _paths_to_markers(operator: Operator, above: tuple[Operator, ...]) -> Iterator[tuple[Operator, ...]]:
    path = (*above, operator)
    if operator["type"] == _OPERATOR:
        yield path
    for child in operator.get("children", ()):
        yield from _paths_to_markers(child, path)


def _takes_all(path: tuple[Operator, ...]) -> bool:
    return path[-1]["extra_info"].get("Sample Method") == _METHOD and all(map(_takes_all_rows, path))


def _takes_all_rows(operator: Operator) -> bool:
    if operator["type"] == "HASH_JOIN":
        return all(child["intermediate_rows"] > 0 for child in operator["children"])
    return operator["type"] in _TAKE_ALL


def _filters(operator: Operator, above: Operator) -> Iterator[str]:
    if not operator["children"]:
        yield json.dumps(operator["extra_info"].get("Filters", ""))
        # A stand-in for a source that is asked with filters of its own.
        if STAND_IN.search(condition := str(above.get("extra_info", {}).get("Expression", ""))):
            yield condition
    for child in operator["children"]:
        yield from _filters(child, operator)
