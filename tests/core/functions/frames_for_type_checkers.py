"""Functions whose annotations are texts, of names that exist for type checkers only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars
    import polars as p
    import pyarrow as arrow
    from polars import DataFrame
    from polars import LazyFrame as Lazy


def by_module(df: polars.DataFrame) -> Any:
    return df


def by_alias(df: p.LazyFrame) -> Any:
    return df


def by_name(df: DataFrame) -> Any:
    return df


def by_renamed_name(df: Lazy | None) -> Any:
    return df


def arrow_table(df: arrow.Table) -> Any:
    return df


def arrow_reader(df: arrow.RecordBatchReader) -> Any:
    return df
