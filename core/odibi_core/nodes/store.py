"""Store: writes a dataset to a file, a folder or a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from odibi_core.engines.operations import Write
from odibi_core.errors import Problem
from odibi_core.formats.base import Format, WriteMode
from odibi_core.formats.registry import format_named, format_names, is_server_name
from odibi_core.model import field_names
from odibi_core.nodes.base import Known, Node, find_format, parse, split, text_value
from odibi_core.nodes.clouds import cloud_place, without_adapter
from odibi_core.nodes.databases import database_of, named_table, same_format, unknown_connection
from odibi_core.nodes.settings import StepSettings, StoreSettings
from odibi_core.step import Step


def store(
    step: Step, root: Path, connections: Known = None, model: type[StoreSettings] = StoreSettings
) -> Node:
    """The write that the step asks for; its path is relative to `root`."""
    params, adapter, mistakes = without_adapter(step)
    ours, rest = split(params, model)
    settings, problems = parse(model, ours, step)
    problems += mistakes
    if settings is None:
        named = ours.get("format")
        if isinstance(named, str) and not is_server_name(named):
            problems += find_format(step, named, root, "params.format")[1]
        return Node(None, StepSettings(), tuple(problems))
    problems += unknown_connection(step, settings.connection, connections)
    database = database_of(settings.connection, connections)
    target, server, connection = step.value, "", settings.connection or ""
    cloud, mistakes = cloud_place(step, settings.connection, connections, adapter)
    problems += mistakes
    if cloud is not None:
        target = server = str(cloud.address)
        connection = cloud.connection
        format_, mistakes = find_format(step, settings.format, Path(cloud.address.key), "params.format")
        problems += mistakes
    elif database is None:
        problems += _reached_by_connection(step, settings) or text_value(step, "the path to write")
        if problems:
            return Node(None, settings, tuple(problems))
        format_, problems = find_format(step, settings.format, root / step.value, "params.format")
    else:
        format_ = format_named(database.format)
        rest, mistakes = named_table(step, rest, takes_query=False)
        problems += mistakes + same_format(step, settings.format, database, "params.format")
        target, server = database.path or str(rest.get("table", "")), database.server
        connection = connection if server else ""
    if format_ is None or problems:
        return Node(None, settings, tuple(problems))
    settings, mistakes = _with_mode(step, format_, settings)
    problems += mistakes + _refused(step, format_, settings)
    options, mistakes = parse(format_.write_options, rest, step, known=field_names(model))
    problems += mistakes
    if options is None or problems:
        return Node(None, settings, tuple(problems))
    write = Write(
        target,
        format_.name,
        settings.mode,
        format_.named_as(options, target),
        settings.partition_by,
        settings.merge_key,
        connection,
        server,
        adapter,
    )
    return Node(write, settings)


def _reached_by_connection(step: Step, settings: StoreSettings) -> list[Problem]:
    if not settings.format or not is_server_name(settings.format):
        return []
    what = f"{settings.format!r} writes to a database server, which a step reaches by a named connection"
    fix = f'declare one in odibi.toml with kind = "{settings.format}", and name it in params.connection'
    return [Problem(what, step.name, "params.format", fix)]


_MODES = {
    "replace": WriteMode.OVERWRITE,
    "append": WriteMode.APPEND,
    "fail": WriteMode.ERROR,
    "ignore": WriteMode.IGNORE,
}


def _with_mode(
    step: Step, format_: Format[Any, Any], settings: StoreSettings
) -> tuple[StoreSettings, list[Problem]]:
    """The settings with the mode that `if_exists` means."""
    if settings.if_exists is None:
        return settings, []
    field = "params.if_exists"
    if not format_.abilities.tables:
        return settings, [
            Problem(f"if_exists is for tables, and {format_.name} has none", step.name, field, "use mode")
        ]
    if "mode" in settings.model_fields_set:
        what = "mode and if_exists say the same thing twice"
        return settings, [Problem(what, step.name, field, "leave one of them out")]
    return settings.model_copy(update={"mode": _MODES[settings.if_exists]}), []


def _refused(step: Step, format_: Format[Any, Any], settings: StoreSettings) -> list[Problem]:
    able, name = format_.abilities, format_.name
    problems = []
    if not able.write:
        problems.append(Problem(f"{name} can't be written", step.name, "params.format"))
    if settings.mode not in able.modes:
        allowed = ", ".join(mode.value for mode in WriteMode if mode in able.modes)
        what = f"{name} can't be written with mode {settings.mode.value!r}"
        problems.append(Problem(what, step.name, "params.mode", f"use one of {allowed}, or the format delta"))
    if settings.mode is WriteMode.MERGE and not settings.merge_key:
        problems.append(
            Problem(
                "merge needs the columns that tell whether a row is there already",
                step.name,
                "params.merge_key",
                "add params.merge_key, such as ['customer_id']",
            )
        )
    if settings.merge_key and settings.mode is not WriteMode.MERGE:
        problems.append(
            Problem(
                f"merge_key means nothing with mode {settings.mode.value!r}",
                step.name,
                "params.merge_key",
                "set params.mode to merge, or leave merge_key out",
            )
        )
    if settings.partition_by and not able.partition:
        problems.append(
            Problem(
                f"{name} can't be partitioned",
                step.name,
                "params.partitionBy",
                f"use one of {', '.join(_partitioned())}",
            )
        )
    return problems


def _partitioned() -> list[str]:
    return [name for name in format_names() if format_named(name).abilities.partition]
