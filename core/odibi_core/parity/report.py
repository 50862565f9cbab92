"""What a comparison of the engines found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, field
from enum import StrEnum
from typing import Any

from odibi_core.late_dataclass import dataclass


class Verdict(StrEnum):
    """How a step came out on the two engines."""

    SAME = "same"
    DIFFERENT = "different"
    FAILED = "failed"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class ColumnDifference:
    """A column that has another type on the other engine, or is on one of them alone.

    Attributes:
        column: Its name.
        types: Engine → type; an engine that lacks the column is missing.
    """

    column: str
    types: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RowDifference:
    """Two rows that are nearly alike, or one that has no counterpart.

    Attributes:
        rows: Engine → row, name → value in values that JSON can hold; NaN is the text "nan", null is None.
        columns: The columns that differ.
    """

    rows: Mapping[str, Mapping[str, Any]]
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StepParity:
    """One dataset of a step, or what the step wrote, on both engines.

    Attributes:
        step: The step's name.
        layer: Its layer.
        dataset: The dataset's key, or the target of a step that writes.
        verdict: How it came out.
        row_counts: Engine → rows.
        columns: Columns that differ in type or are on one engine alone.
        differing_rows: Engine → how many of its rows have no counterpart.
        examples: Some of them.
        errors: Engine → why the step failed there.
        after: Steps before it that differ already; only the first of a chain has to be looked at.
        notes: What a person should know: how the SQL was translated, why it was not run.
    """

    step: str
    layer: str
    dataset: str
    verdict: Verdict
    row_counts: Mapping[str, int] = field(default_factory=dict)
    columns: tuple[ColumnDifference, ...] = ()
    differing_rows: Mapping[str, int] = field(default_factory=dict)
    examples: tuple[RowDifference, ...] = ()
    errors: Mapping[str, str] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Parity:
    """A pipeline on both engines.

    Attributes:
        pipeline: Its name.
        engines: The two engines.
        rows: How many rows were taken of each source at the most; 0: all.
        samples: Step that reads → rows taken, and whether these are all of its source.
        steps: What was compared, in the order of the data.
    """

    pipeline: str
    engines: tuple[str, str]
    rows: int
    samples: Mapping[str, tuple[int, bool]]
    steps: tuple[StepParity, ...]

    @property
    def is_same(self) -> bool:
        """Whether nothing differs and nothing failed."""
        return all(step.verdict in (Verdict.SAME, Verdict.NOT_RUN) for step in self.steps)

    def as_dict(self) -> dict[str, Any]:
        """The result as JSON can hold it."""
        return {
            "pipeline": self.pipeline,
            "engines": list(self.engines),
            "same": self.is_same,
            "rows": self.rows,
            "samples": {
                step: {"rows": count, "is_whole": whole} for step, (count, whole) in self.samples.items()
            },
            "steps": [asdict(step) for step in self.steps],
        }
