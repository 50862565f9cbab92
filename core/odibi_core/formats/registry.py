"""The formats that there are: built-in ones and those that installed packages bring.

A package adds a format by an entry point in the group `odibi.formats` that names a `Format` class. The
built-in formats come through the same door. Kinds of database servers, which only a named connection leads
to, have the group `odibi.servers`.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odibi_core.errors import MissingPackageError, OdibiError, UnknownNameError
from odibi_core.extensions import Door, brought
from odibi_core.formats.base import Format
from odibi_core.formats.sources import bare

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "odibi.formats"
SERVERS = "odibi.servers"

_BUILT_IN = (
    Door("csv", "odibi_core.formats.csv:CsvFormat", GROUP),
    Door("json", "odibi_core.formats.json:JsonFormat", GROUP),
    Door("parquet", "odibi_core.formats.parquet:ParquetFormat", GROUP),
    Door("avro", "odibi_core.formats.avro:AvroFormat", GROUP),
    Door("delta", "odibi_core.formats.delta:DeltaFormat", GROUP),
    Door("duckdb", "odibi_core.formats.duckdb:DuckdbFormat", GROUP),
    Door("sqlite", "odibi_core.formats.sqlite:SqliteFormat", GROUP),
    Door("excel", "odibi_core.formats.excel:ExcelFormat", GROUP),
    Door("orc", "odibi_core.formats.orc:OrcFormat", GROUP),
)

_ENDINGS = {
    "csv": (".csv", ".tsv"),
    "json": (".json", ".jsonl", ".ndjson"),
    "parquet": (".parquet", ".pq"),
    "avro": (".avro",),
    "delta": (".delta",),
    "duckdb": (".duckdb", ".ddb"),
    "sqlite": (".sqlite", ".sqlite3", ".db", ".db3"),
    "excel": (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"),
    "orc": (".orc",),
}
"""What the built-in formats say of themselves, so that a name can be read without loading all of them."""

_SERVERS = (
    Door("http", "odibi_core.formats.http:HttpFormat", SERVERS),
    Door("mysql", "odibi_core.formats.mysql:MysqlFormat", SERVERS),
    Door("postgresql", "odibi_core.formats.postgresql:PostgresqlFormat", SERVERS),
    Door("sqlalchemy", "odibi_core.formats.dialect:SqlalchemyFormat", SERVERS),
    Door("sqlserver", "odibi_core.formats.dialect:SqlserverFormat", SERVERS),
)


_OURS = {door.name: door for door in (*_BUILT_IN, *_SERVERS)}


@cache
def _doors() -> dict[str, EntryPoint | Door]:
    doors: dict[str, EntryPoint | Door] = {}
    for door in (*_BUILT_IN, *brought(GROUP), *_SERVERS, *brought(SERVERS)):
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


def is_format_name(name: str) -> bool:
    """Whether a format of files has this name."""
    return _group_of(name) == GROUP


def is_server_name(name: str) -> bool:
    """Whether a kind of database servers has this name."""
    return _group_of(name) == SERVERS


def _group_of(name: str) -> str:
    door = _door(name)
    return "" if door is None else door.group


def _door(name: str) -> EntryPoint | Door | None:
    # Only for a name that is not ours are the installed packages looked through, which takes 20 ms.
    return _OURS.get(name) or _doors().get(name)


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
    door = _door(name)
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
    # Unlike Path.is_dir, it takes what can be no path at all: the name alone may say enough.
    is_folder = os.path.isdir(place)  # noqa: PTH112
    # The endings of ours are ours, whatever installed packages bring.
    ours = next((name for name in sorted(_ENDINGS) if _is_ending_of(name, place)), "")
    if ours and not is_folder:
        return format_named(ours)
    for name in format_names():
        if _is_ending_of(name, place) or (is_folder and format_named(name).owns_folder(place)):
            return format_named(name)
    if is_folder:
        inside = sorted(file for file in place.rglob("*") if file.is_file())
        for file in inside:
            for name in format_names():
                if _is_ending_of(name, file):
                    return format_named(name)
    raise UnknownNameError(
        f"nothing in the name {place.name!r} says its format",
        where=str(path),
        fix=f"say it with `format` or `source_type`: one of {', '.join(format_names())}",
    )


def _is_ending_of(name: str, path: Path) -> bool:
    return bare(path.name).endswith(_ENDINGS.get(name) or format_named(name).extensions)
