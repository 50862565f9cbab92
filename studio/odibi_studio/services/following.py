"""The rows that made a row of a preview, step by step, back to the sources."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from odibi_core.errors import Problem, UnknownNameError
from odibi_core.provenance.tracing import Tracing, row_like
from odibi_studio.sandbox.pool import Stage
from odibi_studio.services.cells import cells
from odibi_studio.services.documents import core_pipeline
from odibi_studio.services.previews import Previewer
from odibi_studio.services.sampled_run import PreviewFailedError, SampledRun
from odibi_studio.services.traced_run import TracedRun, counts_of, rows_of
from odibi_studio.trace_messages import FollowAnswer, FollowedStep, FollowRequest

if TYPE_CHECKING:
    import pyarrow as pa

_START, _UP = '"odibi start"', '"odibi up"'


class Follower:
    """Follows rows back.

    Args:
        previewer: Computes the rows.
    """

    def __init__(self, previewer: Previewer) -> None:
        self._previewer = previewer

    def follow(self, request: FollowRequest) -> FollowAnswer:
        """A row and the rows that made it, over the samples of a preview.

        Raises:
            UnknownNameError: There is no such step, or it has no such dataset.
        """
        begun = time.perf_counter()
        pipeline = core_pipeline(request.pipeline)
        answer: dict[str, Any] = {}
        with self._previewer.told(pipeline, request.parameters) as problems:
            opened = self._previewer.open(pipeline, request.step, request.parameters)
            check_dataset(request.dataset, [*opened.step.inputs.values(), *opened.step.outputs.values()])
            answer = self._followed(opened.run, request)
            answer["warnings"] = [*opened.warnings, *opened.run.rejections()]
        if problems:
            answer["problem"] = problems[0]
        return FollowAnswer(**answer, elapsed_ms=(time.perf_counter() - begun) * 1_000)

    def _followed(self, run: SampledRun, request: FollowRequest) -> dict[str, Any]:
        dataset = request.dataset
        columns, position = _row(run, request)
        traced = TracedRun(run, dataset)

        def wanted(tracing: Tracing) -> list[str | Stage]:
            return [
                Stage(row_like(tracing, dataset, columns, position), _START.strip('"')),
                Stage(tracing.upwards(f"SELECT id FROM {_START}"), _UP.strip('"')),
                f"SELECT * FROM {_START}",
                counts_of(tracing, _UP),
                *rows_of(tracing, _UP),
            ]

        tracing, (start, counted, *heads) = traced.rows(wanted)
        if not start.num_rows:
            raise PreviewFailedError(_gone(request.step))
        found = [
            self._step(traced, tracing, key, head, counts)
            for key, head, counts in zip(tracing.tables, heads, counted.to_pylist(), strict=True)
            if counts["rows"]
        ]
        return {"steps": found[::-1], "equal_rows": start["equal"][0].as_py()}

    def _step(
        self, traced: TracedRun, tracing: Tracing, key: str, head: pa.Table, counts: dict[str, int]
    ) -> FollowedStep:
        maker = traced.makers[key]
        return FollowedStep(
            step=maker.name,
            dataset=key,
            grid=traced.grid(key, head, counts["rows"]),
            is_source=not maker.inputs,
            why=traced.why(tracing, maker.name) if counts["unknown"] else "",
            notes=list(tracing.notes.get(maker.name, ())),
        )


def check_dataset(dataset: str, known: Sequence[str]) -> None:
    """Return where a step has a dataset.

    Raises:
        UnknownNameError: It has none of that key.
    """
    if dataset not in known:
        raise UnknownNameError.of("dataset", dataset, known)


def _row(run: SampledRun, request: FollowRequest) -> tuple[list[str], int]:
    """The columns of the dataset, and the row's place in it."""
    limit = "" if request.values is not None else " LIMIT 0"
    (rows,) = run.rows(lambda relations: [f"SELECT * FROM {relations[request.dataset]}{limit}"])
    if request.values is None:
        return rows.column_names, request.row
    try:
        return rows.column_names, cells(rows).index(request.values)
    except ValueError:
        raise PreviewFailedError(_gone(request.step)) from None


def _gone(step: str) -> Problem:
    return Problem(
        "the row is not among those that the step gives now",
        step,
        fix="its sources may have changed, or the sample does not hold the row; choose one of the preview",
    )
