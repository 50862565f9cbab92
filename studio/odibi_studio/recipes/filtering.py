"""Keep the rows that meet conditions, or the rest of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Literal

from pydantic import Field

from odibi_studio.recipes.names import is_text, sql_name, sql_text, sql_value
from odibi_studio.recipes.recipe import (
    Input,
    Recipe,
    Settings,
    Unready,
    asked_for,
    column,
    expression,
    in_line,
    select,
    text,
    told,
    widget,
)


class Operator(StrEnum):
    """How a column is compared."""

    EQUALS = "equals"
    NOT_EQUALS = "does not equal"
    LESS = "is less than"
    AT_MOST = "is at most"
    GREATER = "is greater than"
    AT_LEAST = "is at least"
    BETWEEN = "is between"
    ONE_OF = "is one of"
    NONE_OF = "is none of"
    CONTAINS = "contains"
    NOT_CONTAINS = "does not contain"
    STARTS = "starts with"
    ENDS = "ends with"
    MATCHES = "matches the pattern"
    EMPTY = "is empty"
    NOT_EMPTY = "is not empty"


_COMPARISONS = {
    Operator.EQUALS: "=",
    Operator.NOT_EQUALS: "IS DISTINCT FROM",
    Operator.LESS: "<",
    Operator.AT_MOST: "<=",
    Operator.GREATER: ">",
    Operator.AT_LEAST: ">=",
}
_TEXT_FUNCTIONS = {
    Operator.CONTAINS: "contains",
    Operator.NOT_CONTAINS: "contains",
    Operator.STARTS: "starts_with",
    Operator.ENDS: "ends_with",
    Operator.MATCHES: "regexp_matches",
}


_LISTS = (Operator.ONE_OF, Operator.NONE_OF)
_WITHOUT_VALUE = (*_LISTS, Operator.EMPTY, Operator.NOT_EMPTY)
_CASED = (Operator.EQUALS, Operator.NOT_EQUALS, *_LISTS, *_TEXT_FUNCTIONS)


class Condition(Settings):
    """One condition on a column."""

    column: str = column("Column")
    operator: Operator = widget("operator", "Operator", default=Operator.EQUALS)
    value: str = text(
        "Value",
        "A text, number, date such as 2026-01-31, or {parameter}.",
        when=asked_for(operator=[one for one in Operator if one not in _WITHOUT_VALUE]),
    )
    upper: str = text("And", "The upper end, for “is between”.", when=asked_for(operator=[Operator.BETWEEN]))
    values: tuple[str, ...] = Field(
        (),
        title="Values",
        description="For “is one of” and “is none of”.",
        json_schema_extra=asked_for(operator=_LISTS),
    )
    ignore_case: bool = Field(
        False,
        title="Ignore case",
        description="Whether A and a are the same.",
        json_schema_extra=asked_for(operator=_CASED),
    )


class FilterSettings(Settings):
    """Which rows to keep."""

    conditions: tuple[Condition, ...] = Field((), title="Conditions")
    match: Literal["all", "any"] = Field("all", title="A row must meet", description="All conditions or any.")
    expression: str = expression("Or a condition in SQL", "Such as amount > 2 * discount.", default="")
    keep: Literal["matching", "rest"] = Field(
        "matching",
        title="Keep",
        description="The matching rows, or the rest. To split rows in two, add the step twice.",
    )


class Filter(Recipe[FilterSettings]):
    """Rows by conditions."""

    name = "filter"
    title = "Filter"
    description = "Keep the rows that meet conditions, or the rest."
    settings = FilterSettings

    def sql(self, settings: FilterSettings, inputs: Sequence[Input]) -> str:
        """A SELECT with a WHERE."""
        source = inputs[0]
        conditions = [
            _condition(condition, source, f"conditions.{number}")
            for number, condition in enumerate(settings.conditions)
        ]
        if settings.expression.strip():
            conditions.append(f"({in_line(settings.expression)})")
        if not conditions:
            where = "WHERE FALSE" if settings.keep == "rest" else ""
            return select(["*"], source.sql, where)
        joint = "\n  AND " if settings.match == "all" else "\n   OR "
        if settings.keep == "rest":
            # A condition on an empty value is neither true nor false: such rows belong to the rest.
            return select(["*"], source.sql, f"WHERE ({joint.join(conditions)}) IS NOT TRUE")
        return select(["*"], source.sql, f"WHERE {joint.join(conditions)}")


def _condition(condition: Condition, source: Input, place: str) -> str:
    name, type_ = sql_name(condition.column), source.type_of(condition.column)
    operator = condition.operator
    if operator in (Operator.EMPTY, Operator.NOT_EMPTY):
        return f"{name} IS {'NOT ' if operator is Operator.NOT_EMPTY else ''}NULL"
    if operator in _TEXT_FUNCTIONS:
        return _text_condition(condition, name, type_)
    fold: Callable[[str], str] = str
    if condition.ignore_case and is_text(type_):

        def fold(sql: str) -> str:
            return f"lower({sql})"

    def value(given: str, field: str) -> str:
        return fold(told(f"{place}.{field}", sql_value, given, type_))

    if operator in (Operator.ONE_OF, Operator.NONE_OF):
        if not condition.values:
            raise Unready(f"{place}.values", "there are no values", "add one")
        listed = ", ".join(value(each, f"values.{n}") for n, each in enumerate(condition.values))
        if operator is Operator.ONE_OF:
            return f"{fold(name)} IN ({listed})"
        return f"({name} IS NULL OR {fold(name)} NOT IN ({listed}))"
    if operator is Operator.BETWEEN:
        return f"{fold(name)} BETWEEN {value(condition.value, 'value')} AND {value(condition.upper, 'upper')}"
    return f"{fold(name)} {_COMPARISONS[operator]} {value(condition.value, 'value')}"


def _text_condition(condition: Condition, name: str, type_: str) -> str:
    subject = name if is_text(type_) else f"CAST({name} AS VARCHAR)"
    sought = sql_value(condition.value) if condition.value else sql_text("")
    if condition.ignore_case:
        if condition.operator is Operator.MATCHES:
            return f"regexp_matches({subject}, {sought}, 'i')"
        subject, sought = f"lower({subject})", f"lower({sought})"
    call = f"{_TEXT_FUNCTIONS[condition.operator]}({subject}, {sought})"
    return f"({name} IS NULL OR NOT {call})" if condition.operator is Operator.NOT_CONTAINS else call
