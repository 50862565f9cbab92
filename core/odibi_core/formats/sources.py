"""The files behind a source: one file, a folder, or a glob."""

from __future__ import annotations

import errno
import glob
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote

from odibi_core.errors import SourceError, did_you_mean
from odibi_core.formats import atomic
from odibi_core.formats.packing import PACKED
from odibi_core.late_dataclass import dataclass
from odibi_core.schema import literal, quote

NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a source.

    Attributes:
        paths: In the order of their names.
        partitions: Columns that the folders' names hold (`year=2024`), and their types.
    """

    paths: tuple[str, ...]
    partitions: dict[str, str]

    @property
    def sql(self) -> str:
        """The files as an SQL list that means exactly them."""
        return sql_list(self.paths)

    @property
    def hive_sql(self) -> str:
        """The arguments of a table function that say which columns the folders' names hold."""
        if not self.partitions:
            return "hive_partitioning=false"
        types = ", ".join(f"{quote(name)}: {type_}" for name, type_ in self.partitions.items())
        return f"hive_partitioning=true, hive_types={{{types}}}"


def find_files(source: str, extensions: tuple[str, ...]) -> Files:
    """The files that a source names.

    Args:
        source: A path or glob. A folder stands for all files in it, at any depth, that have one of the
            extensions; hidden files and those that begin with "_" don't count.
        extensions: File name endings, with the dot.

    Raises:
        SourceError: There are none, or one can't be opened.
    """
    place = Path(source)
    try:
        if not place.exists() and place.parent.is_dir():
            atomic.sweep(place)
        if place.is_dir():
            return _folder(place, extensions)
        if place.exists():
            _check_readable(place)
            return Files((str(place),), {})
    except OSError as error:
        raise unreadable(error, source) from error
    if not glob.has_magic(source):
        raise missing(place)
    matches = glob.glob(source, recursive=True)  # noqa: PTH207 - Path.glob refuses absolute patterns
    found = sorted(path for path in matches if Path(path).is_file())
    if not found:
        raise SourceError(
            "no file matches the pattern", where=source, fix="check the folder and the pattern's spelling"
        )
    for path in found:
        _check_readable(Path(path))
    fixed = source[: re.search(r"[*?[]", source).start()]  # type: ignore[union-attr]
    return Files(tuple(found), partition_types(Path(fixed).parent if fixed else Path(), found))


def folder_values(path: str, partitions: Mapping[str, str]) -> dict[str, str | None]:
    """What the names of a file's folders say of its rows."""
    found: dict[str, str | None] = dict.fromkeys(partitions)
    for part in Path(path).parts[:-1]:
        name, equals, value = part.partition("=")
        if equals and name in partitions:
            found[name] = None if value == NULL_PARTITION else unquote(value)
    return found


def unreadable(error: OSError, path: str) -> SourceError:
    """A SourceError for a file that the system does not let us read."""
    if error.errno in (errno.EACCES, errno.EPERM):
        return SourceError("permission denied", where=path, fix="give read permission on the file")
    return SourceError(f"the file can't be read: {error.strerror}", where=path)


def said_by_duckdb(error: Exception) -> str:
    """The first line of an error of DuckDB's, without the kind of error before it."""
    first = str(error).partition("\n")[0]
    return first.partition("Error: ")[2] or first


def sql_list(paths: Iterable[str]) -> str:
    """An SQL list of paths, in which nothing is a pattern."""
    return "[" + ", ".join(literal(re.sub(r"[*?[]", r"[\g<0>]", path)) for path in paths) + "]"


def _folder(place: Path, extensions: tuple[str, ...]) -> Files:
    found: list[str] = []
    for folder, inner, names in os.walk(place, onerror=_raise):
        inner[:] = sorted(name for name in inner if not name.startswith((".", "_")))
        found += [
            str(Path(folder, name))
            for name in sorted(names)
            if not name.startswith((".", "_")) and bare(name).endswith(extensions)
        ]
    if not found:
        raise SourceError(
            f"the folder holds no file that ends in {' or '.join(extensions)}",
            where=str(place),
            fix="name the files by a pattern, such as folder/*.txt, if they end otherwise",
        )
    return Files(tuple(found), partition_types(place, found))


def _raise(error: OSError) -> None:
    raise error


def bare(name: str) -> str:
    """A file's name in small letters, without the ending that says how it is packed."""
    name = name.lower()
    return name.removesuffix(next((ending for ending in PACKED if name.endswith(ending)), ""))


def _check_readable(place: Path) -> None:
    try:
        place.open("rb").close()
    except OSError as error:
        raise unreadable(error, str(place)) from error


def missing(place: Path) -> SourceError:
    """A SourceError for a path that does not exist, with the near names of its folder."""
    folder = place.parent
    if not folder.is_dir():
        return SourceError("the file does not exist, nor does its folder", where=str(place))
    names = [entry.name for entry in folder.iterdir() if not entry.name.startswith(".")]
    hint = did_you_mean(place.name, names)
    return SourceError("the file does not exist", where=str(place), fix=hint or "the folder is empty")


def partition_types(root: Path, paths: Sequence[str]) -> dict[str, str]:
    """The columns that the names of the folders below `root` hold, and their types."""
    values: dict[str, set[str]] = {}
    for path in paths:
        for part in Path(path).relative_to(root).parts[:-1]:
            name, equals, value = part.partition("=")
            if equals and name:
                values.setdefault(name, set()).add(value)
    return {name: _partition_type(found - {NULL_PARTITION}) for name, found in values.items()}


def _partition_type(values: set[str]) -> str:
    # A number with leading zeros is a code: as a number it would lose them.
    if values and all(re.fullmatch(r"0|-?[1-9][0-9]{0,17}", value) for value in values):
        return "BIGINT"
    if values and all(re.fullmatch(r"\d{4}-\d{2}-\d{2}", value) for value in values):
        return "DATE"
    return "VARCHAR"
