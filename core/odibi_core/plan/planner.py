"""From a pipeline to a plan, or to every mistake that it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from odibi_core.connections import Connection, path_in
from odibi_core.engines.operations import Scan, Write
from odibi_core.errors import OdibiError, PipelineInvalidError, Problem, Severity
from odibi_core.graph.steps import StepGraph
from odibi_core.nodes.base import Node
from odibi_core.nodes.registry import compile_step
from odibi_core.pipeline import Pipeline
from odibi_core.plan.model import Plan, PlannedStep, Tracking
from odibi_core.plan.regions import divide
from odibi_core.plan.rendering import Values
from odibi_core.plan.schemas import Ports, find_schemas
from odibi_core.plan.targets import stray_problems, target_problems
from odibi_core.plan.tracking import choose_tracking
from odibi_core.plan.validation import (
    form_problems,
    graph_problems,
    has_form,
    parameter_problems,
    reference_problems,
)
from odibi_core.step import NodeKind, Step
from odibi_core.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a pipeline is planned in.

    Attributes:
        workspace: Resolves paths.
        engines: Names of the engines that there are.
        connections: The named connections.
        allowed_functions: Prefixes of dotted paths that may be imported; None allows all.
        reads_headers: Whether column names and types of sources are read from their heads.
    """

    workspace: Workspace
    engines: Sequence[str]
    connections: Mapping[str, Connection] = field(default_factory=dict)
    allowed_functions: tuple[str, ...] | None = None
    reads_headers: bool = True

    def place(self, operation: Scan | Write) -> Path:
        """The absolute path that a scan reads or a write writes.

        Raises:
            OdibiError: The path can't be reached from here.
        """
        path = operation.source if isinstance(operation, Scan) else operation.target
        connection = self.connections.get(operation.connection)
        if connection is not None:
            return path_in(connection, path, self.workspace)
        return self.workspace.resolve(path)


def find_problems(pipeline: Pipeline, values: Values, surroundings: Surroundings) -> list[Problem]:
    """Every mistake of the pipeline, errors first; empty where there is none."""
    return _Look(pipeline, values, surroundings).problems


def make_plan(
    pipeline: Pipeline, values: Values, surroundings: Surroundings, tracking: Tracking = Tracking.AUTO
) -> Plan:
    """What a run of the pipeline would do. No rows are read, and nothing is written.

    Raises:
        PipelineInvalidError: The pipeline is wrong; the error holds every problem.
    """
    look = _Look(pipeline, values, surroundings)
    if any(problem.severity is Severity.ERROR for problem in look.problems):
        raise PipelineInvalidError(look.problems, pipeline=pipeline.name)
    steps, nodes, graph = look.steps, look.ports.nodes, look.graph
    assert graph is not None
    waves = graph.waves()
    ordered = [steps[name] for wave in waves for name in wave]
    scans = [node.operation for node in nodes.values() if isinstance(node.operation, Scan)]
    chosen, why = choose_tracking(tracking, scans, surroundings.place)
    regions, fates = divide(ordered, nodes, chosen)
    homes = {name: region.name for region in regions for name in region.steps}
    declared = {step.name: step for step in pipeline.steps}
    planned = {
        name: PlannedStep(
            declared[name],
            steps[name],
            nodes[name],
            steps[name].kind or NodeKind.TRANSFORM,
            number,
            homes[name],
            fates[name].is_kept,
            fates[name].reason,
            look.ports.of(steps[name]),
        )
        for number, wave in enumerate(waves)
        for name in wave
    }
    return Plan(
        pipeline,
        planned,
        regions,
        tuple(tuple(wave) for wave in waves),
        graph,
        chosen,
        why,
        tuple(look.problems),
    )


class _Look:
    """One look at a pipeline: its problems, and what a plan is made from."""

    def __init__(self, pipeline: Pipeline, values: Values, surroundings: Surroundings) -> None:
        self.graph: StepGraph | None = None
        self.steps: dict[str, Step] = {}
        self.ports = Ports({}, {})
        problems = form_problems(pipeline, surroundings.engines)
        sound = Pipeline(
            pipeline.name,
            [step for step in pipeline.steps if has_form(step)],
            pipeline.parameters,
            pipeline.settings,
            pipeline.engine,
        )
        if sound.steps:
            problems += self._look(
                sound, values, surroundings, is_whole=len(sound.steps) == len(pipeline.steps)
            )
        self.problems = sorted(dict.fromkeys(problems), key=lambda problem: problem.severity)

    def _look(
        self, pipeline: Pipeline, values: Values, surroundings: Surroundings, *, is_whole: bool
    ) -> list[Problem]:
        self.graph = StepGraph(pipeline.steps)
        problems = list(graph_problems(pipeline, self.graph, is_whole=is_whole))
        has_cycle = bool(self.graph.cycles())
        problems += parameter_problems(pipeline, values.parameters)
        nodes: dict[str, Node] = {}
        for step in pipeline.steps:
            rendered = step if step.engine else replace(step, engine=pipeline.engine)
            is_whole_step = True
            try:
                rendered = values.render(rendered)
            except OdibiError as error:
                is_whole_step = False
                if not any(problem.step == step.name for problem in problems):
                    problems.append(Problem(error.what, step.name, "", error.fix))
            self.steps[step.name] = rendered
            node = compile_step(rendered, surroundings.workspace.root)
            # What still has a placeholder in it would only be misread further on.
            nodes[step.name] = node if is_whole_step else replace(node, operation=None)
            problems += node.problems
        problems += reference_problems(
            pipeline.steps, nodes, surroundings.connections, surroundings.allowed_functions
        )
        problems += stray_problems(pipeline.steps, self.steps, nodes)
        problems += target_problems(nodes, surroundings.place)
        self.ports = Ports(nodes, {})
        if not has_cycle:
            ordered = [self.steps[name] for name in self.graph.order()]
            self.ports, more = find_schemas(ordered, nodes, surroundings.place, surroundings.reads_headers)
            problems += more
        return problems
