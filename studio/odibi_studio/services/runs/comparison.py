"""Two runs side by side: what was asked of them, their plans, steps, columns and values."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from odibi_core.design.yaml_form import dump_yaml
from odibi_core.journal.record import RunRecord
from odibi_core.pipeline import Pipeline
from odibi_studio.services.runs.book import OpenRun
from odibi_studio.services.runs.values import Values, shift

INSIDE = "it is inside of the pipeline, and unasked only what a pipeline gives is described"


@dataclass(frozen=True, slots=True)
class StepPair:
    """A step in two runs; what is missing in one is None.

    Attributes:
        name: The step's name.
        change: "same", "changed", "added" or "removed": how the plan of the second differs.
        states: How it ended in each.
        durations_ms: How long it took in each.
        row_counts: Rows of its first output in each.
    """

    name: str
    change: str
    states: tuple[str, str]
    durations_ms: tuple[float | None, float | None]
    row_counts: tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class ColumnPair:
    """A column of a dataset in two runs.

    Attributes:
        dataset: The dataset's key.
        column: The column's name.
        types: Its type in each; "" where it is not there.
        values: What its values were like in each; None where it is not there.
        why: Why only the first rows tell of them, in each; "" where all rows do.
    """

    dataset: str
    column: str
    types: tuple[str, str]
    values: tuple[Values | None, Values | None]
    why: tuple[str, str]

    @property
    def is_changed(self) -> bool:
        """Whether the type differs, or the column is in one run alone."""
        return self.types[0] != self.types[1]

    @property
    def shift(self) -> float | None:
        """The share of rows, 0 to 1, whose value lies elsewhere in the second; None if nobody knows."""
        first, second = self.values
        return None if first is None or second is None else shift(first, second)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs side by side.

    Attributes:
        parameters: Name → value in each; "" where it was not given.
        plan: The difference of the pipelines as a unified diff; "" where they are equal.
        steps: Every step of either.
        columns: Every column of either; empty where a run kept nothing of its data.
    """

    parameters: dict[str, tuple[str, str]]
    plan: str
    steps: list[StepPair]
    columns: list[ColumnPair]


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two runs.

    Attributes:
        record: How it stands.
        pipeline: What ran.
        lineage: What its steps took and gave.
    """

    record: RunRecord
    pipeline: Pipeline | None
    lineage: Mapping[str, Any] | None

    @classmethod
    def of(cls, run: OpenRun) -> Side:
        """The run as it stands."""
        return cls(run.reader.record(), run.pipeline(), run.lineage())


def compare(first: Side, second: Side) -> Comparison:
    """What differs between two runs, and what does not."""
    names = {**first.record.parameters, **second.record.parameters}
    parameters = {
        name: (str(first.record.parameters.get(name, "")), str(second.record.parameters.get(name, "")))
        for name in names
    }
    return Comparison(
        parameters, _plan(first, second), list(_steps(first, second)), list(_columns(first, second))
    )


def _plan(first: Side, second: Side) -> str:
    before, after = (
        dump_yaml(side.pipeline).splitlines() if side.pipeline else [] for side in (first, second)
    )
    return "\n".join(
        difflib.unified_diff(before, after, first.record.run_id, second.record.run_id, lineterm="")
    )


def _steps(first: Side, second: Side) -> Iterator[StepPair]:
    plans = [
        {step.name: step for step in side.pipeline.steps} if side.pipeline else {} for side in (first, second)
    ]
    for name in {**plans[0], **plans[1], **first.record.steps, **second.record.steps}:
        old, new = plans[0].get(name), plans[1].get(name)
        change = "same" if old == new else "added" if old is None else "removed" if new is None else "changed"
        one, two = first.record.steps.get(name), second.record.steps.get(name)
        yield StepPair(
            name,
            change,
            (one.state.value if one else "", two.state.value if two else ""),
            (one.duration_ms if one else None, two.duration_ms if two else None),
            (one.row_count if one else None, two.row_count if two else None),
        )


def _columns(first: Side, second: Side) -> Iterator[ColumnPair]:
    if first.lineage is None or second.lineage is None:
        return
    kept = [_kept(first.lineage), _kept(second.lineage)]
    for dataset in {**kept[0], **kept[1]}:
        pair = [side.get(dataset, _NOTHING) for side in kept]
        for column in {**pair[0].types, **pair[1].types}:
            yield ColumnPair(
                dataset,
                column,
                (pair[0].types.get(column, ""), pair[1].types.get(column, "")),
                (pair[0].values(column), pair[1].values(column)),
                (pair[0].why, pair[1].why),
            )


@dataclass(frozen=True, slots=True)
class _Kept:
    """What a run kept of a dataset.

    Attributes:
        types: Column → type.
        sample: Its first rows.
        profile: What the run found out about all rows: `row_count`, `columns`.
        why: Why it found out nothing; "" where it did.
    """

    types: Mapping[str, str]
    sample: list[Mapping[str, Any]]
    profile: Mapping[str, Any]
    why: str

    def values(self, column: str) -> Values | None:
        """What the values of a column were like; None where there is no such column."""
        if column not in self.types:
            return None
        known = self.profile.get("columns", {}).get(column)
        if known is not None:
            return Values.of_profile(self.profile["row_count"], known)
        return Values.of_sample(self.sample, column)


_NOTHING = _Kept({}, [], {}, "")


def _kept(lineage: Mapping[str, Any]) -> dict[str, _Kept]:
    found = {}
    for entry in lineage["steps"]:
        # Of runs before there were any, lineage has no profiles.
        profiles = entry.get("profiles") or {}
        for port, snapshot in entry["output_snapshots"].items():
            if port in entry["outputs"]:
                profile = profiles.get(port) or {"why": INSIDE}
                found[entry["outputs"][port]] = _Kept(
                    snapshot["schema"], snapshot["sample"], profile, profile["why"]
                )
    return found
