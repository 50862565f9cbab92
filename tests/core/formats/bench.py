"""Real rows, a real database, and a way to read a target back."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from odibi_core.formats.base import (
    FileForm,
    Format,
    Rejected,
    Scan,
    ScanContext,
    Target,
    Ticket,
    WriteMode,
    Written,
)
from odibi_core.formats.registry import format_named, format_of
from odibi_core.schema import Schema


def connect(spill: Path) -> duckdb.DuckDBPyConnection:
    """A database set up as the engine does."""
    connection = duckdb.connect(
        ":memory:",
        config={
            "python_enable_replacements": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "temp_directory": str(spill),
        },
    )
    connection.execute("SET TimeZone = 'UTC'")
    return connection


@dataclass
class QueryRows:
    """The rows of a query, as an engine hands them to a format."""

    cursor: duckdb.DuckDBPyConnection
    sql: str

    @property
    def schema(self) -> Schema:
        relation = self.cursor.sql(self.sql)
        return Schema.of(zip(relation.columns, map(str, relation.types), strict=True))

    def reader(self, batch_rows: int = 122_880) -> pa.RecordBatchReader:
        return self.cursor.sql(self.sql).to_arrow_reader(batch_rows)

    def ready_files(self, partition_by: tuple[str, ...], form: FileForm) -> None:
        return None


@dataclass
class Read:
    """What reading a source gave."""

    schema: Schema
    rows: list[tuple[Any, ...]]
    rejected: list[Rejected] = field(default_factory=list)
    row_count: int | None = None


class Bench:
    """Reads and writes through the public seam of a format.

    Attributes:
        folder: An empty folder.
        cursor: A connection set up as the engine does.
    """

    def __init__(self, folder: Path, cursor: duckdb.DuckDBPyConnection) -> None:
        self.folder, self.cursor = folder, cursor
        self._scans = 0

    def file(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def rows(self, sql: str) -> QueryRows:
        return QueryRows(self.cursor, sql)

    def write(
        self,
        path: Path,
        sql: str,
        mode: str = "overwrite",
        *,
        ticket: str = "run/step",
        partition_by: tuple[str, ...] = (),
        merge_key: tuple[str, ...] = (),
        format_name: str = "",
        **options: Any,
    ) -> Written:
        fmt = format_named(format_name) if format_name else format_of(path)
        run_id, _, step = ticket.partition("/")
        target = Target(path, WriteMode(mode), Ticket(run_id, step), partition_by, merge_key)
        return fmt.write(self.rows(sql), target, fmt.write_options(**options))

    def read(
        self, source: Path | str, *, format_name: str = "", tolerant: bool = False, **options: Any
    ) -> Read:
        """The source's rows; malformed ones are set aside where `tolerant`."""
        fmt: Format[Any, Any] = format_named(format_name) if format_name else format_of(source)
        return self._read(fmt, str(source), fmt.read_options(**options), tolerant)

    def read_carefully(self, source: Path | str, **options: Any) -> Read:
        """As the engine reads: strictly, and again tolerantly where rows are malformed."""
        fmt = format_of(source)
        settings = fmt.read_options(**options)
        try:
            return self._read(fmt, str(source), settings, tolerant=False)
        except duckdb.Error as error:
            if not fmt.is_malformed(error):
                raise fmt.explain_read_error(error, str(source)) from error
            return self._read(fmt, str(source), settings, tolerant=True)

    def careful_sql(self, source: Path | str, **options: Any) -> tuple[str, Schema]:
        """What stands behind FROM to read the source as the engine does, and its columns."""
        fmt = format_of(source)
        settings = fmt.read_options(**options)
        try:
            scan = self._scan(fmt, str(source), settings, tolerant=False)
            self.cursor.sql(f"SELECT * FROM {scan.sql}").fetchall()
        except duckdb.Error:
            scan = self._scan(fmt, str(source), settings, tolerant=True)
        return scan.sql, scan.schema

    def read_told(self, source: Path | str, *, format_name: str = "", **options: Any) -> Read:
        """As the engine reads: what goes wrong in the query is told in the format's words."""
        fmt: Format[Any, Any] = format_named(format_name) if format_name else format_of(source)
        try:
            return self._read(fmt, str(source), fmt.read_options(**options), tolerant=False)
        except duckdb.Error as error:
            raise fmt.explain_read_error(error, str(source)) from error

    def source_sql(
        self, source: Path | str, *, format_name: str = "", writes: bool = False, **options: Any
    ) -> str:
        """What stands behind FROM to read the source, which the same run also writes where `writes`."""
        fmt = format_named(format_name) if format_name else format_of(source)
        written = frozenset([Path(source)] if writes else ())
        return self._scan(fmt, str(source), fmt.read_options(**options), False, written).sql

    def _scan(
        self,
        fmt: Format[Any, Any],
        source: str,
        settings: Any,
        tolerant: bool,
        written: frozenset[Path] = frozenset(),
    ) -> Scan:
        self._scans += 1
        scratch = self.folder.parent / f"{self.folder.name}-scratch"
        scratch.mkdir(exist_ok=True)
        context = ScanContext(self.cursor, scratch, tolerant, f"scan_{self._scans}", written)
        scan = fmt.scan(source, settings, context)
        for name, view in scan.views.items():
            self.cursor.register(name, view)
        return scan

    def _read(self, fmt: Format[Any, Any], source: str, settings: Any, tolerant: bool) -> Read:
        scan = self._scan(fmt, source, settings, tolerant)
        rows = self.cursor.sql(f"SELECT * FROM {scan.sql}").fetchall()
        return Read(scan.schema, rows, list(scan.rejects()) if scan.rejects else [], scan.row_count)
