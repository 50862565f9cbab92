"""Datasets in Parquet files that give the same dataset again."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odibi_core.dataset import Dataset, Snapshot, frame_to_arrow
from odibi_core.engines.base import Attempt, UnkeepableError
from odibi_core.engines.duckdb.datasets import DuckDBDataset, FrameDataset, QueryDataset
from odibi_core.engines.duckdb.fragment import Fragment
from odibi_core.engines.duckdb.session import Session
from odibi_core.formats.sources import sql_list
from odibi_core.schema import Schema, literal, quote

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_FORM = b"odibi_form"
_OBJECT_COLUMNS = b"odibi_object_columns"

_DICTIONARY_VALUES = 8_192
"""A column with more values in a row group gets no dictionary: to make one takes a tenth of the time."""

_AS_TEXT = re.compile(
    r"U?HUGEINT|BIGNUM|BIT|INTERVAL|TIMESTAMP_M?S|TIME WITH TIME ZONE|TIME_NS|JSON|ENUM\(.*\)", re.DOTALL
)
_AS_THEY_ARE = re.compile(
    r"BOOLEAN|U?(TINY|SMALL|BIG)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL|VARCHAR|BLOB|DATE|TIME|TIMESTAMP(_NS)?|WITH"
    r"|ZONE|UUID|STRUCT|MAP"
)


def save_dataset(dataset: Dataset, path: Path, session: Session, attempt: Attempt) -> None:
    """Write a dataset's rows to a Parquet file.

    Raises:
        UnkeepableError: Parquet can't hold it without a change.
    """
    if isinstance(dataset, FrameDataset):
        _save_frame(dataset.frame(), path)
        return
    if not isinstance(dataset, DuckDBDataset):
        _save_frame(dataset.arrow(), path)
        return
    columns = ", ".join(_stored(name, type_) for name, type_ in dataset.schema)
    cursor = session.cursor()
    with closing(cursor), attempt.on_stop(cursor.interrupt):
        fragment = dataset.fragment()
        fragment.register(cursor)
        attempt.check()
        cursor.execute(
            f"COPY ({fragment.sql(f'SELECT {columns}')}) TO {literal(str(path))} "
            f"(FORMAT parquet, DICTIONARY_SIZE_LIMIT {_DICTIONARY_VALUES})"
        )


def load_dataset(key: str, path: Path, snapshot: Snapshot, session: Session) -> Dataset:
    """The dataset that `save_dataset` wrote; its rows are read when somebody asks."""
    is_frame = _FORM in _footer(path) and _FORM in _file_metadata(path)
    return (StoredFrame if is_frame else StoredTable)(key, session, path, snapshot)


class StoredTable(QueryDataset):
    """Rows of a table, in a Parquet file."""

    def __init__(self, key: str, session: Session, path: Path, snapshot: Snapshot) -> None:
        name = quote(session.new_name("kept"))
        columns = ", ".join(
            f"{quote(column)}::{type_} AS {quote(column)}" for column, type_ in snapshot.schema
        )
        query = f"SELECT {columns} FROM read_parquet({sql_list([str(path)])})"
        super().__init__(key, session, Fragment(name, {name: query}), snapshot.schema)
        self._row_count = snapshot.row_count
        self.keep_snapshot(snapshot)


class StoredFrame(DuckDBDataset):
    """A frame that a function gave, in a Parquet file."""

    def __init__(self, key: str, session: Session, path: Path, snapshot: Snapshot) -> None:
        super().__init__(key, session)
        self._path = path
        self._view = session.new_name("kept")
        self._table: pa.Table | None = None
        self.keep_snapshot(snapshot)

    @property
    def schema(self) -> Schema:
        """Names and types of the columns."""
        return self.snapshot().schema

    def row_count(self) -> int:
        """The number of rows."""
        known = self.snapshot().row_count
        return known if known is not None else self._stored().num_rows

    def arrow(self) -> pa.Table:
        """All rows as an Arrow table."""
        return self._stored().replace_schema_metadata(None)

    def head(self, n: int) -> pa.Table:
        """The first `n` rows as an Arrow table."""
        return self.arrow().slice(0, n)

    def pandas(self) -> pd.DataFrame:
        """All rows as pandas, with the types that the function gave where it gave pandas."""
        if self._pandas is None:
            table = self._stored()
            is_pandas = table.schema.metadata[_FORM] == b"pandas"
            self._pandas = _as_given(table) if is_pandas else super().pandas()
        return self._pandas

    def fragment(self) -> Fragment:
        """The rows as a view over Arrow."""
        return Fragment(quote(self._view), views={self._view: self.arrow()})

    def _stored(self) -> pa.Table:
        import pyarrow.parquet as pq

        if self._table is None:
            self._table = pq.read_table(self._path)
        return self._table


def _footer(path: Path) -> bytes:
    """What a Parquet file says of itself, undecoded: to load pyarrow takes longer than to look into it."""
    with path.open("rb") as file:
        file.seek(-8, os.SEEK_END)
        length = int.from_bytes(file.read(4), "little")
        file.seek(-8 - length, os.SEEK_END)
        return file.read(length)


def _file_metadata(path: Path) -> Mapping[bytes, bytes]:
    import pyarrow.parquet as pq

    metadata: Mapping[bytes, bytes] = pq.read_metadata(path).metadata or {}
    return metadata


def _stored(name: str, type_: str) -> str:
    if _AS_TEXT.fullmatch(type_):
        return f"{quote(name)}::VARCHAR AS {quote(name)}"
    nested = re.sub(r'"(?:[^"]|"")*"', "", type_)
    words = re.findall(r"\b[A-Z_][A-Z_0-9]+\b", nested)
    if not words or not all(_AS_THEY_ARE.fullmatch(word) for word in words):
        raise UnkeepableError(f"column {name!r} is of type {type_}, which Parquet does not have")
    return quote(name)


def _save_frame(frame: Any, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    library = type(frame).__module__.partition(".")[0]
    try:
        table = _pandas_table(frame) if library == "pandas" else _with_form(frame_to_arrow(frame), library)
        pq.write_table(table, path)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise UnkeepableError(f"Parquet can't hold the frame: {str(error).splitlines()[0]}") from error


def _with_form(table: pa.Table, form: str, **more: str) -> pa.Table:
    metadata = {**(table.schema.metadata or {}), _FORM: form.encode()}
    return table.replace_schema_metadata({**metadata, **{key: value.encode() for key, value in more.items()}})


def _pandas_table(frame: pd.DataFrame) -> pa.Table:
    import pyarrow as pa

    if any(name is not None for name in frame.index.names):
        frame = frame.reset_index()
    table = pa.Table.from_pandas(frame, preserve_index=False)
    objects = [
        name for name, type_ in zip(table.column_names, frame.dtypes, strict=True) if str(type_) == "object"
    ]
    nested = [name for name in objects if pa.types.is_nested(table.schema.field(name).type)]
    if nested:
        raise UnkeepableError(f"column {nested[0]!r} holds Python lists or dicts")
    table = _with_form(table, "pandas", **{_OBJECT_COLUMNS.decode(): json.dumps(objects)})
    restored = _as_given(table.slice(0, 0))
    if list(restored.dtypes) != list(frame.dtypes):
        changed = next(
            name
            for name, old, new in zip(table.column_names, frame.dtypes, restored.dtypes, strict=True)
            if old != new
        )
        raise UnkeepableError(f"column {changed!r} would come back with another type")
    return table


def _as_given(table: pa.Table) -> pd.DataFrame:
    import pandas as pd

    objects = json.loads(table.schema.metadata[_OBJECT_COLUMNS])
    frame: pd.DataFrame = table.to_pandas()
    for name in objects:
        frame[name] = pd.Series(table.column(name).to_pylist(), dtype=object, index=frame.index)
    return frame
