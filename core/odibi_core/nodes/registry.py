"""Which node compiles which step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from odibi_core.nodes.base import Known, Node
from odibi_core.nodes.connect import connect
from odibi_core.nodes.ingest import ingest
from odibi_core.nodes.publish import publish
from odibi_core.nodes.settings import StepSettings
from odibi_core.nodes.store import store
from odibi_core.nodes.transform import transform
from odibi_core.step import NodeKind, Step

NODES: dict[NodeKind, Callable[[Step, Path, Known], Node]] = {
    NodeKind.CONNECT: connect,
    NodeKind.INGEST: ingest,
    NodeKind.TRANSFORM: transform,
    NodeKind.STORE: store,
    NodeKind.PUBLISH: publish,
}


def compile_step(step: Step, root: Path, connections: Known = None) -> Node:
    """The step as an operation, or its problems; a step of no kind compiles to nothing.

    Args:
        step: With its placeholders filled in.
        root: What its paths are relative to: what is there may tell a format.
        connections: The named connections; None where they are not known.
    """
    kind = step.kind
    return Node(None, StepSettings()) if kind is None else NODES[kind](step, root, connections)
