"""Readers of files in folders that are named by values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from odibi_core.engines.spark.conforming import quoted
from odibi_core.engines.spark.paths import written_path
from odibi_core.formats.sources import Files

if TYPE_CHECKING:
    from pyspark.sql import DataFrameReader, SparkSession

_PARTITION = re.compile(r"[^/=]+=[^/]*")
# Spark would guess the types of what the folders' names hold by the names alone.
_TYPES = {"VARCHAR": "string", "INTEGER": "int", "BIGINT": "bigint", "DATE": "date", "BOOLEAN": "boolean"}
_HIDDEN_LETTER = re.compile(r"%[89A-Fa-f][0-9A-Fa-f]")
_DECIMAL = re.compile(r"DECIMAL\(\d+,\d+\)")


def reader_of(
    spark: SparkSession, files: Files, source: str, columns: Sequence[tuple[str, str]]
) -> DataFrameReader | None:
    """A reader of the files with these columns, and with those that folders' names hold.

    None where the two engines may read such names otherwise.

    Args:
        spark: The session.
        files: The files.
        source: What they were found by.
        columns: Names, and Spark's types, of what the files hold.
    """
    types = {name: partition_type(type_) for name, type_ in files.partitions.items()}
    if not all(types.values()):
        return None
    fields = [f"{quoted(name)} {type_}" for name, type_ in (*columns, *types.items())]
    reader = spark.read.schema(", ".join(fields))
    if not types:
        return reader
    if not is_plain_folder(source) or hides_letters(files.paths):
        return None
    return reader.option("basePath", written_path(source))


def is_plain_folder(source: str) -> bool:
    """Whether all folders that are named by values are within the source: a pattern may begin among them."""
    return Path(source).is_dir() and _PARTITION.fullmatch(Path(source).name) is None


def hides_letters(paths: Sequence[str]) -> bool:
    """Whether names of folders spell letters beyond ASCII by bytes, of which Spark makes a letter each."""
    return any(_HIDDEN_LETTER.search(path) for path in paths)


def partition_type(type_: str) -> str:
    """Spark's type of a column in the names of folders; "" where the two may read such names otherwise."""
    return type_.lower() if _DECIMAL.fullmatch(type_) else _TYPES.get(type_, "")
