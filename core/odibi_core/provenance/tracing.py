"""The queries that number the rows of every dataset and tell which rows made which.

Each dataset becomes a table with two more columns: the row's own number, which no other row of any dataset
has, and the numbers of the rows that made it; NULL where that can't be told. A rewritten text counts only
where it gives exactly the rows that the step's own text gave: what the rewriting misreads becomes no
answer, never a wrong one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field

from odibi_core.late_dataclass import dataclass
from odibi_core.provenance.rewriting import (
    NO_SOURCES,
    SOURCES,
    UntraceableError,
    input_relation,
    trace_sql,
)
from odibi_core.schema import quote
from odibi_core.sql.compose import compose

ROW = "odibi_row"
"""The column with a row's own number."""
HIDDEN = f"* EXCLUDE ({SOURCES}, {ROW})"
"""The columns of a traced table that the dataset itself has."""
EDGES = '"odibi edges"'
_REACHED = '"odibi reached"'
_SHIFT = 40


@dataclass(frozen=True, slots=True)
class TraceStep:
    """A step, as far as rows are followed through it.

    Attributes:
        name: The step's name.
        inputs: Name used in the SQL → dataset key.
        outputs: The keys of the datasets that it makes.
        sql: Its SQL in DuckDB's dialect; "" where it is none.
        why: Why its rows can't be followed; "" for SQL, and for what reads a source.
    """

    name: str
    inputs: Mapping[str, str]
    outputs: Sequence[str]
    sql: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class TraceStage:
    """A query that must be run.

    Attributes:
        step: The step for which it is.
        sql: The query.
        table: The table to make of its rows.
    """

    step: str
    sql: str
    table: str


@dataclass(slots=True)
class Tracing:
    """Follows the rows of some datasets.

    Args:
        steps: Every step after those that make its inputs.
        relations: Dataset key → what stands behind FROM.
        blind: Step → why it can't be followed, of what was found out by trying.

    Attributes:
        tables: Dataset key → the traced table, as it stands behind FROM.
        stages: What must be run, in this order, before the tables are there.
        notes: Step → what is left out.
    """

    steps: Sequence[TraceStep]
    relations: Mapping[str, str]
    blind: dict[str, str]
    tables: dict[str, str] = field(default_factory=dict)
    stages: list[TraceStage] = field(default_factory=list)
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        number = 0
        for step in self.steps:
            if step.why:
                self.blind.setdefault(step.name, step.why)
            for key in step.outputs:
                number += 1
                self._add(step, key, number)
        edges = " UNION ALL ".join(
            f"SELECT {ROW} AS child, unnest({SOURCES}) AS parent FROM {table}"
            for table in self.tables.values()
        )
        self.stages.append(TraceStage("", edges, EDGES.strip('"')))

    def upwards(self, start: str) -> str:
        """A query for the numbers (`id`) of the rows that made others, those themselves included.

        Args:
            start: A query for their numbers.
        """
        return self._reach(start, "child", "parent")

    def downwards(self, start: str) -> str:
        """A query for the numbers (`id`) of the rows that were made of others, those themselves included.

        Args:
            start: A query for their numbers.
        """
        return self._reach(start, "parent", "child")

    def _reach(self, start: str, here: str, there: str) -> str:
        return (
            f"WITH RECURSIVE {_REACHED}(id) AS (({start}) UNION "
            f"SELECT e.{there} FROM {_REACHED} AS r JOIN {EDGES} AS e ON e.{here} = r.id) "
            f"SELECT id FROM {_REACHED}"
        )

    def _add(self, step: TraceStep, key: str, number: int) -> None:
        rows, table = self.relations[key], f"odibi trace {number}"
        sources = "CAST(NULL AS BIGINT[])" if step.inputs else NO_SOURCES
        made = f"SELECT *, {sources} AS {SOURCES} FROM {rows}"
        if step.inputs and step.name not in self.blind:
            try:
                made = self._traced(step, rows, made, number)
            except UntraceableError as error:
                self.blind[step.name] = error.what
        numbered = f"SELECT *, {number << _SHIFT} + row_number() OVER () AS {ROW} FROM ({made})"
        self.stages.append(TraceStage(step.name, numbered, table))
        self.tables[key] = quote(table)

    def _traced(self, step: TraceStep, rows: str, untraced: str, number: int) -> str:
        """The traced rows where they are the rows themselves, else the rows without where they come from."""
        traced = trace_sql(step.sql)
        self.notes[step.name] = traced.notes
        inputs = {alias: input_relation(self.tables[key], ROW) for alias, key in step.inputs.items()}
        table, same = quote(f"odibi traced {number}"), quote(f"odibi same {number}")
        bare = f"SELECT * EXCLUDE ({SOURCES}) FROM {table}"
        differing = " + ".join(
            f"(SELECT count(*) FROM ({one} EXCEPT ALL {other}))"
            for one, other in ((bare, f"FROM {rows}"), (f"FROM {rows}", bare))
        )
        self.stages += [
            TraceStage(step.name, compose(inputs, traced.sql), f"odibi traced {number}"),
            TraceStage(step.name, f"SELECT {differing} = 0 AS same", f"odibi same {number}"),
        ]
        is_same = f"(SELECT same FROM {same})"
        return f"SELECT * FROM {table} WHERE {is_same} UNION ALL {untraced} WHERE NOT {is_same}"


def row_like(tracing: Tracing, dataset: str, columns: Sequence[str], position: int) -> str:
    """A query for the number (`id`) of the row at a place of a dataset, and how many are like it (`equal`).

    A traced table may hold the rows in another order than the dataset: the row is found by its values.

    Args:
        tracing: Knows the tables.
        dataset: The dataset's key.
        columns: Its columns.
        position: The row's place in the dataset, from 0.
    """
    rows, table = tracing.relations[dataset], tracing.tables[dataset]
    picked = f"(SELECT * FROM {rows} LIMIT 1 OFFSET {position})"
    match = (
        " AND ".join(f"t.{quote(name)} IS NOT DISTINCT FROM p.{quote(name)}" for name in columns) or "true"
    )
    before = (
        f"(SELECT count(*) FROM (SELECT * FROM {rows} LIMIT {position}) AS t JOIN {picked} AS p ON {match})"
    )
    return (
        f"SELECT t.{ROW} AS id, count(*) OVER () AS equal FROM {table} AS t JOIN {picked} AS p ON {match} "
        f"ORDER BY t.{ROW} LIMIT 1 OFFSET {before}"
    )
