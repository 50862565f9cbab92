"""JSON for anything that an event or a step may hold: always valid, never with a secret in it."""

from __future__ import annotations

import json
import marshal
import math
import re
import types
from collections.abc import Mapping
from typing import Any

from odibi_core.dataset import json_value
from odibi_core.secret_store import Redactor

_DEEPEST = 50
_NAMED = (types.FunctionType, type)
_MARSHAL_VERSION = 2
"""Floats are in binary, and nothing refers back to what came before."""
_NO_NUMBER = re.compile(rb"g.{6}[\xf0-\xff][\x7f\xff]", re.DOTALL)
"""A float that is infinite or none at all, as `marshal` writes it: all bits of its exponent are set."""


class JsonEncoder(json.JSONEncoder):
    """Encodes what `json` refuses too: other types as `json_value` has them, NaN and infinities as text.

    Args:
        redactor: Hides secrets.
    """

    def __init__(self, redactor: Redactor | None = None) -> None:
        # On one line: `json` encodes several times as slowly where it indents.
        super().__init__(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        self._redactor = redactor or Redactor()

    def encode(self, o: Any) -> str:
        """The value as JSON."""
        shown = self._redactor.value(o)
        if (text := _plain_text(shown)) is not None:
            return text.decode()
        return self._encode_any(shown)

    def encode_line(self, o: Any) -> bytes:
        """The value as a line of JSON in UTF-8, with what UTF-8 can't hold escaped."""
        shown = self._redactor.value(o)
        if (text := _plain_text(shown)) is not None:
            return text + b"\n"
        return self._encode_any(shown).encode("utf-8", errors="backslashreplace") + b"\n"

    def _encode_any(self, shown: Any) -> str:
        try:
            return super().encode(shown)
        except (ValueError, TypeError, RecursionError):
            return super().encode(_plain(shown, 0))

    def default(self, o: Any) -> Any:
        """A value that JSON can hold in place of one that it can't."""
        if isinstance(o, set | frozenset):
            return sorted(map(str, o))
        if isinstance(o, _NAMED):
            # Where it lies in memory, as `str` tells of a function, is another place in each run.
            return json_value(self._redactor.text(f"{o.__module__}.{o.__qualname__}"))
        # Looked at before `json_value` cuts long text: half of a secret is one too.
        text = str(o)
        hidden = self._redactor.text(text)
        return json_value(o) if hidden == text else json_value(hidden)


def _plain_text(value: Any) -> bytes | None:
    """The JSON in UTF-8 of mappings and lists of texts, numbers and nothing else; None of all other values.

    orjson has forms of its own for objects of many kinds, and writes null for a float that is no number.
    """
    import orjson

    try:
        # It refuses all that is not exactly of one of Python's own kinds, in a fifth of the time of a loop.
        kept = marshal.dumps(value, _MARSHAL_VERSION)
        # It refuses what is left of these: bytes, sets, halves of surrogate pairs, more than 64 bits.
        text = orjson.dumps(value)
    # Too deep, or without an end, is a ValueError of the one and a TypeError of the other.
    except (TypeError, ValueError):
        return None
    return None if _NO_NUMBER.search(kept) else text


def _plain(value: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        return "…"
    match value:
        case float():
            return value if math.isfinite(value) else str(value)
        case Mapping():
            return {str(key): _plain(item, depth + 1) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item, depth + 1) for item in value]
    return value
