"""What a Python function is made of: its own code, and that of everything of the project that it names.

Compiled code is looked at, because that is what runs: a file that was edited after it was imported changes
nothing until it is imported again. Library functions stand for themselves by name and version. What a
function finds out while it runs (files, network, clock, names put together at run time) can not be seen.
"""

from __future__ import annotations

import datetime as dt
import dis
import enum
import functools
import hashlib
import importlib
import importlib.util
import inspect
import json
import logging
import os
import re
import sys
import sysconfig
import types
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path, PurePath
from typing import Any

_PLAIN = (type(None), bool, int, float, complex, str, bytes, type(Ellipsis), type(NotImplemented))
_BY_REPR = (
    dt.date,
    dt.time,
    dt.timedelta,
    dt.tzinfo,
    Decimal,
    PurePath,
    uuid.UUID,
    re.Pattern,
    enum.Enum,
    range,
    slice,
    types.GenericAlias,
    types.UnionType,
)
_LIBRARY_FOLDERS = tuple(
    {
        f"{Path(sysconfig.get_path(name)).resolve()}{os.sep}"
        for name in ("stdlib", "platstdlib", "purelib", "platlib")
    }
)
_OWN_PACKAGE = __name__.partition(".")[0]


class UnknownCodeError(Exception):
    """What a function is made of can't be told."""


def code_identity(function: Callable[..., Any]) -> str:
    """A digest that changes whenever the function, or something of the project that it names, changes.

    Raises:
        UnknownCodeError: It can't be told: code in C, or an object whose state can't be read.
    """
    described = _Reader().describe(function, is_root=True)
    return hashlib.sha256(json.dumps(described).encode()).hexdigest()


def describe_value(value: Any) -> Any:
    """The value in a form that JSON can hold and that differs wherever the value does.

    Raises:
        UnknownCodeError: It is an object whose state can't be read.
    """
    return _Reader().describe(value)


