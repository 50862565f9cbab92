"""How healthy the data between the steps of a run are, against the runs of the pipeline before it."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence

from odibi_core.health.joins import JoinCounts
from odibi_core.journal.record import RunRecord
from odibi_core.pipeline import Pipeline
from odibi_core.step import StepType
from odibi_studio.health_messages import HealthAnswer, JoinHealth, Measure, StepHealth, UsualRange
from odibi_studio.services.runs.health import RunFacts

COMPARED_RUNS = 10
_FEWEST = 5
_FENCE = 1.5
_NARROWEST = 0.01
"""A range reaches at least this share of its middle to each side: what never varied may vary a little."""


def run_health(
    record: RunRecord,
    pipeline: Pipeline,
    counts: Mapping[str, int | None],
    before: Sequence[RunFacts],
    given: Callable[[RunRecord], Mapping[str, int | None]],
) -> HealthAnswer:
    """How healthy the data of every SQL step are.

    Args:
        record: The run.
        pipeline: What ran.
        counts: Dataset key → rows.
        before: Runs of the pipeline that succeeded before it.
        given: Tells dataset → rows of one of those, where the first output of a step is not enough.
    """
    found = []
    for step in pipeline.steps:
        progress = record.steps.get(step.name)
        if step.type != StepType.SQL or not step.inputs or progress is None or not progress.end_time:
            continue
        rows_in = {alias: counts.get(key) for alias, key in step.inputs.items()}
        past = [(facts.joins.get(step.name, ()), facts) for facts in before]
        joins = [JoinCounts.from_dict(join) for join in progress.health.get("joins", ())]
        found.append(
            StepHealth(
                step=step.name,
                joins=[
                    join_health(join, _usual_of_join(join, [their for their, _ in past])) for join in joins
                ],
                rows_in=rows_in,
                rows_out=progress.row_count,
                kept=_kept(pipeline, step.name, rows_in, progress.row_count, before, given),
                why=str(progress.health.get("why", "")),
            )
        )
    return HealthAnswer(steps=found, compared_runs=len(before))


def join_health(join: JoinCounts, usual: Iterable[UsualRange] = ()) -> JoinHealth:
    """The counts as a message."""
    return JoinHealth(
        told=join.told,
        kind=join.kind,
        left=join.left,
        right=join.right,
        left_rows=join.left_rows,
        right_rows=join.right_rows,
        left_rate=join.left_rate,
        right_rate=join.right_rate,
        pairs=join.pairs,
        fan_out=join.fan_out,
        left_dropped=join.left_dropped,
        right_dropped=join.right_dropped,
        left_nulls=join.left_nulls,
        right_nulls=join.right_nulls,
        why=join.why,
        usual=list(usual),
    )


def usual_range(measure: Measure, now: float | None, past: Sequence[float]) -> UsualRange | None:
    """Where a figure usually is; None where it is not known, or was known too seldom."""
    if now is None or len(past) < _FEWEST:
        return None
    first, middle, third = statistics.quantiles(past, n=4, method="inclusive")
    reach = max(_FENCE * (third - first), _NARROWEST * abs(middle))
    low, high = max(0.0, first - reach), third + reach
    return UsualRange(measure=measure, low=low, middle=middle, high=high, is_outside=not low <= now <= high)


def _usual_of_join(join: JoinCounts, past: Sequence[Sequence[JoinCounts]]) -> list[UsualRange]:
    # A join that is written otherwise now is another one.
    same = [their for joins in past for their in joins if their.told == join.told]
    measures: tuple[Measure, ...] = ("left_rate", "right_rate", "fan_out")
    found = []
    for measure in measures:
        known = [value for their in same if (value := getattr(their, measure)) is not None]
        usual = usual_range(measure, getattr(join, measure), known)
        if usual is not None:
            found.append(usual)
    return found


def _kept(
    pipeline: Pipeline,
    name: str,
    rows_in: Mapping[str, int | None],
    rows_out: int | None,
    before: Sequence[RunFacts],
    given: Callable[[RunRecord], Mapping[str, int | None]],
) -> UsualRange | None:
    """Rows out for a row in; only of a step with one input that says it alone."""
    if len(rows_in) != 1:
        return None
    (key,) = pipeline.step(name).inputs.values()
    maker = next((step for step in pipeline.steps if key in step.outputs.values()), None)
    first_of = maker.name if maker and key == next(iter(maker.outputs.values())) else ""

    def taken_in(facts: RunFacts) -> int | None:
        # Journals tell the rows of first outputs alone.
        return facts.step_rows.get(first_of) if first_of else given(facts.record).get(key)

    past = [
        share for facts in before if (share := _share(taken_in(facts), facts.step_rows.get(name))) is not None
    ]
    (taken,) = rows_in.values()
    return usual_range("kept_rate", _share(taken, rows_out), past)


def _share(rows_in: int | None, rows_out: int | None) -> float | None:
    return rows_out / rows_in if rows_in and rows_out is not None else None
