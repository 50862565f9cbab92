"""A pipeline as a Python script that runs with odibi_core alone.

Every value is written as a literal, and the finished text is parsed and held against a list of what may be in
it: a value can never become code.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from odibi_core.design.document import STEP_FIELDS
from odibi_core.errors import DesignError
from odibi_core.late_dataclass import dataclass
from odibi_core.parameters import ParameterType

_WIDTH = 100
_INDENT = 4
_STEP_ORDER = ("layer", "name", *(name for name in STEP_FIELDS if name not in ("layer", "name")))
_RUN = """if __name__ == "__main__":
    result = Orchestrator(pipeline).execute()
    for step, error in result.errors.items():
        print(f"{step}: {error}")
    raise SystemExit(0 if result.success else 1)
"""
_LITERALS = (ast.List, ast.Tuple, ast.Dict, ast.Constant, ast.UnaryOp, ast.USub, ast.keyword)
_CALLS = frozenset(("Step", "Pipeline", "Parameter"))
_MODULES = frozenset(("orchestrator", "parameters", "pipeline", "step"))


@dataclass(frozen=True, slots=True)
class _Call:
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Name:
    text: str


def write_script(document: Mapping[str, Any]) -> str:
    """The script of a pipeline.

    Args:
        document: The pipeline as plain values (see `design.document`).

    Raises:
        DesignError: The text would hold more than literals.
    """
    steps = [_Call("Step", _step_arguments(step)) for step in document["steps"]]
    listed = "".join(f"{' ' * _INDENT}{_expression(step, _INDENT, _WIDTH)},\n" for step in steps)
    parameters = document.get("parameters", {})
    imports = [
        "from odibi_core.orchestrator import Orchestrator",
        *(["from odibi_core.parameters import Parameter, ParameterType"] if parameters else []),
        "from odibi_core.pipeline import Pipeline",
        *(["from odibi_core.step import Step"] if steps else []),
    ]
    pipeline = _Call("Pipeline", _pipeline_arguments(document))
    text = "\n".join(
        [
            *imports,
            "",
            f"steps = [\n{listed}]" if steps else "steps = []",
            "",
            f"pipeline = {_expression(pipeline, 0, _WIDTH)}",
            "",
            _RUN,
        ]
    )
    _check(text)
    return text


def _pipeline_arguments(document: Mapping[str, Any]) -> dict[str, Any]:
    arguments = {"name": document["name"], "steps": _Name("steps")}
    if "parameters" in document:
        arguments["parameters"] = {
            name: _Call("Parameter", _parameter_arguments(name, fields))
            for name, fields in document["parameters"].items()
        }
    return arguments | {
        name: document[name] for name in ("settings", "engine", "description") if name in document
    }


def _parameter_arguments(name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    arguments: dict[str, Any] = {"name": name, **fields}
    arguments["type"] = _Name(f"ParameterType.{ParameterType(fields['type']).name}")
    if "choices" in fields:
        arguments["choices"] = tuple(fields["choices"])
    return arguments


def _step_arguments(step: Mapping[str, Any]) -> dict[str, Any]:
    filled = {"engine": "", "value": "", **step}
    return {name: filled[name] for name in _STEP_ORDER if name in filled}


def _expression(value: Any, column: int, used: int) -> str:
    """The value as source: on one line where it fits, else an item a line.

    Args:
        value: A plain value, a call, or a name.
        column: Where the line begins that it stands on.
        used: How much of the line is taken, before and behind it.
    """
    flat = _flat(value)
    if flat is not None and used + len(flat) <= _WIDTH:
        return flat
    if isinstance(value, str):
        return (flat if "\n" not in value else _triple_quoted(value)) or _joined(value, column)
    opening, closing, heads = _brackets(value)
    if not heads:
        return flat or repr(value)
    inner = column + _INDENT
    lines = [
        f"{' ' * inner}{head}{_expression(item, inner, inner + len(head) + 1)},\n" for head, item in heads
    ]
    return f"{opening}\n{''.join(lines)}{' ' * column}{closing}"


def _flat(value: Any) -> str | None:
    """The value on one line; None where a text in it has several."""
    if isinstance(value, str):
        return None if "\n" in value else _quoted(value)
    if isinstance(value, _Name):
        return value.text
    opening, closing, heads = _brackets(value)
    if not opening:
        return repr(value)
    parts = []
    for head, item in heads:
        flat = _flat(item)
        if flat is None:
            return None
        parts.append(head + flat)
    comma = "," if isinstance(value, tuple) and len(value) == 1 else ""
    return f"{opening}{', '.join(parts)}{comma}{closing}"


def _brackets(value: Any) -> tuple[str, str, list[tuple[str, Any]]]:
    """What opens and closes a value that has items, and the items, each behind its name or key."""
    if isinstance(value, _Call):
        return f"{value.name}(", ")", [(f"{name}=", item) for name, item in value.arguments.items()]
    if isinstance(value, dict):
        return "{", "}", [(f"{_quoted(key)}: ", item) for key, item in value.items()]
    if isinstance(value, list):
        return "[", "]", [("", item) for item in value]
    if isinstance(value, tuple):
        return "(", ")", [("", item) for item in value]
    return "", "", []


def _quoted(text: str) -> str:
    """A literal of the text on one line, in double quotes where that needs no more escapes."""
    literal = repr(text)
    return f'"{literal[1:-1]}"' if literal[0] == "'" and '"' not in literal else literal


def _triple_quoted(text: str) -> str | None:
    """A literal over several lines that is exactly the text; None where there is none."""
    is_exact = (
        text.replace("\n", "").replace("\t", "").isprintable()
        and '"""' not in text
        and not text.endswith(('"', "\\"))
    )
    prefix = "r" if "\\" in text else ""
    return f'{prefix}"""{text}"""' if is_exact else None


def _joined(text: str, column: int) -> str:
    """A literal a line, which Python joins."""
    pad = " " * (column + _INDENT)
    lines = "".join(f"{pad}{_quoted(line)}\n" for line in text.splitlines(keepends=True))
    return f"(\n{lines}{' ' * column})"


def _check(text: str) -> None:
    """Refuse a script in which anything but literals is handed to anything but the three calls.

    Raises:
        DesignError: There is something else in it.
    """
    statements = ast.parse(text).body
    run = ast.parse(_RUN).body
    values = statements[: -len(run)]
    is_allowed = ast.dump(ast.Module(statements[-len(run) :], [])) == ast.dump(ast.Module(run, []))
    for statement in values:
        match statement:
            case ast.ImportFrom(module=str() as module, level=0):
                is_allowed &= module.removeprefix("odibi_core.") in _MODULES
            case ast.Assign(targets=[ast.Name(id="steps" | "pipeline")], value=value):
                is_allowed &= _is_data(value)
            case _:
                is_allowed = False
    if not is_allowed:
        raise DesignError("the script would hold more than literals", fix="export the pipeline as YAML")


def _is_data(value: ast.expr) -> bool:
    pending: list[ast.AST] = [value]
    while pending:
        node = pending.pop()
        match node:
            case ast.Call(func=ast.Name(id=name), args=[]) if name in _CALLS:
                pending += node.keywords
            case ast.Name(id="steps") | ast.Attribute(value=ast.Name(id="ParameterType")):
                pass
            case _ if isinstance(node, _LITERALS):
                pending += (
                    child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.expr_context)
                )
            case _:
                return False
    return True
