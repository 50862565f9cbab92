"""Python functions as steps: naming them, calling them with frames, and telling what went wrong in them.

A name brings its module when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from odibi_core.lazy_names import lazy_names

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

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
