"""What the values of a column are like, over the rows of its preview."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from odibi_core.errors import OdibiError, UnknownNameError
from odibi_core.health.columns import Subject, axis_text
from odibi_studio.messages import Bin, Column, PreviewRequest, ProfileAnswer, ProfileRequest, ValueCount
from odibi_studio.services.cells import cell
from odibi_studio.services.documents import core_pipeline
from odibi_studio.services.previews import Previewer
from odibi_studio.services.sampled_run import PreviewFailedError

_BINS = 20
_FREQUENT = 10


class Profiler:
    """Describes columns.

    Args:
        previewer: Opens the rows.
    """

    def __init__(self, previewer: Previewer) -> None:
        self._previewer = previewer

    def profile(self, request: ProfileRequest) -> ProfileAnswer:
        """What the values of a column are like.

        Raises:
            UnknownNameError: There is no such step, port or column.
            OdibiError: Its rows can't be had; the error says why.
        """
        pipeline = core_pipeline(request.pipeline)
        try:
            opened = self._previewer.open(pipeline, request.step, request.parameters)
            ports = {**opened.step.inputs, **opened.step.outputs}
            if request.port not in ports:
                raise UnknownNameError.of("the port", request.port, ports, where=f"step {request.step!r}")
            dataset = ports[request.port]
            column = self._column(request, dataset)
            subject = Subject.of(column.name, column.type)

            def queries(relations: Mapping[str, str]) -> list[str]:
                return _queries(subject, relations[dataset])

            facts, frequent, bars = opened.run.rows(queries)
        except PreviewFailedError as error:
            problem = error.problem
            raise OdibiError(problem.what, where=problem.where, fix=problem.fix) from error
        (fact,) = facts.to_pylist()
        return ProfileAnswer(
            column=column,
            row_count=fact["row_count"],
            null_count=fact["null_count"],
            distinct_count=fact["distinct_count"],
            minimum=fact["minimum"],
            maximum=fact["maximum"],
            mean=_shown(fact["mean"], subject),
            histogram=_bins(bars.to_pylist(), subject),
            most_frequent=[
                ValueCount(
                    value=None if row["value"] is None else str(cell(row["value"])), count=row["times"]
                )
                for row in frequent.to_pylist()
            ],
            is_sample=opened.run.note(dataset)[0],
        )

    def _column(self, request: ProfileRequest, dataset: str) -> Column:
        """The column; of rows that only a run can tell, as they come out."""
        asked = PreviewRequest(
            revision=0,
            pipeline=request.pipeline,
            step=request.step,
            rows=1,
            parameters=request.parameters,
        )
        answer = self._previewer.preview(asked)
        if answer.problem is not None:
            raise OdibiError(answer.problem.what, where=answer.problem.step, fix=answer.problem.fix)
        grids = [grid for grid in (*answer.inputs, *answer.outputs) if grid.dataset == dataset]
        columns = {column.name: column for column in grids[0].columns}
        if request.column not in columns:
            raise UnknownNameError.of("the column", request.column, columns, where=f"dataset {dataset!r}")
        return columns[request.column]


def _queries(subject: Subject, relation: str) -> list[str]:
    value, scale = subject.value, subject.scale or "CAST(NULL AS DOUBLE)"
    axis = (
        f"WITH axis AS (SELECT {scale} AS x FROM {relation}), "
        "kept AS (SELECT x FROM axis WHERE x IS NOT NULL AND isfinite(x)), "
        "ends AS (SELECT min(x) AS low, max(x) AS high FROM kept)"
    )
    place = f"least({_BINS - 1}, CAST(floor((x - low) / (high - low) * {_BINS}) AS INTEGER))"
    return [
        f"""
        SELECT
            count(*) AS row_count,
            count(*) - count({value}) AS null_count,
            count(DISTINCT {value}) AS distinct_count,
            CAST(min({value}) AS VARCHAR) AS minimum,
            CAST(max({value}) AS VARCHAR) AS maximum,
            avg({scale}) FILTER (WHERE isfinite({scale})) AS mean
        FROM {relation}
        """,
        f"""
        SELECT CAST({value} AS VARCHAR) AS value, count(*) AS times
        FROM {relation}
        GROUP BY {value}
        ORDER BY times DESC, value
        LIMIT {_FREQUENT}
        """,
        f"""
        {axis}
        SELECT low, high, CASE WHEN high > low THEN {place} ELSE 0 END AS bar, count(*) AS times
        FROM kept, ends
        GROUP BY low, high, bar
        ORDER BY bar
        """,
    ]


def _bins(rows: list[dict[str, Any]], subject: Subject) -> list[Bin]:
    if not rows:
        return []
    low, high = rows[0]["low"], rows[0]["high"]
    if low == high:
        return [Bin(low=_text(low, subject), high=_text(high, subject), count=rows[0]["times"])]
    counts = {row["bar"]: row["times"] for row in rows}
    width = (high - low) / _BINS
    return [
        Bin(
            low=_text(low + width * bar, subject),
            high=_text(high if bar == _BINS - 1 else low + width * (bar + 1), subject),
            count=counts.get(bar, 0),
        )
        for bar in range(_BINS)
    ]


def _shown(mean: float | None, subject: Subject) -> str | None:
    return None if mean is None else _text(mean, subject)


def _text(number: float, subject: Subject) -> str:
    return axis_text(number, is_moment=subject.is_moment)
