"""JSON lines that Spark reads on all its machines, where the step says the columns and their types.

Values are taken only where they are of the kind that the type asks for: a number in a text column, which
DuckDB gives as it stands in the file, makes Spark fail, and the other engine reads the source instead.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from odibi_core.engines.duckdb.session import Session
from odibi_core.engines.spark.conforming import quoted, spark_type
from odibi_core.engines.spark.partitions import reader_of
from odibi_core.engines.spark.paths import read_path
from odibi_core.engines.spark.strict_text import surely, typed
from odibi_core.formats.json_options import JsonReadOptions
from odibi_core.formats.json_shape import LINES, layout
from odibi_core.formats.registry import format_named
from odibi_core.formats.sources import find_files
from odibi_core.formats.text import codec_of

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

_KINDS = {
    "BOOLEAN": ("BOOLEAN",),
    "INTEGER": ("BIGINT",),
    "BIGINT": ("BIGINT",),
    "DOUBLE": ("BIGINT", "DOUBLE"),
    **dict.fromkeys(("VARCHAR", "DATE", "TIMESTAMP"), ("STRING",)),
}
"""Type → kinds of values that both engines read alike as one."""
_END = "odibi: the end of the line"
_UTF8 = ("", "utf-8", "utf8", "utf-8-sig")


def json_reason(options: JsonReadOptions) -> str:
    """Why this machine reads JSON with these settings; "" where Spark does."""
    if not options.column_types:
        return "the columns are found out from all rows: say them with schema"
    if options.lines is False:
        return "a file that is one array can't be read in parts"
    if options.encoding.lower() not in _UTF8:
        return f"Spark reads no {options.encoding} line by line"
    unknown = [type_ for type_ in options.column_types.values() if type_.upper() not in _KINDS]
    return f"Spark makes no {unknown[0]} of JSON in the same way" if unknown else ""


def json_frame(
    spark: SparkSession, source: str, options: JsonReadOptions, session: Session
) -> DataFrame | None:
    """The rows, which fail where they are not plain; None where the other engine is to read them.

    Raises:
        SourceError: The source is missing.
    """
    from pyspark.sql import functions as sf

    format_ = format_named("json")
    files = find_files(source, format_.extensions)
    codecs = {codec_of(path, options.encoding) for path in files.paths}
    layouts = {layout(path, "utf-8-sig", options) for path in files.paths}
    if codecs != {"utf-8-sig"} or layouts - {LINES, ""} or any(path.endswith(".zst") for path in files.paths):
        return None
    with closing(session.cursor()) as cursor:
        schema = format_.probe(source, options, cursor)
    reader = reader_of(spark, files, source, [("value", "string")])
    if reader is None or any("'" in name or "\\" in name for name in schema.names):
        return None
    raw = reader.text([read_path(path) for path in files.paths])
    text = sf.col("value")
    whole = surely(~text.contains("\ufffd"), text)
    # Spark passes over what follows the first value of a line; in a list it has to be its end.
    listed = sf.concat(sf.lit("["), whole, sf.lit(f', "{_END}"]'))
    parsed = raw.filter(sf.trim(text) != "").select(
        sf.parse_json(listed).alias("odibi_line"), *map(quoted, files.partitions)
    )
    line = sf.col("odibi_line")
    kind = sf.schema_of_variant(sf.variant_get(line, "$[0]", "variant"))
    is_object = kind.startswith("OBJECT") & (sf.variant_get(line, "$[1]", "string") == _END)
    return parsed.select(
        *(
            sf.col(quoted(name)) if name in files.partitions
            else _value(surely(is_object, line), name, type_).alias(name)
            for name, type_ in schema
        )
    )  # fmt: skip


def _value(line: Column, name: str, type_: str) -> Column:
    from pyspark.sql import functions as sf

    path = f"$[0]['{name}']"
    found = sf.variant_get(line, path, "variant")
    kind = sf.schema_of_variant(found)
    fits = kind.isNull() | kind.isin("VOID", *_KINDS[type_])
    if type_ == "DOUBLE":
        fits = fits | kind.startswith("DECIMAL")
    held = surely(fits, found)
    if type_ in ("DATE", "TIMESTAMP"):
        return typed(sf.variant_get(held, "$", "string"), type_)
    return sf.variant_get(held, "$", spark_type(type_))
