"""CSV that Spark reads on all its machines: plain records, of which DuckDB makes the same rows.

Spark takes the lines apart more leniently than DuckDB, and makes values of more texts. So each line is looked
at first: whatever is not surely the same record for both makes Spark fail, and the other engine, which sets
malformed rows aside, reads the source instead.
"""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING

from odibi_core.engines.duckdb.session import Session
from odibi_core.engines.spark.conforming import quoted
from odibi_core.engines.spark.file_forms import TEXT_PACKINGS
from odibi_core.engines.spark.partitions import reader_of
from odibi_core.engines.spark.paths import read_path
from odibi_core.engines.spark.strict_text import is_known, surely, typed
from odibi_core.formats.csv_codes import PADDED, code_lengths
from odibi_core.formats.csv_options import CsvReadOptions
from odibi_core.formats.csv_shape import Shape, find_shapes
from odibi_core.formats.packing import packing_of
from odibi_core.formats.registry import format_named
from odibi_core.formats.sources import Files, bare, find_files
from odibi_core.late_dataclass import dataclass

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

_LINE = "odibi_line"
_NEVER = "\x01"
"""A character that no text holds: one that does is read by the other engine."""
_ISO = {"", "%Y-%m-%d"}
_ISO_MOMENTS = {"", "%Y-%m-%d %H:%M:%S"}
_PLAIN = CsvReadOptions()
_SETTINGS = ("quoted_nulls", "decimal_separator", "thousands_separator", "skip", "comment")
_UTF8 = ("", "utf-8", "utf8", "utf-8-sig")


@dataclass(frozen=True, slots=True)
class _Lines:
    """How lines are taken apart."""

    delimiter: str
    quote: str
    width: int


def csv_reason(options: CsvReadOptions) -> str:
    """Why this machine reads CSV with these settings; "" where Spark does."""
    for name in _SETTINGS:
        if getattr(options, name) != getattr(_PLAIN, name):
            return f"Spark has no {name} of the same meaning"
    if options.encoding.lower() not in _UTF8:
        return f"Spark reads no {options.encoding} line by line"
    if options.delimiter is not None and options.delimiter <= " ":
        return "Spark passes over rows of nothing but blanks and tabs"
    if options.escape not in (None, options.quote):
        return "Spark has no escape of the same meaning, beside the quote itself"
    if (options.date_format or "") not in _ISO or (options.timestamp_format or "") not in _ISO_MOMENTS:
        return "Spark has no formats of dates and times of the same meaning"
    unknown = [type_ for type_ in (options.column_types or {}).values() if not is_known(type_.upper())]
    return f"Spark makes no {unknown[0]} of texts in the same way" if unknown else ""


def csv_frame(
    spark: SparkSession, source: str, options: CsvReadOptions, session: Session
) -> DataFrame | None:
    """The rows, which fail where they are not plain; None where the other engine is to read them.

    Raises:
        SourceError: The source is missing or empty, or its columns are not clear.
    """
    from pyspark.sql import functions as sf

    files = find_files(source, format_named("csv").extensions)
    with closing(session.cursor()) as cursor:
        shapes = find_shapes(source, files, options, cursor, options.sample_size)
    if len(shapes) != 1 or not _is_plain(shapes[0], files):
        return None
    shape = shapes[0]
    reader = reader_of(spark, files, source, [(_LINE, "string")])
    if reader is None:
        return None
    raw = (
        reader.option("header", shape.has_header)
        .option("sep", _NEVER)
        .option("quote", "")
        .option("mode", "FAILFAST")
        .csv([read_path(path) for path in files.paths])
    )
    lines = _Lines(shape.dialect.delimiter, shape.dialect.quote, len(shape.schema.names))
    fields = raw.select(_fields(sf.col(_LINE), lines).alias("fields"), *map(quoted, files.partitions))
    nulls = ["", *options.null_values]
    codes = code_lengths(shape, options.null_values)
    texts = {name: _without(sf.col("fields")[place], nulls) for place, name in enumerate(shape.schema.names)}
    for name in codes:
        texts[name] = surely(texts[name].isNull() | ~texts[name].rlike(rf"\A(?:{PADDED})\z"), texts[name])
    return fields.select(
        *(typed(texts[name], type_).alias(name) for name, type_ in shape.schema),
        *map(quoted, sorted(files.partitions)),
    )


def _is_plain(shape: Shape, files: Files) -> bool:
    dialect = shape.dialect
    return (
        # Without a header, a file's mark of its encoding would stand in its first value.
        shape.has_header
        and len(shape.schema.names) > 1
        and dialect.escape in ("", dialect.quote)
        and dialect.delimiter not in (_NEVER, '"', "\\")
        # Spark passes over lines of nothing but blanks, as a row of nulls is between tabs.
        and dialect.delimiter > " "
        and not dialect.comment
        and shape.date_format in _ISO
        and shape.timestamp_format in _ISO_MOMENTS
        and all(is_known(type_) for _, type_ in shape.schema)
        and all(head.codec == "utf-8-sig" and head.skip == 0 for head in shape.heads)
        and len(shape.heads) == len(files.paths)
        # Spark knows how a file is packed by its name too, and not every way.
        and all(
            packing_of(path) in TEXT_PACKINGS and bare(path).endswith((".csv", ".tsv", ".txt"))
            for path in files.paths
        )
        and not set(shape.schema.names) & set(files.partitions)
    )


def _fields(line: Column, lines: _Lines) -> Column:
    """The fields of a line as a list of texts; an error where it is no plain record."""
    from pyspark.sql import functions as sf

    apart = re.escape(lines.delimiter)
    # Spark doubles the character 0.
    is_text = ~line.rlike("[\ufffd\\x00]")
    simple = sf.split(surely(is_text, line), apart, -1)
    if not lines.quote:
        return surely(sf.size(simple) == lines.width, simple)
    quote = re.escape(lines.quote)
    field = f"(?:[^{quote}{apart}]*+|{quote}(?:[^{quote}]++|{quote}{quote})*+{quote})"
    is_record = is_text & line.rlike(rf"\A{field}(?:{apart}{field}){{{lines.width - 1}}}\z")
    names = [f"f{place}" for place in range(lines.width)]
    parsed = sf.from_csv(
        surely(is_record, line),
        ", ".join(f"{name} string" for name in names),
        {"sep": lines.delimiter, "quote": lines.quote, "escape": lines.quote, "mode": "FAILFAST"},
    )
    return sf.when(line.contains(lines.quote), sf.array(*(parsed[name] for name in names))).otherwise(
        surely(sf.size(simple) == lines.width, simple)
    )


def _without(text: Column, nulls: list[str]) -> Column:
    from pyspark.sql import functions as sf

    return sf.when(~text.isin(nulls), text)
