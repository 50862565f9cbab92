"""The JSON Schema of the YAML form, for editors and for whoever writes pipelines by program.

What a step's params may hold is taken from the settings models of the node kinds and formats, never written
twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from odibi_core.engines.registry import engine_names
from odibi_core.expectations.model import KINDS
from odibi_core.formats.base import Options
from odibi_core.formats.registry import format_named, format_names, server_names
from odibi_core.nodes.settings import (
    ConnectSettings,
    HttpPublishSettings,
    IngestSettings,
    PublishSettings,
    SqlSettings,
    TransformSettings,
)
from odibi_core.parameters import ParameterType
from odibi_core.run_settings import RunSettings
from odibi_core.step import NodeKind, StepType

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
IDENTIFIER = "urn:odibi:pipeline"

_NAMED_KINDS = [kind.value for kind in NodeKind]
_FILLED = {"minProperties": 1}
_HTTP: Schema = {"required": ["value"], "properties": {"value": {"pattern": "^https?://"}}}
_SENDS: Schema = {
    "anyOf": [
        _HTTP,
        # Whether a connection is a service's, odibi.toml alone says.
        *(
            {"required": ["params"], "properties": {"params": {"required": [name]}}}
            for name in ("method", "headers", "batch_size", "request_timeout_s")
        ),
    ]
}
_PLACEHOLDER: Schema = {"type": "string", "pattern": r"\{", "description": "A placeholder, such as {date}."}


def schema_text() -> str:
    """The schema as the text of a file."""
    return json.dumps(pipeline_schema(), indent=2, ensure_ascii=False) + "\n"


def pipeline_schema() -> Schema:
    """The schema (2020-12) of a pipeline in YAML, with the settings of every installed format."""
    definitions = _Definitions()
    step = _step(definitions)
    return {
        "$schema": DIALECT,
        "$id": IDENTIFIER,
        "title": "Odibi pipeline",
        "description": "A named set of steps; what runs when follows from their inputs and outputs.",
        **_object(
            {
                "name": _text("Names the pipeline in journals and metrics."),
                "description": {"type": "string", "description": "What the pipeline is for."},
                "engine": _engine("The engine of steps that name none."),
                "parameters": {
                    "type": ["object", "null"],
                    "description": "What a run may be given: name → declaration; {name} in a step.",
                    "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
                    "additionalProperties": {"$ref": "#/$defs/parameter"},
                },
                "settings": definitions.settings([RunSettings]) | {"description": RunSettings.__doc__ or ""},
                "steps": {
                    "type": "array",
                    "description": "In any order.",
                    "minItems": 1,
                    "items": {"$ref": "#/$defs/step"},
                },
            },
            required=("name", "steps"),
        ),
        "$defs": {"step": step, "parameter": _parameter(), **definitions.made},
    }


def _parameter() -> Schema:
    types = [kind.value for kind in ParameterType]
    schema = _object(
        {
            "type": {"enum": types, "default": "text", "description": "What it may hold."},
            "default": {
                "type": ["string", "number", "boolean", "null"],
                "description": "The value where a run gives none; without one, a run must give it.",
            },
            "choices": {
                "type": "array",
                "minItems": 1,
                "description": "The allowed values, of any type; type choice needs them.",
            },
            "description": {"type": "string", "description": "A help text for the run form."},
        }
    )
    is_choice = {"required": ["type"], "properties": {"type": {"const": ParameterType.CHOICE.value}}}
    return schema | {"if": is_choice, "then": {"required": ["choices"]}}


def _step(definitions: _Definitions) -> Schema:
    mapping = {"type": ["object", "null"]}
    names: Schema = {**mapping, "additionalProperties": {"type": "string", "minLength": 1}}
    schema = _object(
        {
            "name": _text("Unique in the pipeline."),
            "layer": _text(
                "A label. connect, ingest, transform, store and publish name the node kind outright; with "
                "any other word the kind follows from the step.",
                examples=[*_NAMED_KINDS, "bronze", "silver", "gold"],
            ),
            "type": {
                "enum": [kind.value for kind in StepType],
                "description": "How the step says what it does.",
            },
            "engine": _engine("The engine of this step; the pipeline's where it is left out."),
            "value": {
                "type": "string",
                "description": "The SQL text, the function's name, or the path, URL or table.",
            },
            "params": {**mapping, "description": "Settings of the step, its node kind and its format."},
            "inputs": {**names, "description": "Name used inside the step → dataset key."},
            "outputs": {
                **names,
                "description": "Name inside the step → dataset key; data is the usual name.",
            },
            "expectations": {
                "type": ["array", "null"],
                "description": "What the step's output is expected to be.",
                "items": definitions.expectation(),
            },
            "metadata": {
                **mapping,
                "description": "Whatever is to be kept with the step; it never changes a run.",
            },
        },
        required=("name", "layer", "type"),
    )
    return schema | {"allOf": [*_shapes(), *_params(definitions)]}


def _shapes() -> Iterable[Schema]:
    """What the kinds need of inputs and outputs."""
    for kind, needed in (
        ("ingest", "outputs"),
        ("transform", "outputs"),
        ("store", "inputs"),
        ("publish", "inputs"),
    ):
        yield _when(_is("layer", kind), {"required": [needed], "properties": {needed: _FILLED}})
    yield _when(
        _is("type", "sql"),
        {"required": ["value", "outputs"], "properties": {"outputs": _FILLED | {"maxProperties": 1}}},
    )
    yield _when(_is("type", "function"), {"required": ["value"]})


def _params(definitions: _Definitions) -> Iterable[Schema]:
    """What each kind takes as params."""
    operates: Schema = {"required": ["type"], "properties": {"type": {"enum": ["config_op", "api"]}}}
    reads: Schema = {"not": {"required": ["inputs"], "properties": {"inputs": _FILLED}}}
    makes: Schema = {"required": ["outputs"], "properties": {"outputs": _FILLED}}
    takes: Schema = {"required": ["inputs"], "properties": {"inputs": _FILLED}}
    ends: Schema = {"not": makes}
    unnamed: Schema = {"properties": {"layer": {"not": {"enum": _NAMED_KINDS}}}}

    def of(kind: str, *signs: Schema) -> Schema:
        return {"allOf": [operates, {"anyOf": [_is("layer", kind), {"allOf": [unnamed, *signs]}]}]}

    written: Schema = {
        "anyOf": [
            {"allOf": [{"not": _HTTP}, of("store", takes, ends)]},
            {"allOf": [{"not": _SENDS}, of("publish", takes, ends)]},
        ]
    }
    sent: Schema = {"allOf": [_SENDS, of("publish", takes, ends)]}
    for condition, params in (
        (_is("type", "sql"), definitions.ref("sql_params", [SqlSettings])),
        (_is("type", "function"), definitions.ref("function_params", [TransformSettings], is_open=True)),
        (
            of("ingest", reads, makes),
            definitions.by_format("ingest", "source_type", [IngestSettings], "read_options"),
        ),
        (
            written,
            definitions.by_format("store", "format", [PublishSettings], "write_options"),
        ),
        (sent, definitions.ref("publish_params", [HttpPublishSettings])),
        (of("connect", reads, ends), definitions.ref("connect_params", [ConnectSettings])),
    ):
        yield _when(condition, {"properties": {"params": params}})


class _Definitions:
    """The definitions that the schema refers to, made as they are asked for."""

    def __init__(self) -> None:
        self.made: dict[str, Schema] = {}

    def ref(self, name: str, models: Iterable[type[Options]], *, is_open: bool = False) -> Schema:
        """A reference to the settings that are in any of the models."""
        settings = self.settings(models)
        self.made[name] = settings | ({"additionalProperties": True} if is_open else {})
        return {"$ref": f"#/$defs/{name}"}

    def by_format(self, kind: str, key: str, models: list[type[Options]], side: str) -> Schema:
        """A reference to the settings of a kind together with those of the format that `key` names."""
        able = side.removesuffix("_options")
        formats = {
            name: getattr(found, side)
            for name, found in ((name, format_named(name)) for name in (*format_names(), *server_names()))
            if getattr(found.abilities, able)
        }
        choices: list[Schema] = []
        for name, options in formats.items():
            made = self.ref(f"{kind}_{name}_params", [*models, options])
            choices.append(_when(_is(key, name), made))
        any_format = self.ref(f"{kind}_params", [*models, *formats.values()])
        self.made[f"{kind}_params"]["properties"][key] |= {"enum": [*formats, "sql"]}
        self.made[f"{kind}_params"]["properties"][key].pop("anyOf", None)
        return {"allOf": [any_format, *choices]}

    def expectation(self) -> Schema:
        """A reference to an expectation of any kind."""
        choices = []
        for kind, model in KINDS.items():
            required = [name for name, field in model.model_fields.items() if field.is_required()]
            made = self.settings([model]) | {"type": "object", "required": required}
            made["properties"]["check"] = {"const": kind, "description": (model.__doc__ or "").strip()}
            self.made[f"{kind}_expectation"] = made
            choices.append(_when(_is("check", kind), {"$ref": f"#/$defs/{kind}_expectation"}))
        self.made["expectation"] = {
            "type": "object",
            "required": ["check"],
            "properties": {"check": {"enum": list(KINDS), "description": "What is checked."}},
            "allOf": choices,
        }
        return {"$ref": "#/$defs/expectation"}

    def settings(self, models: Iterable[type[Options]]) -> Schema:
        """An object that takes the fields of all the models, under every name that they have."""
        properties: dict[str, Schema] = {}
        for model in models:
            made = model.model_json_schema(by_alias=False, ref_template="#/$defs/{model}")
            for name, definition in made.get("$defs", {}).items():
                self.made.setdefault(name, _untitled(definition))
            for name, field in made.get("properties", {}).items():
                info = model.model_fields[name]
                schema = _with_placeholder(_untitled(field) | {"description": info.description or ""})
                for spelling in (name, info.alias) if info.alias else (name,):
                    properties[spelling] = _either(properties.get(spelling), schema)
        return {"type": ["object", "null"], "properties": properties, "additionalProperties": False}


def _with_placeholder(field: Schema) -> Schema:
    """The field, which may also be a text that stands for its value in a run; lists may be a single text."""
    kept = {name: field.pop(name) for name in ("description", "default") if name in field}
    choices = field.pop("anyOf") if set(field) == {"anyOf"} else [field]
    if any(choice.get("type") == "string" and len(choice) == 1 for choice in choices):
        return kept | (choices[0] if len(choices) == 1 else {"anyOf": choices})
    if any(choice.get("type") == "array" for choice in choices):
        return kept | {"anyOf": [*choices, {"type": "string"}]}
    return kept | {"anyOf": [*choices, _PLACEHOLDER]}


def _either(one: Schema | None, other: Schema) -> Schema:
    if one is None or one == other:
        return other
    choices = one["anyOf"] if set(one) == {"description", "anyOf"} else [one]
    return {"description": one["description"], "anyOf": [*choices, *([] if other in choices else [other])]}


def _untitled(schema: Schema) -> Schema:
    """The schema without the titles that only repeat names."""
    return {
        name: _untitled(item)
        if isinstance(item, dict)
        else [_untitled(each) if isinstance(each, dict) else each for each in item]
        if isinstance(item, list)
        else item
        for name, item in schema.items()
        if name != "title"
    }


def _object(properties: Mapping[str, Schema], required: Iterable[str] = ()) -> Schema:
    schema: Schema = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    return schema | ({"required": list(required)} if required else {})


def _text(description: str, examples: list[str] | None = None) -> Schema:
    schema: Schema = {"type": "string", "minLength": 1, "description": description}
    return schema | ({"examples": examples} if examples else {})


def _engine(description: str) -> Schema:
    return {"enum": list(engine_names()), "description": description}


def _is(key: str, value: str) -> Schema:
    return {"required": [key], "properties": {key: {"const": value}}}


def _when(condition: Schema, then: Schema) -> Schema:
    return {"if": condition, "then": then}
