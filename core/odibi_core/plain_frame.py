"""pandas frames of numbers, booleans and text, read without a Series a column.

Making a Series takes pandas longer than reading the first rows of a column, and most frames hold nothing that
would need one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa


_SHOWN = ("FLOAT", "DOUBLE", "VARCHAR")


class PlainColumn(NamedTuple):
    """A column of a frame.

    Attributes:
        name: Its name.
        type: DuckDB's name for the type of its values.
        values: A NumPy array of numbers or booleans, or pandas' array of text.
    """

    name: str
    type: str
    values: Any


def plain_columns(frame: pd.DataFrame) -> list[PlainColumn] | None:
    """The columns of a frame of plain numbers, booleans and text; None where there is more to it."""
    names = text_names(frame.columns)
    if names is None or any(name is not None for name in frame.index.names):
        return None
    types = _types()
    columns = []
    for name, values in zip(names, _arrays(frame), strict=True):
        type_ = types.get(values.dtype)
        if type_ is None:
            if not _is_text(values.dtype):
                return None
            type_ = "VARCHAR"
        columns.append(PlainColumn(name, type_, values))
    return columns


_latest: tuple[Any, list[str]] | None = None
"""The columns that were looked at last, and their names: a frame mostly shares those of the one before."""


def text_names(columns: pd.Index) -> list[str] | None:
    """The names of a frame's columns; None where they are not texts that differ."""
    global _latest
    latest = _latest
    if latest is not None and columns.is_(latest[0]):
        return latest[1]
    if columns.inferred_type != "string" or not columns.is_unique or columns.hasnans:
        return None
    names: list[str] = columns.tolist()
    _latest = (columns, names)
    return names


def plain_table(columns: Iterable[PlainColumn]) -> pa.Table:
    """The Arrow table of these columns: what `pyarrow` makes of their frame, for a third of the time."""
    import pyarrow as pa

    arrays, names = [], []
    for name, _, values in columns:
        arrays.append(pa.array(values, from_pandas=True))
        names.append(name)
    return pa.Table.from_arrays(arrays, names=names)


def first_rows(
    columns: Sequence[PlainColumn], n: int, show: Callable[[Any], Any] | None = None
) -> list[dict[str, Any]]:
    """The first `n` rows as Python's own values, None where one is missing.

    Args:
        columns: All columns of a frame.
        n: How many rows.
        show: What texts and fractions go through; whole numbers and truth values are shown as they are.
    """
    heads = []
    for column in columns:
        values = first_values(column, n)
        if show is not None and column.type in _SHOWN:
            values = [show(value) for value in values]
        heads.append(values)
    names = [column.name for column in columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*heads, strict=True)]


def first_values(column: PlainColumn, n: int) -> list[Any]:
    """The first `n` values as Python's own, None where one is missing."""
    head = column.values[:n]
    if column.type == "VARCHAR":
        return [value if isinstance(value, str) else None for value in head]
    values: list[Any] = head.tolist()
    if column.type in _SHOWN:
        # What is missing among pandas' numbers is the one value that differs from itself.
        return [value if value == value else None for value in values]  # noqa: PLR0124
    return values


def _arrays(frame: pd.DataFrame) -> Iterable[Any]:
    iterate = getattr(frame, "_iter_column_arrays", None)
    if iterate is not None:
        arrays: Iterable[Any] = iterate()
        return arrays
    return (frame.iloc[:, position].values for position in range(frame.shape[1]))


def _is_text(dtype: Any) -> bool:
    import pandas as pd

    return isinstance(dtype, pd.StringDtype)


@cache
def _types() -> dict[np.dtype[Any], str]:
    import numpy as np

    return {
        np.dtype(np.bool_): "BOOLEAN",
        np.dtype(np.int8): "TINYINT",
        np.dtype(np.int16): "SMALLINT",
        np.dtype(np.int32): "INTEGER",
        np.dtype(np.int64): "BIGINT",
        np.dtype(np.uint8): "UTINYINT",
        np.dtype(np.uint16): "USMALLINT",
        np.dtype(np.uint32): "UINTEGER",
        np.dtype(np.uint64): "UBIGINT",
        np.dtype(np.float32): "FLOAT",
        np.dtype(np.float64): "DOUBLE",
    }
