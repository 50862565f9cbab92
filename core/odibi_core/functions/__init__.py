"""Python functions as steps: naming them, calling them with frames, and telling what went wrong in them."""

from odibi_core.functions.calling import FrameSource, TableSource, call_function
from odibi_core.functions.origins import column_origins
from odibi_core.functions.registry import register_function, resolve_function

__all__ = [
    "FrameSource",
    "TableSource",
    "call_function",
    "column_origins",
    "register_function",
    "resolve_function",
]
