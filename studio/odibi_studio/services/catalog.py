"""What the designer offers: kinds, formats, recipes, functions, connections, by the core's own models."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from odibi_core.connection_desk import place_of
from odibi_core.engines.registry import engine_names
from odibi_core.errors import OdibiError
from odibi_core.formats.base import WriteMode
from odibi_core.formats.registry import format_named, format_names, server_names
from odibi_core.nodes.settings import (
    ConnectSettings,
    HttpPublishSettings,
    IngestSettings,
    PublishSettings,
    SqlSettings,
    StoreSettings,
    TransformSettings,
)
from odibi_core.parameters import references
from odibi_core.run_settings import RunSettings
from odibi_core.secret_providers.chain import open_providers
from odibi_core.workspace import Workspace
from odibi_core.workspace_settings import WorkspaceSettings
from odibi_studio.messages import Catalog, ConnectionForm, FormatForm, KindForm, RecipeForm, SecretName
from odibi_studio.recipes.registry import RECIPES
from odibi_studio.services.expectation_forms import expectation_forms
from odibi_studio.services.function_forms import function_forms
from odibi_studio.services.sql_functions import sql_functions

_KINDS: dict[str, tuple[str, str, type[BaseModel]]] = {
    "ingest": ("Source", "Reads a file, a folder or a table.", IngestSettings),
    "sql": ("SQL", "A SELECT over the step's inputs.", SqlSettings),
    "function": ("Function", "A Python function over the step's inputs.", TransformSettings),
    "store": ("Store", "Writes its input to a file, a folder or a table.", StoreSettings),
    "publish": ("Publish", "Hands its input to somebody else, as a file.", PublishSettings),
    "http_publish": ("Publish over HTTP", "Sends its input to a service.", HttpPublishSettings),
    "connect": (
        "Connection check",
        "Checks a connection, so that a run fails at its start.",
        ConnectSettings,
    ),
}
_log = logging.getLogger(__name__)

_WIDGETS = {
    "connection": "connection",
    "merge_key": "columns",
    "partition_by": "columns",
    "source_type": "format",
    "format": "format",
}
# The spelling that pipelines use; a setting can be given under the model's own name too.
_SPELLINGS = {"partition_by": "partitionBy", "column_types": "schema"}
_TITLES = {
    "csv": "CSV",
    "json": "JSON",
    "orc": "ORC",
    "sqlite": "SQLite",
    "duckdb": "DuckDB",
    "http": "JSON over HTTP",
    "mysql": "MySQL or MariaDB",
    "postgresql": "PostgreSQL",
    "sqlalchemy": "SQLAlchemy dialect",
    "sqlserver": "SQL Server",
}


def make_catalog(workspace: Workspace) -> Catalog:
    """All that the palette, the forms and the editor offer in a workspace.

    Raises:
        WorkspaceError: Its odibi.toml is wrong.
    """
    settings = workspace.load()
    formats = {*format_names(), *server_names()}
    return Catalog(
        kinds=[
            KindForm(kind=kind, title=title, description=description, settings=form_schema(model))
            for kind, (title, description, model) in _KINDS.items()
        ],
        formats=[_format_form(name) for name in (*format_names(), *server_names())],
        recipes=[
            RecipeForm(
                name=recipe.name,
                title=recipe.title,
                description=recipe.description,
                inputs=recipe.inputs,
                settings=recipe.settings.model_json_schema(),
            )
            for recipe in RECIPES.values()
        ],
        expectations=expectation_forms(),
        functions=function_forms(settings.functions.allow),
        sql_functions=list(sql_functions()),
        pipeline_settings=form_schema(RunSettings),
        engines=list(engine_names()),
        connections=[
            ConnectionForm(
                name=name,
                kind=connection.kind,
                place=place_of(connection),
                format=connection.kind if connection.kind in formats else "",
            )
            for name, connection in sorted(settings.connections.items())
        ],
        secrets=_secrets(workspace, settings),
    )


def form_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema of a settings model, each field under the name that pipelines use for it."""
    schema = model.model_json_schema(by_alias=False)
    properties: dict[str, Any] = {}
    for name, field in schema.get("properties", {}).items():
        info = model.model_fields[name]
        spelling, alias = _SPELLINGS.get(name, name), info.alias
        # A field that refers to an enum would lose its own description.
        shown = {**field, "description": info.description or ""}
        if name in _WIDGETS:
            shown["x-widget"] = _WIDGETS[name]
        if alias is not None:
            shown["x-alias"] = name if spelling == alias else alias
        properties[spelling] = shown
    required = [_SPELLINGS.get(name, name) for name in schema.get("required", [])]
    return {**schema, "properties": properties, **({"required": required} if required else {})}


def _format_form(name: str) -> FormatForm:
    format_ = format_named(name)
    able = format_.abilities
    return FormatForm(
        name=name,
        title=_TITLES.get(name, name.capitalize()),
        extensions=list(format_.extensions),
        can_read=able.read,
        can_write=able.write,
        modes=[mode.value for mode in WriteMode if able.write and mode in able.modes],
        can_partition=able.write and able.partition,
        read_options=form_schema(format_.read_options),
        write_options=form_schema(format_.write_options),
    )


def secret_references(workspace: Workspace) -> list[str]:
    """What a field may hold in the place of a secret: `${secret:NAME}` for each that is known by name."""
    try:
        found = _secrets(workspace, workspace.load())
    except OdibiError:
        return []
    return [f"${{secret:{one.name}}}" for one in found]


def _secrets(workspace: Workspace, settings: WorkspaceSettings) -> list[SecretName]:
    """The secrets that are here, and those that connections and pipelines refer to; never a value."""
    places = dict.fromkeys(_referred(workspace, settings), "")
    # The first provider that has a secret gives it.
    for provider in reversed(open_providers(settings.secrets, workspace.root)):
        try:
            names = provider.names()
        except OdibiError as error:
            # A run that needs the provider says so; what the others have is still offered.
            _log.warning("secrets can't be listed: %s", error)
            continue
        places |= {name: provider.place(name) for name in names}
    return [SecretName(name=name, place=places[name]) for name in sorted(places)]


def _referred(workspace: Workspace, settings: WorkspaceSettings) -> set[str]:
    found = set(_references(settings.model_dump()))
    for path in workspace.pipelines():
        found |= set(_references(_text(path)))
    return found


def _references(value: Any) -> Iterator[str]:
    for reference in references(value):
        if reference.scheme == "secret" and reference.name:
            yield reference.name


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
