"""Rows between Spark and DuckDB, as Parquet files in the run's scratch folder."""

from __future__ import annotations

import itertools
import re
import threading
import weakref
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from odibi_core.dataset import Dataset
from odibi_core.engines.base import Attempt
from odibi_core.engines.duckdb.datasets import DuckDBDataset
from odibi_core.engines.duckdb.fragment import Fragment
from odibi_core.engines.duckdb.session import Session
from odibi_core.engines.spark.joining import joined
from odibi_core.engines.spark.paths import written_path
from odibi_core.formats.parquet import ROW_GROUP_ROWS
from odibi_core.schema import Schema, literal, quote

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import DataType, StructType

    from odibi_core.engines.spark.file_forms import SparkForm

COMPRESSION = "snappy"
"""How rows are packed that only wait for the next step."""
_GROUP_ROWS = "parquet.block.row.count.limit"
_spelled: dict[DataType, str] = {}
"""Spark's simple types as DuckDB spells them, as far as they were asked for."""
_AS_DECIMAL = re.compile(r"U?HUGEINT|UBIGINT|BIGNUM")
_AS_TEXT = re.compile(r"UUID|JSON|BIT|INTERVAL|TIME(_NS)?|TIME WITH TIME ZONE|ENUM\(.*\)", re.DOTALL)
_AS_TIMESTAMP = re.compile(r"TIMESTAMP_(NS|MS|S)")


class Staging:
    """The folder of a run's staged rows.

    Args:
        folder: It is made when it is first needed.
        is_shared: Whether what Spark writes there may be put where steps write: then rows that are written
            don't pass through this machine.
        makes_one: Whether that may be done with one file of what Spark wrote.

    Attributes:
        is_shared: The same.
        makes_one: The same.
    """

    def __init__(self, folder: Path, *, is_shared: bool = False, makes_one: bool = False) -> None:
        self.is_shared, self.makes_one = is_shared, makes_one
        self._folder = folder
        self._numbers = itertools.count(1)
        self._staged: weakref.WeakKeyDictionary[Dataset, Path] = weakref.WeakKeyDictionary()
        self._lock = threading.Lock()

    def from_spark(self, frame: DataFrame, by: Sequence[str] = (), compression: str = COMPRESSION) -> Path:
        """Have Spark write a frame; the folder of Parquet files that it wrote.

        Args:
            frame: The rows.
            by: Columns that become folders; without rows there are no files then.
            compression: How the files are packed.
        """
        path = self._new("spark")
        writer = writable(frame).write.option("compression", compression)
        writer = writer.option(_GROUP_ROWS, ROW_GROUP_ROWS)
        (writer.partitionBy(*by) if by else writer).parquet(written_path(path))
        if not by and not any(path.glob("*.parquet")):
            self._write(schema_of(frame).empty_table(), path / "none.parquet")
        return path

    def as_one(self, folder: Path, spark: SparkSession) -> Path | None:
        """The files that Spark wrote into a folder as one; None where they can't be joined."""
        parts = sorted(folder.glob("*.parquet"))
        # One part is copied too: the run reads its own on, whatever becomes of the target.
        return joined(spark, parts, self._new("joined").with_suffix(".parquet"))

    def formed(self, form: SparkForm, by: Sequence[str] = ()) -> Path:
        """Have Spark write files of another format; the folder of what it wrote."""
        path = self._new("files")
        writer = form.frame.write.format(form.format).options(**form.options)
        (writer.partitionBy(*by) if by else writer).save(written_path(path))
        return path

    def from_duckdb(self, dataset: Dataset, attempt: Attempt) -> Path:
        """Have DuckDB write a dataset of any engine, once; the file that it wrote, for Spark to read."""
        with self._lock:
            if dataset not in self._staged:
                self._staged[dataset] = self._from_duckdb(dataset, attempt)
            return self._staged[dataset]

    def _from_duckdb(self, dataset: Dataset, attempt: Attempt) -> Path:
        path = self._new("rows").with_suffix(".parquet")
        if not isinstance(dataset, DuckDBDataset):
            self._write(dataset.arrow(), path)
            return path
        columns = ", ".join(_readable(name, type_) for name, type_ in dataset.schema)
        cursor = dataset.session.cursor()
        with closing(cursor), attempt.on_stop(cursor.interrupt):
            fragment = dataset.fragment()
            fragment.register(cursor)
            attempt.check()
            select = fragment.sql(f"SELECT {columns}")
            cursor.execute(f"COPY ({select}) TO {literal(str(path))} (FORMAT parquet)")
        return path

    def _new(self, prefix: str) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder / f"{prefix}-{next(self._numbers)}"

    @staticmethod
    def _write(table: pa.Table, path: Path) -> None:
        import pyarrow.parquet as pq

        pq.write_table(table, path)


