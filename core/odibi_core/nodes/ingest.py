"""Ingest: reads a file, a folder or a table."""

from __future__ import annotations

from pathlib import Path

from odibi_core.engines.operations import Scan
from odibi_core.errors import Problem
from odibi_core.formats.registry import format_names
from odibi_core.nodes.base import Node, field_names, find_format, parse, split, text_value
from odibi_core.nodes.settings import IngestSettings, StepSettings
from odibi_core.step import Step

_SERVERS = ("sql", "jdbc", "odbc", "postgresql", "mysql")


def _unreachable(step: Step, settings: IngestSettings) -> list[Problem]:
    """Problems of sources that are no files."""
    type_ = settings.source_type or ""
    if type_ in format_names():
        return []
    if type_ in _SERVERS:
        what = f"{type_!r} reads a database server, which steps can't yet"
        fix = "read a database file with source_type sqlite or duckdb, or export the table to Parquet or CSV"
        return [Problem(what, step.name, "params.source_type", fix)]
    if type_ == "http" or str(step.value).startswith(("http://", "https://")):
        field = "params.source_type" if type_ else "value"
        fix = "fetch it into the workspace first, with a function step or by hand, and read the file"
        return [Problem("steps can't read over HTTP yet", step.name, field, fix)]
    return []
    if type_ in _SERVERS:
        fix = "read a database file with source_type sqlite or duckdb, or export the table to Parquet or CSV"
        return [
            Problem(
                f"{type_!r} reads a database server, which steps can't yet",
                step.name,
                "params.source_type",
                fix,
            )
        ]
    if type_ == "http" or str(step.value).startswith(("http://", "https://")):
        fix = "fetch it into the workspace first, with a function step or by hand, and read the file"
        return [
            Problem(
                "steps can't read over HTTP yet", step.name, "params.source_type" if type_ else "value", fix
            )
        ]
    return []


def ingest(step: Step, root: Path) -> Node:
    """The scan that the step asks for; its path is relative to `root`."""
    problems = text_value(step, "the path to read")
    ours, rest = split(step.params, IngestSettings)
    settings, mistakes = parse(IngestSettings, ours, step)
    problems += mistakes
    if problems or settings is None:
        return Node(None, settings or StepSettings(), tuple(problems))
    problems += _unreachable(step, settings)
    if problems:
        return Node(None, settings, tuple(problems))
    format_, problems = find_format(step, settings.source_type, root / step.value, "params.source_type")
    if format_ is None:
        return Node(None, settings, tuple(problems))
    if not format_.abilities.read:
        problems.append(Problem(f"{format_.name} can't be read", step.name, "params.source_type"))
    options, mistakes = parse(format_.read_options, rest, step, known=field_names(IngestSettings))
    problems += mistakes
    if options is None or problems:
        return Node(None, settings, tuple(problems))
    return Node(Scan(step.value, format_.name, options, settings.connection or ""), settings)
