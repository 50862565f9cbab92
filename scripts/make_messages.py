"""Write what the front end has from the server's code: `python scripts/make_messages.py`.

That is `messages.ts` from the messages' models, and `editor/keywords.ts` from the words that engines keep.
"""

from __future__ import annotations

import inspect
import json
import textwrap
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import BaseModel

from odibi_core.events import NodeState
from odibi_core.journal.record import RunState
from odibi_core.journal.repeating import Repeat
from odibi_studio import health_messages, messages, run_messages, trace_messages
from odibi_studio.recipes.names import keywords

SOURCES = Path(__file__).parents[1] / "studio" / "frontend" / "src"
HEADER = "// Made by scripts/make_messages.py from odibi_studio/*messages.py: change it there.\n"
MODULES = (messages, run_messages, trace_messages, health_messages)
CORE_NAMES = (NodeState, RunState, Repeat)
WIDTH = 110
SIMPLE = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def typescript() -> str:
    """The text of messages.ts: an interface a message, a union an enumeration, in the order of the module."""
    names = [_union(found) for found in CORE_NAMES]
    declared = [text for module in MODULES for _, text in sorted(_declarations(module))]
    return "\n".join([HEADER, *names, *declared])


def _declarations(module: ModuleType) -> Iterator[tuple[int, str]]:
    for name, found in vars(module).items():
        if not inspect.isclass(found) or found.__module__ != module.__name__:
            continue
        line = inspect.getsourcelines(found)[1]
        if issubclass(found, StrEnum):
            yield line, _union(found)
        elif issubclass(found, BaseModel) and found is not messages.Message:
            yield line, _interface(name, found)


def _union(found: type[StrEnum]) -> str:
    union = " | ".join(json.dumps(member.value) for member in found)
    return f"{_comment(inspect.getdoc(found), '')}export type {found.__name__} = {union};\n"


def _interface(name: str, model: type[BaseModel]) -> str:
    schema = model.model_json_schema(mode="serialization" if not _is_sent(name) else "validation")
    required = set(schema.get("required", ()))
    lines = [f"{_comment(inspect.getdoc(model), '')}export interface {name} {{"]
    for field, content in schema["properties"].items():
        mark = "?" if _is_sent(name) and field not in required else ""
        lines.append(f"{_comment(content.get('description'), '  ')}  {field}{mark}: {_type(content)};")
    return "\n".join([*lines, "}\n"])


def _is_sent(name: str) -> bool:
    """Whether the browser makes it: then what has a default may be left out."""
    return name.endswith("Request")


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[1])
    if "anyOf" in schema:
        return " | ".join(_type(option) for option in schema["anyOf"])
    if "allOf" in schema:
        return _type(schema["allOf"][0])
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if "const" in schema:
        return json.dumps(schema["const"])
    match schema.get("type"):
        case "array":
            item = _type(schema.get("items", {}))
            return f"({item})[]" if " | " in item else f"{item}[]"
        case "object":
            values = schema.get("additionalProperties", True)
            return f"Record<string, {_type(values) if isinstance(values, dict) else 'unknown'}>"
        case None:
            return "unknown"
        case simple:
            return SIMPLE[simple]


def _comment(text: str | None, indent: str) -> str:
    if not text:
        return ""
    flat = " ".join(text.split())
    whole = f"{indent}/** {flat} */\n"
    if len(whole) <= WIDTH:
        return whole
    lines, line = [f"{indent}/**"], f"{indent} *"
    for word in flat.split():
        if len(line) + len(word) + 1 > WIDTH:
            lines.append(line)
            line = f"{indent} *"
        line += f" {word}"
    return "\n".join([*lines, line, f"{indent} */\n"])


def keywords_typescript() -> str:
    """The text of keywords.ts: the words that need quotes where they are names."""
    text = "// Made by scripts/make_messages.py from DuckDB's own list and odibi_studio/recipes/names.py.\n"
    text += "\n/** Words that SQL takes for its own where a name could stand, in small letters. */\n"
    text += "export const KEYWORDS: ReadonlySet<string> = new Set(\n  (\n"
    lines = textwrap.wrap(" ".join(sorted(keywords())), WIDTH - 12)
    text += " +\n".join(f"    {json.dumps(line + ' ')}" for line in lines[:-1])
    return f'{text} +\n    {json.dumps(lines[-1])}\n  ).split(" "),\n);\n'


MADE = {"messages.ts": typescript, "editor/keywords.ts": keywords_typescript}

if __name__ == "__main__":
    for made, text in MADE.items():
        (SOURCES / made).write_text(text(), encoding="utf-8")
