"""Edits a YAML text so that it says something else, and leaves every other character as it is.

The text is cut where the nodes of its tree stand; only the pieces whose values changed are written anew.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence as AnySequence
from dataclasses import field
from typing import Any

from odibi_core.design.document import PARAMETER_FIELDS, PIPELINE_FIELDS, STEP_FIELDS, identical
from odibi_core.design.yaml_blocks import Child, assemble
from odibi_core.design.yaml_nodes import Mapping, Node, Scalar, Sequence
from odibi_core.design.yaml_scalars import scalar_value, spell
from odibi_core.design.yaml_writer import (
    MAX_LINE_LENGTH,
    write_entry,
    write_flow,
    write_item,
    write_key,
)
from odibi_core.late_dataclass import dataclass

_HEADER_COMMENT = re.compile(r"[^\n#]*?([ \t]+#[^\n]*)")


@dataclass(frozen=True, slots=True)
class Shape:
    """How a mapping or list is to be edited.

    Attributes:
        fields: The keys in the order of the form, where it has one: then what is there keeps its place.
        implied: What a missing key means.
        inside: Key → shape of its value.
        each: The shape of every value or item.
        name: The key that tells items apart.
    """

    fields: tuple[str, ...] = ()
    implied: AnyMapping[str, Any] = field(default_factory=dict)
    inside: AnyMapping[str, Shape] = field(default_factory=dict)
    each: Shape | None = None
    name: str = ""

    def of(self, key: str) -> Shape:
        """The shape of the value at `key`."""
        return self.inside.get(key) or self.each or _FREE


_FREE = Shape()
_PARAMETER = Shape(PARAMETER_FIELDS, {"type": "text", "default": None, "choices": [], "description": ""})
_STEP = Shape(
    STEP_FIELDS,
    {
        "engine": "",
        "value": "",
        "params": {},
        "inputs": {},
        "outputs": {},
        "metadata": {},
        "expectations": [],
    },
)
PIPELINE = Shape(
    PIPELINE_FIELDS,
    {"description": "", "engine": "pandas", "parameters": {}, "settings": {}},
    {"parameters": Shape(each=_PARAMETER), "steps": Shape(each=_STEP, name="name")},
)


def value_of(node: Node) -> Any:
    """The plain value that a node stands for."""
    if isinstance(node, Mapping):
        return {key.text: value_of(item) for key, item in node.entries if isinstance(key, Scalar)}
    if isinstance(node, Sequence):
        return [value_of(item) for item in node.items]
    assert isinstance(node, Scalar)
    return node.text if node.style else scalar_value(node.text)


class Editor:
    """Edits one text.

    Args:
        text: With line feeds as its only line breaks.
    """

    def __init__(self, text: str) -> None:
        self._text = text

    def edit(self, root: Node, new: Any, shape: Shape) -> str | None:
        """The whole text with another value at its root; None where that can't be done in place."""
        if _is_inline(root):
            return self._text[: root.start] + self._flow(root, new, shape) + self._text[root.end :]
        made = self._value(root, new, shape)
        if made is None:
            return None
        return (
            self._text[: root.start] + made + self._text[self._extent(root.end, self._column(root.start)) :]
        )

    def _value(self, node: Node, new: Any, shape: Shape, above: list[str] | None = None) -> str | None:
        """The text of a changed value; None where its entry or item has to be written anew.

        Args:
            node: What is there.
            new: What shall be there.
            shape: How to edit it.
            above: The lines above the first child, where a block has lines of its own: they are then part
                of what comes back.
        """
        if _is_inline(node):
            made = self._flow(node, new, shape)
            return made if max(map(len, made.split("\n"))) <= MAX_LINE_LENGTH else None
        if isinstance(node, Mapping) and isinstance(new, AnyMapping) and new:
            return self._mapping(node, new, shape, above)
        if isinstance(node, Sequence) and isinstance(new, list | tuple) and new:
            return self._sequence(node, new, shape, above)
        return None

    def _flow(self, node: Node, new: Any, shape: Shape) -> str:
        """The text of a value on one line, or inside brackets."""
        old = value_of(node)
        new = _without_implied(old, new, shape)
        if identical(old, new):
            return self._text[node.start : node.end]
        pairs: list[tuple[Node, Any, Shape]] = []
        if isinstance(node, Mapping) and isinstance(new, AnyMapping) and list(old) == list(new):
            pairs = [
                (item, new[key.text], shape.of(key.text))
                for key, item in node.entries
                if isinstance(key, Scalar)
            ]
        elif isinstance(node, Sequence) and isinstance(new, list | tuple) and len(old) == len(new):
            pairs = [(item, its, shape.of("")) for item, its in zip(node.items, new, strict=True)]
        if not pairs or any(item.start == item.end for item, _, _ in pairs):
            return write_flow(new)
        parts, position = [], node.start
        for item, its, inner in pairs:
            parts += [self._text[position : item.start], self._flow(item, its, inner)]
            position = item.end
        return "".join([*parts, self._text[position : node.end]])

    def _mapping(
        self, node: Mapping, new: AnyMapping[str, Any], shape: Shape, above: list[str] | None
    ) -> str | None:
        old = value_of(node)
        new = _without_implied(old, new, shape)
        column = self._column(node.start)
        before: list[Child] = []
        before_end = 0
        for number, (key, item) in enumerate(node.entries):
            if self._column(key.start) != column or not self._begins(key.start, follows_dash=not number):
                return None
            end = self._extent(item.end, column)
            lines = self._lines(before_end, key.start) if number else above or []
            before.append(Child(self._text[key.start : end], lines, number))
            before_end = end
        after = []
        names = list(old)
        for name in _key_order(names, new, shape):
            if name not in old:
                after.append(Child(write_entry(write_key(name), new[name], column)))
                continue
            position = names.index(name)
            body = before[position].body
            if not identical(old[name], new[name]):
                body = self._entry(node.entries[position], new[name], shape.of(name), body, column)
            after.append(Child(body, before[position].above, position))
        return assemble(before, after, column, starts_line=above is not None)

    def _entry(self, entry: tuple[Node, Node], new: Any, shape: Shape, body: str, column: int) -> str:
        key, node = entry
        key_text = self._text[key.start : key.end]
        made = self._placed(key.start, node, new, shape, body)
        if made is not None:
            return made
        return self._anew(write_entry(key_text, new, column), key.end, node, body, key.start)

    def _sequence(
        self, node: Sequence, new: AnySequence[Any], shape: Shape, above: list[str] | None
    ) -> str | None:
        old = value_of(node)
        column = self._column(node.start)
        before: list[Child] = []
        starts: list[int] = []
        before_end = 0
        for number, item in enumerate(node.items):
            start = self._dash(before_end, column) if number else node.start
            if start is None:
                return None
            end = self._extent(max(item.end, start + 1), column)
            lines = self._lines(before_end, start) if number else above or []
            starts.append(start)
            before.append(Child(self._text[start:end], lines, number))
            before_end = end
        after = []
        for position, its in zip(_pairs(old, new, shape.name), new, strict=True):
            if position is None:
                after.append(Child(write_item(its, column)))
                continue
            item, body = node.items[position], before[position].body
            if not identical(old[position], its):
                start = starts[position]
                made = self._placed(start, item, its, shape.of(""), body)
                if made is None:
                    made = self._anew(write_item(its, column), start + 1, item, body, start)
                body = made
            after.append(Child(body, before[position].above, position))
        return assemble(before, after, column, starts_line=above is not None)

    def _placed(self, start: int, node: Node, new: Any, shape: Shape, body: str) -> str | None:
        """The body with its value exchanged, or None where the whole body has to be written anew."""
        head = self._text[start : node.start]
        if _is_inline(node) and not isinstance(new, AnyMapping | list | tuple):
            return self._placed_scalar(start, node, new, body)
        if isinstance(node, Scalar):
            return None
        if _is_inline(node):
            made = self._value(node, new, shape)
            return None if made is None else head + made + body[node.end - start :]
        above = self._lines_above(head) if "\n" in head else None
        made = self._value(node, new, shape, above)
        if made is None:
            return None
        if above is not None:
            head = head.partition("\n")[0] + "\n"
        inner_end = self._extent(node.end, self._column(node.start))
        return head + made + body[inner_end - start :]

    def _placed_scalar(self, start: int, node: Node, new: Any, body: str) -> str | None:
        if isinstance(new, str) and "\n" in new:
            return None
        head, made = self._text[start : node.start], spell(new)
        if "\n" in head or "\n" in self._text[node.start : node.end]:
            return None
        gap = "" if head.endswith((" ", "\t")) else " "
        return f"{head}{gap}{made}{body[node.end - start :]}"

    def _anew(self, made: str, head_end: int, node: Node, body: str, start: int) -> str:
        """A body written anew, with the comment of its first line and those below it."""
        first, line_break, rest = made.partition("\n")
        if _is_inline(node):
            suffix, _, below = body[max(node.end, head_end) - start :].partition("\n")
            suffix = suffix if "#" in suffix else ""
        else:
            has_header = isinstance(node, Scalar) or "\n" in self._text[head_end : node.start]
            comment = _HEADER_COMMENT.match(self._text, head_end) if has_header else None
            suffix = comment[1] if comment else ""
            below = self._text[self._line_end(node.end) + 1 : start + len(body)]
        return first + suffix + line_break + rest + (f"\n{below}" if below else "")

    def _column(self, index: int) -> int:
        return index - (self._text.rfind("\n", 0, index) + 1)

    def _begins(self, index: int, *, follows_dash: bool) -> bool:
        """Whether nothing but blanks, or a dash, stands before `index` on its line."""
        before = self._text[self._text.rfind("\n", 0, index) + 1 : index].strip(" ")
        return not before or (follows_dash and before.endswith("-"))

    def _line_end(self, index: int) -> int:
        end = self._text.find("\n", index)
        return len(self._text) if end < 0 else end

    def _extent(self, end: int, column: int) -> int:
        """The end of the line at `end`, or of the last deeper comment line that follows it."""
        extent = position = self._line_end(end)
        while position < len(self._text):
            line_end = self._line_end(position + 1)
            line = self._text[position + 1 : line_end]
            content = line.lstrip(" ")
            if content.startswith("#"):
                if len(line) - len(content) <= column:
                    break
                extent = line_end
            elif content.strip():
                break
            position = line_end
        return extent

    def _lines(self, end: int, start: int) -> list[str]:
        """The whole lines between the end of one child's last line and the start of the next child."""
        return self._lines_above(self._text[end:start])

    @staticmethod
    def _lines_above(between: str) -> list[str]:
        return between.split("\n")[1:-1]

    def _dash(self, end: int, column: int) -> int | None:
        """The dash at `column` on the first line after `end` that is no comment."""
        position = end
        while position < len(self._text):
            line_end = self._line_end(position + 1)
            line = self._text[position + 1 : line_end]
            if line.strip() and not line.lstrip().startswith("#"):
                return position + 1 + column if line.startswith(" " * column + "-") else None
            position = line_end
        return None


