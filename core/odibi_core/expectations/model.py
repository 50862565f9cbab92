"""The kinds of expectations: one model each, which validates, makes the JSON Schema and the forms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, PrivateAttr, field_validator, model_validator

from odibi_core.durations import Span
from odibi_core.formats.base import Options
from odibi_core.shares import Share, parse_share, spell_share

SQL_FIELDS = ("condition", "query")
"""The fields of expectations that hold SQL: a placeholder in one is a quoted value."""


class Consequence(StrEnum):
    """What becomes of a run where an expectation is not met."""

    WARN = "warn"
    """It goes on, and says so."""
    FAIL = "fail"
    """The step fails, and nothing that follows from it is written."""
    QUARANTINE = "quarantine"
    """The rows that offend are taken out and kept; the others go on."""


class DriftPolicy(StrEnum):
    """What becomes of a run where the columns are not those of the last good run."""

    IGNORE = "ignore"
    WARN = "warn"
    FAIL = "fail"
    EVOLVE = "evolve"
    """New columns and wider types are taken; anything else fails."""


class Expectation(Options):
    """What every expectation takes."""

    name: str | None = Field(
        None, min_length=1, description="Names it in results; made of check and columns where unset."
    )
    output: str | None = Field(
        None, description="Which output of the step it is about; the first where unset."
    )
    description: str = Field("", description="Why it is so, for whoever meets the message.")

    is_per_row: ClassVar[bool] = False
    also_called: ClassVar[Mapping[str, str]] = {
        "column": "columns",
        "level": "severity",
    }

    _written: Mapping[str, Any] | None = PrivateAttr(None)
    _number: int = PrivateAttr(0)

    def called_as(self, written: Mapping[str, Any], number: int) -> Self:
        """The same, named and told of as it was written: what placeholders stand for may be a secret.

        Args:
            written: How it was written.
            number: Its place among the expectations of its step, from 0.
        """
        other = self.model_copy()
        other._written, other._number = written, number
        return other

    @property
    def place(self) -> str:
        """Where in its step it was written, such as "expectations[0]"."""
        return f"expectations[{self._number}]"

    @property
    def kind(self) -> str:
        """The check's name."""
        return str(getattr(self, "check"))  # noqa: B009 - declared by each kind, as a literal of its own

    @property
    def subject(self) -> str:
        """What it looks at, as it was written, for its name; "" where that is the whole output."""
        return ", ".join(self.columns_told)

    @property
    def columns_told(self) -> tuple[str, ...]:
        """The columns that it looks at, as they were written; none where that is the whole output."""
        return (self._as_written("columns", "column") or self.looked_at) if self.looked_at else ()

    @property
    def label(self) -> str:
        """Its name, as it was written; made of check and subject where it has none."""
        given = next(iter(self._as_written("name")), self.name)
        return given or (f"{self.kind}({self.subject})" if self.subject else self.kind)

    def _as_written(self, *fields: str) -> tuple[str, ...]:
        """The texts that stand in the first of the fields that was written."""
        for field in fields:
            given = (self._written or {}).get(field)
            if given is not None and field in type(self).model_fields:
                return tuple(map(str, [given] if isinstance(given, str) else given))
        return ()

    @property
    def looked_at(self) -> tuple[str, ...]:
        """The columns of the output that it looks at."""
        return ()

    @property
    def consequence(self) -> Consequence | None:
        """What becomes of a run where it is not met; None where that depends on what was found."""
        return getattr(self, "severity", None)


class _TableExpectation(Expectation):
    severity: Literal[Consequence.WARN, Consequence.FAIL] = Field(
        Consequence.FAIL, description="What becomes of a run where it is not met: warn or fail."
    )


_ALSO_OF_ROWS = {
    "column": "columns",
    "level": "severity",
    "at_most": "tolerance",
    "threshold": "tolerance",
}


