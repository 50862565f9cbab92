"""What a Python function says its columns are made of: nobody else can tell."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, TypeVar

from odibi_core.errors import FunctionError
from odibi_core.functions.faults import place_of
from odibi_core.late_dataclass import dataclass

Function = TypeVar("Function", bound=Callable[..., Any])

_ATTRIBUTE = "__odibi_origins__"


@dataclass(frozen=True, slots=True)
class Origins:
    """What one output of a function is made of.

    Attributes:
        columns: Column → what it is made of: columns of the only input, or "input.column" where there are
            several; none for a constant.
        keeps: Inputs whose columns come out under their own names; all of them where it is True.
    """

    columns: Mapping[str, tuple[str, ...]]
    keeps: bool | tuple[str, ...]

    def kept(self, inputs: Iterable[str]) -> list[str]:
        """Those of the inputs whose columns come out under their own names."""
        if isinstance(self.keeps, bool):
            return list(inputs) if self.keeps else []
        return [alias for alias in inputs if alias in self.keeps]

    def told(self) -> str:
        """The declaration in words."""
        made = [
            f"{name} of {', '.join(of)}" if of else f"{name} of no column"
            for name, of in self.columns.items()
        ]
        if self.keeps is True:
            made.append("other columns as they come in")
        elif self.keeps:
            made.append(f"the columns of {', '.join(self.keeps)} as they come in")
        return "; ".join(made)


def column_origins(
    columns: Mapping[str, Collection[str]], *, keeps: bool | str | Collection[str] = False, output: str = ""
) -> Callable[[Function], Function]:
    """A decorator by which a function says what its columns are made of, for lineage.

    Args:
        columns: Column that comes out → columns that its values are made of: names of the only input's
            columns, or "input.column" where the function takes several.
        keeps: Whether all other columns come out as they came in; or the inputs of which that is so.
        output: The output that this is said of, where there are several; it may stand once for each.

    Raises:
        FunctionError: What is given has another form, or the function can't carry it.
    """
    said = Origins(_columns(columns), keeps if isinstance(keeps, bool) else _names(keeps, "keeps"))

    def declare(function: Function) -> Function:
        known = dict(getattr(function, _ATTRIBUTE, {}))
        try:
            setattr(function, _ATTRIBUTE, {**known, output: said})
        except AttributeError:
            raise FunctionError(
                f"{function!r} can't say what its columns are made of",
                where=place_of(function),
                fix="wrap it in a function of your own, written with def",
            ) from None
        return function

    return declare


def declared_origins(function: Callable[..., Any], output: str, outputs: Collection[str]) -> Origins | None:
    """What a function says of an output; None where it says nothing.

    Args:
        function: The function.
        output: The output's name in the step.
        outputs: All outputs of the step: of the only one, what the function says without a name counts.
    """
    known: Mapping[str, Origins] = getattr(function, _ATTRIBUTE, {})
    return known.get(output) or (known.get("") if len(outputs) == 1 else None)


def broken_promise(said: Origins, inputs: Mapping[str, Collection[str]], given: Collection[str]) -> str:
    """How the columns that came out differ from what the function says; "" where they don't.

    Args:
        said: What it says.
        inputs: Input → its columns.
        given: The columns that came out.
    """
    kept = {column for alias in said.kept(inputs) for column in inputs[alias]}
    missing = [name for name in said.columns if name not in given]
    unsaid = [name for name in given if name not in said.columns and name not in kept]
    unknown = [text for of in said.columns.values() for text in of if source_of(text, inputs) is None]
    parts = [f"it did not give {_listed(missing)}"] if missing else []
    parts += [f"it says nothing of {_listed(unsaid)}"] if unsaid else []
    parts += [f"no input has {_listed(dict.fromkeys(unknown))}"] if unknown else []
    return "; ".join(parts)


def source_of(text: str, inputs: Mapping[str, Collection[str] | None]) -> tuple[str, str] | None:
    """The input and its column that a text of `Origins.columns` means; None where there is none.

    Args:
        text: A column of the only input, or "input.column".
        inputs: Input → its columns; None where they are not known.
    """
    if len(inputs) == 1:
        ((alias, columns),) = inputs.items()
        if columns is None or text in columns:
            return alias, text
    alias, dot, column = text.partition(".")
    columns = inputs.get(alias, ())
    return (alias, column) if dot and (columns is None or column in columns) else None


def _columns(columns: Mapping[str, Collection[str]]) -> dict[str, tuple[str, ...]]:
    if not isinstance(columns, Mapping) or not all(isinstance(name, str) for name in columns):
        raise _malformed("columns", columns)
    return {name: _names(of, f"columns[{name!r}]") for name, of in columns.items()}


def _names(given: str | Collection[str], where: str) -> tuple[str, ...]:
    names = (given,) if isinstance(given, str) else tuple(given) if isinstance(given, Collection) else (None,)
    if not all(isinstance(name, str) for name in names):
        raise _malformed(where, given)
    return names


def _malformed(where: str, given: object) -> FunctionError:
    return FunctionError(
        f"{given!r} does not say what columns are made of",
        where=f"column_origins, {where}",
        fix='write the column that comes out and those it is made of: {"net": ["amount", "tax"]}',
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))
