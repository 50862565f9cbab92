"""Values in Python source, read from the syntax tree. Nothing is ever run."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from odibi_core.design.document import MAX_DEPTH, MAX_INTEGER_DIGITS
from odibi_core.design.source import Source
from odibi_core.errors import Problem, Severity, did_you_mean
from odibi_core.formats.base import WriteMode
from odibi_core.parameters import ParameterType
from odibi_core.step import NodeKind, StepType

MISSING = object()
"""What stands for a value that could not be read; its problem is noted."""

_LINE_BREAK = re.compile(r"\r\n|\r|\n")


def _members(*modes: type[StrEnum]) -> dict[str, dict[str, str]]:
    return {
        mode.__name__: {name: member.value for name, member in mode.__members__.items()} for mode in modes
    }


# The modes of the run itself live in layers above this one; their members are part of the public interface.
MODES: Mapping[str, Mapping[str, str]] = {
    **_members(ParameterType, StepType, NodeKind, WriteMode),
    "CheckpointMode": {name: name.lower() for name in ("MANUAL", "AUTO", "INTERVAL", "LAYER")},
    "ExecutionBackend": {name: name.lower() for name in ("THREAD_POOL", "PROCESS_POOL")},
}


class LiteralReader:
    """Reads literals of one source; what is none becomes a problem.

    Args:
        source: The text, for places.
        aliases: Name in the text → name that it was imported under.
    """

    def __init__(self, source: Source, aliases: Mapping[str, str]) -> None:
        self._source = source
        self._lines = _LINE_BREAK.split(source.text)
        self._aliases = aliases
        self._found: list[tuple[int, int, Problem]] = []

    @property
    def problems(self) -> list[Problem]:
        """Everything found so far, in the order of the file."""
        return [problem for _, _, problem in sorted(self._found, key=lambda found: found[:2])]

    def note(
        self,
        node: ast.expr | ast.stmt | ast.keyword,
        what: str,
        fix: str,
        *,
        step: str = "",
        field: str = "",
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Keep a problem, with the place of `node`."""
        line = self._lines[node.lineno - 1] if node.lineno <= len(self._lines) else ""
        column = len(line.encode("utf-8", "surrogatepass")[: node.col_offset].decode("utf-8", "replace")) + 1
        place = self._source.place(node.lineno, column)
        self._found.append((node.lineno, column, Problem(what, step, field, fix, severity, place)))

    def called(self, node: ast.AST) -> str:
        """The name of what is called, under which it was imported; "" where `node` is no call of a name."""
        return self._name(node.func) if isinstance(node, ast.Call) else ""

    def value(self, node: ast.expr, step: str, field: str, depth: int = 0) -> Any:
        """The value of a literal, or `MISSING`."""
        if depth > MAX_DEPTH:
            return self._refuse(node, f"it is nested more than {MAX_DEPTH} deep", "flatten it", step, field)
        match node:
            case ast.Constant():
                return self._constant(node, step, field)
            case ast.Dict():
                return self._mapping(node, step, field, depth)
            case ast.List() | ast.Tuple():
                read = [
                    self.value(item, step, f"{field}[{n}]", depth + 1) for n, item in enumerate(node.elts)
                ]
                items = [item for item in read if item is not MISSING]
                return items if isinstance(node, ast.List) else tuple(items)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=ast.Constant() as operand):
                number = self._constant(operand, step, field)
                if isinstance(number, int | float) and not isinstance(number, bool):
                    return -number if isinstance(node.op, ast.USub) else number
                if number is MISSING:
                    return MISSING
            case ast.BinOp(op=ast.Add()):
                return self._concatenation(node, step, field)
            case ast.Attribute() if (mode := self._name(node.value)) in MODES:
                return self._member(node, mode, step, field)
        return self._refuse(node, *_complaint(node, field), step, field)

    def text(self, node: ast.expr, step: str, field: str) -> str:
        """The value of a text literal; "" where it is none."""
        value = self.value(node, step, field)
        if value is not MISSING and not isinstance(value, str):
            self.note(node, f"it must be text, not {value!r}", "put it in quotes", step=step, field=field)
        return value if isinstance(value, str) else ""

    def arguments(
        self, call: ast.Call, names: tuple[str, ...], owner: str, step: str = ""
    ) -> dict[str, ast.expr]:
        """Name → argument of a call, positional ones named."""
        given: dict[str, ast.expr] = {}
        for position, argument in enumerate(call.args):
            if isinstance(argument, ast.Starred):
                self.note(argument, "arguments behind a star can't be read", "write them out", step=step)
            elif position >= len(names):
                what = f"{owner} takes at most {len(names)} arguments without a name"
                self.note(argument, what, "name the argument", step=step)
            else:
                given[names[position]] = argument
        for keyword in call.keywords:
            if keyword.arg is None:
                self.note(keyword, "arguments behind two stars can't be read", "write them out", step=step)
            elif keyword.arg in given:
                self.note(keyword, f"{keyword.arg!r} is given twice", "keep one of the two", step=step)
            elif keyword.arg not in names:
                what = f"{owner} has no argument {keyword.arg!r}"
                self.note(keyword, what, did_you_mean(keyword.arg, names), step=step, field=keyword.arg)
            else:
                given[keyword.arg] = keyword.value
        return given

    def _name(self, node: ast.expr) -> str:
        if isinstance(node, ast.Name):
            return self._aliases.get(node.id, node.id)
        return node.attr if isinstance(node, ast.Attribute) else ""

    def _constant(self, node: ast.Constant, step: str, field: str) -> Any:
        value = node.value
        if isinstance(value, bool) or value is None or isinstance(value, str):
            return value
        if isinstance(value, int):
            if len(self._spelled(node)) <= MAX_INTEGER_DIGITS:
                return value
            what = f"a number has at most {MAX_INTEGER_DIGITS} digits"
            return self._refuse(node, what, "write it as text", step, field)
        if isinstance(value, float):
            if math.isfinite(value):
                return value
            return self._refuse(node, "the number is too large", "write it as text", step, field)
        return self._refuse(node, *_complaint(node, field), step, field)

    def _spelled(self, node: ast.Constant) -> str:
        line = self._lines[node.lineno - 1].encode("utf-8", "surrogatepass")
        return line[node.col_offset : node.end_col_offset].decode("utf-8", "replace")

    def _mapping(self, node: ast.Dict, step: str, field: str, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key_node, item in zip(node.keys, node.values, strict=True):
            if key_node is None:
                self._refuse(item, "entries behind two stars can't be read", "write them out", step, field)
                continue
            key = self.value(key_node, step, field, depth + 1)
            if key is MISSING:
                continue
            if not isinstance(key, str):
                fix = f"write it as {str(key)!r}"
                self._refuse(key_node, f"a key must be text, not {key!r}", fix, step, field)
                continue
            place = f"{field}.{key}"
            if key in made:
                self._refuse(key_node, f"the key {key!r} is there twice", "keep one of the two", step, place)
                continue
            value = self.value(item, step, place, depth + 1)
            if value is not MISSING:
                made[key] = value
        return made

    def _concatenation(self, node: ast.BinOp, step: str, field: str) -> Any:
        parts = [self.value(part, step, field, depth=MAX_DEPTH) for part in _operands(node)]
        if any(part is MISSING for part in parts):
            return MISSING
        if all(isinstance(part, str) for part in parts):
            return "".join(parts)
        return self._refuse(node, "only texts can be joined with +", "write the value itself", step, field)

    def _member(self, node: ast.Attribute, mode: str, step: str, field: str) -> Any:
        if node.attr in MODES[mode]:
            return MODES[mode][node.attr]
        hint = did_you_mean(node.attr, MODES[mode])
        return self._refuse(node, f"{mode} has no member {node.attr!r}", hint, step, field)

    def _refuse(self, node: ast.expr, what: str, fix: str, step: str, field: str) -> Any:
        self.note(node, what, fix, step=step, field=field)
        return MISSING


def _operands(node: ast.BinOp) -> Iterator[ast.expr]:
    """The parts of a chain of +, however long."""
    parts: list[ast.expr] = []
    rest: ast.expr = node
    while isinstance(rest, ast.BinOp) and isinstance(rest.op, ast.Add):
        parts.append(rest.right)
        rest = rest.left
    return reversed([*parts, rest])


def _complaint(node: ast.expr, field: str) -> tuple[str, str]:
    """What is wrong with an expression that is no literal, and how to mend it."""
    if field.rpartition(".")[2] == "cloud_adapter":
        return (
            "an adapter is an object of the program, which a design can't hold",
            'name a connection in its place: {"connection": "my_storage"}, declared in odibi.toml',
        )
    match node:
        case ast.JoinedStr():
            return (
                "an f-string is made when the program runs",
                "write a plain text; the run fills in placeholders, such as {date} or a parameter's {name}",
            )
        case ast.Name():
            return (
                f"the name {node.id!r} stands for something that only the running program knows",
                "write the value itself, or declare a parameter and write {" + node.id + "} in a text",
            )
        case ast.Call():
            called = ast.unparse(node.func)
            return f"the call of {called[:60]!r} would have to be run", "write the value itself"
        case ast.Lambda():
            return (
                "a lambda is code, which a design can't hold",
                "write a function, and name it as text: 'package.module.function'",
            )
        case ast.Set() | ast.SetComp():
            return "a set can't be held", "write a list"
        case ast.ListComp() | ast.DictComp() | ast.GeneratorExp():
            return "a comprehension would have to be run", "write the values out"
        case ast.Constant():
            return f"{type(node.value).__name__} values can't be held", "write text or a number"
    return "the expression is no literal, and nothing is run here", "write the value itself"