class RowExpectation(Expectation):
    """What every expectation about rows takes."""

    severity: Consequence = Field(
        Consequence.FAIL,
        description="What becomes of a run where rows offend: warn, fail, or quarantine, which takes them "
        "out and keeps them.",
    )
    tolerance: Share = Field(
        0,
        le=1,
        description="The share of rows that may offend, such as 1%. Up to it fail only warns, and warn "
        "passes; beyond it quarantine fails.",
    )

    is_per_row: ClassVar[bool] = True
    also_called: ClassVar[Mapping[str, str]] = _ALSO_OF_ROWS

    @field_validator("tolerance", mode="before")
    @classmethod
    def _is_at_most_all(cls, said: Any) -> Any:
        share = parse_share(said) if isinstance(said, str) else said
        if isinstance(share, int | float) and share > 1:
            # Whoever writes 5 means five in a hundred.
            meant = "" if str(said).endswith("%") else f"; for {said} in 100 write {spell_share(share / 100)}"
            raise ValueError(f"{said} is more than all rows{meant}")
        return share

    @model_validator(mode="before")
    @classmethod
    def _is_what_may_offend(cls, said: Any) -> Any:
        # A hint that only names the other setting would have its number taken for the contrary.
        if isinstance(said, Mapping) and "mostly" in said:
            raise ValueError("there is no setting 'mostly': for mostly: 0.99 write tolerance: 1%")
        return said

    def is_tolerated(self, rows: int, offending: int) -> bool:
        """Whether so many of the rows may offend."""
        return offending == 0 or (rows > 0 and offending / rows <= self.tolerance)

    def consequence_of(self, rows: int, offending: int) -> Consequence | None:
        """What becomes of a run where so many of the rows offend; None where nothing does."""
        if not offending:
            return None
        if self.tolerance == 0:
            return self.severity
        match self.severity, self.is_tolerated(rows, offending):
            case Consequence.FAIL, True:
                return Consequence.WARN
            case Consequence.WARN, True:
                return None
            case Consequence.QUARANTINE, False:
                return Consequence.FAIL
        return self.severity


def _one_or_many(given: Any) -> Any:
    return (given,) if isinstance(given, str) else given


class _ColumnsExpectation(RowExpectation):
    columns: tuple[str, ...] = Field(min_length=1, description="One column, or several.")

    _listed = field_validator("columns", mode="before")(_one_or_many)

    @property
    def looked_at(self) -> tuple[str, ...]:
        """The columns of the output that it looks at."""
        return self.columns


class _ColumnExpectation(RowExpectation):
    column: str = Field(min_length=1, description="The column.")

    also_called: ClassVar[Mapping[str, str]] = {**_ALSO_OF_ROWS, "columns": "column"}

    @property
    def looked_at(self) -> tuple[str, ...]:
        """The column of the output that it looks at."""
        return (self.column,)


class NotNull(_ColumnsExpectation):
    """No row has a null in any of the columns."""

    check: Literal["not_null"]


class Unique(_ColumnsExpectation):
    """No two rows have the same values in the columns; rows with a null in one of them are passed over."""

    check: Literal["unique"]


Bound = int | float | dt.datetime | dt.date | str


