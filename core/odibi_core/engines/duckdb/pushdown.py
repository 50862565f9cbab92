"""What a query needs of sources that DuckDB can't tell it: columns and filters, taken from its own plan.

DuckDB hands no column list and no filter to a stream of Arrow batches. So the query is planned over a table
in the stream's place, whose columns have names that nothing else has: what the plan projects and filters
there is what the stream is then asked for. The query itself stays as it is, and filters once more what comes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from odibi_core.engines.duckdb.fragment import Fragment
from odibi_core.formats.base import Scan
from odibi_core.late_dataclass import dataclass
from odibi_core.schema import quote

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection
    from sqlglot import exp

_SCAN = "ARROW_SCAN"


@dataclass(frozen=True, slots=True)
class _Source:
    """A view that can be narrowed."""

    view: str
    scan: Scan
    names: Sequence[str]
    table: pa.Table

    @property
    def stand_in(self) -> str:
        return f"{self.view}_plan"

    @property
    def narrow(self) -> str:
        return f"{self.view}_narrow"

    def hidden(self, place: int) -> str:
        return f"{self.view}_c{place}"

    @property
    def planned_sql(self) -> str:
        columns = ", ".join(f"{self.hidden(place)} AS {quote(name)}" for place, name in enumerate(self.names))
        return f"(SELECT {columns} FROM {quote(self.stand_in)})"


class Pushdown:
    """Narrows the sources of one query.

    Args:
        cursor: The one that will run it.
        scans: The sources that can be narrowed.
    """

    def __init__(self, cursor: DuckDBPyConnection, scans: Iterable[Scan]) -> None:
        self._cursor = cursor
        self._sources = [_source(scan) for scan in scans]

    @property
    def has_sources(self) -> bool:
        """Whether there is anything to narrow."""
        return bool(self._sources)

    def planned(self, fragment: Fragment) -> Fragment:
        """The query over stand-ins, to look at its plan."""
        for source in self._sources:
            fragment = _replaced(
                fragment, quote(source.view), source.planned_sql, source.stand_in, source.table
            )
        return fragment

    def narrowed(self, fragment: Fragment) -> Fragment:
        """The query over views that read what it needs."""
        used = [source for source in self._sources if source.view in fragment.views]
        if not used:
            return fragment
        planned = self.planned(fragment)
        planned.register(self._cursor)
        ((_, plan),) = self._cursor.execute(f"EXPLAIN (FORMAT json) {planned.sql()}").fetchall()
        found = [needs for root in json.loads(plan) for needs in _scans(root, ())]
        for source in used:
            view = _narrow_view(source, found)
            if view is not None:
                fragment = _replaced(fragment, quote(source.view), quote(source.narrow), source.narrow, view)
        return fragment


def _source(scan: Scan) -> _Source:
    import pyarrow as pa

    ((view, stream),) = scan.views.items()
    names = list(stream.schema.names)
    source = _Source(view, scan, names, pa.table({}))
    hidden = [source.hidden(place) for place in range(len(names))]
    fields = [pa.field(name, field.type) for name, field in zip(hidden, stream.schema, strict=True)]
    return replace(source, table=pa.schema(fields).empty_table())


def _replaced(fragment: Fragment, old: str, new: str, name: str, view: Any) -> Fragment:
    if not any(old in query for query in fragment.ctes.values()):
        return fragment
    ctes = {key: query.replace(old, new) for key, query in fragment.ctes.items()}
    return Fragment(fragment.name, ctes, {**fragment.views, name: view})


def _narrow_view(source: _Source, found: Sequence[tuple[list[str], str]]) -> object | None:
    """A view of what all readings of the source need together; None where that can't be told."""
    hidden = {source.hidden(place): name for place, name in enumerate(source.names)}
    readings = [(columns, text) for columns, text in found if any(name in hidden for name in columns)]
    if not readings or any(name not in hidden for columns, _ in readings for name in columns):
        return None
    wanted = {hidden[name] for columns, _ in readings for name in columns}
    # Of two readings with filters of their own, each would lose what the other keeps out; one that only
    # counts rows names no column, and may be of this source.
    is_only_one = len(readings) == 1 and all(columns for columns, _ in found)
    filters = _conjuncts(readings[0][1], hidden) if is_only_one else []
    assert source.scan.narrow is not None
    return source.scan.narrow([name for name in source.names if name in wanted], filters)


def _conjuncts(text: str, hidden: dict[str, str]) -> list[exp.Expr]:
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    if not text:
        return []
    try:
        condition = sqlglot.parse_one(f"SELECT * FROM t WHERE {text}", read="duckdb").args["where"].this
    except SqlglotError:
        return []
    for column in condition.find_all(exp.Column):
        if column.name not in hidden:
            return []
        column.set("this", exp.to_identifier(hidden[column.name], quoted=True))
    return list(condition.unnest().flatten()) if isinstance(condition.unnest(), exp.And) else [condition]


def _scans(operator: dict[str, Any], above: tuple[dict[str, Any], ...]) -> Iterator[tuple[list[str], str]]:
    """The columns of each reading of Arrow, and the filter right above it."""
    if operator["name"].strip().endswith(_SCAN):
        columns = operator["extra_info"].get("Projections", [])
        filtered = above and above[-1]["name"].strip() == "FILTER"
        text = str(above[-1]["extra_info"].get("Expression", "")) if filtered else ""
        yield [columns] if isinstance(columns, str) else list(columns), text
    for child in operator["children"]:
        yield from _scans(child, (*above, operator))
