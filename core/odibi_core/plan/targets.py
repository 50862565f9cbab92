"""Paths that a pipeline writes: two steps on one, or one that it reads too.

Two steps may write tables of one database, or sheets of one workbook.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase

from odibi_core.engines.operations import Scan, Write
from odibi_core.errors import OdibiError, Problem
from odibi_core.nodes.base import Node
from odibi_core.step import Step

Placed = Scan | Write
_SMALL = str.maketrans(ascii_uppercase, ascii_lowercase)


def target_problems(nodes: Mapping[str, Node], resolve: Callable[[Placed], Path]) -> Iterator[Problem]:
    """Targets that collide, and paths that can't be reached."""
    places: dict[str, Path] = {}
    yield from _server_problems(nodes)
    tables = {name: _table(node) for name, node in nodes.items()}
    for name, node in nodes.items():
        if isinstance(node.operation, Placed) and not node.operation.server:
            try:
                # By its real place: another spelling or a link is the same file.
                places[name] = Path(os.path.realpath(resolve(node.operation)))
            except OdibiError as error:
                yield Problem(error.what, name, "value", error.fix)
    writers: dict[tuple[Path, str | None], str] = {}
    for name, path in places.items():
        if not isinstance(nodes[name].operation, Write):
            continue
        table = tables[name]
        if (path, table) in writers:
            what = f"the table {table!r} of {path}" if table else str(path)
            yield Problem(
                f"{writers[path, table]!r} writes to {what} too",
                name,
                "value",
                "give each step a target of its own",
            )
        writers.setdefault((path, table), name)
    yield from _nested_problems({writer: path for (path, _), writer in writers.items()})
    may_meet = _near({path for path, _ in writers})
    for name, path in places.items():
        operation = nodes[name].operation
        if not isinstance(operation, Scan) or not may_meet(path):
            continue
        for (target, table), writer in writers.items():
            if target == path and table is not None and _is_other(table, tables[name], operation):
                continue
            if _reads(path, target, operation.format):
                yield Problem(
                    f"the target {target} is also the source of {name!r}",
                    writer,
                    "value",
                    "write to another path: the step would destroy what the pipeline reads",
                )


def _nested_problems(targets: Mapping[str, Path]) -> Iterator[Problem]:
    """Targets that lie in the folder that is another step's target."""
    writers: dict[str, str] = {}
    for name, path in targets.items():
        writers.setdefault(str(path), name)
    for name, path in targets.items():
        outer = next((folder for folder in _folders(str(path)) if folder in writers), None)
        if outer is not None:
            yield Problem(
                f"{name!r} writes into the folder that {writers[outer]!r} writes: {outer}",
                name,
                "value",
                "give each step a folder of its own, neither inside the other",
            )


def _near(targets: Iterable[Path]) -> Callable[[Path], bool]:
    """Tells quickly of most sources that they have nothing to do with any target."""
    written = {str(target) for target in targets}
    around = {folder for target in written for folder in _folders(target)}

    def may_meet(source: Path) -> bool:
        text = str(source)
        return (
            glob.has_magic(text)
            or text in written
            or text in around
            or any(folder in written for folder in _folders(text))
        )

    return may_meet


def _folders(path: str) -> Iterator[str]:
    """The folders that a path lies in, as texts: each source is looked at, and paths take their time."""
    while (parent := os.path.dirname(path)) != path:  # noqa: PTH120
        yield parent
        path = parent


def _server_problems(nodes: Mapping[str, Node]) -> Iterator[Problem]:
    """Tables on servers that two steps write, or one writes and another reads."""
    operations = {
        name: node.operation
        for name, node in nodes.items()
        if isinstance(node.operation, Placed) and node.operation.server
    }
    writers: dict[tuple[str, str | None], str] = {}
    for name, operation in operations.items():
        table = (operation.server, _table(nodes[name]))
        if isinstance(operation, Write):
            if table in writers:
                what = _said(*table)
                yield Problem(
                    f"{writers[table]!r} writes to {what} too",
                    name,
                    "value",
                    "give each step a target of its own",
                )
            writers.setdefault(table, name)
    for name, operation in operations.items():
        if not isinstance(operation, Scan):
            continue
        for (server, written), writer in writers.items():
            if server != operation.server:
                continue
            if written is not None and _is_other(written, _table(nodes[name]), operation):
                continue
            yield Problem(
                f"{_said(server, written)} is also the source of {name!r}",
                writer,
                "value",
                "write elsewhere: the step would change what the pipeline reads",
            )


def _said(server: str, table: str | None) -> str:
    return server if table is None else f"the table {table!r} of {server}"


def _table(node: Node) -> str | None:
    """The table of a database that a step names, or the sheet of a workbook."""
    operation = node.operation
    if not isinstance(operation, Placed):
        return None
    sheet = getattr(operation.options, "sheet", None)
    if isinstance(sheet, str):
        from odibi_core.formats.excel_books import sheet_key

        return sheet_key(sheet)
    table = getattr(operation.options, "table", None)
    return _file_table(table, operation.format) if table and not operation.server else table


def _file_table(table: str, format_name: str) -> str:
    """What tells one table of a database file from all others, however its name is spelled."""
    if format_name not in ("duckdb", "sqlite"):
        return table
    # Neither takes large letters beyond those of ASCII for small ones.
    table = table.translate(_SMALL)
    schema, _, name = table.rpartition(".")
    return name if format_name == "duckdb" and schema in ("", "main") else table


def _is_other(table: str, read: str | None, scan: Scan) -> bool:
    """Whether a scan reads something else of a file than the table that is written."""
    if read is None:
        # A query says itself what it reads; a sheet without a name is the first, whichever that is.
        return not hasattr(scan.options, "sheet")
    return read != table


def _reads(source: Path, target: Path, format_name: str) -> bool:
    """Whether writing the target would change what is read: it is the source, holds it, or is in it."""
    if target == source or _holds(target, source):
        return True
    if glob.has_magic(str(source)):
        if "**" in source.parts:
            return fnmatch(str(target), str(source).replace("**/", "*"))
        is_as_deep = len(source.parts) == len(target.parts)
        return is_as_deep and all(map(fnmatch, target.parts, source.parts))
    return _holds(source, target) and format_name != "delta"


def _holds(folder: Path, path: Path) -> bool:
    """Whether the path lies in the folder, at any depth."""
    # As texts: each source is compared with each target, and `parents` makes a path of each part.
    return str(path).startswith(f"{str(folder).rstrip(os.sep)}{os.sep}") and path != folder


def stray_problems(
    declared: Iterable[Step], rendered: Mapping[str, Step], nodes: Mapping[str, Node]
) -> Iterator[Problem]:
    """Paths that a parameter leads out of the folder that the step names before it.

    `output/{day}.csv` stays in `output`, whatever the day is. A value that is nothing but a placeholder may
    name any path: there the step leaves it to the run.
    """
    for step in declared:
        operation = nodes[step.name].operation
        is_file = isinstance(operation, Placed) and not operation.server
        if not is_file or not isinstance(step.value, str):
            continue
        before, brace, _ = step.value.partition("{")
        folder = os.path.dirname(before)  # noqa: PTH120 - text that need not be a path yet
        if not brace or not before:
            continue
        path = os.path.normpath(str(rendered[step.name].value))
        if Path(path) != Path(folder) and not Path(path).is_relative_to(os.path.normpath(folder or ".")):
            yield Problem(
                f"a parameter leads the path out of its folder: {path}",
                step.name,
                "value",
                f"give a value that stays inside {folder or 'the workspace'}",
            )
