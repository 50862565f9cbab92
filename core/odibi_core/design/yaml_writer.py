"""Plain values as YAML text: SQL as literal blocks, short collections on one line.

Written here and not by a library's emitter for three reasons: a literal block holds any SQL exactly (emitters
give up on a blank at a line's end), an edit writes one value into a text that stays as it is, and a run of a
thousand steps writes its design in milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from odibi_core.design.yaml_scalars import MAX_KEY_LENGTH, spell, spell_flow_text, spell_text
from odibi_core.errors import DesignError
from odibi_core.step import MAPPINGS

MAX_LINE_LENGTH = 100
INDENT = 2


def write_mapping(value: Mapping[str, Any], column: int = 0) -> str:
    """A mapping in block form, the first line without its indentation, no line break at the end.

    Args:
        value: Not empty.
        column: Where its keys stand, from 0.
    """
    return f"\n{' ' * column}".join(
        [write_entry(write_key(key), item, column) for key, item in value.items()]
    )


def write_entry(key: str, value: Any, column: int) -> str:
    """An entry of a block mapping, the first line without its indentation, no line break at the end.

    Args:
        key: As it stands in the text.
        value: Any plain value.
        column: Where the key stands, from 0.
    """
    if type(value) is str and "\n" not in value:
        return f"{key}: {spell_text(value)}"
    inline = _inline(value, column, column + len(key) + 2)
    if inline is not None:
        return f"{key}: {inline}"
    below = column + INDENT
    return f"{key}:\n{' ' * below}{_block(value, below)}"


def write_item(value: Any, column: int) -> str:
    """An item of a block list with its dash; like `write_entry` in what it leaves out.

    Args:
        value: Any plain value.
        column: Where the dash stands, from 0.
    """
    if isinstance(value, MAPPINGS) and value:
        return f"- {write_mapping(value, column + INDENT)}"
    inline = _inline(value, column, column + INDENT)
    return f"- {inline if inline is not None else _block(value, column + INDENT)}"


def write_flow(value: Any) -> str:
    """Any plain value on one line, as it may stand inside brackets."""
    if isinstance(value, str):
        return spell_flow_text(value)
    if isinstance(value, MAPPINGS):
        return f"{{{', '.join([f'{write_key(key)}: {write_flow(item)}' for key, item in value.items()])}}}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(write_flow, value)) + "]"
    return spell(value)


@lru_cache(maxsize=1024)
def write_key(key: str) -> str:
    """A key, quoted where it has to be.

    Raises:
        DesignError: It is too long for a key of YAML.
    """
    spelled = spell_flow_text(key)
    if len(spelled) > MAX_KEY_LENGTH:
        raise DesignError(
            f"a name has more than {MAX_KEY_LENGTH} characters, which YAML can't hold as a key",
            where=f"the name that begins with {key[:40]!r}",
            fix="shorten it",
        )
    return spelled


def _block(value: Any, column: int) -> str:
    if isinstance(value, MAPPINGS):
        return write_mapping(value, column)
    return f"\n{' ' * column}".join(write_item(item, column) for item in value)


def _inline(value: Any, column: int, used: int) -> str | None:
    """What may follow on the line of a key or dash; None where the value needs lines of its own."""
    if isinstance(value, str):
        if "\n" in value and _fits_literal(value):
            return _literal(value, column + INDENT)
        return spell(value)
    if isinstance(value, MAPPINGS):
        items: list[Any] = list(value.values())
    elif isinstance(value, list | tuple):
        items = list(value)
    else:
        return spell(value)
    if any(map(_wants_lines, items)):
        return None
    flow = write_flow(value)
    return flow if not items or used + len(flow) <= MAX_LINE_LENGTH else None


def _wants_lines(value: Any) -> bool:
    if isinstance(value, str):
        return "\n" in value
    if isinstance(value, MAPPINGS):
        return bool(value)
    return isinstance(value, list | tuple) and any(isinstance(item, Mapping | list | tuple) for item in value)


def _fits_literal(text: str) -> bool:
    """Whether a literal block holds the text exactly, for every reader, whatever stands below it."""
    body = text.removesuffix("\n")
    return (
        body.replace("\n", "").replace("\t", "").isprintable()
        and body[-1:] not in (" ", "\t", "\n", "")
        and body.lstrip("\n")[:1] != "\t"
    )


def _literal(text: str, column: int) -> str:
    hint = str(INDENT) if text.startswith((" ", "\n")) else ""
    chomp = "" if text.endswith("\n") else "-"
    pad = " " * column
    lines = [pad + line if line else "" for line in text.removesuffix("\n").split("\n")]
    return "\n".join([f"|{hint}{chomp}", *lines])
