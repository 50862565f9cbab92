"""How Spark's machines write files of other formats than Parquet, so that the same rows are read of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from odibi_core.engines.spark.conforming import quoted
from odibi_core.engines.spark.strict_text import surely
from odibi_core.formats.base import FileForm
from odibi_core.formats.csv_options import CsvWriteOptions
from odibi_core.late_dataclass import dataclass
from odibi_core.schema import Schema

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

_WHOLE = frozenset(("TINYINT", "SMALLINT", "INTEGER", "BIGINT"))
_TEXTS = _WHOLE | {"BOOLEAN", "DOUBLE", "VARCHAR", "DATE", "TIMESTAMP"}
_KEPT: Mapping[str, frozenset[str]] = {
    "csv": _TEXTS,
    "json": _TEXTS,
    "orc": _WHOLE | {"BOOLEAN", "FLOAT", "DOUBLE", "VARCHAR", "BLOB", "DATE"},
    "avro": _WHOLE
    | {"BOOLEAN", "FLOAT", "DOUBLE", "VARCHAR", "BLOB", "DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"},
}
"""Format → types of which both engines read the same again; DECIMALs beside them."""
TEXT_PACKINGS = ("none", "gzip", "bzip2")
"""How text files may be packed that Spark's machines read and write."""
_PACKED: Mapping[str, Mapping[str, str]] = {
    "csv": {name: name for name in TEXT_PACKINGS},
    "json": {name: name for name in TEXT_PACKINGS},
    "orc": {name: name for name in ("none", "snappy", "zlib", "zstd", "lz4")},
    "avro": {
        **{name: name for name in ("snappy", "deflate", "bzip2", "xz")},
        "zstd": "zstandard",
        "none": "uncompressed",
    },
}
_GREGORIAN = 1583
"""The first year that is one in every calendar."""
AVRO_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""What a field of Avro may be called; other names are written by this machine, which can note them."""


@dataclass(frozen=True, slots=True)
class SparkForm:
    """What Spark is told to write.

    Attributes:
        frame: The rows; to compute them fails of what the format can't hold.
        format: Spark's name of the format.
        options: Of Spark's writer.
    """

    frame: DataFrame
    format: str
    options: Mapping[str, str]


def spark_form(
    frame: DataFrame, schema: Schema, form: FileForm, by: tuple[str, ...] = ()
) -> SparkForm | None:
    """How Spark writes rows in a form; None where this machine is to write them.

    Args:
        frame: The rows.
        schema: Their columns.
        form: How the files are to hold them.
        by: Columns that become folders.
    """
    kept = _KEPT.get(form.format, frozenset())
    packing = _PACKED.get(form.format, {}).get(form.compression, "")
    inner = [type_ for name, type_ in schema if name not in by]
    if not packing or not all(type_ in kept or _is_decimal(type_) for type_ in inner):
        return None
    options = {"compression": packing}
    names = [name for name in schema.names if name not in by]
    if form.format == "avro" and not all(map(AVRO_NAME.fullmatch, names)):
        return None
    if form.format == "avro":
        return SparkForm(frame, form.format, options)
    if form.format == "orc":
        dated = [modern(frame[quoted(name)], type_).alias(name) for name, type_ in schema]
        return SparkForm(frame.select(*dated), form.format, options)
    if form.format == "csv" and len(inner) == 1:
        # A line without anything in it is no row for a reader.
        return None
    if isinstance(form.options, CsvWriteOptions):
        options |= _csv_options(form.options)
    else:
        options["ignoreNullFields"] = "false"
    columns = [_written(frame[quoted(name)], type_).alias(name) for name, type_ in schema]
    return SparkForm(frame.select(*columns), form.format, options)


def modern(value: Column, type_: str) -> Column:
    """A value of ORC; an error for a date by which its readers and writers mean different days."""
    from pyspark.sql import functions as sf

    return surely(value.isNull() | (sf.year(value) >= _GREGORIAN), value) if type_ == "DATE" else value


def _written(value: Column, type_: str) -> Column:
    from pyspark.sql import functions as sf

    if type_ in ("DATE", "TIMESTAMP"):
        # Of other years the two engines make other texts.
        value = surely(value.isNull() | sf.year(value).between(1, 9999), value)
    if type_ == "TIMESTAMP":
        # Spark would end the fraction after milliseconds.
        return value.cast("string")
    if type_ == "DOUBLE":
        # JSON has none of these, and in CSV the two engines call them otherwise.
        return surely(value.isNull() | (~sf.isnan(value) & (sf.abs(value) < float("inf"))), value)
    return value


def _csv_options(options: CsvWriteOptions) -> dict[str, str]:
    return {
        "header": "true",
        "sep": options.delimiter,
        "quote": options.quote,
        "escape": options.quote,
        "quoteAll": str(options.quote_all).lower(),
        "nullValue": "",
        "emptyValue": options.quote * 2,
        "ignoreLeadingWhiteSpace": "false",
        "ignoreTrailingWhiteSpace": "false",
    }


def _is_decimal(type_: str) -> bool:
    return type_.startswith("DECIMAL(") and not type_.endswith("]")
