"""Choose, rename, compute, convert and complete columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Literal

from pydantic import Field

from odibi_studio.recipes.names import is_text, sql_name, sql_text, sql_value
from odibi_studio.recipes.recipe import (
    FieldProblem,
    Input,
    Recipe,
    Settings,
    Unready,
    asked_for,
    column,
    expression,
    in_line,
    replaced,
    select,
    text,
    told,
    widget,
)


def twice(names: Sequence[tuple[str, str]]) -> Iterator[FieldProblem]:
    """A problem for each name that comes out a second time; `names` are pairs of field and name."""
    seen: set[str] = set()
    for place, name in names:
        if name.casefold() in seen:
            yield FieldProblem(place, f"{name!r} comes out more than once", "give it another name")
        seen.add(name.casefold())


class ColumnChoice(Settings):
    """One column."""

    column: str = column("Column")
    name: str = text("New name", "Empty keeps the name.")
    keep: bool = Field(True, title="Keep", description="Off leaves the column out.")


class SelectSettings(Settings):
    """Which columns come out, and how they are named."""

    columns: tuple[ColumnChoice, ...] = Field((), title="Columns", description="In the order wanted.")
    others: Literal["drop", "keep"] = Field(
        "drop", title="Other columns", description="What becomes of columns that are not in the list."
    )


class Select(Recipe[SelectSettings]):
    """Columns chosen and renamed."""

    name = "select"
    title = "Select and rename"
    description = "Choose columns, order them, and give them other names."
    settings = SelectSettings

    def sql(self, settings: SelectSettings, inputs: Sequence[Input]) -> str:
        """A SELECT of columns."""
        (source,) = inputs
        kept = [choice for choice in settings.columns if choice.keep]
        if settings.others == "drop":
            if not kept:
                raise Unready("columns", "no column is chosen", "choose one")
            return select([_named(choice) for choice in kept], source.sql)
        dropped = [sql_name(choice.column) for choice in settings.columns if not choice.keep]
        renamed = [_named(choice) for choice in kept if _is_renamed(choice)]
        star = "*"
        if dropped:
            star += f" EXCLUDE ({', '.join(dropped)})"
        if renamed:
            star += f" RENAME ({', '.join(renamed)})"
        return select([star], source.sql)

    def problems(self, settings: SelectSettings, inputs: Sequence[Input]) -> Iterator[FieldProblem]:
        """Names that come out twice."""
        kept = [(n, choice) for n, choice in enumerate(settings.columns) if choice.keep]
        names = [(f"columns.{n}.name", choice.name or choice.column) for n, choice in kept]
        if settings.others == "keep" and inputs[0].schema is not None:
            listed = {choice.column.casefold() for choice in settings.columns}
            rest = [("", name) for name in inputs[0].schema.names if name.casefold() not in listed]
            names = [*rest, *names]
        yield from twice(names)


def _is_renamed(choice: ColumnChoice) -> bool:
    return bool(choice.name) and choice.name != choice.column


def _named(choice: ColumnChoice) -> str:
    name = sql_name(choice.column)
    return f"{name} AS {sql_name(choice.name)}" if _is_renamed(choice) else name


class Formula(Settings):
    """One computed column."""

    name: str = text("Column", "A new name adds a column; one that is there is replaced.", default=...)
    expression: str = expression("Formula", "SQL such as price * quantity, upper(city) or day - 1.")


class FormulaSettings(Settings):
    """What is computed."""

    formulas: tuple[Formula, ...] = Field((), title="Formulas")


class Formulas(Recipe[FormulaSettings]):
    """Computed columns."""

    name = "formula"
    title = "Formula"
    description = "Compute columns from others, row by row."
    settings = FormulaSettings

    def sql(self, settings: FormulaSettings, inputs: Sequence[Input]) -> str:
        """A SELECT with expressions."""
        (source,) = inputs
        added: list[str] = []
        changed: list[str] = []
        for number, formula in enumerate(settings.formulas):
            if not formula.name:
                raise Unready(f"formulas.{number}.name", "the column has no name", "give it one")
            if not formula.expression.strip():
                raise Unready(f"formulas.{number}.expression", "the formula is empty", "write one")
            item = f"{in_line(formula.expression)} AS {sql_name(formula.name)}"
            (changed if source.has(formula.name) else added).append(item)
        star = "*"
        if changed:
            listed = ",\n        ".join(changed)
            star = f"* REPLACE (\n        {listed}\n    )"
        return select([star, *added], source.sql)

    def problems(self, settings: FormulaSettings, inputs: Sequence[Input]) -> Iterator[FieldProblem]:
        """Columns that are computed twice."""
        yield from twice([(f"formulas.{n}.name", each.name) for n, each in enumerate(settings.formulas)])


class Conversion(Settings):
    """One column with another type."""

    column: str = column("Column")
    type: str = widget("type", "Type", "Such as BIGINT, DOUBLE, DECIMAL(18,2), VARCHAR, DATE, TIMESTAMP.")
    pattern: str = text("Date pattern", "How the text is written, such as %d/%m/%Y; ISO 8601 if empty.")


class CastSettings(Settings):
    """Which columns are converted."""

    columns: tuple[Conversion, ...] = Field((), title="Columns")
    on_error: Literal["empty", "fail"] = Field(
        "empty",
        title="What can't be converted",
        description="Becomes empty, or ends the run.",
    )


class Cast(Recipe[CastSettings]):
    """Columns converted to other types."""

    name = "cast"
    title = "Change types"
    description = "Convert columns to other types."
    settings = CastSettings

    def sql(self, settings: CastSettings, inputs: Sequence[Input]) -> str:
        """A SELECT with casts."""
        (source,) = inputs
        if not settings.columns:
            return select(["*"], source.sql)
        items = [
            (_cast(each, settings.on_error, f"columns.{number}"), each.column)
            for number, each in enumerate(settings.columns)
        ]
        return replaced(items, source)

    def problems(self, settings: CastSettings, inputs: Sequence[Input]) -> Iterator[FieldProblem]:
        """Columns that are converted twice, and types that there are not."""
        yield from twice([(f"columns.{n}.column", each.column) for n, each in enumerate(settings.columns)])


def _cast(conversion: Conversion, on_error: str, place: str) -> str:
    name, type_ = sql_name(conversion.column), conversion.type.strip()
    if not type_:
        raise Unready(f"{place}.type", "no type is chosen", "choose one")
    if conversion.pattern:
        parse = "strptime" if on_error == "fail" else "try_strptime"
        parsed = f"{parse}({name}, {sql_text(conversion.pattern)})"
        return parsed if type_.upper() == "TIMESTAMP" else f"CAST({parsed} AS {type_})"
    return f"{'CAST' if on_error == 'fail' else 'TRY_CAST'}({name} AS {type_})"


class Filling(StrEnum):
    """What takes the place of an empty value."""

    VALUE = "a value"
    MEAN = "the mean"
    MEDIAN = "the median"
    MOST_FREQUENT = "the most frequent value"
    PREVIOUS = "the value before"
    NEXT = "the value after"


class Fill(Settings):
    """One column without gaps."""

    column: str = column("Column")
    using: Filling = Field(Filling.VALUE, title="Fill with")
    value: str = text("Value", "For “a value”.", when=asked_for(using=[Filling.VALUE]))


class FillSettings(Settings):
    """Which columns are completed."""

    columns: tuple[Fill, ...] = Field((), title="Columns")
    order_by: str = column("In the order of", "For the values before and after.", default="")
    blank_is_empty: bool = Field(
        False, title="Blank text is empty", description="Whether a text of nothing but spaces is filled too."
    )


class FillMissing(Recipe[FillSettings]):
    """Empty values filled."""

    name = "fill_missing"
    title = "Fill missing values"
    description = "Put a value where a column is empty."
    settings = FillSettings

    def sql(self, settings: FillSettings, inputs: Sequence[Input]) -> str:
        """A SELECT with COALESCE."""
        (source,) = inputs
        if not settings.columns:
            return select(["*"], source.sql)
        items = [(_filled(each, settings, source, n), each.column) for n, each in enumerate(settings.columns)]
        return replaced(items, source)

    def problems(self, settings: FillSettings, inputs: Sequence[Input]) -> Iterator[FieldProblem]:
        """Columns that are filled twice."""
        yield from twice([(f"columns.{n}.column", each.column) for n, each in enumerate(settings.columns)])


def _filled(fill: Fill, settings: FillSettings, source: Input, number: int) -> str:
    name, type_ = sql_name(fill.column), source.type_of(fill.column)
    value = f"NULLIF(trim({name}), '')" if settings.blank_is_empty and is_text(type_) else name
    order = f"ORDER BY {sql_name(settings.order_by)}" if settings.order_by else ""
    if fill.using in (Filling.PREVIOUS, Filling.NEXT) and not order:
        raise Unready("order_by", "the order of the rows is not said", "choose a column")
    match fill.using:
        case Filling.MEAN:
            filler = f"avg({value}) OVER ()"
        case Filling.MEDIAN:
            filler = f"median({value}) OVER ()"
        case Filling.MOST_FREQUENT:
            filler = f"mode({value}) OVER ()"
        case Filling.PREVIOUS:
            filler = f"last_value({value} IGNORE NULLS) OVER ({order} ROWS UNBOUNDED PRECEDING)"
        case Filling.NEXT:
            filler = (
                f"first_value({value} IGNORE NULLS) "
                f"OVER ({order} ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)"
            )
        case Filling.VALUE:
            if not fill.value and not is_text(type_):
                raise Unready(f"columns.{number}.value", "the value is missing", "give one")
            filler = told(f"columns.{number}.value", sql_value, fill.value, type_)
    if value != name:
        return f"COALESCE({value}, {filler})"
    return f"COALESCE({name}, {filler})"
