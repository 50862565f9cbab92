"""What two engines made, side by side."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odibi_core.dataset import Dataset, json_value
from odibi_core.engines.base import Attempt, Engine, UnkeepableError
from odibi_core.engines.operations import Write
from odibi_core.parity.comparing import Row, compare_rows
from odibi_core.parity.report import ColumnDifference, RowDifference, StepParity, Verdict
from odibi_core.parity.samples import Sample
from odibi_core.parity.side import Side
from odibi_core.plan.model import Plan, PlannedStep
from odibi_core.schema import Schema

if TYPE_CHECKING:
    import pyarrow as pa

_EXAMPLES = 5
_HELD_AS = {
    r"TIME WITH TIME ZONE|ENUM\([^)]*\)|UUID|JSON|\bBIT\b|INTERVAL": "VARCHAR",
    r"(?<!WITH )\bTIME(_NS)?\b": "VARCHAR",
    r"TIMESTAMP_(NS|MS|S)\b": "TIMESTAMP",
    r"\bU?HUGEINT\b": "DECIMAL(38,0)",
    r"\bUBIGINT\b": "DECIMAL(20,0)",
    r"\bUINTEGER\b": "BIGINT",
    r"\bUSMALLINT\b": "INTEGER",
    r"\bUTINYINT\b": "SMALLINT",
}
"""Types that Spark does not have → what holds their values there: that is no difference."""


class Comparison:
    """Compares the datasets of two sides.

    Args:
        plan: What both ran.
        engines: The engines, which hold the datasets.
        sides: What they made.
        folder: Takes the rows while they are compared.
        tolerance: How far two floats may be apart.
    """

    def __init__(
        self,
        plan: Plan,
        engines: tuple[Engine, Engine],
        sides: tuple[Side, Side],
        folder: Path,
        tolerance: float,
    ) -> None:
        self._plan, self._engines, self._sides = plan, engines, sides
        self._folder, self._tolerance = folder, tolerance
        self._names = (engines[0].name, engines[1].name)
        self._bad: set[str] = set()

    def steps(self, samples: Mapping[str, Sample]) -> list[StepParity]:
        """Every dataset and every target, in the order of the data.

        Args:
            samples: Step that reads → what it was given; the step itself is compared only where it read its
                own source.
        """
        found: list[StepParity] = []
        for name, planned in self._plan.steps.items():
            notes = list(dict.fromkeys(note for side in self._sides for note in side.notes.get(name, ())))
            if name in samples and samples[name].file is not None:
                notes.append("both engines were given the same rows")
            of_step = self._step(planned, tuple(notes))
            if any(each.verdict is not Verdict.SAME for each in of_step):
                self._bad.add(name)
            found += of_step
        return found

    def _step(self, planned: PlannedStep, notes: tuple[str, ...]) -> list[StepParity]:
        step, sides = planned.step, dict(zip(self._names, self._sides, strict=True))
        after = tuple(name for name in sorted(self._plan.graph.upstream(step.name)) if name in self._bad)
        keys = list(step.outputs.values()) or [
            str(planned.node.operation.target) if isinstance(planned.node.operation, Write) else ""
        ]
        errors = {
            name: str(side.errors[step.name]) for name, side in sides.items() if step.name in side.errors
        }
        if errors:
            return [
                StepParity(
                    step.name, step.layer, key, Verdict.FAILED, errors=errors, after=after, notes=notes
                )
                for key in keys
            ]
        return [
            self._pair(
                planned,
                key,
                [side.data.get(key) if step.outputs else side.written.get(step.name) for side in self._sides],
                after,
                notes,
            )
            for key in keys
        ]

    def _pair(
        self,
        planned: PlannedStep,
        key: str,
        pair: list[Dataset | None],
        after: tuple[str, ...],
        notes: tuple[str, ...],
    ) -> StepParity:
        step = planned.step
        first, second = pair
        if first is None or second is None:
            is_written = all(step.name in side.written for side in self._sides)
            reason = "what was written can't be read back" if is_written else "a step before it failed"
            return StepParity(
                step.name, step.layer, key, Verdict.NOT_RUN, after=after, notes=(*notes, reason)
            )
        schemas = first.schema, second.schema
        # What was written is read back by the first engine.
        holder = self._engines[1] if step.outputs else self._engines[0]
        columns = column_differences(schemas, self._names)
        difference = compare_rows(
            self._held(self._engines[0], first, "one"),
            self._held(holder, second, "other"),
            schemas,
            tolerance=self._tolerance,
            examples=_EXAMPLES,
        )
        is_same = not columns and not any(difference.counts)
        return StepParity(
            step.name,
            step.layer,
            key,
            Verdict.SAME if is_same else Verdict.DIFFERENT,
            dict(zip(self._names, (first.row_count(), second.row_count()), strict=True)),
            columns,
            dict(zip(self._names, difference.counts, strict=True)),
            tuple(self._example(pair, difference.columns) for pair in difference.pairs),
            after=after,
            notes=notes,
        )

    def _held(self, engine: Engine, dataset: Dataset, name: str) -> Path | pa.Table:
        """The rows in a file, so that they need not fit into memory; as Arrow where that can't hold them."""
        file = self._folder / f"compared-{name}.parquet"
        try:
            engine.save(dataset, file, Attempt())
        except UnkeepableError:
            return dataset.arrow()
        return file

    def _example(self, pair: tuple[Row | None, Row | None], columns: tuple[str, ...]) -> RowDifference:
        rows: dict[str, dict[str, Any]] = {
            name: {column: json_value(value) for column, value in row.items()}
            for name, row in zip(self._names, pair, strict=True)
            if row is not None
        }
        return RowDifference(rows, columns)


def column_differences(
    schemas: tuple[Schema, Schema], engines: tuple[str, str]
) -> tuple[ColumnDifference, ...]:
    """The columns that differ, but for types that Spark does not have.

    Args:
        schemas: What a step gives on the one engine and on the other.
        engines: Their names.
    """
    one, other = (schema.as_dict() for schema in schemas)
    found = []
    for name in [*one, *(name for name in other if name not in one)]:
        if name in one and name in other and _as_held(one[name]) == _as_held(other[name]):
            continue
        types = {
            engine: types[name] for engine, types in zip(engines, (one, other), strict=True) if name in types
        }
        found.append(ColumnDifference(name, types))
    return tuple(found)


def _as_held(type_: str) -> str:
    for pattern, held in _HELD_AS.items():
        type_ = re.sub(pattern, held, type_)
    return type_
