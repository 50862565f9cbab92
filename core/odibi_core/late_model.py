"""Models for which pydantic is loaded when there is something to check that plain code is not sure of.

To load pydantic and make the models that a plain run reads its settings by takes 100 ms of CPU, a third of
what a run costs beside its queries. A model here is written as one of pydantic's. It holds plain values by
itself (`late_values`), and has pydantic's model made of the same text for all else: mistakes, dumps, JSON
Schema.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from odibi_core.late_values import UNSURE, Take, as_json, taker

_TOLD = frozenset({"default", "default_factory", "alias", "description", "title", "examples"})
_REQUIRED: Any = object()


class Field:
    """A field as it was declared: what pydantic's `Field` is to be told."""

    def __init__(self, default: Any = _REQUIRED, **told: Any) -> None:
        self.default, self.told = default, told
        self.alias: str = told.get("alias", "")

    def made(self) -> Any:
        """What a model has where nothing is given."""
        factory = self.told.get("default_factory")
        return self.default if factory is None else factory()

    @property
    def is_required(self) -> bool:
        """Whether something must be given."""
        return self.default is _REQUIRED and "default_factory" not in self.told

    def for_pydantic(self) -> Any:
        """The same as pydantic has it."""
        import pydantic

        given = {} if self.default is _REQUIRED else {"default": self.default}
        return pydantic.Field(**given, **self.told)


class Validator:
    """A method that checks more than types, as it was declared."""

    def __init__(self, kind: str, names: tuple[str, ...], mode: str, function: Any) -> None:
        self.kind, self.names, self.mode, self.function = kind, names, mode, function

    def for_pydantic(self) -> Any:
        """The same as pydantic has it."""
        import pydantic

        return getattr(pydantic, self.kind)(*self.names, mode=self.mode)(self.function)


def field_validator(*names: str, mode: str = "after") -> Callable[[Any], Validator]:
    """Declares a method that checks fields."""
    return lambda function: Validator("field_validator", names, mode, function)


def model_validator(*, mode: str) -> Callable[[Any], Validator]:
    """Declares a method that checks the whole."""
    return lambda function: Validator("model_validator", (), mode, function)


class LateMeta(type):
    """Makes late models, and pydantic's own below a late model that says so with `is_late = False`."""

    _body: dict[str, Any]
    _config: dict[str, Any]
    _made: Any
    _fields: dict[str, tuple[type, Field]]
    _validators: list[Validator]
    _names: dict[str, str]
    _takers: dict[str, Take]
    is_late: bool

    def __new__(mcs, name: str, bases: tuple[type, ...], body: dict[str, Any], **settings: Any) -> Any:
        """A late model, or one of pydantic's."""
        is_late = body.get("is_late") or all(getattr(base, "is_late", True) for base in bases)
        if not is_late or any(type(value).__module__.startswith("pydantic") for value in body.values()):
            return _of_pydantic(name, bases, body, settings)
        hints = body.get("__annotations__", {})
        declared = {field for field, hint in hints.items() if not str(hint).startswith("ClassVar")}
        own = {field: _as_field(body.get(field, _REQUIRED)) for field in hints if field in declared}
        validators = [value for value in body.values() if isinstance(value, Validator)]
        rest = {
            key: value
            for key, value in body.items()
            if key not in declared and not isinstance(value, Validator)
        }
        made: Any = super().__new__(mcs, name, bases, rest)
        made._body, made._made, made._takers = dict(body), None, {}
        parents = [base for base in reversed(bases) if isinstance(base, LateMeta)]
        made._fields = {field: each for base in parents for field, each in base._fields.items()}
        made._fields |= {field: (made, each) for field, each in own.items()}
        made._validators = [each for base in parents for each in base._validators] + validators
        return made

    def __init__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any], **_settings: Any) -> None:
        super().__init__(name, bases, body)
        cls._config = {**getattr(cls.__base__, "_config", {}), **body.get("model_config", {})}
        by_name = cls._config.get("populate_by_name", False)
        cls._names = {each.alias or field: field for field, (_, each) in cls._fields.items()}
        cls._names |= {field: field for field in cls._fields if by_name}

    def __getattr__(cls, name: str) -> Any:
        """What only pydantic's models have, such as `model_fields`."""
        if name.startswith("model_"):
            return getattr(cls.pydantic_model(), name)
        raise AttributeError(f"type object {cls.__name__!r} has no attribute {name!r}")

    def __instancecheck__(cls, instance: Any) -> bool:
        made = cls.__dict__["_made"]
        return super().__instancecheck__(instance) or (made is not None and isinstance(instance, made))

    def __subclasscheck__(cls, subclass: type) -> bool:
        made = cls.__dict__["_made"]
        return super().__subclasscheck__(subclass) or (made is not None and issubclass(subclass, made))

    def pydantic_model(cls) -> Any:
        """Pydantic's model of the same text."""
        made = cls.__dict__["_made"]
        if made is None:
            made = _of_pydantic(cls.__name__, cls.__bases__, cls._body, {})
            cls._made = made
        return made

    def known_names(cls) -> Iterator[str]:
        """Every name under which a field may be given."""
        yield from cls._names

    def taker_of(cls, field: str) -> Take:
        """What takes the values of a field."""
        if field not in cls._takers:
            owner, declared = cls._fields[field]
            hint = owner._body["__annotations__"][field]  # type: ignore[attr-defined]
            limits = {key: value for key, value in declared.told.items() if key not in _TOLD}
            try:
                names = vars(sys.modules[owner.__module__])
                type_ = eval(hint, names) if isinstance(hint, str) else hint  # noqa: S307 - a text of ours
            except NameError:
                type_ = None
            cls._takers[field] = taker(type_, limits)
        return cls._takers[field]


