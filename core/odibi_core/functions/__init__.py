"""Python functions as steps: naming them, calling them with frames, and telling what went wrong in them.

A name brings its module when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from odibi_core.functions.calling import FrameSource, TableSource, call_function
    from odibi_core.functions.origins import column_origins
    from odibi_core.functions.registry import register_function, resolve_function

_HOMES = {
    "FrameSource": "odibi_core.functions.calling",
    "TableSource": "odibi_core.functions.calling",
    "call_function": "odibi_core.functions.calling",
    "column_origins": "odibi_core.functions.origins",
    "register_function": "odibi_core.functions.registry",
    "resolve_function": "odibi_core.functions.registry",
}

__all__ = [
    "FrameSource",
    "TableSource",
    "call_function",
    "column_origins",
    "register_function",
    "resolve_function",
]


def __getattr__(name: str) -> Any:
    """The public object of that name, its module imported now."""
    try:
        home = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    return getattr(importlib.import_module(home), name)