def _is_inline(node: Node) -> bool:
    """Whether the value has an exact end: a scalar that is no block, or brackets."""
    if isinstance(node, Scalar):
        return node.style not in ("|", ">")
    return isinstance(node, Mapping | Sequence) and node.is_flow


def _without_implied(old: Any, new: Any, shape: Shape) -> Any:
    """The new value as the text would say it: with what is said though implied, without what goes unsaid."""
    if not (shape.fields and isinstance(old, AnyMapping) and isinstance(new, AnyMapping)):
        return new
    said = {key: item for key, item in new.items() if key in old or not _implies(shape, key, item)}
    kept = {key: item for key, item in old.items() if key not in new and _goes_unsaid(shape, key, item)}
    return said | kept


def _goes_unsaid(shape: Shape, key: str, value: Any) -> bool:
    return _implies(shape, key, value) or (value is None and shape.implied.get(key) in ({}, []))


def _implies(shape: Shape, key: str, value: Any) -> bool:
    return key in shape.implied and identical(shape.implied[key], value)


def _key_order(old: AnySequence[str], new: AnyMapping[str, Any], shape: Shape) -> list[str]:
    if not shape.fields:
        return list(new)
    order = [key for key in old if key in new]
    for key in shape.fields:
        if key in new and key not in old:
            earlier = [
                order.index(known) for known in shape.fields[: shape.fields.index(key)] if known in order
            ]
            order.insert(max(earlier, default=-1) + 1, key)
    return order


def _pairs(old: AnySequence[Any], new: AnySequence[Any], name: str) -> list[int | None]:
    """For each new item the old one that it comes from: of its name or value, else at its place."""

    def identity(item: Any) -> str:
        return repr(item.get(name) if name and isinstance(item, AnyMapping) else item)

    places: dict[str, deque[int]] = defaultdict(deque)
    for position, item in enumerate(old):
        places[identity(item)].append(position)
    pairs: list[int | None] = []
    for item in new:
        known = places.get(identity(item))
        pairs.append(known.popleft() if known else None)
    taken = set(pairs)
    for position in range(min(len(old), len(new))):
        if pairs[position] is None and position not in taken:
            pairs[position] = position
    return pairs
