"""A pipeline as plain values, the form that both files share: what is left out, what can't be held."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from odibi_core.errors import PipelineInvalidError, Problem, did_you_mean
from odibi_core.late_dataclass import dataclass
from odibi_core.parameters import Parameter, ParameterType
from odibi_core.pipeline import Pipeline
from odibi_core.step import Step

PIPELINE_FIELDS = ("name", "description", "engine", "parameters", "settings", "steps")
PARAMETER_FIELDS = ("type", "default", "choices", "description")
STEP_FIELDS = (
    "name", "layer", "type", "engine", "value", "params", "inputs", "outputs", "expectations", "metadata",
)  # fmt: skip
DEFAULT_ENGINE = "pandas"
MAX_DEPTH = 50
MAX_INTEGER_DIGITS = 300

_MAX_INTEGER_BITS = 996
_TEXTS = {str}
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(slots=True)
class Plain:
    """Copies of values in which only plain ones are left; what can't be held becomes a problem.

    Plain values are text, finite numbers, booleans, None, and lists, tuples and mappings of them with text as
    keys. Their types are exact: a subclass (an enum's member, say) is held as what it is derived from.

    Attributes:
        form: "YAML" or "Python", for messages.
        holds_surrogates: Whether the form has a spelling for half a character.
        name_objects: Whether what can't be held is written as text that says what it is, instead.
        problems: What was found so far.
    """

    form: str
    holds_surrogates: bool = False
    name_objects: bool = False
    problems: list[Problem] = field(default_factory=list)

    def copy(self, value: Any, step: str, place: str, depth: int = 0) -> Any:
        """The value in plain types, new containers throughout."""
        kind = type(value)
        if kind is str and value.isascii():
            return value
        if value is None or kind is bool:
            return value
        if depth > MAX_DEPTH:
            return self._refuse(step, place, "is nested more than 50 deep", "flatten it", "…")
        if isinstance(value, str):
            return self._text(str.__str__(value), step, place)
        if isinstance(value, int):
            return self._integer(int.__int__(value), step, place)
        if isinstance(value, float):
            return self._number(float.__float__(value), step, place)
        if isinstance(value, Mapping):
            return {
                self._key(key, step, place): self.copy(item, step, f"{place}.{key}", depth + 1)
                for key, item in value.items()
            }
        if isinstance(value, list | tuple):
            items = [self.copy(item, step, f"{place}[{n}]", depth + 1) for n, item in enumerate(value)]
            return items if isinstance(value, list) else tuple(items)
        return self._object(value, step, place)

    def mapping(self, value: Any, step: str, place: str) -> dict[str, Any]:
        """A mapping in plain types; anything else is a problem."""
        if not isinstance(value, Mapping):
            self._refuse(step, place, f"is {_described(value)}, not a mapping", "give a dict", None)
            return {}
        copied: dict[str, Any] = self.copy(value, step, place)
        return copied

    def listing(self, value: Any, step: str, place: str) -> list[Any]:
        """A list of mappings in plain types; anything else is a problem."""
        if not isinstance(value, list | tuple):
            self._refuse(step, place, f"is {_described(value)}, not a list", "give a list of dicts", None)
            return []
        return [self.mapping(item, step, f"{place}[{number}]") for number, item in enumerate(value)]

    def names(self, value: Any, step: str, place: str) -> dict[str, str]:
        """A mapping from text to text; anything else is a problem."""
        if type(value) is dict and _are_ascii((*value, *value.values())):
            return dict(value)
        return {
            name: self.text(key, step, f"{place}.{name}")
            for name, key in self.mapping(value, step, place).items()
        }

    def text(self, value: Any, step: str, place: str) -> str:
        """A text in its exact type; anything else is a problem."""
        if type(value) is str and value.isascii():
            return value
        if isinstance(value, str):
            text: str = self.copy(value, step, place)
            return text
        self._refuse(step, place, f"is {_described(value)}, not text", "give a text", None)
        return ""

    def _text(self, text: str, step: str, place: str) -> str:
        if self.holds_surrogates or not _SURROGATE.search(text):
            return text
        self._refuse(step, place, "holds half a character (a lone surrogate)", "remove it", None)
        return _SURROGATE.sub("\ufffd", text)

    def _key(self, key: Any, step: str, place: str) -> str:
        if isinstance(key, str):
            return self._text(str.__str__(key), step, place)
        self._refuse(
            step, place, f"has the key {key!r}, which is not text", f"write it as {str(key)!r}", None
        )
        return str(key)

    def _integer(self, number: int, step: str, place: str) -> Any:
        if number.bit_length() <= _MAX_INTEGER_BITS:
            return number
        fix = "write it as text"
        return self._refuse(step, place, f"has more than {MAX_INTEGER_DIGITS} digits", fix, "…")

    def _number(self, number: float, step: str, place: str) -> Any:
        if math.isfinite(number):
            return number
        return self._refuse(step, place, f"is {number}, not a finite number", "leave it out", str(number))

    def _object(self, value: Any, step: str, place: str) -> Any:
        described = f"is {_described(value)}, which a {self.form} file can't hold"
        if isinstance(value, dt.date | dt.time):
            return self._refuse(
                step, place, described, f"write it as text: {value.isoformat()!r}", value.isoformat()
            )
        if isinstance(value, set | frozenset):
            return self._refuse(step, place, described, "give a list", sorted(map(str, value)))
        if callable(value) and hasattr(value, "__qualname__"):
            name = f"{value.__module__}.{value.__qualname__}"
            return self._refuse(step, place, described, f"name it as text: {name!r}", name)
        fix = (
            "name a connection in its place"
            if place.endswith("cloud_adapter")
            else "write it as text or numbers"
        )
        return self._refuse(step, place, described, fix, f"<{type(value).__qualname__}>")

    def _refuse(self, step: str, place: str, what: str, fix: str, stand_in: Any) -> Any:
        if not self.name_objects:
            self.problems.append(Problem(f"the value {what}", step, place, fix))
        return stand_in


def _are_ascii(values: tuple[Any, ...]) -> bool:
    return set(map(type, values)) <= _TEXTS and "".join(values).isascii()


def document(pipeline: Pipeline, plain: Plain) -> dict[str, Any]:
    """The pipeline as plain values in the order of a file, without what has its default.

    Raises:
        PipelineInvalidError: Some values can't be held; it names each.
    """
    made: dict[str, Any] = {"name": plain.text(pipeline.name, "", "name")}
    if pipeline.description != "":
        made["description"] = plain.text(pipeline.description, "", "description")
    made["engine"] = plain.text(pipeline.engine, "", "engine")
    if pipeline.parameters:
        made["parameters"] = {
            plain.text(name, "", "parameters"): _parameter(name, parameter, plain)
            for name, parameter in pipeline.parameters.items()
        }
    if pipeline.settings:
        made["settings"] = plain.mapping(pipeline.settings, "", "settings")
    made["steps"] = [_step(step, plain) for step in pipeline.steps]
    if plain.problems:
        raise PipelineInvalidError(plain.problems, pipeline=made["name"])
    return made


def _parameter(name: str, parameter: Parameter, plain: Plain) -> dict[str, Any]:
    place = f"parameters.{name}"
    if parameter.name != name:
        plain.problems.append(
            Problem(f"it is declared as {parameter.name!r}", field=place, fix="give it one name")
        )
    made: dict[str, Any] = {"type": plain.text(parameter.type, "", f"{place}.type")}
    if made["type"] not in tuple(ParameterType):
        hint = did_you_mean(made["type"], [known.value for known in ParameterType])
        plain.problems.append(Problem(f"{made['type']!r} is not a type", field=f"{place}.type", fix=hint))
    if parameter.default is not None:
        made["default"] = plain.copy(parameter.default, "", f"{place}.default")
    if parameter.choices:
        made["choices"] = plain.copy(list(parameter.choices), "", f"{place}.choices")
    if parameter.description != "":
        made["description"] = plain.text(parameter.description, "", f"{place}.description")
    return made


def _step(step: Step, plain: Plain) -> dict[str, Any]:
    name = plain.text(step.name, str(step.name), "name")
    made: dict[str, Any] = {
        "name": name,
        "layer": plain.text(step.layer, name, "layer"),
        "type": plain.text(step.type, name, "type"),
    }
    if step.engine != "":
        made["engine"] = plain.text(step.engine, name, "engine")
    if step.value != "":
        made["value"] = plain.copy(step.value, name, "value")
    if step.params:
        made["params"] = plain.mapping(step.params, name, "params")
    if step.inputs:
        made["inputs"] = plain.names(step.inputs, name, "inputs")
    if step.outputs:
        made["outputs"] = plain.names(step.outputs, name, "outputs")
    if step.expectations:
        made["expectations"] = plain.listing(step.expectations, name, "expectations")
    if step.metadata:
        made["metadata"] = plain.mapping(step.metadata, name, "metadata")
    return made


def identical(one: Any, other: Any) -> bool:
    """Whether two plain values are the same in value, type and order; 1, 1.0 and True are three values."""
    if isinstance(one, Mapping):
        return (
            isinstance(other, Mapping)
            and list(one) == list(other)
            and all(identical(item, other[key]) for key, item in one.items())
        )
    if isinstance(one, list | tuple):
        return (
            isinstance(other, list | tuple)
            and len(one) == len(other)
            and all(identical(item, its) for item, its in zip(one, other, strict=True))
        )
    return type(one) is type(other) and bool(one == other)


_DESCRIPTIONS: dict[type, str] = {
    type(None): "null",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    tuple: "a list",
    dict: "a mapping",
    bytes: "bytes",
    set: "a set",
}


def _described(value: Any) -> str:
    kind = type(value)
    return _DESCRIPTIONS.get(kind, f"an object ({kind.__module__}.{kind.__qualname__})")
