"""Ingest: reads a file, a folder or a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from odibi_core.engines.operations import Scan
from odibi_core.errors import Problem
from odibi_core.formats.registry import format_named, is_format_name, server_names
from odibi_core.model import field_names
from odibi_core.nodes.base import Known, Node, find_format, parse, split, text_value
from odibi_core.nodes.clouds import cloud_place, without_adapter
from odibi_core.nodes.databases import Database, database_of, named_table, same_format, unknown_connection
from odibi_core.nodes.services import HTTP, ServicePlace, service_place, with_path
from odibi_core.nodes.settings import IngestSettings, StepSettings
from odibi_core.step import Step

_ELSEWHERE = ("sql", "jdbc", "odbc", "postgres", "mssql", "oracle")


def _unreachable(step: Step, settings: IngestSettings) -> list[Problem]:
    """Problems of sources that are no files."""
    type_ = settings.source_type or ""
    if not type_ or is_format_name(type_):
        return []
    if type_ in _ELSEWHERE or type_ in server_names():
        what = f"{type_!r} reads a database server, which a step reaches by a named connection"
        fix = 'declare one in odibi.toml, such as kind = "postgresql", and name it in params.connection'
        return [Problem(what, step.name, "params.source_type", fix)]
    return []


def ingest(step: Step, root: Path, connections: Known = None) -> Node:
    """The scan that the step asks for; its path is relative to `root`."""
    params, adapter, mistakes = without_adapter(step)
    ours, rest = split(params, IngestSettings)
    settings, problems = parse(IngestSettings, ours, step)
    problems += mistakes
    if settings is None:
        return Node(None, StepSettings(), tuple(problems))
    problems += unknown_connection(step, settings.connection, connections)
    database = database_of(settings.connection, connections)
    if database is not None and not problems:
        return _table(step, settings, database, rest)
    service, mistakes = service_place(step, settings.connection, settings.source_type, connections)
    problems += mistakes
    if service is not None and not problems:
        return _answers(step, settings, service, rest)
    cloud, mistakes = cloud_place(step, settings.connection, connections, adapter)
    problems += mistakes
    problems += [] if database is not None or cloud else text_value(step, "the path to read")
    if problems:
        return Node(None, settings, tuple(problems))
    problems += _unreachable(step, settings)
    if problems:
        return Node(None, settings, tuple(problems))
    path = Path(cloud.address.key) if cloud else root / step.value
    format_, problems = find_format(step, settings.source_type, path, "params.source_type")
    if format_ is None:
        return Node(None, settings, tuple(problems))
    if not format_.abilities.read:
        problems.append(Problem(f"{format_.name} can't be read", step.name, "params.source_type"))
    options, mistakes = parse(format_.read_options, rest, step, known=field_names(IngestSettings))
    problems += mistakes
    if options is None or problems:
        return Node(None, settings, tuple(problems))
    if cloud:
        place = str(cloud.address)
        scan = Scan(place, format_.name, options, cloud.connection, place, cloud.adapter)
        return Node(scan, settings)
    return Node(Scan(step.value, format_.name, options, settings.connection or ""), settings)


def _answers(step: Step, settings: IngestSettings, place: ServicePlace, rest: dict[str, Any]) -> Node:
    """The scan of what a service answers, or of a file that it has."""
    from odibi_core.formats.http_client import without_secrets

    format_ = format_named(place.format or HTTP)
    options, problems = parse(
        format_.read_options, with_path(rest, place), step, known=field_names(IngestSettings)
    )
    if options is None or problems:
        return Node(None, settings, tuple(problems))
    source = place.path or without_secrets(place.url)
    return Node(Scan(source, format_.name, options, place.connection, place.url), settings)


def _table(step: Step, settings: IngestSettings, database: Database, rest: dict[str, Any]) -> Node:
    """The scan of a table or query of a named database."""
    format_ = format_named(database.format)
    given, problems = named_table(step, rest, takes_query=True)
    problems += same_format(step, settings.source_type, database, "params.source_type")
    options, mistakes = parse(format_.read_options, given, step, known=field_names(IngestSettings))
    problems += mistakes
    if options is None or problems:
        return Node(None, settings, tuple(problems))
    source = database.path or given.get("table") or "a query"
    connection = (settings.connection or "") if database.server else ""
    return Node(Scan(source, format_.name, options, connection, database.server), settings)
