"""The formats that there are: built-in ones and those that installed packages bring.

A package adds a format by an entry point in the group `odibi.formats` that names a `Format` class. The
built-in formats come through the same door. Kinds of database servers, which only a named connection leads
to, have the group `odibi.servers`.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from odibi_core.errors import MissingPackageError, OdibiError, UnknownNameError
from odibi_core.formats.base import Format
from odibi_core.formats.sources import bare

GROUP = "odibi.formats"
SERVERS = "odibi.servers"

_BUILT_IN = (
    EntryPoint("csv", "odibi_core.formats.csv:CsvFormat", GROUP),
    EntryPoint("json", "odibi_core.formats.json:JsonFormat", GROUP),
    EntryPoint("parquet", "odibi_core.formats.parquet:ParquetFormat", GROUP),
    EntryPoint("avro", "odibi_core.formats.avro:AvroFormat", GROUP),
    EntryPoint("delta", "odibi_core.formats.delta:DeltaFormat", GROUP),
    EntryPoint("duckdb", "odibi_core.formats.duckdb:DuckdbFormat", GROUP),
    EntryPoint("sqlite", "odibi_core.formats.sqlite:SqliteFormat", GROUP),
    EntryPoint("excel", "odibi_core.formats.excel:ExcelFormat", GROUP),
    EntryPoint("orc", "odibi_core.formats.orc:OrcFormat", GROUP),
)

_SERVERS = (
    EntryPoint("http", "odibi_core.formats.http:HttpFormat", SERVERS),
    EntryPoint("mysql", "odibi_core.formats.mysql:MysqlFormat", SERVERS),
    EntryPoint("postgresql", "odibi_core.formats.postgresql:PostgresqlFormat", SERVERS),
    EntryPoint("sqlalchemy", "odibi_core.formats.dialect:SqlalchemyFormat", SERVERS),
    EntryPoint("sqlserver", "odibi_core.formats.dialect:SqlserverFormat", SERVERS),
)


@cache
def _doors() -> dict[str, EntryPoint]:
    doors: dict[str, EntryPoint] = {}
    # Each time that it is asked, it looks through all packages.
    brought = entry_points()
    files, servers = brought.select(group=GROUP), brought.select(group=SERVERS)
    for door in (*_BUILT_IN, *files, *_SERVERS, *servers):
        known = doors.setdefault(door.name, door)
        if known.value != door.value:
            raise OdibiError(
                f"two formats have the name {door.name!r}: {known.value} and {door.value}",
                fix="uninstall one of the packages that bring them",
            )
    return doors


def format_names() -> tuple[str, ...]:
    """The names of all formats of files, sorted."""
    return tuple(sorted(name for name, door in _doors().items() if door.group == GROUP))


def server_names() -> tuple[str, ...]:
    """The names of all kinds of database servers, sorted."""
    return tuple(sorted(name for name, door in _doors().items() if door.group == SERVERS))


@cache
def format_named(name: str) -> Format[Any, Any]:
    """The format of this name.

    Raises:
        UnknownNameError: There is none; says the near ones.
        MissingPackageError: The package that brings it can't be imported.
    """
    door = _doors().get(name)
    if door is None:
        raise UnknownNameError.of("the format", name, format_names())
    try:
        made = door.load()()
    except ImportError as error:
        raise MissingPackageError(
            f"the format {name!r} can't be loaded: {error}", fix="install the package that it needs"
        ) from error
    if not isinstance(made, Format):
        raise OdibiError(f"the format {name!r} ({door.value}) is not a Format")
    return made


def format_of(path: str | Path) -> Format[Any, Any]:
    """The format that a path implies, by its extension or, for a folder, by what is in it.

    Raises:
        UnknownNameError: Nothing implies one.
    """
    place = Path(path)
    for name in format_names():
        fmt = format_named(name)
        if fmt.owns_folder(place) or _has_extension(place, fmt):
            return fmt
    if place.is_dir():
        inside = sorted(file for file in place.rglob("*") if file.is_file())
        for file in inside:
            for name in format_names():
                if _has_extension(file, format_named(name)):
                    return format_named(name)
    raise UnknownNameError(
        f"nothing in the name {place.name!r} says its format",
        where=str(path),
        fix=f"say it with `format` or `source_type`: one of {', '.join(format_names())}",
    )


def _has_extension(path: Path, fmt: Format[Any, Any]) -> bool:
    return bare(path.name).endswith(fmt.extensions)
