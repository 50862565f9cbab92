"""Order, thin out and take apart rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import Field

from odibi_studio.recipes.names import sql_name, sql_text
from odibi_studio.recipes.recipe import (
    FieldProblem,
    Input,
    Recipe,
    Settings,
    Unready,
    asked_for,
    column,
    columns,
    replaced,
    select,
    text,
)
from odibi_studio.recipes.selecting import twice


class SortKey(Settings):
    """One column to sort by."""

    column: str = column("Column")
    direction: Literal["ascending", "descending"] = Field("ascending", title="Direction")
    empty: Literal["last", "first"] = Field("last", title="Empty values")

    @property
    def sql(self) -> str:
        """As it stands in ORDER BY."""
        direction = "DESC" if self.direction == "descending" else "ASC"
        return f"{sql_name(self.column)} {direction} NULLS {self.empty.upper()}"


class SortSettings(Settings):
    """The order."""

    keys: tuple[SortKey, ...] = Field((), title="Sort by")
    limit: int | None = Field(None, ge=0, title="Keep the first", description="All rows if empty.")


class Sort(Recipe[SortSettings]):
    """Rows in order."""

    name = "sort"
    title = "Sort"
    description = "Order the rows, and keep the first if wanted."
    settings = SortSettings

    def sql(self, settings: SortSettings, inputs: Sequence[Input]) -> str:
        """A SELECT with an ORDER BY."""
        order = ", ".join(key.sql for key in settings.keys)
        limit = "" if settings.limit is None else f"LIMIT {settings.limit}"
        return select(["*"], inputs[0].sql, f"ORDER BY {order}" if order else "", limit)


class DedupeSettings(Settings):
    """What counts as a duplicate."""

    columns: tuple[str, ...] = columns("Same in", "Rows that agree in these are duplicates; all if empty.")
    keep: tuple[SortKey, ...] = Field(
        (), title="Keep the first by", description="Any one of the duplicates if empty."
    )


class Dedupe(Recipe[DedupeSettings]):
    """Each row once."""

    name = "dedupe"
    title = "Remove duplicates"
    description = "Keep one row of those that are the same."
    settings = DedupeSettings

    def sql(self, settings: DedupeSettings, inputs: Sequence[Input]) -> str:
        """A SELECT DISTINCT, or one that numbers the duplicates."""
        (source,) = inputs
        if not settings.columns:
            return select(["*"], source.sql).replace("SELECT", "SELECT DISTINCT", 1)
        order = ", ".join(key.sql for key in settings.keep)
        window = f"PARTITION BY {', '.join(map(sql_name, settings.columns))}"
        window += f" ORDER BY {order}" if order else ""
        return select(["*"], source.sql, f"QUALIFY row_number() OVER ({window}) = 1")

    def problems(self, settings: DedupeSettings, inputs: Sequence[Input]) -> Iterator[FieldProblem]:
        """An order without columns."""
        if settings.keep and not settings.columns:
            yield FieldProblem("keep", "rows that are the same in everything have no first", "choose columns")


class SampleSettings(Settings):
    """How many rows, and which."""

    take: Literal["first", "random", "percent"] = Field(
        "first",
        title="Take",
        description="The first rows, rows drawn by chance, or a share drawn by chance.",
    )
    rows: int = Field(
        1_000,
        ge=0,
        title="Rows",
        description="For first and random.",
        json_schema_extra=asked_for(take=["first", "random"]),
    )
    percent: float = Field(10, ge=0, le=100, title="Percent", json_schema_extra=asked_for(take=["percent"]))
    seed: int | None = Field(
        None,
        ge=0,
        le=2**31 - 1,
        title="Seed",
        json_schema_extra=asked_for(take=["random", "percent"]),
        description="The same seed draws the same rows of the same data.",
    )


class Sample(Recipe[SampleSettings]):
    """Some of the rows."""

    name = "sample"
    title = "Sample"
    description = "Take some of the rows."
    settings = SampleSettings

    def sql(self, settings: SampleSettings, inputs: Sequence[Input]) -> str:
        """A SELECT with a LIMIT or a USING SAMPLE."""
        source = inputs[0].sql
        if settings.take == "first":
            return select(["*"], source, f"LIMIT {settings.rows}")
        seed = f" REPEATABLE ({settings.seed})" if settings.seed is not None else ""
        if settings.take == "random":
            return select(["*"], source, f"USING SAMPLE reservoir({settings.rows} ROWS){seed}")
        return select(["*"], source, f"USING SAMPLE bernoulli({settings.percent:g}%){seed}")


class SplitSettings(Settings):
    """How a text is taken apart."""

    column: str = column("Column", default="")
    delimiter: str = text("Between the parts", default=",")
    into: Literal["columns", "rows"] = Field(
        "columns", title="Each part becomes", description="A column or a row."
    )
    names: tuple[str, ...] = Field(
        (),
        title="New columns",
        description="A name for each part.",
        json_schema_extra=asked_for(into=["columns"]),
    )
    keep_original: bool = Field(False, title="Keep the text itself")


class SplitText(Recipe[SplitSettings]):
    """A text taken apart."""

    name = "split_text"
    title = "Split text"
    description = "Split a text into columns or rows. To split rows by a condition, use Filter."
    settings = SplitSettings

    def sql(self, settings: SplitSettings, inputs: Sequence[Input]) -> str:
        """A SELECT with split_part, or with unnest."""
        (source,) = inputs
        if not settings.column:
            raise Unready("column", "no column is chosen", "choose one")
        if not settings.delimiter:
            raise Unready("delimiter", "nothing says where the text is split", "give a text such as a comma")
        name, mark = sql_name(settings.column), sql_text(settings.delimiter)
        if settings.into == "rows":
            return replaced([(f"unnest(string_split({name}, {mark}))", settings.column)], source)
        if not settings.names:
            raise Unready("names", "there are no new columns", "name one for each part")
        parts = [
            f"NULLIF(split_part({name}, {mark}, {number}), '') AS {sql_name(new)}"
            for number, new in enumerate(settings.names, start=1)
        ]
        return select(["*" if settings.keep_original else f"* EXCLUDE ({name})", *parts], source.sql)

    def problems(self, settings: SplitSettings, inputs: Sequence[Input]) -> Iterator[FieldProblem]:
        """Names that come out twice."""
        if settings.into == "rows":
            return
        schema = inputs[0].schema
        old = [
            ("", name)
            for name in (schema.names if schema is not None else ())
            if settings.keep_original or name.casefold() != settings.column.casefold()
        ]
        yield from twice([*old, *((f"names.{n}", name) for n, name in enumerate(settings.names))])
        for number, name in enumerate(settings.names):
            if not name:
                yield FieldProblem(f"names.{number}", "the name is empty", "give one, or take it out")
