"""From a pipeline to a plan, or to every mistake that it has."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from odibi_core.engines.operations import Scan, Write
from odibi_core.engines.places import kind_of_place
from odibi_core.errors import OdibiError, PipelineInvalidError, Problem, Severity
from odibi_core.graph.steps import StepGraph
from odibi_core.late_dataclass import dataclass
from odibi_core.nodes.base import Node
from odibi_core.nodes.registry import compile_step
from odibi_core.parameters import references
from odibi_core.pipeline import Pipeline
from odibi_core.plan.heads import Probe
from odibi_core.plan.model import Plan, PlannedStep, Tracking
from odibi_core.plan.regions import divide
from odibi_core.plan.rendering import Values
from odibi_core.plan.schemas import Ports, find_schemas
from odibi_core.plan.server_columns import ServerColumns
from odibi_core.plan.targets import stray_problems, target_problems
from odibi_core.plan.tracking import choose_tracking
from odibi_core.plan.validation import (
    column_problems,
    form_problems,
    graph_problems,
    has_form,
    parameter_problems,
    reference_problems,
)
from odibi_core.sql.binding import Binder
from odibi_core.step import NodeKind, Step
from odibi_core.workspace import Workspace

if TYPE_CHECKING:
    from odibi_core.connections import Connection


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a pipeline is planned in.

    Attributes:
        workspace: Resolves paths.
        engines: Names of the engines that there are.
        connections: The named connections.
        allowed_functions: Prefixes of dotted paths that may be imported; None allows all.
        reads_headers: Whether column names and types of sources are read from their heads.
        probe: Tells the columns of a source; where None, its head is read anew.
        binder: Binds SQL; where None, one is made and closed again.
    """

    workspace: Workspace
    engines: Sequence[str]
    connections: Mapping[str, Connection] = field(default_factory=dict)
    allowed_functions: tuple[str, ...] | None = None
    reads_headers: bool = True
    probe: Probe | None = None
    binder: Binder | None = None

    def place(self, operation: Scan | Write) -> Path:
        """The absolute path that a scan reads or a write writes.

        Raises:
            OdibiError: The path can't be reached from here.
        """
        path = operation.source if isinstance(operation, Scan) else operation.target
        if operation.server:
            what = kind_of_place(operation.server)
            look = f", or look with: odibi connections preview {operation.connection}"
            raise OdibiError(
                f"it is on {what}, which is reached by runs alone",
                where=operation.server,
                fix=f"run the pipeline{look if operation.connection else ''}",
            )
        connection = self.connections.get(operation.connection)
        if connection is not None:
            from odibi_core.connections import path_in

            return path_in(connection, path, self.workspace)
        return self.workspace.resolve(path)

    def written(self, steps: Iterable[PlannedStep]) -> frozenset[Path]:
        """The real places of the files and folders that steps write."""
        operations = (planned.node.operation for planned in steps)
        return frozenset(
            Path(os.path.realpath(self.place(operation)))
            for operation in operations
            if isinstance(operation, Write) and not operation.server
        )


def find_problems(
    pipeline: Pipeline,
    values: Values,
    surroundings: Surroundings,
    *,
    elsewhere: Collection[str] | None = (),
) -> list[Problem]:
    """Every mistake of the pipeline, errors first; empty where there is none.

    Args:
        pipeline: The steps, parameters and settings.
        values: What placeholders stand for.
        surroundings: Where it would run.
        elsewhere: Datasets that steps make which were left out; None where there may be any.
    """
    return Survey(pipeline, values, surroundings, elsewhere=elsewhere).problems


def make_plan(
    pipeline: Pipeline, values: Values, surroundings: Surroundings, tracking: Tracking = Tracking.AUTO
) -> Plan:
    """What a run of the pipeline would do. No rows are read, and nothing is written.

    Raises:
        PipelineInvalidError: The pipeline is wrong; the error holds every problem.
    """
    survey = Survey(pipeline, values, surroundings)
    if any(problem.severity is Severity.ERROR for problem in survey.problems):
        raise PipelineInvalidError(survey.problems, pipeline=pipeline.name)
    return survey.plan(tracking)


