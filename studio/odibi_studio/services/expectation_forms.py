"""The forms of expectations, by the core's own models."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from odibi_core.expectations.model import KINDS
from odibi_studio.messages import ExpectationForm

_TITLES = {
    "schema": "Columns and types",
    "not_null": "Not null",
    "unique": "Unique",
    "range": "Range",
    "set": "Allowed values",
    "pattern": "Pattern",
    "foreign_key": "Foreign key",
    "row_count": "Number of rows",
    "freshness": "Freshness",
    "sql": "SQL",
    "schema_drift": "Schema drift",
}
_OF_OUTPUT = {"x-input": "output"}
_HINTS: dict[str, dict[str, Any]] = {
    "column": {"x-widget": "column", **_OF_OUTPUT},
    "columns": {"x-widget": "columns", **_OF_OUTPUT},
    "references": {"x-widget": "dataset"},
    "key": {"x-widget": "columns", "x-input": "references"},
    "condition": {"x-widget": "expression", **_OF_OUTPUT},
    "query": {"x-widget": "lines"},
    "values": {"x-widget": "values"},
    "tolerance": {"x-widget": "share"},
    "max_age": {"examples": ["24h"]},
}
_LAST = ("severity", "on_change", "tolerance", "description", "name", "output")
"""Fields that all have: behind those that say what is expected."""


def expectation_forms() -> list[ExpectationForm]:
    """The form of each kind of expectation."""
    return [
        ExpectationForm(
            check=check,
            title=_TITLES.get(check, check),
            description=(model.__doc__ or "").strip(),
            settings=_schema(check, model),
        )
        for check, model in KINDS.items()
    ]


def _schema(check: str, model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema(by_alias=False)
    properties: dict[str, Any] = {}
    for name in sorted(schema["properties"], key=lambda name: _LAST.index(name) if name in _LAST else -1):
        field = {**schema["properties"][name], "description": model.model_fields[name].description or ""}
        if name in ("min", "max") and check == "range":
            field["x-widget"] = "value"
        elif check == "schema" and name == "columns":
            # A column whose type is left open is expected, whatever its type.
            field |= _OF_OUTPUT
            field["additionalProperties"] = {"type": "string", "default": "", "x-widget": "type"}
        elif check == "row_count" and name == "tolerance":
            field |= _HINTS[name] | {"x-when": {"history": [*range(1, 1001)]}}
        else:
            field |= _HINTS.get(name, {})
        properties[name] = field
    return {**schema, "properties": properties}
