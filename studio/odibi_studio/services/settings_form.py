"""A settings model as the fields of a form, and what a person filled in as settings again."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from odibi_core.design.yaml_scalars import AmbiguousScalarError, scalar_value
from odibi_core.durations import spell_duration
from odibi_core.errors import OdibiError
from odibi_core.formats.base import Options
from odibi_core.parameters import references

Model = TypeVar("Model", bound=Options)

_ALWAYS_SECRET = re.compile(r"(?:\bas|Always) \$\{secret:NAME\}")
_CREDENTIAL = re.compile(r"authorization|cookie|api.?key|token|secret|password", re.IGNORECASE)
_UNIT = re.compile(r" s$")
_WORD = re.compile(r"[a-z_]+")
_WHOLE = ""


class FieldKind(StrEnum):
    """What a field is filled in with."""

    TEXT = "text"
    NUMBER = "number"
    WHOLE_NUMBER = "whole number"
    SWITCH = "switch"
    CHOICE = "choice"
    """One of several."""
    CHOICES = "choices"
    """Some of several."""
    WORDS = "words"
    """Any number of texts."""
    PAIRS = "pairs"
    """Names with values."""
    ENTRIES = "entries"
    """Any number of rows of texts."""


@dataclass(frozen=True, slots=True)
class FormField:
    """A field.

    Attributes:
        key: The setting.
        kind: What it is filled in with.
        title: What people read.
        help: What it means.
        default: What an empty one means; None where it then means nothing.
        choices: What may be chosen, or the columns of entries.
        is_required: Whether it must be filled in.
        may_refer: Whether a reference to a secret may stand there.
        must_refer: Whether nothing else may.
        texts: Whether the values of pairs are always texts.
        minimum: The smallest number.
        maximum: The largest number.
    """

    key: str
    kind: FieldKind
    title: str
    help: str
    default: Any = None
    choices: tuple[str, ...] = ()
    is_required: bool = False
    may_refer: bool = False
    must_refer: bool = False
    texts: bool = False
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True)
class Checked(Generic[Model]):
    """What a person filled in.

    Attributes:
        settings: The settings; None where something is wrong.
        errors: Field → what is wrong with it; "" → what is wrong with all of them together.
    """

    settings: Model | None
    errors: Mapping[str, str]


def form_fields(model: type[Options]) -> dict[str, FormField]:
    """Setting → its field, in the order of the model; what is always the same has none."""
    schema = model.model_json_schema(by_alias=True)
    needed = set(schema.get("required", ()))
    found = {}
    for key, about in schema["properties"].items():
        if "const" in about:
            continue
        # A field that refers to an enum would lose its own description.
        field = _field(key, {**about, "description": _description(model, key)}, schema.get("$defs", {}))
        found[key] = field if key not in needed else _required(field)
    return found


def form_values(settings: Options) -> dict[str, Any]:
    """Setting → its value, as a form shows it; what is as it would be anyway is left out."""
    return settings.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def check_form(
    model: type[Model], values: Mapping[str, Any], fixed: Mapping[str, Any] | None = None
) -> Checked[Model]:
    """What was filled in, as settings.

    Args:
        model: The settings.
        values: Setting → what stands in its field.
        fixed: Settings that have no field.
    """
    fields = form_fields(model)
    said = {key: told for key, value in values.items() if (told := _told(fields.get(key), value)) is not None}
    errors = _unsafe(fields, said)
    try:
        settings = model.model_validate({**(fixed or {}), **said})
    except ValidationError as error:
        for item in error.errors(include_input=False, include_url=False):
            key = str(item["loc"][0]) if item["loc"] else _WHOLE
            message = _message(dict(item), key)
            for place in [key] if key in fields else _named(fields, message):
                errors.setdefault(place, message)
    return Checked(None if errors else settings, errors)


def mistakes(error: OdibiError) -> Mapping[str, str]:
    """An error of the whole form, as `Checked` has it."""
    return {_WHOLE: f"{error.what}{f'; {error.fix}' if error.fix else ''}"}


def read_value(text: str) -> Any:
    """What a person means by a value: a number or yes/no where it looks like one, else a text."""
    try:
        value = scalar_value(text.strip())
    except AmbiguousScalarError:
        return text
    return value if isinstance(value, bool | int | float) else text


def _description(model: type[Options], key: str) -> str:
    found = (info for name, info in model.model_fields.items() if key in (name, info.alias))
    return next((info.description or "" for info in found), "")


def _field(key: str, about: Mapping[str, Any], definitions: Mapping[str, Any]) -> FormField:
    shape = _resolved(
        next((one for one in about.get("anyOf", ()) if one.get("type") != "null"), about), definitions
    )
    help_ = str(about.get("description", ""))
    title = _UNIT.sub(" (seconds)", key.replace("_", " ")).capitalize()
    kind, choices = _kind(shape, definitions)
    default = about.get("default")
    if kind is FieldKind.TEXT and isinstance(default, int | float):
        default = spell_duration(default)
    return FormField(
        key=key,
        kind=kind,
        title=title,
        help=help_,
        default=default,
        choices=choices,
        may_refer="${secret:NAME}" in help_,
        must_refer=_ALWAYS_SECRET.search(help_) is not None and kind is FieldKind.TEXT,
        texts=isinstance(shape.get("additionalProperties"), Mapping),
        minimum=shape.get("minimum", shape.get("exclusiveMinimum")),
        maximum=shape.get("maximum"),
    )


def _kind(shape: Mapping[str, Any], definitions: Mapping[str, Any]) -> tuple[FieldKind, tuple[str, ...]]:
    if "enum" in shape:
        return FieldKind.CHOICE, tuple(map(str, shape["enum"]))
    match shape.get("type"):
        case "boolean":
            return FieldKind.SWITCH, ()
        case "integer":
            return FieldKind.WHOLE_NUMBER, ()
        case "number":
            return FieldKind.NUMBER, ()
        case "object":
            return FieldKind.PAIRS, ()
        case "array":
            item = _resolved(shape.get("items", {}), definitions)
            if "enum" in item:
                return FieldKind.CHOICES, tuple(map(str, item["enum"]))
            if "properties" in item:
                return FieldKind.ENTRIES, tuple(item["properties"])
            return FieldKind.WORDS, ()
    return FieldKind.TEXT, ()


def _resolved(shape: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in shape:
        return shape
    found: Mapping[str, Any] = definitions[str(shape["$ref"]).rpartition("/")[2]]
    return found


def _required(field: FormField) -> FormField:
    return replace(field, is_required=True, default=None)


def _told(field: FormField | None, value: Any) -> Any:
    """What a field says; None where it is empty."""
    if value is None:
        return None
    if isinstance(value, str):
        text = value.strip()
        return text or None
    if isinstance(value, Mapping):
        given = {str(key).strip(): item for key, item in value.items() if key and str(key).strip()}
        is_texts = field is None or field.texts
        return {key: item if is_texts else _read(item) for key, item in given.items()} or None
    if isinstance(value, Sequence):
        entries = field is not None and field.kind is FieldKind.ENTRIES
        told = [_entry(item) if entries else _told(None, item) for item in value]
        return [item for item in told if item] or None
    return value


def _read(value: Any) -> Any:
    return read_value(value) if isinstance(value, str) else value


def _entry(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: item for key, value in row.items() if (item := _told(None, value)) is not None}


def _unsafe(fields: Mapping[str, FormField], said: Mapping[str, Any]) -> dict[str, str]:
    """Fields that hold a secret itself, where only a reference to one may stand."""
    errors = {}
    for key, value in said.items():
        field = fields.get(key)
        if field is None:
            continue
        if field.must_refer and not _refers(value):
            errors[key] = "it must be ${secret:NAME}, not the secret itself"
        if field.kind is FieldKind.PAIRS and field.may_refer:
            open_ = [name for name, item in value.items() if _CREDENTIAL.search(name) and not _refers(item)]
            if open_:
                errors[key] = f"{open_[0]} must hold ${{secret:NAME}}, not the secret itself"
    return errors


def _refers(value: Any) -> bool:
    return any(reference.scheme != "parameter" for reference in references(value))


def _named(fields: Mapping[str, FormField], message: str) -> list[str]:
    """The fields that a message about several names; the whole form where it names none."""
    shortest = 2 if " needs " in message else 4
    words = dict.fromkeys(_WORD.findall(message))
    return [word for word in words if word in fields and len(word) >= shortest] or [_WHOLE]


def _message(item: Mapping[str, Any], key: str) -> str:
    match item["type"]:
        case "missing":
            return "fill this in"
        case "extra_forbidden":
            return f"there is no setting {key!r} here"
        case "string_too_short":
            return "fill this in"
        case "too_short":
            return "choose at least one"
    message = str(item["msg"]).removeprefix("Value error, ")
    place = ".".join(str(part) for part in item["loc"][1:])
    return f"{f'{place}: ' if place else ''}{message[:1].lower()}{message[1:]}"