class Survey:
    """All that can be told of a pipeline, right or wrong, without a run.

    Attributes:
        problems: Every mistake, errors first.
        steps: Name → step with its placeholders filled in, of those that have the form of a step.
        ports: What they compile to, and the columns of what they make.
        graph: The steps and the datasets between them.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        values: Values,
        surroundings: Surroundings,
        *,
        elsewhere: Collection[str] | None = (),
    ) -> None:
        self._pipeline, self._surroundings = pipeline, surroundings
        self.graph = StepGraph([])
        self.steps: dict[str, Step] = {}
        self.ports = Ports({}, {})
        problems = form_problems(pipeline, surroundings.engines)
        sound = Pipeline(
            pipeline.name,
            [step for step in pipeline.steps if not problems or has_form(step)],
            pipeline.parameters,
            pipeline.settings,
            pipeline.engine,
        )
        if sound.steps:
            if len(sound.steps) < len(pipeline.steps):
                elsewhere = None
            problems += self._look(sound, values, elsewhere)
        self.problems = sorted(dict.fromkeys(problems), key=lambda problem: problem.severity)

    def _reading(self, step: Step, node: Node) -> str:
        """What is to be said of who reads a source on a cluster of Spark's."""
        if (step.engine or self._pipeline.engine) != "spark" or not isinstance(node.operation, Scan):
            return ""
        from odibi_core.engines.spark.strict_sources import reason_for_this_machine

        why = reason_for_this_machine(node.operation)
        return f"; a cluster has the machine read it that the run is started on: {why}" if why else ""

    def plan(self, tracking: Tracking = Tracking.AUTO) -> Plan:
        """What a run would do; steps in a circle, and those that need one of them, are left out."""
        steps, nodes = self.steps, self.ports.nodes
        waves = self.graph.waves_outside_cycles()
        ordered = [steps[name] for wave in waves for name in wave]
        scans = [node.operation for node in nodes.values() if isinstance(node.operation, Scan)]
        choice = choose_tracking(tracking, scans, self._surroundings.place)
        regions, fates = divide(ordered, nodes, choice.tracking)
        homes = {name: region.name for region in regions for name in region.steps}
        declared = {step.name: step for step in self._pipeline.steps}
        planned = {
            name: PlannedStep(
                declared[name],
                steps[name],
                nodes[name],
                steps[name].kind or NodeKind.TRANSFORM,
                number,
                homes[name],
                fates[name].is_kept,
                fates[name].reason + self._reading(steps[name], nodes[name]),
                self.ports.of(steps[name]),
                self.ports.into(steps[name]),
                fates[name].written_by,
            )
            for number, wave in enumerate(waves)
            for name in wave
        }
        return Plan(
            self._pipeline,
            planned,
            regions,
            tuple(tuple(wave) for wave in waves),
            self.graph,
            choice.tracking,
            choice.reason,
            choice.threads,
            tuple(self.problems),
        )

    def _look(self, pipeline: Pipeline, values: Values, elsewhere: Collection[str] | None) -> list[Problem]:
        surroundings = self._surroundings
        self.graph = StepGraph(pipeline.steps)
        problems = list(graph_problems(pipeline, self.graph, elsewhere=elsewhere))
        problems += parameter_problems(pipeline, values.parameters)
        nodes: dict[str, Node] = {}
        for step in pipeline.steps:
            rendered = step if step.engine else step.on(pipeline.engine)
            is_whole_step = True
            try:
                rendered = values.render(rendered)
            except OdibiError as error:
                is_whole_step = False
                if not any(problem.step == step.name for problem in problems):
                    problems.append(Problem(error.what, step.name, "", error.fix))
            self.steps[step.name] = rendered
            node = compile_step(rendered, surroundings.workspace.root, surroundings.connections)
            # What still has a placeholder in it would only be misread further on.
            nodes[step.name] = node if is_whole_step else replace(node, operation=None)
            problems += [problem for problem in node.problems if not _is_open(problem, step, values)]
            if is_whole_step and step.expectations:
                from odibi_core.nodes.expectations import expectations_of

                expectations, mistakes = expectations_of(rendered, step)
                nodes[step.name] = replace(node, expectations=expectations)
                problems += mistakes
        problems += reference_problems(
            pipeline.steps, nodes, surroundings.connections, surroundings.allowed_functions
        )
        problems += stray_problems(pipeline.steps, self.steps, nodes)
        # Where only a run can tell the path, a stand-in would be taken for a place.
        told = {
            step.name: nodes[step.name]
            for step in pipeline.steps
            if not any(values.is_open(reference) for reference in references(step.value))
        }
        problems += target_problems(told, surroundings.place)
        ordered = [self.steps[name] for wave in self.graph.waves_outside_cycles() for name in wave]
        self.ports, more = find_schemas(
            ordered,
            nodes,
            surroundings.place,
            reads_headers=surroundings.reads_headers,
            probe=surroundings.probe,
            ask=ServerColumns(surroundings.workspace, surroundings.connections, values).ask,
            binder=surroundings.binder,
        )
        problems += more
        problems += column_problems(self.steps, nodes, self.ports.schemas)
        if any(node.expectations for node in nodes.values()):
            from odibi_core.plan.expected_columns import expectation_problems

            problems += expectation_problems(self.steps, nodes, self.ports.schemas, surroundings.binder)
        return problems


def _is_open(problem: Problem, step: Step, values: Values) -> bool:
    """Whether a problem is about a field in whose place only a run can tell what stands."""
    first, *rest = problem.field.split(".")
    given = step.params if first == "params" else step.value if first == "value" else None
    for part in rest:
        given = given.get(part) if isinstance(given, Mapping) else None
    return any(values.is_open(reference) for reference in references(given))