class _Reader:
    """Describes values; each object once, so that cycles end."""

    def __init__(self) -> None:
        self._seen: dict[int, int] = {}
        self._held: list[Any] = []

    def describe(self, value: Any, *, is_root: bool = False) -> Any:
        if isinstance(value, (*_PLAIN, *_BY_REPR)) or type(value).__module__ == "typing":
            return [type(value).__name__, repr(value)]
        match value:
            case tuple():
                return ["tuple", [self.describe(item) for item in value]]
            case set() | frozenset():
                items = [json.dumps(_Reader().describe(item)) for item in value]
                return ["set", sorted(items)]
            case types.CodeType():
                return self._code(value)
        # Constants of code may be one object or several equal ones, which changes nothing; what can hold
        # itself must be told by where it was met first.
        if id(value) in self._seen:
            return ["again", self._seen[id(value)]]
        self._seen[id(value)] = len(self._seen)
        self._held.append(value)
        return self._describe_object(value, is_root=is_root)

    def _describe_object(self, value: Any, *, is_root: bool) -> Any:
        match value:
            case list():
                return ["list", [self.describe(item) for item in value]]
            case dict():
                return ["dict", [[self.describe(key), self.describe(item)] for key, item in value.items()]]
            case types.ModuleType():
                return _library(value.__name__) if _is_library(value.__name__) else ["module", value.__name__]
            case functools.partial():
                return ["partial", *map(self.describe, (value.func, value.args, value.keywords))]
            case types.MethodType():
                return ["method", self.describe(value.__func__), self.describe(value.__self__)]
            case staticmethod() | classmethod():
                return [type(value).__name__, self.describe(value.__func__)]
            case property():
                return ["property", *map(self.describe, (value.fget, value.fset))]
            case logging.Logger():
                return ["logger"]
            case type():
                return self._class(value)
            case types.FunctionType():
                return self._function(value, is_root=is_root)
        if hasattr(value, "__wrapped__"):
            return ["wrapped", self.describe(value.__wrapped__)]
        return self._named(value)

    def _named(self, value: Any) -> Any:
        module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
        if name and module and _is_library(module) and callable(value):
            return [*_library(module), name]
        if inspect.isbuiltin(value) or inspect.ismethoddescriptor(value):
            return ["builtin", str(module), str(name)]
        raise UnknownCodeError(f"what a {type(value).__name__} holds can't be told")

    def _function(self, function: types.FunctionType, *, is_root: bool) -> Any:
        if not is_root and _is_library(function.__module__ or ""):
            return [*_library(function.__module__), function.__qualname__]
        names = set(_names(function.__code__))
        used: dict[str, Any] = {}
        for name in sorted(names & function.__globals__.keys()):
            used[name] = self._used(function.__globals__[name], names)
        for name in sorted(set(_imports(function))):
            used[f"import {name}"] = self._imported(name, names)
        try:
            cells = [cell.cell_contents for cell in function.__closure__ or ()]
        except ValueError:
            raise UnknownCodeError("it closes over a name that has no value yet") from None
        return [
            "function",
            self.describe(function.__code__),
            self.describe(function.__defaults__),
            self.describe(function.__kwdefaults__),
            self.describe(cells),
            used,
        ]

    def _used(self, value: Any, names: set[str]) -> Any:
        if not isinstance(value, types.ModuleType) or _is_library(value.__name__):
            return self.describe(value)
        parts = {name: self._used(getattr(value, name), names) for name in sorted(names & vars(value).keys())}
        return ["module", value.__name__, parts]

    def _imported(self, name: str, names: set[str]) -> Any:
        if _is_library(name):
            return _library(name)
        try:
            module = importlib.import_module(name)
        except Exception as error:  # a module of the project may raise anything
            raise UnknownCodeError(f"the module {name!r} can't be imported: {error}") from error
        return self._used(module, names)

    def _code(self, code: types.CodeType) -> Any:
        return [
            code.co_name,
            code.co_code.hex(),
            code.co_exceptiontable.hex(),
            [self.describe(constant) for constant in code.co_consts],
            code.co_names,
            code.co_varnames,
            code.co_freevars,
            code.co_cellvars,
            [code.co_flags, code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount],
        ]

    def _class(self, kind: type) -> Any:
        if _is_library(kind.__module__):
            return [*_library(kind.__module__), kind.__qualname__]
        try:
            source = inspect.getsource(kind)
        except (OSError, TypeError) as error:
            raise UnknownCodeError(f"the source of the class {kind.__qualname__!r} can't be read") from error
        inner = (types.FunctionType, staticmethod, classmethod, property, *_PLAIN)
        members = {
            name: self.describe(member)
            for name, member in sorted(vars(kind).items())
            if isinstance(member, inner) and name not in ("__module__", "__qualname__", "__firstlineno__")
        }
        return ["class", source, [self.describe(base) for base in kind.__bases__], members]


def _names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _imports(function: types.FunctionType) -> Iterator[str]:
    """The modules that the function imports when it is called."""
    package = function.__globals__.get("__package__") or ""
    waiting = [function.__code__]
    while waiting:
        code = waiting.pop()
        waiting += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
        if dis.opmap["IMPORT_NAME"] not in code.co_code[::2]:
            continue
        before: list[Any] = []
        for instruction in dis.get_instructions(code):
            if instruction.opname == "IMPORT_NAME":
                level = before[-2] if len(before) > 1 and isinstance(before[-2], int) else 0
                name = str(instruction.argval)
                yield importlib.util.resolve_name("." * level + name, package) if level else name
            elif instruction.opname == "LOAD_CONST":
                before.append(instruction.argval)


@functools.cache
def _is_library(module_name: str) -> bool:
    """Whether the module is installed, rather than the project's own."""
    top = module_name.partition(".")[0]
    if top == _OWN_PACKAGE or top in sys.stdlib_module_names or top in sys.builtin_module_names:
        return True
    if module_name == "__main__":
        return False
    module = sys.modules.get(module_name)
    origin = getattr(module, "__file__", None)
    if origin is None:
        try:
            spec = importlib.util.find_spec(top)
        except (ImportError, ValueError):
            return False
        origin = spec.origin if spec else None
    if origin is None:
        return False
    return str(Path(origin).resolve()).startswith(_LIBRARY_FOLDERS)


def _library(module_name: str) -> list[str]:
    top = module_name.partition(".")[0]
    version = getattr(sys.modules.get(top), "__version__", "")
    return ["library", module_name, str(version)]
