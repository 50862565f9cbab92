"""Connect: checks a connection, so that a run fails at its start and not in its middle."""

from __future__ import annotations

from pathlib import Path

from odibi_core.engines.operations import Check
from odibi_core.nodes.base import Known, Node, parse
from odibi_core.nodes.settings import ConnectSettings, StepSettings
from odibi_core.step import Step


def connect(step: Step, _root: Path, _connections: Known = None) -> Node:
    """The check that the step asks for. Its connection is named in params, or is the value."""
    params = dict(step.params)
    if isinstance(step.value, str) and step.value:
        params.setdefault("connection", step.value)
    settings, problems = parse(ConnectSettings, params, step)
    if settings is None:
        return Node(None, StepSettings(), tuple(problems))
    return Node(Check(settings.connection), settings)
