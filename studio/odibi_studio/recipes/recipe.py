"""What a recipe is: a form, and the SQL that it makes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from odibi_core.errors import did_you_mean
from odibi_core.schema import Schema
from odibi_studio.recipes.names import UnfitValueError, sql_name


class Settings(BaseModel):
    """What all forms share: names that nobody declared are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


@dataclass(frozen=True, slots=True)
class Input:
    """An input of the step.

    Attributes:
        name: As the SQL names it.
        schema: Its columns; None where only a run can tell them.
    """

    name: str
    schema: Schema | None

    @property
    def sql(self) -> str:
        """The name as SQL writes it."""
        return sql_name(self.name)

    def has(self, column: str) -> bool | None:
        """Whether the column is there; None where only a run can tell. Case does not count, as in SQL."""
        if self.schema is None:
            return None
        return column.casefold() in {name.casefold() for name in self.schema.names}

    def type_of(self, column: str) -> str:
        """The type of a column; "" where it is unknown."""
        types = {name.casefold(): type_ for name, type_ in self.schema or ()}
        return types.get(column.casefold(), "")


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """A mistake in a form.

    Attributes:
        field: The path of the field: "conditions.0.column".
        what: What is wrong.
        fix: How to mend it.
    """

    field: str
    what: str
    fix: str = ""


class Unready(Exception):  # noqa: N818 - nothing failed: the form waits for an answer
    """The form lacks something without which there is no SQL."""

    def __init__(self, field: str, what: str, fix: str = "") -> None:
        super().__init__(what)
        self.problem = FieldProblem(field, what, fix)


S = TypeVar("S", bound=Settings)


class Recipe(ABC, Generic[S]):
    """A self-service step.

    Attributes:
        name: How `metadata.recipe` names it.
        title: How people call it.
        description: What it does, in a sentence.
        inputs: How many inputs it takes; 0 for two or more.
        settings: The form.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    description: ClassVar[str]
    inputs: ClassVar[int] = 1
    settings: type[S]

    @abstractmethod
    def sql(self, settings: S, inputs: Sequence[Input]) -> str:
        """The SQL of a filled-in form.

        Raises:
            Unready: Something is missing.
            UnfitValueError: A value can't be what its column holds.
        """

    def problems(self, settings: S, inputs: Sequence[Input]) -> Iterator[FieldProblem]:
        """What is wrong with the form beside columns that are not there."""
        yield from ()


def asked_for(**answers: Iterable[str]) -> JsonDict:
    """What the schema says of a field that is asked for only after some answers to the fields beside it."""
    return {"x-when": {name: list(values) for name, values in answers.items()}}


def text(title: str, description: str = "", *, default: Any = "", when: JsonDict | None = None) -> Any:
    """A field for a line of text."""
    return Field(default, title=title, description=description, json_schema_extra=when)


def column(
    title: str, description: str = "", *, of: int = 0, default: Any = ..., when: JsonDict | None = None
) -> Any:
    """A field for the name of a column of the input with the number `of`."""
    extra: JsonDict = {"x-widget": "column", "x-input": of, **(when or {})}
    return Field(default, title=title, description=description, json_schema_extra=extra)


def columns(title: str, description: str = "", *, of: int = 0) -> Any:
    """A field for the names of columns."""
    extra: JsonDict = {"x-widget": "columns", "x-input": of}
    return Field((), title=title, description=description, json_schema_extra=extra)


def expression(title: str, description: str = "", *, default: Any = ...) -> Any:
    """A field for a piece of SQL that gives a value for each row."""
    return Field(default, title=title, description=description, json_schema_extra={"x-widget": "expression"})


def widget(name: str, title: str, description: str = "", *, default: Any = ...) -> Any:
    """A field with a widget of its own: "operator", "aggregate" or "type"."""
    return Field(default, title=title, description=description, json_schema_extra={"x-widget": name})


def filled(settings: BaseModel, kind: str, path: str = "") -> Iterator[tuple[str, str, int]]:
    """Path, value and input of each filled field with the widget `kind`, also inside lists of rows."""
    for name, field in type(settings).model_fields.items():
        value, place = getattr(settings, name), f"{path}{name}"
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        if extra.get("x-widget") == kind:
            of = extra.get("x-input", 0)
            for each, at in (
                [(item, f"{place}.{n}") for n, item in enumerate(value)]
                if isinstance(value, tuple)
                else [(value, place)]
            ):
                if each:
                    yield at, str(each), of if isinstance(of, int) else 0
        elif isinstance(value, tuple):
            for number, item in enumerate(value):
                if isinstance(item, BaseModel):
                    yield from filled(item, kind, f"{place}.{number}.")


def column_problems(settings: Settings, inputs: Sequence[Input]) -> Iterator[FieldProblem]:
    """Columns that the form names and the inputs lack."""
    for kind in ("column", "columns"):
        for place, name, of in filled(settings, kind):
            if of < len(inputs) and inputs[of].has(name) is False:
                schema = inputs[of].schema
                yield FieldProblem(
                    place,
                    f"there is no column {name!r} in {inputs[of].name!r}",
                    did_you_mean(name, schema.names if schema is not None else ()),
                )


def select(items: Iterable[str], source: str, *clauses: str) -> str:
    """A SELECT, an item a line."""
    listed = list(items)
    is_short = len(listed) == 1 and "\n" not in listed[0]
    head = f"SELECT {listed[0]}" if is_short else "SELECT\n    " + ",\n    ".join(listed)
    return "\n".join([head, f"FROM {source}", *(clause for clause in clauses if clause)])


def replaced(items: Iterable[tuple[str, str]], source: Input, *clauses: str) -> str:
    """A SELECT of all columns, with expressions in the place of some: pairs of expression and column."""
    pairs = ",\n        ".join(f"{text_} AS {sql_name(name)}" for text_, name in items)
    return select([f"* REPLACE (\n        {pairs}\n    )"], source.sql, *clauses)


def told(field: str, make: Any, *arguments: Any) -> str:
    """What `make` gives; a value that it refuses becomes a problem of the field.

    Raises:
        Unready: It refused.
    """
    try:
        return str(make(*arguments))
    except UnfitValueError as error:
        raise Unready(field, str(error)) from None


def in_line(expression_: str) -> str:
    """An expression that something may follow: a comment at its end would hide that."""
    stripped = expression_.strip()
    return f"{stripped}\n    " if "--" in stripped.rpartition("\n")[2] else stripped
