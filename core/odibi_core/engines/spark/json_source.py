"""JSON lines that Spark reads on all its machines.

Values are taken only where they are of the kind that the type asks for: a number in a text column, which
DuckDB gives as it stands in the file, makes Spark fail, and the other engine reads the source instead.

Where the step does not say the columns, they are those of the heads. DuckDB finds them out from all rows; so
a key that the heads don't have, or a value that would make another type of theirs, makes Spark fail too.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from odibi_core.engines.duckdb.session import Session
from odibi_core.engines.spark.conforming import quoted, spark_type
from odibi_core.engines.spark.file_forms import TEXT_PACKINGS
from odibi_core.engines.spark.partitions import reader_of
from odibi_core.engines.spark.paths import read_path
from odibi_core.engines.spark.strict_text import surely, typed
from odibi_core.formats.json_lines import HEAD_LINES, head_lines
from odibi_core.formats.json_options import JsonReadOptions
from odibi_core.formats.json_shape import LINES, layout
from odibi_core.formats.packing import packing_of
from odibi_core.formats.registry import format_named
from odibi_core.formats.sources import find_files
from odibi_core.formats.text import codec_of
from odibi_core.late_dataclass import dataclass
from odibi_core.schema import Schema

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
_NOTHING = "nothing"
"""A column that is null in all heads: it is a text if it is null in all rows."""
_END = "odibi: the end of the line"
_UTF8 = ("", "utf-8", "utf8", "utf-8-sig")


@dataclass(frozen=True, slots=True)
class _Heads:
    """What the first lines of the files tell.

    Attributes:
        names: The keys, in the order in which all rows would have them.
        filled: Those that have a value other than null.
    """

    names: Sequence[str]
    filled: frozenset[str]


def json_reason(options: JsonReadOptions) -> str:
    """Why this machine reads JSON with these settings; "" where Spark does."""
    if not options.column_types and options.sample_size != -1:
        return "the columns are found out from the first rows alone"
    if options.lines is False:
        return "a file that is one array can't be read in parts"
    if options.encoding.lower() not in _UTF8:
        return f"Spark reads no {options.encoding} line by line"
    unknown = [type_ for type_ in (options.column_types or {}).values() if type_.upper() not in _KINDS]
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
    is_packed = any(packing_of(path) not in TEXT_PACKINGS for path in files.paths)
    if codecs != {"utf-8-sig"} or layouts - {LINES, ""} or is_packed:
        return None
    with closing(session.cursor()) as cursor:
        schema = format_.probe(source, options, cursor)
    kinds = schema.as_dict()
    if not options.column_types:
        heads = _look_at_heads(files.paths)
        if heads is None or not _are_told(schema, heads, files.partitions):
            return None
        kinds |= {name: _NOTHING for name in heads.names if name not in heads.filled}
    reader = reader_of(spark, files, source, [("value", "string")])
    if reader is None or any("'" in name or "\\" in name for name in schema.names):
        return None
    raw = reader.text([read_path(path) for path in files.paths])
    text = sf.col("value")
    is_plain = ~text.contains("\ufffd")
    if not options.column_types:
        known = sf.array(*(sf.lit(name) for name in schema.names if name not in files.partitions))
        is_plain &= sf.size(sf.array_except(sf.json_object_keys(text), known)) == 0
    # Spark passes over what follows the first value of a line; in a list it has to be its end.
    listed = sf.concat(sf.lit("["), surely(is_plain, text), sf.lit(f', "{_END}"]'))
    parsed = raw.filter(sf.trim(text) != "").select(
        sf.parse_json(listed).alias("odibi_line"), *map(quoted, files.partitions)
    )
    line = sf.col("odibi_line")
    kind = sf.schema_of_variant(sf.variant_get(line, "$[0]", "variant"))
    is_object = kind.startswith("OBJECT") & (sf.variant_get(line, "$[1]", "string") == _END)
    return parsed.select(
        *(
            sf.col(quoted(name)) if name in files.partitions
            else _value(surely(is_object, line), name, kinds[name]).alias(name)
            for name in schema.names
        )
    )  # fmt: skip


def _look_at_heads(paths: Sequence[str]) -> _Heads | None:
    """What the heads tell; None where the rest could have the keys in another order."""
    names: dict[str, None] = {}
    filled: set[str] = set()
    is_whole = True
    for path in paths:
        before = len(names)
        lines = list(head_lines(path, "utf-8-sig"))
        for line in lines:
            if line.fault:
                return None
            values = json.loads(line.text)
            names |= dict.fromkeys(values)
            filled.update(name for name, value in values.items() if value is not None)
        if not is_whole and len(names) > before:
            # The rest of the files before may have these too, in any order.
            return None
        is_whole = is_whole and len(lines) < HEAD_LINES
    return _Heads(tuple(names), frozenset(filled))


def _are_told(schema: Schema, heads: _Heads, partitions: Collection[str]) -> bool:
    """Whether columns that were found out are those of the heads, of types that a cluster reads alike."""
    inner = [(name, type_) for name, type_ in schema if name not in partitions]
    return tuple(name for name, _ in inner) == tuple(heads.names) and all(
        type_ in _KINDS for _, type_ in inner
    )


def _value(line: Column, name: str, type_: str) -> Column:
    from pyspark.sql import functions as sf

    path = f"$[0]['{name}']"
    found = sf.variant_get(line, path, "variant")
    kind = sf.schema_of_variant(found)
    if type_ == _NOTHING:
        return surely(kind.isNull() | (kind == "VOID"), sf.lit(None).cast("string"))
    fits = kind.isNull() | kind.isin("VOID", *_KINDS[type_])
    if type_ == "DOUBLE":
        fits = fits | kind.startswith("DECIMAL")
    held = surely(fits, found)
    if type_ in ("DATE", "TIMESTAMP"):
        return typed(sf.variant_get(held, "$", "string"), type_)
    return sf.variant_get(held, "$", spark_type(type_))
