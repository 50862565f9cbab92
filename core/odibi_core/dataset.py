"""A dataset is a handle: it knows its schema at once, and its rows when asked.

Rows cross engines and libraries through Arrow. A conversion is made when somebody asks for it, once.
"""

from __future__ import annotations

import base64
import datetime as dt
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from odibi_core.late_dataclass import dataclass
from odibi_core.plain_frame import plain_columns, plain_table
from odibi_core.schema import Schema

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

SAMPLE_ROWS = 5
SAMPLE_TEXT_LENGTH = 200


class CountScope(StrEnum):
    """How a row count is known.

    `recounted`: by a second pass, after the rows had streamed on.
    """

    EXACT = "exact"
    INFERRED = "inferred"
    RECOUNTED = "recounted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a dataset looked like at one moment.

    Attributes:
        schema: Names and types of the columns.
        row_count: Number of rows; None where it is unknown.
        row_count_scope: How the count is known.
        sample: At most `SAMPLE_ROWS` rows, name → value, in values that JSON can hold.
        sample_scope: "first rows", or why there are none.
    """

    schema: Schema
    row_count: int | None
    row_count_scope: CountScope
    sample: tuple[Mapping[str, Any], ...] = ()
    sample_scope: str = "first rows"

    def as_dict(self) -> dict[str, Any]:
        """The form that lineage keeps."""
        return {
            "schema": self.schema.as_dict(),
            "row_count": self.row_count,
            "row_count_scope": self.row_count_scope.value,
            "sample": list(self.sample),
            "sample_scope": self.sample_scope,
        }


def json_value(value: Any) -> Any:
    """A value as JSON can hold it: dates as ISO 8601, decimals and infinities as text, long text cut."""
    if type(value) is int:
        return value
    match value:
        case None | bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case str():
            return value if len(value) <= SAMPLE_TEXT_LENGTH else value[: SAMPLE_TEXT_LENGTH - 1] + "…"
        case dt.datetime() | dt.date() | dt.time():
            return value.isoformat()
        case Decimal() | dt.timedelta():
            return str(value)
        case bytes() | bytearray():
            return json_value(base64.b64encode(value).decode())
        case Mapping():
            return {str(key): json_value(item) for key, item in value.items()}
        case list() | tuple():
            return [json_value(item) for item in value]
    return json_value(str(value))


def sample_rows(table: pa.Table) -> tuple[dict[str, Any], ...]:
    """The first rows of an Arrow table as a sample."""
    head = table.slice(0, SAMPLE_ROWS)
    try:
        rows = head.to_pylist()
    except (OverflowError, ValueError):
        columns = [[_python_value(value) for value in column] for column in head.columns]
        rows = [dict(zip(head.column_names, row, strict=True)) for row in zip(*columns, strict=True)]
    return tuple({name: json_value(value) for name, value in row.items()} for row in rows)


def _python_value(value: pa.Scalar[Any]) -> Any:
    """The value, as text where Python has none such: infinite moments, and years past 9999."""
    try:
        return value.as_py()
    except (OverflowError, ValueError):
        import pyarrow as pa

        from odibi_core import late_duckdb as duckdb

        with duckdb.connect(":memory:", config={"python_enable_replacements": "false"}) as database:
            database.execute("SET TimeZone = 'UTC'")
            database.register("one", pa.table({"value": pa.array([value])}))
            return database.execute("SELECT value::VARCHAR FROM one").fetchall()[0][0]


class Dataset(ABC):
    """What one key of a run's data map holds.

    Attributes:
        key: The dataset key that the steps of the pipeline know it by.
    """

    key: str

    @property
    @abstractmethod
    def schema(self) -> Schema:
        """Names and types of the columns, without computing the rows."""

    @abstractmethod
    def row_count(self) -> int:
        """The number of rows, computed where it is not known yet."""

    @abstractmethod
    def arrow(self) -> pa.Table:
        """All rows as an Arrow table."""

    @abstractmethod
    def head(self, n: int) -> pa.Table:
        """The first `n` rows as an Arrow table."""

    @abstractmethod
    def snapshot(self) -> Snapshot:
        """What the dataset looks like; taken once, and kept when the rows are released."""

    def computed(self) -> Dataset:
        """The dataset that has the rows: this one, unless it stands for one that is yet to be made."""
        return self

    @abstractmethod
    def native(self) -> Any:
        """The frame of the engine's own kind: pandas for `pandas`, a Spark DataFrame for `spark`."""

    def pandas(self) -> pd.DataFrame:
        """All rows as pandas. Columns with nulls keep both values and nulls (see `arrow_to_pandas`)."""
        return arrow_to_pandas(self.arrow())

    def polars(self) -> pl.DataFrame:
        """All rows as Polars."""
        import polars as pl

        frame = pl.from_arrow(self.arrow())
        assert isinstance(frame, pl.DataFrame)
        return frame


def arrow_to_pandas(table: pa.Table) -> pd.DataFrame:
    """A pandas frame that loses nothing of `table`.

    A column has pandas' own dtype where that holds every value: numbers, booleans and timestamps without
    nulls, and text. Otherwise it is backed by Arrow: plain pandas would turn an integer column with a null
    into floats, and 9007199254740993 into 9007199254740992.
    """
    import pandas as pd
    import pyarrow as pa

    def lossless(column: pa.ChunkedArray) -> bool:
        kind = column.type
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            return True
        plain = (
            pa.types.is_integer(kind)
            or pa.types.is_floating(kind)
            or pa.types.is_boolean(kind)
            or pa.types.is_timestamp(kind)
            or pa.types.is_duration(kind)
        )
        return bool(plain) and column.null_count == 0

    series: dict[int, Any] = {}
    for position, column in enumerate(table.columns):
        if lossless(column):
            series[position] = column.to_pandas()
        else:
            series[position] = pd.Series(pd.arrays.ArrowExtensionArray(column))
    frame = pd.DataFrame(series, copy=False, index=pd.RangeIndex(table.num_rows))
    frame.columns = pd.Index(table.column_names)
    return frame


def frame_to_arrow(frame: Any) -> pa.Table:
    """An Arrow table of a pandas or Polars frame, or of an Arrow object.

    A pandas index that carries names (the keys of a group-by, say) becomes columns; one without is only
    positions and is left out.

    Raises:
        TypeError: `frame` is none of these.
    """
    import pyarrow as pa

    if isinstance(frame, pa.Table):
        return frame
    if isinstance(frame, pa.RecordBatch):
        return pa.Table.from_batches([frame])
    if isinstance(frame, pa.RecordBatchReader):
        return frame.read_all()
    library = type(frame).__module__.partition(".")[0]
    if library == "pandas" and hasattr(frame, "columns"):
        columns = plain_columns(frame)
        if columns is not None:
            return plain_table(columns)
        if any(name is not None for name in frame.index.names):
            frame = frame.reset_index()
        return pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    if library == "polars":
        if hasattr(frame, "collect"):
            frame = frame.collect()
        if hasattr(frame, "to_arrow") and hasattr(frame, "columns"):
            return frame.to_arrow()
    raise TypeError(f"{type(frame).__module__}.{type(frame).__qualname__} is not a frame")
