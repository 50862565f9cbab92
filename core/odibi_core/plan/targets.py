"""Paths that a pipeline writes: two steps on one, or one that it reads too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from odibi_core.engines.operations import Scan, Write
from odibi_core.errors import OdibiError, Problem
from odibi_core.nodes.base import Node

Placed = Scan | Write


def target_problems(nodes: Mapping[str, Node], resolve: Callable[[Placed], Path]) -> Iterator[Problem]:
    """Targets that collide, and paths that can't be reached."""
    places: dict[str, Path] = {}
    for name, node in nodes.items():
        if isinstance(node.operation, Scan | Write):
            try:
                places[name] = resolve(node.operation)
            except OdibiError as error:
                yield Problem(error.what, name, "value", error.fix)
    writers: dict[Path, str] = {}
    for name, path in places.items():
        if not isinstance(nodes[name].operation, Write):
            continue
        if path in writers:
            yield Problem(
                f"{writers[path]!r} writes to {path} too", name, "value", "give each step a target of its own"
            )
        writers.setdefault(path, name)
    for name, path in places.items():
        operation = nodes[name].operation
        if not isinstance(operation, Scan):
            continue
        for target, writer in writers.items():
            if target == path or (path in target.parents and operation.format != "delta"):
                yield Problem(
                    f"the target {target} is also the source of {name!r}",
                    writer,
                    "value",
                    "write to another path: the step would destroy what the pipeline reads",
                )
