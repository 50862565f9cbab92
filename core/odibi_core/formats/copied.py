"""Formats whose files DuckDB writes itself."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from odibi_core.formats.base import FileForm, ReadOptions, WriteOptions
from odibi_core.formats.plain import Parts, PlainFormat
from odibi_core.schema import Schema, literal, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class CopiedFormat(PlainFormat[ReadOptions, WriteOptions]):
    """What csv, json and parquet share: COPY statements."""

    @abstractmethod
    def copy_options(self, options: WriteOptions, path: Path) -> str:
        """The options of a COPY statement."""

    def held_form(self, schema: Schema, options: WriteOptions) -> FileForm | None:  # noqa: ARG002
        """How a Parquet file of these columns is written that may stand for a table of them, if one may."""
        return None

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
