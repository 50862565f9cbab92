"""Finding a function by the name that a step gives: a registered name, or a dotted path."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
import threading
from collections.abc import Callable, Collection, Iterable
from types import ModuleType
from typing import Any, TypeVar, overload

from odibi_core.errors import FunctionError, did_you_mean
from odibi_core.functions.faults import describe, place_of

Function = TypeVar("Function", bound=Callable[..., Any])

_registered: dict[str, Callable[..., Any]] = {}
_registering = threading.Lock()


@overload
def register_function(name: str) -> Callable[[Function], Function]: ...
@overload
def register_function(name: str, func: Function) -> Function: ...


def register_function(name: str, func: Function | None = None) -> Function | Callable[[Function], Function]:
    """The function itself, known to steps by `name` from now on; without `func`, a decorator that does it.

    Raises:
        FunctionError: Another function has the name, or what is given can't be called.
    """
    if func is None:
        return lambda decorated: register_function(name, decorated)
    if not name or not callable(func):
        raise FunctionError(
            f"{func!r} can't be registered as {name!r}", fix="give a name and a function that can be called"
        )
    with _registering:
        taken = _registered.get(name)
        if taken is not None and not _is_same(taken, func):
            raise FunctionError(
                f"the name {name!r} is taken by {place_of(taken) or repr(taken)}",
                where=place_of(func),
                fix="register one of the two functions under another name",
            )
        _registered[name] = func
    return func


def _is_same(taken: Callable[..., Any], func: Callable[..., Any]) -> bool:
    """Whether both are one function, or one `def` that ran again: a reloaded module, a cell run twice."""
    if taken is func:
        return True
    old, new = getattr(taken, "__code__", None), getattr(func, "__code__", None)
    if old is None or new is None or "<" in new.co_qualname:
        return False
    return (old.co_filename, old.co_qualname, old.co_firstlineno) == (
        new.co_filename,
        new.co_qualname,
        new.co_firstlineno,
    )


def registered_functions() -> dict[str, Callable[..., Any]]:
    """Name → function, as they are registered now."""
    with _registering:
        return dict(_registered)


def resolve_function(name: str, allowed_prefixes: Collection[str] | None = None) -> Callable[..., Any]:
    """The function that a step names: a registered one, else the one at the dotted path.

    Args:
        name: A registered name, or "package.module.function".
        allowed_prefixes: Packages and modules that a dotted path may lead into; None allows all, for steps
            that come from code rather than from a file. Registered names are always allowed.

    Raises:
        FunctionError: The name is unknown or not allowed, or its module can't be imported. Nothing is
            imported before the path is known to be allowed.
    """
    registered = _registered.get(name)
    if registered is not None:
        return registered
    module_name, _, attribute = name.rpartition(".")
    if not module_name or not all(part.isidentifier() for part in name.split(".")):
        known = did_you_mean(name, _registered)
        path = "write the dotted path of a function, such as 'transforms.clean', or register the name"
        raise FunctionError(f"no function is registered as {name!r}", fix=f"{known} {path}".strip())
    if allowed_prefixes is not None and not _is_within(module_name, allowed_prefixes):
        raise _not_allowed(
            f"the function {name!r} is outside of what this workspace allows", allowed_prefixes
        )
    module = import_module(module_name, name)
    function = getattr(module, attribute, None)
    if function is None:
        raise FunctionError(
            f"the module {module_name!r} has no function {attribute!r}",
            where=module.__file__ or "",
            fix=did_you_mean(attribute, _functions_of(module)),
        )
    if not callable(function):
        raise FunctionError(
            f"{name!r} is a {type(function).__name__}, not a function",
            where=module.__file__ or "",
            fix=did_you_mean(attribute, _functions_of(module)),
        )
    # A module inside the allowed ones may have imported something from outside, such as subprocess.run.
    home = (
        getattr(function, "__module__", None)
        if inspect.isroutine(function) or inspect.isclass(function)
        else None
    )
    if allowed_prefixes is not None and home is not None and not _is_within(home, allowed_prefixes):
        raise _not_allowed(
            f"{name!r} is {home}.{function.__qualname__}, outside of what this workspace allows",
            allowed_prefixes,
        )
    return function  # type: ignore[no-any-return]


def _is_within(module_name: str, prefixes: Iterable[str]) -> bool:
    return any(module_name == prefix or module_name.startswith(prefix + ".") for prefix in prefixes)


def _not_allowed(what: str, prefixes: Collection[str]) -> FunctionError:
    allowed = ", ".join(map(repr, sorted(prefixes))) or "no module"
    return FunctionError(
        what, fix=f"allowed is {allowed}; add its package to allow under [functions] in odibi.toml"
    )


def import_module(name: str, function: str) -> ModuleType:
    """The module of that name, imported.

    Args:
        name: Its dotted name.
        function: What is wanted from it, for the error.

    Raises:
        FunctionError: There is no such module, or it raises while it is imported.
    """
    if name not in sys.modules:
        importlib.invalidate_caches()
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or name
        if missing == name or name.startswith(missing + "."):
            raise _module_missing(missing, function) from None
        raise _import_failed(name, error) from error
    except (Exception, SystemExit) as error:  # a user's module may raise anything
        raise _import_failed(name, error) from error


def _module_missing(missing: str, function: str) -> FunctionError:
    parent_name, _, child = missing.rpartition(".")
    parent = sys.modules.get(parent_name)
    siblings = [module.name for module in pkgutil.iter_modules(getattr(parent, "__path__", []))]
    near = did_you_mean(child, [*siblings, *_functions_of(parent)]) if parent else ""
    known = did_you_mean(function, _registered) if not parent and function in missing else ""
    fix = near or known or "check the path, and that the folder of the module is on Python's path"
    return FunctionError(f"there is no module {missing!r}", where=f"function {function!r}", fix=fix)


def _import_failed(name: str, error: BaseException) -> FunctionError:
    return FunctionError(
        f"the module {name!r} can't be imported: {describe(error)}",
        where=place_of(error),
        fix="mend the module, or install what it needs",
    )


def _functions_of(module: ModuleType | None) -> list[str]:
    return [key for key, value in vars(module or object).items() if callable(value) and key[:1] != "_"]
