"""What is wrong with expectations, as far as the plan knows the columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import nullcontext

from odibi_core.errors import Problem, Severity, SqlError
from odibi_core.expectations.fitting import Mistake, column_field, fitting_mistakes
from odibi_core.expectations.judging import schema_mistakes
from odibi_core.expectations.model import (
    Condition,
    Expectation,
    ExpectedSchema,
    ForeignKey,
    Pattern,
)
from odibi_core.nodes.base import Node
from odibi_core.schema import Schema, literal
from odibi_core.sql.binding import Binder
from odibi_core.sql.remembering import binder_at_hand
from odibi_core.step import Step


def expectation_problems(
    steps: Mapping[str, Step],
    nodes: Mapping[str, Node],
    schemas: Mapping[str, Schema | None],
    binder: Binder | None = None,
) -> Iterator[Problem]:
    """Columns that are not there or of no fitting type, and SQL and patterns that can't be read.

    Args:
        steps: Name → step.
        nodes: Name → compiled step.
        schemas: Dataset key → columns; None where only a run can tell.
        binder: Binds SQL; where None, the one at hand does.
    """
    checked = {name: node.expectations for name, node in nodes.items() if node.expectations}
    if not checked:
        return
    with nullcontext(binder) if binder is not None else binder_at_hand() as used:
        for name, expectations in checked.items():
            step = steps[name]
            for label, expectation in expectations.items():
                output = expectation.output or next(iter(step.outputs))
                schema = schemas.get(step.outputs[output])
                # The columns may come out otherwise than planned: only the run can tell for sure.
                is_sure = not isinstance(expectation, ExpectedSchema)
                severity = Severity.ERROR if is_sure else Severity.WARNING
                for field, what, fix in _mistakes(expectation, schema, schemas, used):
                    yield Problem(f"{label}: {what}", name, f"{expectation.place}.{field}", fix, severity)


def _mistakes(
    expectation: Expectation, schema: Schema | None, schemas: Mapping[str, Schema | None], binder: Binder
) -> Iterator[Mistake]:
    if isinstance(expectation, Pattern):
        yield from _pattern_mistakes(expectation)
    there = schemas.get(expectation.references) if isinstance(expectation, ForeignKey) else None
    mistakes = list(fitting_mistakes(expectation, schema, there))
    yield from mistakes
    if schema is None or mistakes:
        return
    match expectation:
        case ExpectedSchema():
            yield from (
                Mistake(column_field(expectation), *told) for told in schema_mistakes(expectation, schema)
            )
        case Condition():
            yield from _sql_mistakes(expectation, schema, binder)


def _pattern_mistakes(expectation: Pattern) -> Iterator[Mistake]:
    from odibi_core import late_duckdb as duckdb

    with duckdb.connect(":memory:", config={"threads": "1"}) as database:
        try:
            database.execute(f"SELECT regexp_full_match('', {literal(expectation.regex)})").fetchall()
        except duckdb.Error as error:
            what = f"{expectation.regex!r} is no regular expression: {str(error).splitlines()[0]}"
            yield Mistake("regex", what, "write it in RE2's syntax, which has no lookaround and no \\1")


def _sql_mistakes(expectation: Condition, schema: Schema, binder: Binder) -> Iterator[Mistake]:
    try:
        if expectation.condition is not None:
            binder.bind(f"SELECT 1 AS one FROM data WHERE (\n{expectation.condition}\n)", {"data": schema})
        else:
            binder.bind(f"SELECT * FROM (\n{expectation.query}\n) AS offending", {"data": schema})
    except SqlError as error:
        yield Mistake("query" if expectation.condition is None else "condition", error.what, error.fix)
