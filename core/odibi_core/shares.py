"""Shares as people write them: 1%, 0.5%, 0.01."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import BeforeValidator, Field


def parse_share(text: str) -> float:
    """A share such as "1%" or "0.01", as a number: 0.01.

    Raises:
        ValueError: The text is no share.
    """
    given = text.strip()
    try:
        number = Decimal(given.removesuffix("%").strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise ValueError(f"{text!r} is no share; write it as 1% or 0.01")
    # As a decimal: one in a hundred is 1%, and neither more nor less.
    return float(number / 100 if given.endswith("%") else number)


def spell_share(share: float) -> str:
    """A share as people write it, such as "0.5%"."""
    return f"{(Decimal(repr(float(share))) * 100).normalize():f}%"


def _number(value: Any) -> Any:
    return parse_share(value) if isinstance(value, str) else value


Share = Annotated[float, Field(ge=0), BeforeValidator(_number, json_schema_input_type=float | str)]
"""A share in a settings model, written as 1% or 0.01."""
