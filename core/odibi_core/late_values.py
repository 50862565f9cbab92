"""What plain code is sure of: values that pydantic takes as they are, or turns into what is plain to see.

Whatever it is not sure of, a mistake among it, is left to pydantic, whose words are the ones that users read.
"""

from __future__ import annotations

import datetime as dt
import re
import types
from collections.abc import Callable, Mapping
from enum import Enum, StrEnum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

UNSURE: Any = object()
"""What is to be looked at by pydantic."""

Take = Callable[[Any], Any]
"""Gives a value as the model holds it, or UNSURE."""

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|\+00:00)")
_EXACT_WHOLE = 1 << 53
"""Whole numbers below it are floating-point numbers too."""
_SIMPLE = (str, bool, int, type(None))


class Afterwards:
    """A function that changes what was checked, in an `Annotated` type: pydantic's AfterValidator."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic import AfterValidator

        return AfterValidator(self.function).__get_pydantic_core_schema__(source, handler)


class Instead:
    """A function that checks in the place of pydantic, in an `Annotated` type: pydantic's PlainValidator."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic import PlainValidator

        return PlainValidator(self.function).__get_pydantic_core_schema__(source, handler)


def taker(type_: Any, limits: Mapping[str, Any]) -> Take:
    """What takes values of a type.

    Args:
        type_: The field's type.
        limits: What pydantic's `Field` was told, but for names, words and defaults.
    """
    take = _of(type_)
    return _within(take, limits) if limits else take


def _of(type_: Any) -> Take:
    if type_ in _SIMPLE:
        return _exactly(type_)
    if type_ in _TAKES:
        return _TAKES[type_]
    if isinstance(type_, type) and get_origin(type_) is None:
        late: Take = getattr(type_, "take", _never)
        return _member(type_) if issubclass(type_, Enum) else late
    origin, arguments = get_origin(type_), get_args(type_)
    if origin is Annotated:
        inner, *also = arguments
        if len(also) == 1 and isinstance(also[0], Afterwards):
            return _then(_of(inner), also[0].function)
    elif origin is Literal:
        return _one_of(arguments)
    elif origin in (Union, types.UnionType):
        return _either([_of(each) for each in sorted(arguments, key=lambda each: each is float)])
    elif origin is list:
        return _many(list, (list,), _of(arguments[0]))
    elif origin is tuple and len(arguments) == 2 and arguments[1] is ...:
        return _many(tuple, (list, tuple), _of(arguments[0]))
    elif origin is dict and arguments[0] is str:
        return _named(_of(arguments[1]))
    return _never


def as_json(value: Any) -> Any:
    """The value as JSON has it; UNSURE where pydantic is to say how."""
    if value is None or type(value) in (str, bool, int):
        return value
    if isinstance(value, StrEnum):
        return value.value
    if type(value) is list:
        items = [as_json(item) for item in value]
        return UNSURE if any(item is UNSURE for item in items) else items
    if type(value) is dict and all(type(name) is str for name in value):
        named = {name: as_json(item) for name, item in value.items()}
        return UNSURE if any(item is UNSURE for item in named.values()) else named
    return UNSURE


def _same(value: Any) -> Any:
    return value


def _never(_value: Any) -> Any:
    return UNSURE


def _exactly(type_: type) -> Take:
    return lambda value: value if type(value) is type_ else UNSURE


def _number(value: Any) -> Any:
    if type(value) is int and abs(value) < _EXACT_WHOLE:
        return float(value)
    return value if type(value) is float else UNSURE


def _moment(value: Any) -> Any:
    is_text = type(value) is str and _MOMENT.fullmatch(value)
    try:
        return dt.datetime.fromisoformat(value) if is_text else UNSURE
    except ValueError:
        return UNSURE


_TAKES: dict[Any, Take] = {Any: _same, float: _number, dt.datetime: _moment}


def _member(kind: type[Enum]) -> Take:
    def take(value: Any) -> Any:
        if type(value) is kind:
            return value
        return kind._value2member_map_.get(value, UNSURE) if type(value) is str else UNSURE

    return take


def _one_of(values: tuple[Any, ...]) -> Take:
    texts = frozenset(value for value in values if type(value) is str)
    return lambda value: value if type(value) is str and value in texts else UNSURE


def _then(take: Take, function: Callable[[Any], Any]) -> Take:
    def both(value: Any) -> Any:
        taken = take(value)
        return UNSURE if taken is UNSURE else function(taken)

    return both


def _either(takes: list[Take]) -> Take:
    def take(value: Any) -> Any:
        return next((taken for each in takes if (taken := each(value)) is not UNSURE), UNSURE)

    return take


def _many(makes: type, takes: tuple[type, ...], each: Take) -> Take:
    def take(value: Any) -> Any:
        if type(value) not in takes:
            return UNSURE
        taken = [each(item) for item in value]
        return UNSURE if any(item is UNSURE for item in taken) else makes(taken)

    return take


def _named(each: Take) -> Take:
    def take(value: Any) -> Any:
        if type(value) is not dict or any(type(name) is not str for name in value):
            return UNSURE
        taken = {name: each(item) for name, item in value.items()}
        return UNSURE if any(item is UNSURE for item in taken.values()) else taken

    return take


_HOLDS: dict[str, Callable[[Any, Any], bool]] = {
    "ge": lambda value, limit: value >= limit,
    "gt": lambda value, limit: value > limit,
    "le": lambda value, limit: value <= limit,
    "lt": lambda value, limit: value < limit,
    "min_length": lambda value, limit: len(value) >= limit,
    "max_length": lambda value, limit: len(value) <= limit,
}


def _within(take: Take, limits: Mapping[str, Any]) -> Take:
    def taken_within(value: Any) -> Any:
        taken = take(value)
        if taken is None or taken is UNSURE:
            return taken
        holds = all(name in _HOLDS and _HOLDS[name](taken, limit) for name, limit in limits.items())
        return taken if holds else UNSURE

    return taken_within
