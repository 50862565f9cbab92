"""Formats whose files DuckDB writes itself."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odibi_core.formats.base import (
    FileForm,
    Options,
    ReadOptions,
    ReadyFiles,
    Rows,
    Target,
    WriteOptions,
)
from odibi_core.formats.csv_options import CsvWriteOptions
from odibi_core.formats.json_options import JsonWriteOptions
from odibi_core.formats.plain import Parts, PlainFormat
from odibi_core.formats.sources import PACKINGS
from odibi_core.schema import literal, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def unpacked_files(
    rows: Rows,
    target: Target,
    options: CsvWriteOptions | JsonWriteOptions,
    usual: Options,
    format_: PlainFormat[Any, Any],
) -> ReadyFiles | None:
    """Text files that hold the rows; None where a setting or the target's name asks for something of its own.

    Args:
        rows: The rows.
        target: Where they are written.
        options: As the step gives them.
        usual: The same, without the settings that only this machine knows.
        format_: The format.
    """
    is_named = target.path.suffix.lower() in PACKINGS
    if options != usual or is_named or options.compression == "zstd":
        return None
    packing = "gzip" if options.compression == "gzip" else "none"
    form = FileForm(format_.name, packing, format_.part_extension(options), options)
    return rows.ready_files(target.partition_by, form)


class CopiedFormat(PlainFormat[ReadOptions, WriteOptions]):
    """What csv, json and parquet share: COPY statements."""

    @abstractmethod
    def copy_options(self, options: WriteOptions, path: Path) -> str:
        """The options of a COPY statement."""

    def write_file(
        self,
        cursor: DuckDBPyConnection,
        select: str,
        path: Path,
        options: WriteOptions,
        check: Callable[[], None],  # noqa: ARG002 - a COPY is interrupted
    ) -> int:
        """Write the rows of a SELECT to a new file; gives back their number."""
        statement = f"COPY ({select}) TO {literal(str(path))} ({self.copy_options(options, path)})"
        return int(cursor.execute(statement).fetchall()[0][0])

    def write_partitions(
        self,
        cursor: DuckDBPyConnection,
        select: str,
        parts: Parts,
        options: WriteOptions,
        check: Callable[[], None],  # noqa: ARG002
    ) -> int:
        """Write the rows of a SELECT to files in folders named by values; gives back their number."""
        columns = ", ".join(map(quote, parts.by))
        statement = (
            f"COPY ({select}) TO {literal(str(parts.folder))} ({self.copy_options(options, parts.folder)}, "
            f"PARTITION_BY ({columns}), FILENAME_PATTERN {literal(parts.prefix + '{i}')}, "
            f"FILE_EXTENSION {literal(parts.extension.removeprefix('.'))}, OVERWRITE_OR_IGNORE)"
        )
        return int(cursor.execute(statement).fetchall()[0][0])
