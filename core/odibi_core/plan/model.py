"""What a plan is: every step with what becomes of it, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any

from odibi_core.engines.base import Task
from odibi_core.engines.operations import Write
from odibi_core.errors import Problem
from odibi_core.graph.steps import StepGraph
from odibi_core.late_dataclass import dataclass
from odibi_core.nodes.base import Node
from odibi_core.pipeline import Pipeline
from odibi_core.schema import Schema
from odibi_core.step import NodeKind, Step


class Tracking(StrEnum):
    """How closely a run is watched.

    `exact` computes every step by itself: true durations. `fused` streams neighbouring steps as one query.
    `auto` is exact while the data is small and fused beyond.
    """

    AUTO = "auto"
    EXACT = "exact"
    FUSED = "fused"


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step of a plan.

    Attributes:
        declared: The step as it was declared.
        step: The step with its placeholders filled in.
        node: The step as an operation.
        kind: What it does.
        wave: Which wave it could run in, from 0.
        region: The region it runs in.
        is_kept: Whether its result is computed and held; False where it streams into the next step.
        reason: Why it is kept, or what it streams into.
        written_by: The write whose file may hold its result for the others that take it, if there is one.
        schemas: Output name → columns; None where only a run can tell.
        input_schemas: Name used inside the step → columns.
    """

    declared: Step
    step: Step
    node: Node
    kind: NodeKind
    wave: int
    region: str
    is_kept: bool
    reason: str
    schemas: Mapping[str, Schema | None] = field(default_factory=dict)
    input_schemas: Mapping[str, Schema | None] = field(default_factory=dict)
    written_by: Write | None = None

    def task(self) -> Task:
        """The step as an engine sees it."""
        assert self.node.operation is not None
        schemas = {key: self.input_schemas.get(alias) for alias, key in self.step.inputs.items()}
        schemas |= {key: self.schemas.get(name) for name, key in self.step.outputs.items()}
        return Task(
            self.step.name,
            self.node.operation,
            self.step.inputs,
            self.step.outputs,
            self.is_kept,
            schemas,
            self.written_by,
            bool(getattr(self.node.settings, "materialize", None)),
        )


@dataclass(frozen=True, slots=True)
class Region:
    """Steps that run as one unit, in the order of the data.

    Attributes:
        name: Identifies the region in the plan and in events.
        steps: Names of its steps; the last one is where it ends.
        needs: Names of the regions whose datasets it takes.
    """

    name: str
    steps: tuple[str, ...]
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SourceSize:
    """How much a source holds.

    Attributes:
        size_bytes: Of its files, as they lie on the disk.
        row_count: Number of rows; None where only reading tells it.
    """

    size_bytes: int
    row_count: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run of a pipeline would do.

    Attributes:
        pipeline: The pipeline.
        steps: Name → planned step, every step after the ones it needs.
        regions: In an order in which they could run.
        waves: Names of the steps that share no dependency.
        graph: The steps and the datasets between them.
        tracking: `exact` or `fused`.
        tracking_reason: Why.
        threads: Threads that a query has use for, which are few where the sources are small; None: all.
        warnings: Problems that don't stop a run.
        sizes: Name of a step that reads files → how much there is to read; empty where nobody looked.
        bytes_read: Name of a region → bytes of the files that it reads; empty where nobody looked.
    """

    pipeline: Pipeline
    steps: Mapping[str, PlannedStep]
    regions: tuple[Region, ...]
    waves: tuple[tuple[str, ...], ...]
    graph: StepGraph
    tracking: Tracking
    tracking_reason: str
    threads: int | None
    warnings: tuple[Problem, ...] = ()
    sizes: Mapping[str, SourceSize] = field(default_factory=dict)
    bytes_read: Mapping[str, int] = field(default_factory=dict)

    @property
    def given(self) -> frozenset[str]:
        """Keys of the datasets that the pipeline gives: what its steps write, and what none of them takes."""
        steps = [planned.step for planned in self.steps.values()]
        taken = {key for step in steps if step.outputs for key in step.inputs.values()}
        written = {key for step in steps if not step.outputs for key in step.inputs.values()}
        made = {key for step in steps for key in step.outputs.values()}
        return frozenset((made - taken) | written)

    def as_dict(self) -> dict[str, Any]:
        """The plan as JSON can hold it."""
        return {
            "pipeline": self.pipeline.name,
            "tracking": self.tracking.value,
            "tracking_reason": self.tracking_reason,
            "waves": [list(wave) for wave in self.waves],
            "regions": [
                {
                    "name": region.name,
                    "steps": list(region.steps),
                    "needs": list(region.needs),
                    "bytes_read": self.bytes_read.get(region.name),
                }
                for region in self.regions
            ],
            "steps": [
                {
                    "name": name,
                    "layer": planned.step.layer,
                    "kind": planned.kind.value,
                    "engine": planned.step.engine or self.pipeline.engine,
                    "wave": planned.wave,
                    "region": planned.region,
                    "kept": planned.is_kept,
                    "reason": planned.reason,
                    "size_bytes": self.sizes[name].size_bytes if name in self.sizes else None,
                    "row_count": self.sizes[name].row_count if name in self.sizes else None,
                    "inputs": dict(planned.step.inputs),
                    "outputs": dict(planned.step.outputs),
                    "schemas": {
                        output: schema.as_dict() if schema is not None else None
                        for output, schema in planned.schemas.items()
                    },
                }
                for name, planned in self.steps.items()
            ],
            "edges": [
                {"from": edge.source, "to": edge.target, "dataset": edge.dataset} for edge in self.graph.edges
            ],
            "warnings": [
                {"step": problem.step, "field": problem.field, "what": problem.what, "fix": problem.fix}
                for problem in self.warnings
            ],
        }