def schema_of(frame: DataFrame) -> pa.Schema:
    """The columns of a Spark frame, as Arrow types. Nothing is computed."""
    return _arrow_schema(frame.schema)


def _arrow_schema(columns: StructType) -> pa.Schema:
    from pyspark.sql.pandas.types import to_arrow_schema
    from pyspark.sql.types import StructField, StructType

    held = [StructField(field.name, _held(field.dataType), field.nullable) for field in columns.fields]
    return to_arrow_schema(StructType(held), timezone="UTC")


def _held(kind: DataType) -> DataType:
    """The type that is written: Parquet has none for columns that are null in every row."""
    from pyspark.sql.types import IntegerType, NullType

    return IntegerType() if isinstance(kind, NullType) else kind


def duckdb_schema(frame: DataFrame, session: Session) -> Schema:
    """The columns of a Spark frame, as DuckDB spells their types. Nothing is computed."""
    from pyspark.sql.types import AtomicType, StructField, StructType

    names, kinds = frame.schema.names, [_held(field.dataType) for field in frame.schema.fields]
    if len({name.casefold() for name in names}) < len(names):
        # DuckDB gives other names to those that are there twice.
        return _spell(frame.schema, session)
    asked = list(dict.fromkeys(kind for kind in kinds if kind not in _spelled))
    spelled: dict[DataType, str] = {}
    if asked:
        columns = StructType([StructField(f"c{number}", kind) for number, kind in enumerate(asked)])
        spelled = dict(zip(asked, _spell(columns, session).as_dict().values(), strict=True))
        _spelled.update({kind: type_ for kind, type_ in spelled.items() if isinstance(kind, AtomicType)})
    return Schema.of(
        (name, spelled.get(kind) or _spelled[kind]) for name, kind in zip(names, kinds, strict=True)
    )


def _spell(columns: StructType, session: Session) -> Schema:
    view = session.new_name("columns")
    empty = Fragment(quote(view), views={view: _arrow_schema(columns).empty_table()})
    with closing(session.cursor()) as cursor:
        return empty.schema(cursor)


def writable(frame: DataFrame) -> DataFrame:
    """The frame with a type for columns that are null in every row; Parquet has none for them."""
    from pyspark.sql import functions as sf
    from pyspark.sql.types import NullType

    for field in frame.schema.fields:
        if isinstance(field.dataType, NullType):
            frame = frame.withColumn(field.name, sf.lit(None).cast("int"))
    return frame


def _readable(name: str, type_: str) -> str:
    column = quote(name)
    if _AS_DECIMAL.fullmatch(type_):
        return f"{column}::DECIMAL(38, 0) AS {column}"
    if _AS_TEXT.fullmatch(type_):
        return f"{column}::VARCHAR AS {column}"
    if type_ == "TIMESTAMPTZ_NS":
        return f"{column}::TIMESTAMPTZ AS {column}"
    if _AS_TIMESTAMP.fullmatch(type_):
        return f"{column}::TIMESTAMP AS {column}"
    return column
