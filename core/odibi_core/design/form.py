"""A pipeline's file form, read from a YAML tree: every mistake at once, each with its place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from odibi_core.design.document import (
    DEFAULT_ENGINE,
    PARAMETER_FIELDS,
    PIPELINE_FIELDS,
    STEP_FIELDS,
)
from odibi_core.design.source import Source
from odibi_core.design.yaml_nodes import Mapping, Node, Scalar, Sequence
from odibi_core.design.yaml_scalars import AmbiguousScalarError, quoted, scalar_value
from odibi_core.errors import Problem, did_you_mean
from odibi_core.parameters import Parameter, ParameterType
from odibi_core.pipeline import Pipeline
from odibi_core.step import Step

_MISSING = object()


class FormReader:
    """Reads the tree of one file.

    Attributes:
        source: The file, for places.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self._found: list[tuple[int, int, Problem]] = []

    @property
    def problems(self) -> list[Problem]:
        """Every mistake found so far, in the order of the file."""
        return [problem for _, _, problem in sorted(self._found, key=lambda found: found[:2])]

    def pipeline(self, root: Node) -> Pipeline:
        """The pipeline, as far as it can be told; right where `problems` stays empty."""
        if not isinstance(root, Mapping):
            self._add(
                root,
                "",
                "",
                f"the file holds {_described(root)}, not a pipeline",
                "begin with `name:` and `steps:`"
                + ("" if self.source.file else "; to read a file, pass a Path and not a text"),
            )
            return Pipeline("")
        fields = self._fields(root, PIPELINE_FIELDS, "", "", "a pipeline")
        self._require(root, fields, ("name", "steps"), "", "")
        return Pipeline(
            name=self._text(fields.get("name"), "", "name"),
            steps=self._steps(fields.get("steps")),
            parameters=self._parameters(fields.get("parameters")),
            settings=self._mapping(fields.get("settings"), "", "settings"),
            engine=self._text(fields.get("engine"), "", "engine", DEFAULT_ENGINE),
            description=self._text(fields.get("description"), "", "description"),
        )

    def _steps(self, node: Node | None) -> list[Step]:
        if node is None:
            return []
        if not isinstance(node, Sequence):
            if not _is_null(node):
                fix = "begin each step with a dash: `- name: …`"
                self._add(node, "", "steps", f"steps must be a list, not {_described(node)}", fix)
            return []
        return [self._step(item, number) for number, item in enumerate(node.items, 1)]

    def _step(self, node: Node, number: int) -> Step:
        if not isinstance(node, Mapping):
            fix = "write it as a mapping: `- name: …`"
            self._add(node, "", "steps", f"step {number} must be a mapping, not {_described(node)}", fix)
            return Step("", "", "", "", "")
        name = next(
            (item.text for key, item in node.entries if _is_key(key, "name") and isinstance(item, Scalar)), ""
        )
        label = name or f"#{number}"
        fields = self._fields(node, STEP_FIELDS, label, "", "a step")
        self._require(node, fields, ("name", "layer", "type"), label, "")
        value = fields.get("value")
        return Step(
            layer=self._text(fields.get("layer"), label, "layer"),
            name=self._text(fields.get("name"), label, "name"),
            type=self._text(fields.get("type"), label, "type"),
            engine=self._text(fields.get("engine"), label, "engine"),
            value="" if value is None else self._value(value, label, "value"),
            params=self._mapping(fields.get("params"), label, "params"),
            inputs=self._names(fields.get("inputs"), label, "inputs"),
            outputs=self._names(fields.get("outputs"), label, "outputs"),
            metadata=self._mapping(fields.get("metadata"), label, "metadata"),
            expectations=self._listing(fields.get("expectations"), label, "expectations"),
        )

    def _parameters(self, node: Node | None) -> dict[str, Parameter]:
        if node is None or _is_null(node):
            return {}
        if not isinstance(node, Mapping):
            fix = "write `name: {type: number, default: 1}`"
            self._add(node, "", "parameters", f"parameters must be a mapping, not {_described(node)}", fix)
            return {}
        return {
            name: self._parameter(name, item, f"parameters.{name}")
            for name, item in self._entries(node, "", "parameters").items()
        }

    def _parameter(self, name: str, node: Node, place: str) -> Parameter:
        if not isinstance(node, Mapping):
            fix = f"write `{name}: {{type: text, default: …}}`"
            self._add(node, "", place, f"a parameter must be a mapping, not {_described(node)}", fix)
            return Parameter(name)
        fields = self._fields(node, PARAMETER_FIELDS, "", place, "a parameter")
        choices = fields.get("choices")
        if choices is not None and not isinstance(choices, Sequence):
            fix = "write `[one, another]`"
            self._add(
                choices, "", f"{place}.choices", f"choices must be a list, not {_described(choices)}", fix
            )
            choices = None
        default = fields.get("default")
        return Parameter(
            name,
            type=self._parameter_type(fields.get("type"), f"{place}.type"),
            default=None if default is None else self._value(default, "", f"{place}.default"),
            choices=tuple(self._value(choices, "", f"{place}.choices")) if choices else (),
            description=self._text(fields.get("description"), "", f"{place}.description"),
        )

    def _parameter_type(self, node: Node | None, place: str) -> ParameterType:
        given = self._text(node, "", place, ParameterType.TEXT)
        try:
            return ParameterType(given)
        except ValueError:
            assert node is not None
            hint = did_you_mean(given, [known.value for known in ParameterType])
            self._add(node, "", place, f"{given!r} is not a type of parameter", hint)
            return ParameterType.TEXT

    def _fields(
        self, node: Mapping, known: Iterable[str], step: str, place: str, owner: str
    ) -> dict[str, Node]:
        known = tuple(known)
        fields = self._entries(node, step, place)
        for key, _ in node.entries:
            if isinstance(key, Scalar) and fields.get(key.text) is not None and key.text not in known:
                self._add(
                    key, step, _join(place, key.text), f"{key.text!r} is not a field of {owner}",
                    did_you_mean(key.text, known),
                )  # fmt: skip
        return fields

    def _entries(self, node: Mapping, step: str, place: str) -> dict[str, Node]:
        """Key → value, each key a text and there once."""
        entries: dict[str, Node] = {}
        for key, item in node.entries:
            if not isinstance(key, Scalar):
                self._add(
                    key, step, place, f"a key must be text, not {_described(key)}", "write `key: value`"
                )
                continue
            meant = self._scalar(key, step, place)
            if not isinstance(meant, str):
                fix = f"put it in quotes: {quoted(key.text)}"
                self._add(key, step, place, f"a key must be text, not {_named(meant)}", fix)
            elif meant in entries:
                fix = "keep one of the two"
                self._add(key, step, _join(place, meant), f"the key {meant!r} is there twice", fix)
            else:
                entries[meant] = item
        return entries

    def _require(
        self, node: Mapping, fields: dict[str, Node], names: Iterable[str], step: str, place: str
    ) -> None:
        for name in names:
            if name not in fields:
                self._add(node, step, _join(place, name), f"{name!r} is missing", f"add `{name}: …`")

    def _text(self, node: Node | None, step: str, place: str, default: str = "") -> str:
        if node is None:
            return default
        if not isinstance(node, Scalar):
            self._add(node, step, place, f"it must be text, not {_described(node)}", "write one text")
            return default
        value = self._scalar(node, step, place)
        if isinstance(value, str):
            return value
        fix = "write a text, or remove the key" if value is None else f"put it in quotes: {quoted(node.text)}"
        self._add(node, step, place, f"it must be text, not {_named(value)}", fix)
        return default

    def _names(self, node: Node | None, step: str, place: str) -> dict[str, str]:
        if node is None or _is_null(node):
            return {}
        if not isinstance(node, Mapping):
            fix = f"write `{place}: {{name: dataset_key}}`"
            self._add(node, step, place, f"it must be a mapping, not {_described(node)}", fix)
            return {}
        return {
            name: self._text(item, step, f"{place}.{name}")
            for name, item in self._entries(node, step, place).items()
        }

    def _mapping(self, node: Node | None, step: str, place: str) -> dict[str, Any]:
        if node is None or _is_null(node):
            return {}
        if not isinstance(node, Mapping):
            self._add(
                node, step, place, f"it must be a mapping, not {_described(node)}", "write `key: value`"
            )
            return {}
        value: dict[str, Any] = self._value(node, step, place)
        return value

    def _listing(self, node: Node | None, step: str, place: str) -> list[dict[str, Any]]:
        if node is None or _is_null(node):
            return []
        if not isinstance(node, Sequence):
            fix = "begin each with a dash: `- {check: not_null, columns: [id]}`"
            self._add(node, step, place, f"it must be a list, not {_described(node)}", fix)
            return []
        return [self._mapping(item, step, f"{place}[{number}]") for number, item in enumerate(node.items)]

    def _value(self, node: Node, step: str, place: str) -> Any:
        if isinstance(node, Mapping):
            return {
                name: self._value(item, step, _join(place, name))
                for name, item in self._entries(node, step, place).items()
            }
        if isinstance(node, Sequence):
            return [self._value(item, step, f"{place}[{n}]") for n, item in enumerate(node.items)]
        assert isinstance(node, Scalar)
        return self._scalar(node, step, place)

    def _scalar(self, node: Scalar, step: str, place: str) -> Any:
        if node.style:
            return node.text
        try:
            return scalar_value(node.text)
        except AmbiguousScalarError as error:
            self._add(node, step, place, error.what, error.fix)
            return node.text

    def _add(self, node: Node, step: str, field: str, what: str, fix: str) -> None:
        place = self.source.place(node.line, node.column)
        self._found.append((node.line, node.column, Problem(what, step, field, fix, place=place)))


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _is_key(node: Node, name: str) -> bool:
    return isinstance(node, Scalar) and node.text == name


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and not node.style and node.text in ("", "~", "null", "Null", "NULL")


def _described(node: Node) -> str:
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list"
    return "nothing" if _is_null(node) else "a single value"


def _named(value: Any) -> str:
    if value is None:
        return "nothing"
    return f"the boolean {str(value).lower()}" if isinstance(value, bool) else f"the number {value}"
