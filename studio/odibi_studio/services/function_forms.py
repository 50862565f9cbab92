"""The Python functions that steps may call, with what they take."""

from __future__ import annotations

import datetime as dt
import importlib
import importlib.util
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from types import ModuleType
from typing import Any, get_args

from odibi_core.functions.registry import registered_functions
from odibi_studio.messages import FunctionForm

_PLAIN = (str, int, float, bool, Decimal, dt.date, dt.datetime, list, dict, tuple, set)
_NAMES = {kind.__name__ for kind in _PLAIN}


def function_forms(allowed: Iterable[str]) -> list[FunctionForm]:
    """The registered functions, and those of the packages that the operator allows.

    A module that can't be imported has none here; the check of a step that names it says why.

    Args:
        allowed: Packages and modules of `[functions] allow`.
    """
    found = dict(registered_functions())
    for name in allowed:
        for module in _modules(name):
            found |= {
                f"{module.__name__}.{key}": value
                for key, value in vars(module).items()
                if inspect.isfunction(value) and value.__module__ == module.__name__ and key[:1] != "_"
            }
    return [form for name, function in sorted(found.items()) if (form := _form(name, function)) is not None]


def _modules(name: str) -> Iterator[ModuleType]:
    try:
        if importlib.util.find_spec(name) is None:
            return
        module = importlib.import_module(name)
    except Exception:  # noqa: BLE001 - a module of the workspace may raise anything
        return
    yield module
    for inner in pkgutil.iter_modules(getattr(module, "__path__", [])):
        yield from _modules(f"{name}.{inner.name}")


def _form(name: str, function: Callable[..., Any]) -> FunctionForm | None:
    try:
        taken = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):
        return None
    named = [each for each in taken if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)]
    inputs = [each.name for each in named if each.default is each.empty and not _is_plain(each.annotation)]
    return FunctionForm(
        name=name,
        description=inspect.getdoc(function) or "",
        inputs=inputs,
        parameters=[_parameter(each) for each in named if each.name not in inputs],
    )


def _parameter(taken: inspect.Parameter) -> dict[str, Any]:
    has_default = taken.default is not taken.empty
    is_shown = taken.default is None or isinstance(taken.default, (str, int, float, bool))
    return {
        "name": taken.name,
        "type": _type_name(taken.annotation),
        "default": taken.default if has_default and is_shown else None,
        "required": not has_default,
    }


def _is_plain(annotation: Any) -> bool:
    """Whether what is annotated is a value of the params, and no frame."""
    if isinstance(annotation, str):
        return annotation.partition("[")[0].partition(" |")[0].rpartition(".")[2] in _NAMES
    return annotation in _PLAIN or any(_is_plain(kind) for kind in get_args(annotation))


def _type_name(annotation: Any) -> str:
    if annotation is inspect.Parameter.empty:
        return ""
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
