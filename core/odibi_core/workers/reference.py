"""Where a worker process finds a function: by module and name, never by pickle."""

from __future__ import annotations

import sys
from collections.abc import Callable
from operator import attrgetter
from typing import Any

from odibi_core.errors import FunctionError
from odibi_core.functions.faults import place_of
from odibi_core.functions.registry import import_module
from odibi_core.late_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class FunctionReference:
    """A function that any process can find.

    Attributes:
        name: How the step names it, for errors.
        module: The dotted name of its module.
        path: Its name inside the module; dotted where it is inside a class.
    """

    name: str
    module: str
    path: str

    def find(self) -> Callable[..., Any]:
        """The function, its module imported.

        Raises:
            FunctionError: The module can't be imported here, or has no such function.
        """
        module = import_module(self.module, self.name)
        try:
            return attrgetter(self.path)(module)  # type: ignore[no-any-return]
        except AttributeError:
            raise FunctionError(
                f"the module {self.module!r} has no function {self.path!r} in a worker process",
                where=module.__file__ or "",
                fix="define it when the module is imported, whatever process imports it",
            ) from None


def refer_to(function: Callable[..., Any], name: str = "") -> FunctionReference:
    """Where any process finds the function.

    Args:
        function: What is to be called.
        name: How the step names it: a dotted path, or a registered name.

    Raises:
        FunctionError: It exists in this process only: a lambda, a function inside another or in a script.
    """
    qualified = getattr(function, "__qualname__", "")
    name = name or qualified or type(function).__qualname__
    home = str(getattr(function, "__module__", None) or "")
    dotted_module, _, attribute = name.rpartition(".")
    for module, path in ((dotted_module, attribute), (home, qualified)):
        if module != "__main__" and _found(module, path) is function:
            return FunctionReference(name, module, path)
    reason = "it is made while the program runs"
    if home == "__main__":
        reason = "it is in the script that was started"
    elif "<lambda>" in qualified:
        reason = "it is a lambda"
    elif "<locals>" in qualified:
        reason = "it is defined inside another function"
    raise FunctionError(
        f"a worker process can't find the function {name!r}: {reason}",
        where=place_of(function),
        fix="put it into a module of its own, as a plain function, and import it from there",
    )


def _found(module: str, path: str) -> Any:
    try:
        return attrgetter(path)(sys.modules[module])
    except (KeyError, AttributeError):
        return None
