"""Spans of time as people write them: 90s, 15m, 1h30m, 2d, 1w."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer

_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_PARTS = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_LONGEST_S = 100 * 366 * 86_400


def parse_duration(text: str) -> int:
    """A span such as "1h30m", in seconds.

    Raises:
        ValueError: The text is no span, or one of no length or of more than a hundred years.
    """
    match = _PARTS.fullmatch(text.strip().lower().replace(" ", ""))
    seconds = 0
    if match is not None:
        seconds = sum(
            int(part or 0) * unit for part, unit in zip(match.groups(), _UNITS.values(), strict=True)
        )
    if not 0 < seconds <= _LONGEST_S:
        raise ValueError(f"{text!r} is no span of time: write one such as 90s, 15m, 1h30m or 2d")
    return seconds


def spell_duration(seconds: float) -> str:
    """The span as `parse_duration` takes it, in whole seconds."""
    left, parts = round(seconds), []
    for name, unit in _UNITS.items():
        count, left = divmod(left, unit)
        parts += [f"{count}{name}"] if count else []
    return "".join(parts) or "0s"


def _seconds(value: Any) -> Any:
    return parse_duration(value) if isinstance(value, str) else value


Span = Annotated[
    float,
    Field(gt=0),
    BeforeValidator(_seconds, json_schema_input_type=str),
    PlainSerializer(spell_duration, return_type=str, when_used="json"),
]
"""Seconds in a settings model, written as 90s, 15m or 2d."""