def _as_field(declared: Any) -> Field:
    return declared if isinstance(declared, Field) else Field(declared)


def _of_pydantic(name: str, bases: tuple[type, ...], body: Mapping[str, Any], settings: Any) -> Any:
    from pydantic import BaseModel

    parents = tuple(base.pydantic_model() if isinstance(base, LateMeta) else base for base in bases)
    written = {
        key: value.for_pydantic() if isinstance(value, Field | Validator) else value
        for key, value in body.items()
    }
    if parents == (object,) or not parents:
        return BaseModel
    metaclass: Any = type(BaseModel)
    return metaclass(name, parents, written, **settings)


class LateModel(metaclass=LateMeta):
    """The base of late models: what an instance and its class can do without pydantic."""

    is_late = True

    def __init__(self, **given: Any) -> None:
        made = type(self).model_validate(given)
        self.__dict__.update(made.__dict__)

    @classmethod
    def model_validate(cls, given: Any) -> Any:
        """An instance of what was given.

        Raises:
            pydantic.ValidationError: Something in it is wrong.
        """
        if isinstance(given, cls):
            return given
        taken = cls.take(given)
        return cls._of(cls.pydantic_model().model_validate(given)) if taken is UNSURE else taken

    @classmethod
    def take(cls, given: Any) -> Any:
        """An instance of what was given, where plain code is sure of it; else UNSURE."""
        if type(given) is not dict:
            return given if type(given) is cls else UNSURE
        taken = cls._taken(given)
        if taken is None:
            return UNSURE
        values = {}
        for field, (_, declared) in cls._fields.items():
            if field not in taken and declared.is_required:
                return UNSURE
            values[field] = taken[field] if field in taken else declared.made()
        made = cls._with(values, set(taken))
        return made if all(_holds(each, made) for each in cls._validators) else UNSURE

    @classmethod
    def _taken(cls, given: dict[Any, Any]) -> dict[str, Any] | None:
        """Field → value, of those that are given; None where pydantic is to look."""
        taken: dict[str, Any] = {}
        looked_at = {name for each in cls._validators for name in each.names}
        for name, value in given.items():
            field = cls._names.get(name)
            if field is None:
                if cls._config.get("extra") == "ignore":
                    continue
                return None
            if field in taken or field in looked_at:
                return None
            found = cls.taker_of(field)(value)
            if found is UNSURE:
                return None
            taken[field] = found
        return taken

    @classmethod
    def _with(cls, values: dict[str, Any], given: set[str]) -> Any:
        made = object.__new__(cls)
        made.__dict__.update(values, model_fields_set=given)
        return made

    @classmethod
    def _of(cls, checked: Any) -> Any:
        """The instance that holds what pydantic checked."""
        return cls._with(dict(checked.__dict__), set(checked.model_fields_set))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """How pydantic checks fields of this type in other models."""
        from pydantic import WrapValidator

        def take(value: Any, check: Any) -> Any:
            return value if isinstance(value, cls) else cls._of(check(value))

        return WrapValidator(take).__get_pydantic_core_schema__(cls.pydantic_model(), handler)

    def model_copy(self, *, update: Mapping[str, Any] | None = None) -> Any:
        """A copy in which some fields have other values, which nobody checks."""
        values, changes = self._values(), dict(update or {})
        return type(self)._with({**values, **changes}, {*self.__dict__["model_fields_set"], *changes})

    def model_dump(self, **how: Any) -> Any:
        """The values as pydantic gives them, which is asked where plain code is not sure of them."""
        if how == {"mode": "json", "exclude_defaults": True}:
            fields = type(self)._fields
            dumped = {
                name: as_json(value)
                for name, value in self._values().items()
                if fields[name][1].is_required or value != fields[name][1].made()
            }
            if not any(value is UNSURE for value in dumped.values()):
                return dumped
        return self._for_pydantic().model_dump(**how)

    def _values(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "model_fields_set"}

    def _for_pydantic(self) -> Any:
        kind = type(self).pydantic_model()
        made = kind.__new__(kind)
        values = {name: _for_pydantic(value) for name, value in self._values().items()}
        object.__setattr__(made, "__dict__", values)
        object.__setattr__(made, "__pydantic_fields_set__", set(self.__dict__["model_fields_set"]))
        object.__setattr__(made, "__pydantic_extra__", None)
        object.__setattr__(made, "__pydantic_private__", None)
        return made

    def __getattr__(self, name: str) -> Any:
        """What only pydantic's instances can do, such as `model_dump`."""
        if name.startswith("model_"):
            return getattr(self._for_pydantic(), name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        """Always an error: pydantic says which."""
        setattr(self._for_pydantic(), name, value)

    def __delattr__(self, name: str) -> None:
        """Always an error: pydantic says which."""
        delattr(self._for_pydantic(), name)

    def __eq__(self, other: object) -> bool:
        """Whether the other is of the same kind and holds the same."""
        if not isinstance(other, LateModel) or type(self) is not type(other):
            return False
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash((type(self), *self._values().values()))

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in self._values().items())
        return f"{type(self).__name__}({values})"


def _for_pydantic(value: Any) -> Any:
    if isinstance(type(value), LateMeta):
        return value._for_pydantic()
    if isinstance(value, dict):
        return {key: _for_pydantic(item) for key, item in value.items()}
    return type(value)(map(_for_pydantic, value)) if type(value) in (list, tuple) else value


def _holds(validator: Validator, made: Any) -> bool:
    """Whether a validator of the whole is surely content; those of fields were seen to before."""
    if validator.kind == "field_validator":
        return True
    if validator.mode != "after":
        return False
    try:
        return validator.function(made) is made
    except ValueError:
        return False
