"""Summarise groups of rows, and turn rows into columns and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum

from pydantic import Field

from odibi_studio.recipes.names import is_text, sql_name, sql_value
from odibi_studio.recipes.recipe import (
    FieldProblem,
    Input,
    Recipe,
    Settings,
    Unready,
    asked_for,
    column,
    columns,
    select,
    text,
    told,
    widget,
)
from odibi_studio.recipes.selecting import twice


class Aggregate(StrEnum):
    """What is made of the values of a group."""

    ROWS = "number of rows"
    COUNT = "number of values"
    DISTINCT = "number of different values"
    SUM = "sum"
    MEAN = "mean"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"
    MEDIAN = "median"
    DEVIATION = "standard deviation"
    ANY = "any value"
    LIST = "list as text"


_CALLS = {
    Aggregate.COUNT: "count({})",
    Aggregate.DISTINCT: "count(DISTINCT {})",
    Aggregate.SUM: "sum({})",
    Aggregate.MEAN: "avg({})",
    Aggregate.MINIMUM: "min({})",
    Aggregate.MAXIMUM: "max({})",
    Aggregate.MEDIAN: "median({})",
    Aggregate.DEVIATION: "stddev_samp({})",
    Aggregate.ANY: "any_value({})",
    Aggregate.LIST: "string_agg({0}, ', ' ORDER BY {0})",
}
_SHORT = {
    Aggregate.COUNT: "count",
    Aggregate.DISTINCT: "distinct",
    Aggregate.DEVIATION: "stddev",
    Aggregate.ANY: "any",
    Aggregate.LIST: "list",
}


def _call(function: Aggregate, name: str, *, where: str = "") -> str:
    call = "count(*)" if function is Aggregate.ROWS else _CALLS[function].format(sql_name(name))
    return f"{call} FILTER (WHERE {where})" if where else call


class Summary(Settings):
    """One value for each group."""

    function: Aggregate = widget("aggregate", "What", default=Aggregate.ROWS)
    column: str = column(
        "Of",
        "Not needed for the number of rows.",
        default="",
        when=asked_for(function=[one for one in Aggregate if one is not Aggregate.ROWS]),
    )
    name: str = text("Name", "Made from the other two if empty.")

    @property
    def output(self) -> str:
        """The name of the column that comes out."""
        if self.name:
            return self.name
        if self.function is Aggregate.ROWS:
            return "row_count"
        return f"{_SHORT.get(self.function, self.function.value)}_{self.column}"


class AggregateSettings(Settings):
    """What is summarised."""

    group_by: tuple[str, ...] = columns("Group by", "One row for all if empty.")
    aggregates: tuple[Summary, ...] = Field((), title="Values")


class Aggregation(Recipe[AggregateSettings]):
    """A row for each group."""

    name = "aggregate"
    title = "Aggregate"
    description = "One row for each group: counts, sums, means and more."
    settings = AggregateSettings

    def sql(self, settings: AggregateSettings, inputs: Sequence[Input]) -> str:
        """A SELECT with a GROUP BY."""
        (source,) = inputs
        groups = [sql_name(name) for name in settings.group_by]
        items = list(groups)
        for number, each in enumerate(settings.aggregates):
            if each.function is not Aggregate.ROWS and not each.column:
                raise Unready(f"aggregates.{number}.column", "no column is chosen", "choose one")
            items.append(f"{_call(each.function, each.column)} AS {sql_name(each.output)}")
        if not items:
            raise Unready("aggregates", "nothing is chosen", "choose groups, values, or both")
        return select(items, source.sql, f"GROUP BY {', '.join(groups)}" if groups else "")

    def problems(self, settings: AggregateSettings, inputs: Sequence[Input]) -> Iterator[FieldProblem]:
        """Names that come out twice."""
        names = [(f"group_by.{n}", name) for n, name in enumerate(settings.group_by)]
        names += [(f"aggregates.{n}.name", each.output) for n, each in enumerate(settings.aggregates)]
        yield from twice(names)


class PivotSettings(Settings):
    """How rows become columns."""

    group_by: tuple[str, ...] = columns("One row for each", "All rows become one if empty.")
    names_from: str = column("New columns are named by", default="")
    values_from: str = column("Their values come from", default="")
    function: Aggregate = widget("aggregate", "Where there are several", default=Aggregate.SUM)
    values: tuple[str, ...] = Field(
        (),
        title="New columns",
        description="The values that become columns. If empty, the data decide, and later steps know the "
        "columns only after a run.",
    )


class Pivot(Recipe[PivotSettings]):
    """Rows become columns."""

    name = "pivot"
    title = "Pivot"
    description = "Turn the values of a column into columns of their own."
    settings = PivotSettings

    def sql(self, settings: PivotSettings, inputs: Sequence[Input]) -> str:
        """Aggregates with filters or, where the data decide, a PIVOT."""
        (source,) = inputs
        needed = [("names_from", settings.names_from)]
        if settings.function is not Aggregate.ROWS:
            needed.append(("values_from", settings.values_from))
        for place, given in needed:
            if not given:
                raise Unready(place, "no column is chosen", "choose one")
        groups = [sql_name(name) for name in settings.group_by]
        by = f"GROUP BY {', '.join(groups)}" if groups else ""
        key = sql_name(settings.names_from)
        if not settings.values:
            using = f"USING {_call(settings.function, settings.values_from)}"
            return "\n".join(part for part in (f"PIVOT {source.sql}", f"ON {key}", using, by) if part)
        type_ = source.type_of(settings.names_from)
        items = list(groups)
        for number, value in enumerate(settings.values):
            where = f"{key} = {told(f'values.{number}', sql_value, value, type_)}"
            items.append(
                f"{_call(settings.function, settings.values_from, where=where)} AS {sql_name(value)}"
            )
        return select(items, source.sql, by)

    def problems(self, settings: PivotSettings, inputs: Sequence[Input]) -> Iterator[FieldProblem]:
        """Names that come out twice."""
        names = [(f"group_by.{n}", name) for n, name in enumerate(settings.group_by)]
        names += [(f"values.{n}", value) for n, value in enumerate(settings.values)]
        for number, value in enumerate(settings.values):
            if not value:
                yield FieldProblem(f"values.{number}", "the value is empty", "give one, or take it out")
        yield from twice(names)


class UnpivotSettings(Settings):
    """How columns become rows."""

    columns: tuple[str, ...] = columns("Columns that become rows")
    name_column: str = text("Column for their names", default="name")
    value_column: str = text("Column for their values", default="value")
    keep_empty: bool = Field(True, title="Keep empty values", description="Off leaves such rows out.")


class Unpivot(Recipe[UnpivotSettings]):
    """Columns become rows."""

    name = "unpivot"
    title = "Unpivot"
    description = "Turn columns into rows of name and value."
    settings = UnpivotSettings

    def sql(self, settings: UnpivotSettings, inputs: Sequence[Input]) -> str:
        """A SELECT over an UNPIVOT; of columns that mix texts with others, over texts."""
        (source,) = inputs
        for place in ("columns", "name_column", "value_column"):
            if not getattr(settings, place):
                raise Unready(place, "nothing is chosen", "choose one")
        listed = ", ".join(map(sql_name, settings.columns))
        nulls = "INCLUDE NULLS " if settings.keep_empty else ""
        turned = (
            f"UNPIVOT {nulls}({sql_name(settings.value_column)} FOR {sql_name(settings.name_column)} "
            f"IN ({listed}))"
        )
        types = {source.type_of(name) for name in settings.columns}
        if len(types) < 2 or not any(map(is_text, types)):
            return select(["*"], source.sql, turned)
        casts = ",\n        ".join(
            f"CAST({sql_name(name)} AS VARCHAR) AS {sql_name(name)}" for name in settings.columns
        )
        texts = f"(\n    SELECT * REPLACE (\n        {casts}\n    )\n    FROM {source.sql}\n)"
        return select(["*"], texts, turned)

    def problems(self, settings: UnpivotSettings, inputs: Sequence[Input]) -> Iterator[FieldProblem]:
        """Names that come out twice."""
        schema = inputs[0].schema
        turned = {name.casefold() for name in settings.columns}
        rest = [
            name for name in (schema.names if schema is not None else ()) if name.casefold() not in turned
        ]
        places = [("name_column", settings.name_column), ("value_column", settings.value_column)]
        yield from twice([*(("", name) for name in rest), *places])
        yield from twice([(f"columns.{n}", name) for n, name in enumerate(settings.columns)])
