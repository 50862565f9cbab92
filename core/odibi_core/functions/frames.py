"""The kinds of frame that a function may take, as its annotations ask for them."""

from __future__ import annotations

import ast
import inspect
import typing
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from types import ModuleType
from typing import Any


class FrameKind(StrEnum):
    """A kind of frame. The value is its library and name there."""

    PANDAS = "pandas.DataFrame"
    POLARS = "polars.DataFrame"
    POLARS_LAZY = "polars.LazyFrame"
    ARROW_TABLE = "pyarrow.Table"
    ARROW_READER = "pyarrow.RecordBatchReader"


_KINDS = {tuple(kind.value.split(".")): kind for kind in FrameKind}


def frame_kind(annotation: Any, function: Callable[..., Any]) -> FrameKind:
    """The kind of frame that a parameter's annotation asks for; pandas where it names none.

    An annotation may be a class, a text, or either inside `Optional`, a union or `Annotated`. A text is read
    with the names of the function's module, and with those that it imports for type checkers only; no library
    is imported for it.

    Args:
        annotation: As `inspect.signature` has it.
        function: The function that has the parameter.
    """
    for library, name in _named_types(annotation, function):
        kind = _KINDS.get((library.partition(".")[0], name))
        if kind is not None:
            return kind
    return FrameKind.PANDAS


def _named_types(annotation: Any, function: Callable[..., Any]) -> Iterator[tuple[str, str]]:
    """The types that an annotation mentions: pairs of module and name."""
    if isinstance(annotation, typing.ForwardRef):
        annotation = annotation.__forward_arg__
    if isinstance(annotation, str):
        yield from _types_in_text(annotation, function)
        return
    if isinstance(annotation, type) and not typing.get_args(annotation):
        yield annotation.__module__, annotation.__qualname__
    for argument in typing.get_args(annotation):
        yield from _named_types(argument, function)


def _types_in_text(text: str, function: Callable[..., Any]) -> Iterator[tuple[str, str]]:
    try:
        expression = ast.parse(text, mode="eval")
    except SyntaxError:
        return
    namespace = _globals_of(function)
    for node in ast.walk(expression):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from _types_in_text(node.value, function)
        elif isinstance(node, ast.Name | ast.Attribute):
            root, _, rest = ast.unparse(node).partition(".")
            meaning = namespace.get(root)
            if isinstance(meaning, ModuleType):
                yield meaning.__name__, rest
            elif meaning is not None and not rest:
                yield from _named_types(meaning, function)
            else:
                imported = _imports_for_type_checkers(function).get(root, root)
                library, _, name = f"{imported}.{rest}".rstrip(".").rpartition(".")
                yield library, name


def _globals_of(function: Callable[..., Any]) -> Mapping[str, Any]:
    while True:
        if hasattr(function, "func"):
            function = function.func
        elif inspect.ismethod(function):
            function = function.__func__
        elif hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        elif hasattr(function, "__globals__"):
            return function.__globals__
        elif inspect.isclass(function):
            function = function.__init__
        elif inspect.isfunction(getattr(type(function), "__call__", None)):  # noqa: B004
            function = type(function).__call__
        else:
            return {}


def _imports_for_type_checkers(function: Callable[..., Any]) -> dict[str, str]:
    """Every name that the source file of a function imports anywhere → what it means there."""
    try:
        source = ast.parse(inspect.getsource(inspect.getmodule(function) or function))
    except (OSError, TypeError, SyntaxError):
        return {}
    meanings: dict[str, str] = {}
    for node in ast.walk(source):
        if isinstance(node, ast.Import):
            meanings |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            meanings |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return meanings
