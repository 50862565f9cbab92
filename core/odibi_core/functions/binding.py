"""Which input and which param goes to which argument of a function."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import lru_cache
from inspect import Parameter
from typing import Any

from odibi_core.errors import FunctionError, did_you_mean
from odibi_core.functions.faults import place_of
from odibi_core.functions.frames import FrameKind, frame_kind
from odibi_core.late_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call.

    Attributes:
        keyword: The name it is passed by; "" where it goes by position.
        source: The input's name, or the param's.
        frame: The kind of frame that an input is given as; None for a param.
    """

    keyword: str
    source: str
    frame: FrameKind | None


def bind_function(
    function: Callable[..., Any], name: str, inputs: tuple[str, ...], params: tuple[str, ...]
) -> tuple[Argument, ...]:
    """The arguments of a call, in order, found without any data.

    A single input goes to the first argument, whatever its name; several go by their names. Of the params,
    those go that the function asks for by name, or all of them where it takes `**` anything.

    Args:
        function: What will be called.
        name: How the step names it, for errors.
        inputs: The names of the step's inputs.
        params: The names of the step's params.

    Raises:
        FunctionError: An argument is missing, or an input or param fits none; the error shows the signature.
    """
    try:
        return _bind_once(function, name, inputs, params)
    except TypeError:
        # A callable object without a hash can't be a key of the cache.
        return _bind(function, name, inputs, params)


def _bind(
    function: Callable[..., Any], name: str, inputs: tuple[str, ...], params: tuple[str, ...]
) -> tuple[Argument, ...]:
    signature = _signature_of(function, name)
    takes = signature.parameters
    named = {key: taken for key, taken in takes.items() if taken.kind not in _VARIADIC}
    surplus = next((taken for taken in takes.values() if taken.kind is Parameter.VAR_KEYWORD), None)
    bound: dict[str, str] = {}
    rest: list[str] = []
    unknown: list[str] = []
    spread: list[str] = []

    first = _place_of_single_input(takes, inputs, params)
    for source in inputs:
        target = first or source
        if target in named:
            bound[target] = source
        elif target in takes and takes[target].kind is Parameter.VAR_POSITIONAL:
            spread.append(source)
        else:
            (rest if surplus else unknown).append(source)
    for source in params:
        if source in inputs or source in bound:
            raise FunctionError(
                f"the function {name!r} gets {source!r} twice: as an input and from the params",
                where=place_of(function),
                fix=f"rename one of the two; the function is {name}{signature}",
            )
        if source in named:
            bound[source] = source
        else:
            (rest if surplus else unknown).append(source)
    missing = [key for key, taken in named.items() if key not in bound and taken.default is Parameter.empty]
    if missing or unknown:
        raise _misfit(
            function,
            f"{name}{signature}",
            name,
            missing=missing,
            unknown=unknown,
            free=[key for key in named if key not in bound],
        )

    def argument(keyword: str, source: str, taken: Parameter) -> Argument:
        return Argument(keyword, source, frame_kind(taken.annotation, function) if source in inputs else None)

    ordered = [key for key in named if key in bound]
    # A decorator may call its first argument otherwise than the function that it wraps: so by position.
    by_position = [key for key in ordered if key == first or named[key].kind is Parameter.POSITIONAL_ONLY]
    return (
        *(argument("", bound[key], named[key]) for key in by_position),
        *(argument("", source, takes[first]) for source in spread),
        *(argument(key, bound[key], named[key]) for key in ordered if key not in by_position),
        *(argument(source, source, surplus) for source in rest if surplus),
    )


_VARIADIC = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
_bind_once = lru_cache(maxsize=4096)(_bind)


def _signature_of(function: Callable[..., Any], name: str) -> inspect.Signature:
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise FunctionError(
            f"the function {name!r} is async", where=place_of(function), fix="make it a plain function"
        )
    try:
        return inspect.signature(function)
    except ValueError:
        raise FunctionError(
            f"the function {name!r} doesn't tell what arguments it takes",
            fix="call it from a Python function of your own, and name that one",
        ) from None


def _place_of_single_input(takes: Any, inputs: tuple[str, ...], params: tuple[str, ...]) -> str:
    """The argument that a single input goes to, or "" where inputs go by name."""
    first = next(iter(takes.values()), None)
    if len(inputs) != 1 or first is None or first.name in params:
        return ""
    return "" if first.kind in (Parameter.KEYWORD_ONLY, Parameter.VAR_KEYWORD) else first.name


def _misfit(
    function: Callable[..., Any],
    signature: str,
    name: str,
    *,
    missing: list[str],
    unknown: list[str],
    free: list[str],
) -> FunctionError:
    def listed(names: list[str]) -> str:
        return ", ".join(map(repr, names))

    parts = [f"needs {listed(missing)}"] if missing else []
    parts += [f"has no argument {listed(unknown)}"] if unknown else []
    hint = did_you_mean(unknown[0], free) if unknown else "give it as an input or in the params"
    return FunctionError(
        f"the function {name!r} {' and '.join(parts)}",
        where=place_of(function),
        fix=f"{hint} The function is {signature}".strip(),
    )
