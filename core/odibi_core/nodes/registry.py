"""Which node compiles which step."""

from __future__ import annotations

from collections.abc import Callable

from odibi_core.nodes.base import Node
from odibi_core.nodes.connect import connect
from odibi_core.nodes.ingest import ingest
from odibi_core.nodes.publish import publish
from odibi_core.nodes.settings import StepSettings
from odibi_core.nodes.store import store
from odibi_core.nodes.transform import transform
from odibi_core.step import NodeKind, Step

NODES: dict[NodeKind, Callable[[Step], Node]] = {
    NodeKind.CONNECT: connect,
    NodeKind.INGEST: ingest,
    NodeKind.TRANSFORM: transform,
    NodeKind.STORE: store,
    NodeKind.PUBLISH: publish,
}


def compile_step(step: Step) -> Node:
    """The step as an operation, or its problems; a step of no kind compiles to nothing."""
    kind = step.kind
    return Node(None, StepSettings()) if kind is None else NODES[kind](step)
