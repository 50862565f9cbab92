"""Single values in YAML: what a plain word means, and how a value is spelled.

Words mean what YAML 1.2 says, which is what a person expects: `true` and `false` are the only booleans; `no`,
`on`, `2026-01-31` and `12:30` are text. What is written is spelled so that YAML 1.1 readers agree.
"""

from __future__ import annotations

import json
import math
import re
from functools import lru_cache
from typing import Any

from odibi_core.design.document import MAX_INTEGER_DIGITS

MAX_KEY_LENGTH = 1000

_INTEGER = re.compile(r"[-+]?[0-9]+")
_PREFIXED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")
_WORDS = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_RESERVED = frozenset(("true", "false", "null", "yes", "no", "on", "off", "y", "n"))
_SIMPLE = re.compile(r"[A-Za-z_/][A-Za-z0-9_./@+-]*(?: [A-Za-z0-9_./@+-]+)*")
_PLAIN = re.compile(r"[^\W\d][^:#]*(?:(?::(?=[^\s])|(?<=[^\s])#)[^:#]*)*")
_FLOW_MARKS = re.compile(r"[,\[\]{}:#?]")


class AmbiguousScalarError(ValueError):
    """A plain word that can't be taken as it stands: what is wrong, and how to mend it."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what)
        self.what, self.fix = what, fix


def scalar_value(word: str) -> Any:
    """What a plain word means.

    Raises:
        AmbiguousScalarError: It is an infinite number, none at all, too long, or has leading zeros.
    """
    if word in _WORDS:
        return _WORDS[word]
    if word[0] not in "0123456789+-.":
        return word
    if _NOT_FINITE.fullmatch(word):
        raise AmbiguousScalarError(f"{word} is not a finite number", "leave it out, or quote it as text")
    if _LEADING_ZERO.fullmatch(word):
        raise AmbiguousScalarError(
            f"{word} may be a number or a text: it begins with a zero",
            f'write "{word}" for the text, or leave out the leading zeros',
        )
    if _INTEGER.fullmatch(word) or _PREFIXED.fullmatch(word):
        if len(word) > MAX_INTEGER_DIGITS:
            raise AmbiguousScalarError(
                f"a number has at most {MAX_INTEGER_DIGITS} digits", "quote it as text"
            )
        return int(word, 0) if word[1:2] in ("o", "x") else int(word)
    if _FLOAT.fullmatch(word):
        number = float(word)
        if not math.isfinite(number):
            raise AmbiguousScalarError(f"{word} is too large for a number", "quote it as text")
        return number
    return word


def spell(value: Any) -> str:
    """A text (outside brackets and braces), number, boolean or None of an exact plain type on one line."""
    if isinstance(value, str):
        return spell_text(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        # YAML 1.1 takes 1e+16 for text: it wants a dot.
        mantissa, exponent, power = repr(value).partition("e")
        return f"{mantissa}.0e{power}" if exponent and "." not in mantissa else repr(value)
    return str(value)


# Layers, types and the names of steps and datasets stand in several places.
@lru_cache(maxsize=1024)
def spell_text(text: str) -> str:
    """A text on one line, outside brackets and braces."""
    return _spell_text(text, in_flow=False)


@lru_cache(maxsize=1024)
def spell_flow_text(text: str) -> str:
    """A text inside brackets or braces, where more has to be quoted."""
    return _spell_text(text, in_flow=True)


def _spell_text(text: str, *, in_flow: bool) -> str:
    if (
        _SIMPLE.fullmatch(text)
        or (
            _PLAIN.fullmatch(text)
            and text.isprintable()
            and text[-1] != " "
            and not (in_flow and _FLOW_MARKS.search(text))
        )
    ) and text.lower() not in _RESERVED:
        return text
    if ('"' in text or "\\" in text) and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return quoted(text)


def quoted(text: str) -> str:
    """The text in double quotes, with everything escaped that can't be seen."""
    escaped = json.dumps(text, ensure_ascii=False)
    return escaped if escaped.isprintable() else "".join(map(_escaped, escaped))


def _escaped(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
