"""A run over samples whose rows are followed: the dataset's own steps, each with the numbers of its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from odibi_core.engines.operations import Call, Query, Scan
from odibi_core.errors import OdibiError
from odibi_core.functions.origins import declared_origins
from odibi_core.functions.registry import resolve_function
from odibi_core.provenance.rewriting import SOURCES
from odibi_core.provenance.tracing import HIDDEN, ROW, TraceStep, Tracing
from odibi_core.step import Step
from odibi_studio.messages import Grid
from odibi_studio.sandbox.pool import Stage
from odibi_studio.services.cells import cells
from odibi_studio.services.previews import columns_as_shown
from odibi_studio.services.sampled_run import AskedFailedError, SampledRun, native_text

if TYPE_CHECKING:
    import pyarrow as pa

MOST_ROWS = 50
_CALLED = "a Python function made them: only the function knows of which rows"
_UNLIKE = "the SQL gives other rows when it is run again, as where a tie or an order is left to chance"


class TracedRun:
    """The steps that a dataset needs, over samples, with where each row comes from.

    Args:
        run: The run.
        dataset: The dataset's key.

    Attributes:
        makers: Dataset key → the step that makes it.
        steps: What is followed, each after the steps that it takes from.
    """

    def __init__(self, run: SampledRun, dataset: str) -> None:
        self._run = run
        self.makers = {key: step for step in run.steps() for key in step.outputs.values()}
        maker = self.makers[dataset].name
        needed = run.look.survey.graph.upstream(maker) | {maker}
        self.steps = [self._trace_step(step) for step in run.steps() if step.name in needed and step.outputs]

    def rows(self, wanted: Callable[[Tracing], Sequence[str | Stage]]) -> tuple[Tracing, list[pa.Table]]:
        """What holds of the rows, and the results of queries over them.

        Raises:
            AskedFailedError: One of the queries failed.
            PreviewFailedError: A step failed, or used up its time or memory.
        """
        blind: dict[str, str] = {}
        made: list[Tracing] = []

        def queries(relations: dict[str, str]) -> list[str | Stage]:
            made[:] = [Tracing(self.steps, relations, dict(blind))]
            return [*(Stage(stage.sql, stage.table) for stage in made[0].stages), *wanted(made[0])]

        while True:
            try:
                tables = self._run.rows(lambda relations: queries(dict(relations)))
            except AskedFailedError as error:
                stages = made[0].stages
                step = stages[error.number].step if error.number < len(stages) else ""
                if not step or step in blind:
                    raise AskedFailedError(error.problem, error.number - len(stages)) from error
                # DuckDB does not take the rewritten text: that is no fault of the step.
                blind[step] = "the SQL can't be rewritten so that it tells"
            else:
                return made[0], tables

    def why(self, tracing: Tracing, step: str) -> str:
        """Why it can't be told what a step made its rows of."""
        return tracing.blind.get(step, _UNLIKE)

    def grid(self, dataset: str, rows: pa.Table, row_count: int) -> Grid:
        """Some rows of a dataset as a message."""
        is_sample, note = self._run.note(dataset)
        return Grid(
            port=dataset,
            dataset=dataset,
            columns=columns_as_shown(rows, self._run.look.survey.ports.schemas.get(dataset)),
            rows=cells(rows),
            row_count=row_count,
            is_sample=is_sample,
            note=note,
        )

    def _trace_step(self, step: Step) -> TraceStep:
        outputs = list(step.outputs.values())
        match self._run.look.survey.ports.nodes[step.name].operation:
            case Query() as query:
                return TraceStep(step.name, step.inputs, outputs, native_text(query))
            case Scan():
                return TraceStep(step.name, {}, outputs)
            case Call() as call:
                return TraceStep(step.name, step.inputs, outputs, why=_CALLED + self._said(step, call))
        return TraceStep(step.name, step.inputs, outputs, why=_CALLED)

    def _said(self, step: Step, call: Call) -> str:
        """What the function says of its columns, behind why its rows can't be followed."""
        allowed = self._run.look.settings.functions.allow
        try:
            function = (
                resolve_function(call.function, allowed) if isinstance(call.function, str) else call.function
            )
        except OdibiError:
            return ""
        told = [
            said.told()
            for output in step.outputs
            if (said := declared_origins(function, output, step.outputs)) is not None
        ]
        return f"; of its columns it says: {'; '.join(told)}" if told else ""


def rows_of(tracing: Tracing, numbers: str) -> list[str]:
    """A query a dataset for its first rows among some.

    Args:
        tracing: Knows the tables.
        numbers: The table that holds the rows' numbers (`id`).
    """
    return [
        f"SELECT {HIDDEN} FROM (FROM {table} WHERE {ROW} IN (SELECT id FROM {numbers}) "
        f"ORDER BY {ROW} LIMIT {MOST_ROWS})"
        for table in tracing.tables.values()
    ]


def counts_of(tracing: Tracing, numbers: str) -> str:
    """A query with a row a dataset: how many of some rows are its own, and of how many no sources are known.

    Args:
        tracing: Knows the tables.
        numbers: The table that holds the rows' numbers (`id`).
    """
    counts = [
        f"SELECT {place} AS place, count(*) AS rows, count(*) - count({SOURCES}) AS unknown FROM {table} "
        f"WHERE {ROW} IN (SELECT id FROM {numbers})"
        for place, table in enumerate(tracing.tables.values())
    ]
    return f"{' UNION ALL '.join(counts)} ORDER BY place"
