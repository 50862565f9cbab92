"""`dataclass`, whose methods are made when they are first used.

The library's own compiles six texts for every class when its module is loaded, a third to half a millisecond;
of most classes a run never makes an instance, and compares or shows none of any. To readers and to mypy it is
`dataclasses.dataclass`; `field`, `replace`, `fields` and `asdict` are the library's and work with it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from operator import attrgetter
from reprlib import recursive_repr
from types import MemberDescriptorType
from typing import TYPE_CHECKING, Any

_REQUIRED: Any = object()
_LACKING: Any = object()


class _Late:
    """An attribute of a class that is made when somebody first asks for it, and then takes its own place."""

    __slots__ = ("make", "name", "owner")

    def __init__(self, name: str, make: Callable[[Any], Any]) -> None:
        self.name, self.make = name, make
        self.owner: Any = None

    def __get__(self, instance: object, asked: type | None = None) -> Any:
        made = self.make(self.owner)
        setattr(self.owner, self.name, made)
        return made.__get__(instance, asked) if hasattr(made, "__get__") else made


def _dataclass(
    *,
    frozen: bool = False,
    slots: bool = False,
    eq: bool = True,
    repr: bool = True,  # noqa: A002 - the name that the library has
) -> Callable[[Any], Any]:
    """What makes a data class of a class; of the library's arguments it knows those that are used here."""

    def made(cls: Any) -> Any:
        own = vars(cls)
        names = [name for name, hint in cls.__annotations__.items() if not str(hint).startswith("ClassVar")]
        declared = {name: own.get(name, _REQUIRED) for name in names}
        late = {"__init__": _init_of, "__dataclass_fields__": _fields_of, "__dataclass_params__": _params_of}
        if repr:
            late["__repr__"] = _repr_of
        if eq:
            late["__eq__"] = _eq_of
        if eq and frozen:
            late["__hash__"] = _hash_of
        made_late = {name: _Late(name, make) for name, make in late.items() if name not in own}
        body: dict[str, Any] = {**made_late}
        if eq and not frozen and "__hash__" not in own:
            body["__hash__"] = None
        if frozen:
            body["__setattr__"], body["__delattr__"] = _set_nothing, _delete_nothing
        inherited: dict[str, Any] = {}
        for base in reversed(cls.__mro__[1:]):
            inherited |= base.__dict__.get("_late_fields", {})
        fields = {**inherited, **declared}
        body |= {"_late_fields": fields, "_late_frozen": frozen, "__match_args__": tuple(fields)}
        finished = _slotted(cls, body, declared) if slots else _extended(cls, body, declared)
        for each in made_late.values():
            each.owner = finished
        return finished

    return made


def _slotted(cls: Any, body: dict[str, Any], declared: dict[str, Any]) -> Any:
    """The class anew, with slots for its fields: they can't be added to one that is there."""
    # An attribute of the class would stand in the way of the slot.
    rest = {
        key: value
        for key, value in vars(cls).items()
        if key not in declared and key not in ("__dict__", "__weakref__")
    }
    taken = {slot for base in cls.__mro__[1:] for slot in _slots_of(base)}
    rest |= {"__slots__": tuple(name for name in declared if name not in taken), **body}
    if body["_late_frozen"]:
        rest.setdefault("__getstate__", _state)
        rest.setdefault("__setstate__", _set_state)
    finished = type(cls)(cls.__name__, cls.__bases__, rest)
    finished.__qualname__ = cls.__qualname__
    return finished


def _extended(cls: Any, body: dict[str, Any], declared: dict[str, Any]) -> Any:
    """The class itself; fields with a default have it as an attribute."""
    for name, value in declared.items():
        if isinstance(value, dataclasses.Field):
            if value.default is dataclasses.MISSING:
                delattr(cls, name)
            else:
                setattr(cls, name, value.default)
    for name, value in body.items():
        setattr(cls, name, value)
    return cls


def _slots_of(base: type) -> Iterator[str]:
    slots = base.__dict__.get("__slots__", ())
    yield from (slots,) if isinstance(slots, str) else slots