class Range(_ColumnExpectation):
    """Values lie between two bounds; nulls are passed over."""

    check: Literal["range"]
    min: Bound | None = Field(None, description="The lowest value: a number, a date or a text.")
    max: Bound | None = Field(None, description="The highest value.")
    strict: bool = Field(False, description="Whether the bounds themselves are too low and too high.")

    @model_validator(mode="after")
    def _is_bounded(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("a range needs min, max or both")
        if _is_number(self.min) and _is_number(self.max) and self.min > self.max:  # type: ignore[operator]
            raise ValueError(f"min {self.min} is above max {self.max}")
        return self


class AllowedValues(_ColumnExpectation):
    """Values are among those listed; nulls are passed over."""

    check: Literal["set"]
    values: tuple[bool | Bound, ...] = Field(min_length=1, description="The values that there may be.")


class Pattern(_ColumnExpectation):
    """Texts match a regular expression from their first to their last character; nulls are passed over."""

    check: Literal["pattern"]
    regex: str = Field(min_length=1, description="The regular expression, in RE2's syntax.")


class ForeignKey(_ColumnsExpectation):
    """Each row's values are found in another dataset; rows with a null among them are passed over."""

    check: Literal["foreign_key"]
    references: str = Field(
        min_length=1, description="The key of the dataset, as the outputs of steps name it."
    )
    key: tuple[str, ...] = Field((), description="Its columns; those of the same names where unset.")

    also_called: ClassVar[Mapping[str, str]] = {
        **_ALSO_OF_ROWS,
        "dataset": "references",
        "to": "references",
        "keys": "key",
    }

    _key_listed = field_validator("key", mode="before")(_one_or_many)

    @model_validator(mode="after")
    def _has_pairs(self) -> Self:
        if self.key and len(self.key) != len(self.columns):
            raise ValueError(f"key has {len(self.key)} columns, and columns has {len(self.columns)}")
        return self

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns of the dataset, one for each of `columns`."""
        return self.key or self.columns


class RowCount(_TableExpectation):
    """The number of rows lies between two bounds, or near that of past runs."""

    check: Literal["row_count"]
    min: int | None = Field(None, ge=0, description="The fewest rows.")
    max: int | None = Field(None, ge=0, description="The most rows.")
    history: int | None = Field(
        None, ge=1, le=1000, description="How many good runs the number is compared with: with their median."
    )
    tolerance: Share = Field(
        0.5, description="How far it may be from that, as a share of it: 50% is half less or more."
    )

    @model_validator(mode="after")
    def _is_bounded(self) -> Self:
        if self.min is None and self.max is None and self.history is None:
            raise ValueError("row_count needs min, max or history")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        if self.history is None and "tolerance" in self.model_fields_set:
            raise ValueError("tolerance needs history: how many runs to compare with")
        return self


class Freshness(_TableExpectation):
    """The latest moment in a column is not older than a span of time."""

    check: Literal["freshness"]
    column: str = Field(
        min_length=1, description="A column of moments or dates; moments without zone are UTC."
    )
    max_age: Span = Field(description="How old the latest may be, such as 90m, 24h or 2d.")

    also_called: ClassVar[Mapping[str, str]] = {"columns": "column", "age": "max_age"}

    @property
    def looked_at(self) -> tuple[str, ...]:
        """The column of the output that it looks at."""
        return (self.column,)


class Condition(RowExpectation):
    """A condition in SQL holds for each row, or a query finds no row. A condition that gives null holds."""

    check: Literal["sql"]
    condition: str | None = Field(
        None, min_length=1, description="What holds for each row, over its columns, in DuckDB's dialect."
    )
    query: str | None = Field(
        None, min_length=1, description="A SELECT over the table data that gives the rows that offend."
    )

    @field_validator("condition", "query", mode="before")
    @classmethod
    def _without_end(cls, given: Any) -> Any:
        return given.strip().rstrip(";").rstrip() if isinstance(given, str) else given

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.condition is None) == (self.query is None):
            raise ValueError("give condition or query, one of the two")
        if self.query is not None and self.severity is Consequence.QUARANTINE:
            raise ValueError("rows that a query gives can't be taken out: write a condition, or warn or fail")
        return self

    @property
    def subject(self) -> str:
        """The beginning of its SQL."""
        given = self._as_written("condition", "query") or (self.condition or self.query or "",)
        text = " ".join(given[0].split())
        return text if len(text) <= 60 else f"{text[:59]}…"


class ExpectedSchema(_TableExpectation):
    """The output has columns of these names and types."""

    check: Literal["schema"]
    columns: dict[str, str | None] = Field(
        min_length=1, description="Name → type as DuckDB spells it, such as BIGINT; null allows any."
    )
    exact: bool = Field(False, description="Whether there may be no other columns.")


class SchemaDrift(Expectation):
    """The output has the columns that it had in the last good run."""

    check: Literal["schema_drift"]
    on_change: DriftPolicy = Field(
        DriftPolicy.WARN,
        description="What becomes of a run where they changed: ignore, warn, fail, or evolve, which takes "
        "new columns and wider types and fails for anything else.",
    )

    also_called: ClassVar[Mapping[str, str]] = {"severity": "on_change", "mode": "on_change"}


KINDS: dict[str, type[Expectation]] = {
    "schema": ExpectedSchema,
    "not_null": NotNull,
    "unique": Unique,
    "range": Range,
    "set": AllowedValues,
    "pattern": Pattern,
    "foreign_key": ForeignKey,
    "row_count": RowCount,
    "freshness": Freshness,
    "sql": Condition,
    "schema_drift": SchemaDrift,
}


def named(expectations: tuple[Expectation, ...]) -> dict[str, Expectation]:
    """Name → expectation; a second of one name gets a number."""
    found: dict[str, Expectation] = {}
    for expectation in expectations:
        wanted = name = expectation.label
        number = 2
        while name in found:
            name, number = f"{wanted} #{number}", number + 1
        found[name] = expectation
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)
