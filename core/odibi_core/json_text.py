"""JSON for anything that an event or a step may hold: always valid, never with a secret in it."""

from __future__ import annotations

import enum
import json
import math
import types
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from odibi_core.dataset import json_value
from odibi_core.secret_store import Redactor

if TYPE_CHECKING:
    import orjson

_DEEPEST = 50
_NAMED = (types.FunctionType, type)
_HELD = (str, int, float, list, tuple, Mapping, types.NoneType)
"""What JSON has a form for."""
_NULL = b"null"
_PLAIN = frozenset({str, int, bool, type(None)})


class JsonEncoder(json.JSONEncoder):
    """Encodes what `json` refuses too: other types as `json_value` has them, NaN and infinities as text.

    Args:
        redactor: Hides secrets.
    """

    def __init__(self, redactor: Redactor | None = None) -> None:
        # On one line: `json` encodes several times as slowly where it indents.
        super().__init__(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        self._redactor = redactor or Redactor()
        self._fragments: dict[int, tuple[orjson.Fragment, str]] = {}

    def encode(self, o: Any) -> str:
        """The value as JSON."""
        shown = self._redactor.value(o)
        if (text := _plain_text(shown, self._redactor)) is not None:
            return text.decode()
        return self._encode_any(shown)

    def plain_line(self, o: Any) -> bytes | None:
        """The same as `encode_line` where nothing in the value needs a closer look; else None."""
        text = _plain_text(self._redactor.value(o), self._redactor)
        return None if text is None else text + b"\n"

    def encode_line(self, o: Any) -> bytes:
        """The value as a line of JSON in UTF-8, with what UTF-8 can't hold escaped."""
        shown = self._redactor.value(o)
        if (text := _plain_text(shown, self._redactor)) is not None:
            return text + b"\n"
        return self._encode_any(shown).encode("utf-8", errors="backslashreplace") + b"\n"

    def fragment(self, o: Any) -> orjson.Fragment:
        """What stands for the value where it is a part of others that are encoded: it is encoded once."""
        import orjson

        text = self.encode(o)
        fragment = orjson.Fragment(text)
        # Held with it: no other can have the same id meanwhile.
        self._fragments[id(fragment)] = fragment, text
        return fragment

    def _encode_any(self, shown: Any) -> str:
        try:
            return super().encode(shown)
        except (ValueError, TypeError, RecursionError):
            return super().encode(_plain(shown, 0, self._redactor))

    def default(self, o: Any) -> Any:
        """A value that JSON can hold in place of one that it can't."""
        if isinstance(o, set | frozenset):
            return sorted(map(str, o))
        if id(o) in self._fragments:
            return json.loads(self._fragments[id(o)][1])
        if isinstance(o, enum.Enum) and isinstance(o.value, _HELD):
            return _plain(self._redactor.value(o.value), 0, self._redactor)
        if isinstance(o, _NAMED):
            # Where it lies in memory, as `str` tells of a function, is another place in each run.
            return json_value(self._redactor.text(f"{o.__module__}.{o.__qualname__}"))
        # Looked at before `json_value` cuts long text: half of a secret is one too.
        text = str(o)
        hidden = self._redactor.text(text)
        return json_value(o) if hidden == text else json_value(hidden)


def _plain_text(value: Any, redactor: Redactor) -> bytes | None:
    """The JSON in UTF-8 of mappings and lists of texts, numbers and their like; None of all other values."""
    import orjson

    try:
        # It refuses all that it has no form for: sets, halves of surrogate pairs, more than 64 bits.
        text = orjson.dumps(
            value,
            option=orjson.OPT_PASSTHROUGH_DATACLASS
            | orjson.OPT_PASSTHROUGH_DATETIME
            | orjson.OPT_PASSTHROUGH_SUBCLASS,
        )
        # It writes null for a float that is no number too, and what else it has a form for may hold a secret.
        is_safe = _NULL not in text and not redactor.known_forms
        return text if is_safe or _are_plain((value,), _PLAIN | {orjson.Fragment}) else None
    # What is too deep, or has no end, is refused as well.
    except (TypeError, RecursionError):
        return None


def _are_plain(values: Iterable[Any], plain: Collection[object]) -> bool:
    for value in values:
        kind = type(value)
        if kind in plain:
            continue
        if kind is float:
            if not math.isfinite(value):
                return False
        elif kind is dict:
            if value and not _are_plain(value.values(), plain):
                return False
        elif kind is list or kind is tuple:
            if value and not _are_plain(value, plain):
                return False
        else:
            return False
    return True


def _plain(value: Any, depth: int, redactor: Redactor) -> Any:
    if depth > _DEEPEST:
        return "…"
    match value:
        case float():
            return value if math.isfinite(value) else str(value)
        case Mapping():
            return {redactor.text(str(key)): _plain(item, depth + 1, redactor) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item, depth + 1, redactor) for item in value]
    return value
