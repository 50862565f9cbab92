"""The columns of every port, known before anything runs.

Sources tell theirs by their heads; SQL is bound against
empty typed inputs. What only a run can tell, such as what a function returns, stays unknown, and so does what
depends on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from odibi_core.engines.operations import Query, Scan
from odibi_core.errors import OdibiError, Problem, Severity, SqlError
from odibi_core.late_dataclass import dataclass
from odibi_core.nodes.base import Node
from odibi_core.plan.heads import Probe, head_reader
from odibi_core.schema import Schema
from odibi_core.sql.binding import Binder
from odibi_core.sql.compose import Dialect, SqlStep
from odibi_core.sql.remembering import binder_at_hand
from odibi_core.step import Step

SPARK = "spark"


@dataclass(frozen=True, slots=True)
class Ports:
    """Steps with their SQL as the engine takes it, and the columns of what they make.

    Attributes:
        nodes: Name → compiled step.
        schemas: Dataset key → columns; None where only a run can tell.
    """

    nodes: Mapping[str, Node]
    schemas: Mapping[str, Schema | None]

    def of(self, step: Step) -> dict[str, Schema | None]:
        """Output name → columns."""
        return {output: self.schemas.get(key) for output, key in step.outputs.items()}

    def into(self, step: Step) -> dict[str, Schema | None]:
        """Name used inside the step → columns."""
        return {alias: self.schemas.get(key) for alias, key in step.inputs.items()}


def find_schemas(
    steps: Sequence[Step],
    nodes: Mapping[str, Node],
    place: Callable[[Scan], Path],
    *,
    reads_headers: bool = True,
    probe: Probe | None = None,
    ask: Callable[[Scan], Schema | None] = lambda _scan: None,
    binder: Binder | None = None,
) -> tuple[Ports, list[Problem]]:
    """The columns of every port, and what is wrong with the SQL and the sources.

    Args:
        steps: Every step after the ones it needs.
        nodes: Name → compiled step.
        place: Gives the absolute path of a scan.
        reads_headers: Whether the heads of sources are read; else their columns are unknown.
        probe: Tells the columns of a source; where None, its head is read anew.
        ask: Tells the columns of a source on a server; None where they are not known.
        binder: Binds the SQL; where None, the one at hand does.
    """
    schemas: dict[str, Schema | None] = {key: None for step in steps for key in step.outputs.values()}
    problems: list[Problem] = []
    scans = [(step, operation) for step in steps if isinstance(operation := nodes[step.name].operation, Scan)]
    if scans and reads_headers:
        problems += _read_heads(scans, place, probe, ask, schemas)
    for step, _ in scans:
        if step.engine == SPARK:
            problems += _lacking_types(step, schemas)
    queries = [
        (step, operation)
        for step in steps
        if isinstance(operation := nodes[step.name].operation, Query) and len(step.outputs) == 1
    ]
    if not queries:
        return Ports(nodes, schemas), problems
    sql_steps = [
        SqlStep(step.name, query.sql, step.inputs, next(iter(step.outputs.values())), Dialect(query.dialect))
        for step, query in queries
    ]
    with nullcontext(binder) if binder is not None else binder_at_hand() as used:
        bound = used.bind_all(sql_steps, schemas)
    native = dict(nodes)
    for step, query in queries:
        result = bound[step.name]
        (key,) = step.outputs.values()
        schemas[key] = result.schema
        if result.error is not None and step.engine == SPARK and _may_be_for_spark_alone(result.error, query):
            # DuckDB tells the columns of Spark's steps too, but Spark knows more functions.
            warning = "its columns can't be told before it runs: only Spark can read its SQL"
            problems.append(Problem(warning, step.name, "value", severity=Severity.WARNING))
        elif result.error is not None:
            field = f"value, {result.error.where}" if result.error.where else "value"
            problems.append(
                Problem(
                    result.error.what,
                    step.name,
                    field,
                    result.error.fix,
                    line=result.error.line,
                    column=result.error.column,
                )
            )
        problems += [
            Problem(warning, step.name, "value", severity=Severity.WARNING) for warning in result.warnings
        ]
        is_settled = result.schema is not None or result.sql != query.sql
        if step.engine == SPARK and result.error is None and result.sql == query.sql:
            problems += _spark_problems(step, query, schemas)
        if step.engine == SPARK:
            # It runs as it was written; whose SQL that is, is known by now.
            if is_settled and query.dialect == Dialect.AUTO:
                dialect = Dialect.DUCKDB if result.sql == query.sql else Dialect.SPARK
                native[step.name] = replace(nodes[step.name], operation=Query(query.sql, dialect.value))
        elif is_settled and (result.sql != query.sql or query.dialect != Dialect.DUCKDB):
            operation = Query(result.sql, Dialect.DUCKDB.value)
            native[step.name] = replace(nodes[step.name], operation=operation)
    return Ports(native, schemas), problems


def _lacking_types(step: Step, schemas: Mapping[str, Schema | None]) -> list[Problem]:
    from odibi_core.plan.for_spark import lacking_types

    return [problem for key in step.outputs.values() for problem in lacking_types(step.name, schemas[key])]


def _spark_problems(step: Step, query: Query, schemas: Mapping[str, Schema | None]) -> list[Problem]:
    from odibi_core.plan.for_spark import spark_problems

    inputs = {alias: schemas.get(source) for alias, source in step.inputs.items()}
    return list(spark_problems(step.name, query.sql, inputs))


def _may_be_for_spark_alone(error: SqlError, query: Query) -> bool:
    from odibi_core.sql.dialect import may_be_for_spark_alone

    return may_be_for_spark_alone(error, query.sql, query.dialect)


def _read_heads(
    scans: Sequence[tuple[Step, Scan]],
    place: Callable[[Scan], Path],
    probe: Probe | None,
    ask: Callable[[Scan], Schema | None],
    schemas: dict[str, Schema | None],
) -> list[Problem]:
    problems = []
    with nullcontext(probe) if probe is not None else head_reader() as read:
        for step, scan in scans:
            if not scan.server:
                try:
                    path = place(scan)
                except OdibiError:
                    continue  # told with the targets
            try:
                schema = ask(scan) if scan.server else read(scan, path)
            except OdibiError as error:
                # Not an error yet: the file may come into being before the run.
                problems.append(Problem(error.what, step.name, "value", error.fix, Severity.WARNING))
                continue
            for key in step.outputs.values():
                schemas[key] = schema
    return problems
