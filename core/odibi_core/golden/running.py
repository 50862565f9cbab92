"""Runs the step of a golden case over its rows, and compares what comes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from odibi_core.engines.scratch import Scratch
from odibi_core.errors import OdibiError, UnknownNameError, did_you_mean
from odibi_core.golden.case import GoldenCase, GoldenRows
from odibi_core.late_dataclass import dataclass
from odibi_core.parity.comparing import Difference, compare_rows
from odibi_core.parity.comparison import column_differences
from odibi_core.pipeline import Pipeline
from odibi_core.preview import Preview, preview_step
from odibi_core.schema import Schema
from odibi_core.step import Step
from odibi_core.workspace import Workspace

if TYPE_CHECKING:
    import pyarrow as pa

EXAMPLES = 5
MOST_ROWS = 100_000
_NEEDS = {"spark": "pyspark"}


@dataclass(frozen=True, slots=True)
class GoldenResult:
    """What became of a golden case on one engine.

    Attributes:
        case: Its name.
        engine: The engine.
        columns: Column → (expected type, type that came); "" on the side that lacks it.
        rows: What the rows do not have in common; None where the step failed.
        error: Why the step failed; None where it did not.
    """

    case: str
    engine: str
    columns: Mapping[str, tuple[str, str]]
    rows: Difference | None
    error: OdibiError | None = None

    @property
    def is_passed(self) -> bool:
        """Whether the step gave what it has to."""
        return self.error is None and not self.columns and self.rows is not None and not any(self.rows.counts)


def engines_of(case: GoldenCase, known: Sequence[str]) -> list[str]:
    """The engines that a case runs on.

    Args:
        case: The case.
        known: The engines that there are.

    Raises:
        UnknownNameError: It names one that there is not.
    """
    for name in case.engines:
        if name not in known:
            raise UnknownNameError.of("the engine", name, known)
    return list(case.engines) or [name for name in known if find_spec(_NEEDS.get(name, "odibi_core"))]


def run_case(
    name: str,
    case: GoldenCase,
    engine: str,
    pipeline: Pipeline,
    *,
    workspace: Workspace,
    allowed_functions: Sequence[str] | None = None,
) -> GoldenResult:
    """What becomes of a case on an engine. Nothing is written but to a scratch folder.

    Raises:
        OdibiError: The case does not fit the pipeline, or a value of it is not of its column's type.
    """
    step = pipeline.step(case.step)
    unknown = [alias for alias in case.inputs if alias not in step.inputs]
    missing = [alias for alias in step.inputs if alias not in case.inputs]
    where = f"golden case {name!r}"
    if unknown:
        fix = did_you_mean(unknown[0], step.inputs)
        raise OdibiError(f"the step {step.name!r} has no input {unknown[0]!r}", where=where, fix=fix)
    if missing:
        fix = "add its rows, or pin the step anew"
        raise OdibiError(f"the input {missing[0]!r} of {step.name!r} has no rows", where=where, fix=fix)
    expected = case.expected.arrow(f"{where}, expected")
    try:
        found = run_step(
            pipeline,
            step,
            engine,
            case.inputs,
            workspace=workspace,
            rows=MOST_ROWS if step.inputs else len(case.expected.rows),
            parameters=case.parameters,
            allowed_functions=allowed_functions,
            where=where,
        )
    except OdibiError as error:
        return GoldenResult(name, engine, {}, None, error)
    columns = _columns(case.expected.row_schema, found.schema)
    shared = [column for column in case.expected.columns if column in found.schema.names]
    rows = (
        compare_rows(
            expected,
            found.rows,
            (case.expected.row_schema, found.schema),
            tolerance=case.tolerance,
            examples=EXAMPLES,
        )
        if shared
        else Difference((len(case.expected.rows), found.rows.num_rows), (), ())
    )
    return GoldenResult(name, engine, columns, rows)


def run_step(
    pipeline: Pipeline,
    step: Step,
    engine: str,
    inputs: Mapping[str, GoldenRows],
    *,
    workspace: Workspace,
    rows: int,
    parameters: Mapping[str, Any],
    allowed_functions: Sequence[str] | None,
    where: str,
) -> Preview:
    """What a step gives on an engine for some rows.

    Args:
        pipeline: The pipeline, for its parameters.
        step: The step.
        engine: The engine.
        inputs: Name inside the step → rows.
        workspace: What paths are relative to.
        rows: How many rows are taken of what it gives, at the most.
        parameters: Values of the run's parameters.
        allowed_functions: Prefixes of dotted paths that function steps may import; None allows all.
        where: Names the case, for errors.

    Raises:
        OdibiError: The step failed, or a value is not of its column's type.
    """
    scratch = Scratch(workspace.scratch, "golden")
    try:
        sources = []
        for number, (alias, given) in enumerate(inputs.items()):
            path = scratch.path / f"input-{number}.parquet"
            _write(given.arrow(f"{where}, inputs.{alias}"), path)
            sources.append(
                Step(
                    "ingest",
                    f"rows of {alias}",
                    "config_op",
                    engine,
                    str(path),
                    {"source_type": "parquet"},
                    outputs={"data": step.inputs[alias]},
                )
            )
        alone = replace(step, engine=engine, expectations=[])
        return preview_step(
            replace(pipeline, steps=[*sources, alone], engine=engine),
            step.name,
            rows=rows,
            workspace=workspace,
            parameters=parameters,
            allowed_functions=allowed_functions,
        )
    finally:
        scratch.close()


def _write(table: pa.Table, path: Any) -> None:
    import pyarrow.parquet as pq

    pq.write_table(table, path)


def _columns(expected: Schema, found: Schema) -> dict[str, tuple[str, str]]:
    sides = ("expected", "found")
    return {
        each.column: (each.types.get(sides[0], ""), each.types.get(sides[1], ""))
        for each in column_differences((expected, found), sides)
    }
