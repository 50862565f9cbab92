"""All formats as data: for forms, for documentation, for whoever asks what can be done."""

from __future__ import annotations

import inspect
from typing import Any

from odibi_core.formats.base import Abilities, WriteMode
from odibi_core.formats.registry import format_named, format_names

ABILITIES = {
    "partition": "partitions",
    "tables": "named tables",
    "evolves_schema": "changes columns on request",
    "travels_in_time": "earlier states",
    "follows_changes": "feed of changes",
    "streams": "larger than memory",
}
"""What some formats can do and others can't → what people call it."""


def describe_formats() -> list[dict[str, Any]]:
    """Every format, by name, in values that JSON can hold.

    Each has `name`, `summary`, `notes`, `extensions`, `abilities` (as `Abilities` has them, lists in their
    places), `read_options` and `write_options` (JSON Schemas of the settings).
    """
    return [_described(name) for name in format_names()]


def _described(name: str) -> dict[str, Any]:
    format_ = format_named(name)
    summary, _, notes = inspect.cleandoc(format_.__doc__ or "").partition("\n\n")
    return {
        "name": name,
        "summary": summary,
        "notes": " ".join(notes.split()),
        "extensions": list(format_.extensions),
        "abilities": _listed(format_.abilities),
        "read_options": format_.read_options.model_json_schema(by_alias=True),
        "write_options": format_.write_options.model_json_schema(by_alias=True),
    }


def _listed(able: Abilities) -> dict[str, Any]:
    return {
        "read": able.read,
        "write": able.write,
        "modes": [mode.value for mode in WriteMode if mode in able.modes],
        "partition": able.partition,
        "tables": able.tables,
        "compressions": list(able.compressions),
        "evolves_schema": able.evolves_schema,
        "travels_in_time": able.travels_in_time,
        "follows_changes": able.follows_changes,
        "streams": able.streams,
        "keeps_types": sorted(able.keeps_types),
    }
