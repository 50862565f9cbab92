"""What SQL can ask in a workspace: what its pipelines write, and what they read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from odibi_core.clouds.address import parse_address
from odibi_core.design.yaml_form import load_yaml
from odibi_core.engines.operations import Scan, Write
from odibi_core.engines.places import is_in_cloud, is_on_web
from odibi_core.errors import OdibiError
from odibi_core.formats.registry import format_named
from odibi_core.workspace import Workspace
from odibi_studio.services.checking import Checker

_GLOB = re.compile(r"[*?\[]")
_HIDDEN = "***"
"""What stands for a secret while a pipeline is looked at."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Something that SQL can ask.

    Attributes:
        name: How SQL names it.
        place: Where it is, relative to the workspace where it lies there.
        scan: How it is read.
        path: Where it is; of what is far away, what stands for that.
        written_by: The pipelines that write it; none of a mere source.
        read_by: The pipelines that read it.
        home: Of what is far away, the connection that leads there, or else the store; "" of a file.
    """

    name: str
    place: str
    scan: Scan
    path: Path
    written_by: tuple[str, ...]
    read_by: tuple[str, ...]
    home: str = ""


def find_datasets(workspace: Workspace, checker: Checker, files: Iterable[Path]) -> list[Dataset]:
    """What pipelines write and read, whether it is there or not: what is written first, each by name.

    Args:
        workspace: Whose pipelines.
        checker: Looks at them.
        files: The pipelines.
    """
    found: dict[tuple[str, str], Dataset] = {}
    for file in files:
        try:
            look = checker.look(load_yaml(file))
        except OdibiError:
            continue
        for node in look.survey.ports.nodes.values():
            operation = node.operation
            if not isinstance(operation, Scan | Write):
                continue
            try:
                if operation.server:
                    _add_far(found, operation, file.stem)
                else:
                    path = look.surroundings.place(operation)
                    _add(found, operation, path, file.stem, workspace.root)
            except OdibiError:
                continue
    return _named(found.values())


def _add(
    found: dict[tuple[str, str], Dataset], operation: Scan | Write, path: Path, pipeline: str, root: Path
) -> None:
    table = getattr(operation.options, "table", None)
    key = (str(path), str(table or ""))
    place = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
    seen = Dataset(str(table or _stem(path)), place, _scan_of(operation), path, (), ())
    found[key] = _used(found.get(key) or seen, operation, pipeline)


def _add_far(found: dict[tuple[str, str], Dataset], operation: Scan | Write, pipeline: str) -> None:
    """Add a table of a server or something in a store; queries and services are no datasets."""
    table = str(getattr(operation.options, "table", None) or "")
    is_store = is_in_cloud(operation)
    if is_on_web(operation) or (not is_store and not table) or _HIDDEN in operation.server:
        return
    home, path = operation.connection, Path(table)
    if is_store:
        address = parse_address(operation.server)
        home, path = home or f"{address.scheme}://{address.container}", Path(f"/{address.key}")
    place = " · ".join(part for part in (operation.server, table) if part)
    seen = Dataset(table.rpartition(".")[2] or _stem(path), place, _scan_of(operation), path, (), (), home)
    key = (operation.server, table)
    found[key] = _used(found.get(key) or seen, operation, pipeline)


def _used(known: Dataset, operation: Scan | Write, pipeline: str) -> Dataset:
    """A dataset that a pipeline uses too."""
    if isinstance(operation, Write):
        return replace(known, written_by=tuple(dict.fromkeys([*known.written_by, pipeline])))
    if not known.read_by:
        # Who reads it says best how it is read.
        known = replace(known, scan=_scan_of(operation))
    return replace(known, read_by=tuple(dict.fromkeys([*known.read_by, pipeline])))


def _scan_of(operation: Scan | Write) -> Scan:
    if isinstance(operation, Scan):
        return operation
    format_ = format_named(operation.format)
    table = getattr(operation.options, "table", None)
    options = format_.read_options(table=table) if table else format_.read_options()
    return Scan(operation.target, operation.format, options, operation.connection, operation.server)


def _named(found: Iterable[Dataset]) -> list[Dataset]:
    """The datasets in order, each with a name of its own: that of its folder tells two of one name apart."""
    ordered = sorted(found, key=lambda one: (not one.written_by, one.name.casefold(), one.place))
    words = Counter(_word(one.name) for one in ordered)
    taken: Counter[str] = Counter()
    named = []
    for one in ordered:
        word = _word(one.name)
        if words[word] > 1:
            word = _word(f"{one.home or one.path.parent.name}_{one.name}")
        taken[word] += 1
        named.append(replace(one, name=word if taken[word] == 1 else f"{word}_{taken[word]}"))
    return named


def _word(text: str) -> str:
    word = re.sub(r"\W+", "_", text).strip("_").lower() or "data"
    return f"t_{word}" if word[0].isdigit() else word


def _stem(path: Path) -> str:
    name = path.name if not _GLOB.search(path.name) else path.parent.name
    return name.partition(".")[0]


def is_there(path: Path) -> bool:
    """Whether a file is there, or the folder of a pattern."""
    return allowed(path).exists()


def allowed(path: Path) -> Path:
    """The file, or the folder that holds what a pattern means."""
    while _GLOB.search(str(path)):
        path = path.parent
    return path