def _init_of(cls: Any) -> Any:
    names: dict[str, Any] = {"_lacking": _LACKING, "_set": object.__setattr__}
    parameters, lines = ["self"], []
    for name, declared in cls._late_fields.items():
        default = declared
        if isinstance(declared, dataclasses.Field):
            if not declared.init or declared.kw_only is True:
                raise TypeError(f"{cls.__qualname__}.{name}: late data classes take every field by position")
            default = _REQUIRED if declared.default is dataclasses.MISSING else declared.default
            if declared.default_factory is not dataclasses.MISSING:
                names[f"_make_{name}"], default = declared.default_factory, _LACKING
                lines.append(f"if {name} is _lacking: {name} = _make_{name}()")
        if default is _REQUIRED:
            parameters.append(name)
        else:
            names[f"_of_{name}"] = default
            parameters.append(f"{name}=_of_{name}")
        slot = getattr(cls, name, None)
        if not cls._late_frozen:
            lines.append(f"self.{name} = {name}")
        elif isinstance(slot, MemberDescriptorType):
            # The slot itself takes half the time of asking `object` to find it.
            names[f"_set_{name}"] = slot.__set__
            lines.append(f"_set_{name}(self, {name})")
        else:
            lines.append(f"_set(self, {name!r}, {name})")
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    text = f"def __init__({', '.join(parameters)}):\n " + "\n ".join(lines or ["pass"])
    made: dict[str, Any] = {}
    exec(text, names, made)  # noqa: S102 - a text of ours, as the library has it
    init = made["__init__"]
    init.__qualname__, init.__module__ = f"{cls.__qualname__}.__init__", cls.__module__
    init.__annotations__ = {**_hints_of(cls), "return": None}
    return init


def _repr_of(cls: Any) -> Any:
    shown = [name for name, each in cls._late_fields.items() if getattr(each, "repr", True)]

    @recursive_repr()
    def shows(self: Any) -> str:
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{self.__class__.__qualname__}({values})"

    return shows


def _eq_of(cls: Any) -> Any:
    values = _values_of(cls)

    def is_equal(self: Any, other: object) -> Any:
        if other.__class__ is self.__class__:
            return values(self) == values(other)
        return NotImplemented

    return is_equal


def _hash_of(cls: Any) -> Any:
    values = _values_of(cls)

    def hashed(self: Any) -> int:
        return hash(values(self))

    return hashed


def _values_of(cls: Any) -> Callable[[Any], Any]:
    """Gives the fields of an instance as a tuple."""
    names = list(cls._late_fields)
    if not names:
        return lambda _instance: ()
    values = attrgetter(*names)
    return values if len(names) > 1 else lambda instance: (values(instance),)


def _fields_of(cls: Any) -> Any:
    """The library's own description of the fields."""
    fields: dict[str, Any] = {}
    for base in reversed(cls.__mro__[1:]):
        fields |= getattr(base, "__dataclass_fields__", {}) if "_late_fields" in base.__dict__ else {}
    return fields | vars(_twin(cls, init=False, repr=False, eq=False))["__dataclass_fields__"]


def _params_of(cls: Any) -> Any:
    return vars(_twin(cls, frozen=cls._late_frozen))["__dataclass_params__"]


def _twin(cls: Any, **settings: Any) -> Any:
    """A data class of the library with the fields that the class itself declares."""
    body = {
        name: value
        for name in cls.__annotations__
        if (value := cls._late_fields.get(name, vars(cls).get(name, _REQUIRED))) is not _REQUIRED
    }
    body |= {"__annotations__": cls.__annotations__, "__module__": cls.__module__, "__doc__": "Fields."}
    return dataclasses.dataclass(**settings)(type(cls.__name__, (), body))


def _hints_of(cls: Any) -> dict[str, Any]:
    hints: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        if "_late_fields" in base.__dict__:
            hints |= {name: hint for name, hint in base.__annotations__.items() if name in cls._late_fields}
    return hints


def _set_nothing(self: Any, name: str, value: object) -> None:
    if type(self)._late_frozen:
        raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
    object.__setattr__(self, name, value)


def _delete_nothing(_self: Any, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, name) for name in self._late_fields]


def _set_state(self: Any, state: list[Any]) -> None:
    for name, value in zip(self._late_fields, state, strict=True):
        object.__setattr__(self, name, value)


if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    dataclass = _dataclass

__all__ = ["dataclass"]
