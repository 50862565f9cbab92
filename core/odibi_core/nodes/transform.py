"""Transform: a SELECT or a Python function over the step's inputs."""

from __future__ import annotations

from pathlib import Path

from odibi_core.engines.operations import Call, Query
from odibi_core.nodes.base import Known, Node, parse, split, text_value
from odibi_core.nodes.settings import SqlSettings, StepSettings, TransformSettings
from odibi_core.step import Step, StepType


def transform(step: Step, _root: Path, _connections: Known = None) -> Node:
    """The query or the call that the step asks for."""
    return _call(step) if step.type == StepType.FUNCTION else _query(step)


def _query(step: Step) -> Node:
    problems = text_value(step, "the SQL text")
    settings, mistakes = parse(SqlSettings, step.params, step)
    problems += mistakes
    if settings is None or problems:
        return Node(None, settings or StepSettings(), tuple(problems))
    return Node(Query(step.value, settings.dialect), settings)


def _call(step: Step) -> Node:
    problems = [] if callable(step.value) else text_value(step, "the function's name")
    ours, rest = split(step.params, TransformSettings)
    settings, mistakes = parse(TransformSettings, ours, step)
    problems += mistakes
    if settings is None or problems:
        return Node(None, settings or StepSettings(), tuple(problems))
    return Node(Call(step.value, rest), settings)
