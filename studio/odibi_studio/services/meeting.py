"""How the sides of a step's joins meet, over the samples of a preview."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from odibi_core.engines.operations import Query
from odibi_core.health.joins import Join, JoinCounts, find_joins
from odibi_core.sql.compose import compose
from odibi_studio.health_messages import HealthAnswer, HealthRequest, StepHealth
from odibi_studio.services.documents import core_pipeline
from odibi_studio.services.previews import Opened, Previewer
from odibi_studio.services.runs.edges import join_health
from odibi_studio.services.sampled_run import AskedFailedError, native_text


class Meeting:
    """Counts joins.

    Args:
        previewer: Computes the rows.
    """

    def __init__(self, previewer: Previewer) -> None:
        self._previewer = previewer

    def health(self, request: HealthRequest) -> HealthAnswer:
        """How healthy the data of a step are; nothing of a step that is no SQL.

        Raises:
            UnknownNameError: There is no such step.
        """
        pipeline = core_pipeline(request.pipeline)
        steps: list[StepHealth] = []
        with self._previewer.told(pipeline, request.parameters) as problems:
            opened = self._previewer.open(pipeline, request.step, request.parameters)
            operation = opened.run.look.survey.ports.nodes[opened.step.name].operation
            if isinstance(operation, Query) and opened.step.inputs:
                steps.append(_counted(opened, native_text(operation)))
        return HealthAnswer(steps=steps, problem=problems[0] if problems else None)


def _counted(opened: Opened, sql: str) -> StepHealth:
    step, run = opened.step, opened.run
    joins = find_joins(sql, step.inputs)
    counted = {place: join for place, join in enumerate(joins) if not join.why}
    datasets = [*step.inputs.values(), *step.outputs.values()]

    def queries(relations: Mapping[str, str]) -> Sequence[str]:
        inputs = {alias: relations[key] for alias, key in step.inputs.items()}
        counts = ", ".join(f"(SELECT count(*) FROM {relations[key]})" for key in datasets)
        return [f"SELECT {counts}", *(compose(inputs, join.sql) for join in counted.values())]

    while True:
        try:
            rows, *found = run.rows(queries)
            break
        except AskedFailedError as error:
            # Not every form of a join stands alone in a count; the first query counts rows.
            if error.number == 0:
                raise
            del counted[list(counted)[error.number - 1]]
    told = dict(zip(counted, ([*table.to_pylist()[0].values()] for table in found), strict=True))
    sizes = [column[0].as_py() for column in rows.columns]
    return StepHealth(
        step=step.name,
        joins=[join_health(_join(join, told.get(place))) for place, join in enumerate(joins)],
        rows_in=dict(zip(step.inputs, sizes, strict=False)),
        rows_out=sizes[len(step.inputs)] if step.outputs else None,
        is_sample=any(run.note(key)[0] for key in step.inputs.values()),
    )


def _join(join: Join, counts: Sequence[int] | None) -> JoinCounts:
    if counts is None:
        return JoinCounts.unknown(join, join.why or "this form of join is not counted")
    return JoinCounts.of(join, counts)
