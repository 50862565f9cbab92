"""The rows that made a row of a preview, step by step, back to the sources."""

from __future__ import annotations

import json
import re
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

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:")
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
    shown = cells(rows)
    if request.values in shown:
        return rows.column_names, shown.index(request.values)
    wanted = [_plain(value) for value in request.values]
    for place, row in enumerate(shown):
        if _is_alike([_plain(value) for value in row], wanted):
            return rows.column_names, place
    if request.row < len(shown) and _differs_in_moments(rows, shown[request.row], request.values):
        return rows.column_names, request.row
    raise PreviewFailedError(_gone(request.step))


def _differs_in_moments(rows: pa.Table, row: Sequence[Any], wanted: Sequence[Any]) -> bool:
    """Whether a row is the wanted one but for moments, as SQL that asks for the time of day gives."""
    import pyarrow as pa

    return len(row) == len(wanted) and all(
        pa.types.is_temporal(type_) or _is_alike([_plain(one)], [_plain(other)])
        for type_, one, other in zip(rows.schema.types, row, wanted, strict=True)
    )


def _plain(value: Any) -> str:
    """A value as a text that is the same for what a preview and a run's sample show of it."""
    match value:
        case bool() | None:
            return str(value)
        case int() | float():
            return f"{value:g}" if isinstance(value, float) else str(value)
        case str():
            # A run writes a moment as ISO 8601 does, a preview with a blank in the middle.
            return value.replace("T", " ", 1) if _MOMENT.match(value) else value
    return json.dumps(value, sort_keys=True, default=str)


def _is_alike(row: Sequence[str], wanted: Sequence[str]) -> bool:
    return len(row) == len(wanted) and all(
        one == other or (other.endswith("…") and one.startswith(other[:-1]))
        for one, other in zip(row, wanted, strict=True)
    )


def _gone(step: str) -> Problem:
    return Problem(
        "the row is not among those that the step gives now",
        step,
        fix="its sources may have changed, or the sample does not hold the row; choose one of the preview",
    )
