"""Commits to a Delta table."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from odibi_core.bound_columns import bound_schema
from odibi_core.errors import TargetError
from odibi_core.formats import atomic
from odibi_core.formats.arrow_schema import with_unit
from odibi_core.formats.base import FileForm, Rows, Target, WriteMode, Written
from odibi_core.formats.delta_faults import explained_target, rules_of
from odibi_core.formats.delta_files import adopted_files, is_plain, written_files
from odibi_core.formats.delta_minus import look_at_partitions, minus_finder
from odibi_core.formats.delta_options import DeltaWriteOptions
from odibi_core.formats.delta_rows import Stream, stream
from odibi_core.formats.delta_table import Remote, committed_meanwhile
from odibi_core.formats.merging import incoming
from odibi_core.late_dataclass import dataclass
from odibi_core.schema import literal, quote

if TYPE_CHECKING:
    from deltalake import CommitProperties, DeltaTable

COMPRESSIONS: dict[str, Literal["ZSTD", "SNAPPY", "GZIP", "UNCOMPRESSED"]] = {
    "zstd": "ZSTD",
    "snappy": "SNAPPY",
    "gzip": "GZIP",
    "none": "UNCOMPRESSED",
}
_APPEND_RETRIES = 100
"""Rows that are added are in nobody's way. Of ten writers at once, one came too late fifteen times on end."""
_FEED = {"delta.enableChangeDataFeed": "true"}

SchemaMode = Literal["merge", "overwrite"]


def app_id(target: Target) -> str:
    """The application of the transaction that a write's commit carries."""
    return f"odibi/{target.ticket}"


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit in the making.

    Attributes:
        rows: The rows, as they come.
        target: Where and how they are written.
        options: As the step gives them.
        select: The rows in the table's types.
        remote: Where the table is, if not on this machine.
    """

    rows: Rows
    target: Target
    options: DeltaWriteOptions
    select: str
    remote: Remote | None = None

    def over(self, select: str) -> Commit:
        """The same over other rows."""
        return replace(self, select=select)

    def create(self) -> Written:
        """Make the table."""
        if self.remote is not None:
            return self._create_remotely(self.remote)
        import pyarrow as pa
        from deltalake import DeltaTable
        from deltalake import Schema as DeltaSchema
        from deltalake.transaction import create_table_with_add_actions

        cursor, by = self.rows.cursor, self.target.partition_by
        found = cursor.sql(f"SELECT * FROM ({self.select}) LIMIT 0").to_arrow_reader(1).schema
        arrow = pa.schema([with_unit(field, "us") for field in found])
        with (
            _new_table(self.target) as path,
            self._explained(),
            self._files(path, by) as (actions, written),
        ):
            self.target.check()
            create_table_with_add_actions(
                str(path),
                DeltaSchema.from_arrow(arrow),
                actions,
                mode="error",
                partition_by=list(by),
                configuration=_FEED if self.options.change_feed else None,
                commit_properties=self._arguments["commit_properties"],
            )
        return Written(written, details={"version": DeltaTable(str(self.target.path)).version()})

    def _create_remotely(self, remote: Remote) -> Written:
        """Make the table by one commit, which counts only where no other is there first."""
        from deltalake import DeltaTable, write_deltalake

        look = minus_finder(self.target, self.target.partition_by)
        batches = stream(self.select, self.rows, self.target.check, look)
        with self._explained(batches):
            write_deltalake(
                remote.uri,
                batches.reader(),
                mode="error",
                partition_by=list(self.target.partition_by) or None,
                configuration=_FEED if self.options.change_feed else None,
                storage_options=dict(remote.options),
                # A first commit that is tried again becomes a later one, with columns and an id of its own:
                # whoever adds rows at that moment is refused.
                **{**self._arguments, "commit_properties": self._commit_properties(retries=0)},
            )
            table = DeltaTable(remote.uri, storage_options=dict(remote.options))
        return Written(batches.rows, details={"version": table.version()})

    @property
    def _is_by_duckdb(self) -> bool:
        """Whether DuckDB may write the files: on an object store delta-rs sends them as it makes them."""
        return self.remote is None

    def append(
        self, table: DeltaTable, *, by: Sequence[str], schema_mode: SchemaMode | None, is_whole: bool
    ) -> Written:
        """Add the rows."""
        if self._is_by_duckdb and schema_mode is None and is_whole and is_plain(table):
            return self._enter(table, "append", by)
        evolution = schema_mode or (None if is_whole else "merge")
        return self._stream(table, "append", by, schema_mode=evolution)

    def replace(
        self,
        table: DeltaTable,
        *,
        by: Sequence[str],
        schema_mode: SchemaMode | None,
        is_whole: bool = False,
    ) -> Written:
        """Put the rows in the place of all that there are."""
        keeps_feed = table.metadata().configuration.get("delta.enableChangeDataFeed") == "true"
        if self._is_by_duckdb and schema_mode is None and is_whole and not keeps_feed and is_plain(table):
            return self._enter(table, "overwrite", by)
        return self._stream(
            table, "overwrite", by, schema_mode=schema_mode or (None if is_whole else "merge")
        )

    def replace_where(
        self, table: DeltaTable, condition: str, *, by: Sequence[str], schema_mode: SchemaMode | None
    ) -> Written:
        """Put the rows in the place of those that meet a condition."""
        return self._stream(table, "overwrite", by, schema_mode=schema_mode, condition=condition)

    def replace_partitions(
        self, table: DeltaTable, *, by: Sequence[str], schema_mode: SchemaMode | None
    ) -> Written:
        """Put the rows in the place of the partitions that they are in.

        Raises:
            TargetError: The table has no partitions.
        """
        if not by:
            raise TargetError(
                "partition_overwrite: dynamic needs a table with partitions",
                where=self.target.where,
                fix="set replace_where, or write the table with partitionBy first",
            )
        cursor = self.rows.cursor
        staged = quote(f"odibi_parts_{atomic.ticket_hash(self.target.ticket)}")
        cursor.execute(f"CREATE OR REPLACE TEMP TABLE {staged} AS {self.select}")
        try:
            condition = _partition_condition(self.rows, staged, by)
            if not condition:
                return Written(0, details={"version": table.version()})
            return self.over(f"SELECT * FROM {staged}").replace_where(
                table, condition, by=by, schema_mode=schema_mode
            )
        finally:
            cursor.execute(f"DROP TABLE IF EXISTS {staged}")

    def merge(self, table: DeltaTable, *, adds_columns: bool) -> Written:
        """Put rows in the place of those of the same key, and add the others.

        Raises:
            TargetError: A column's name can't be merged.
        """
        for name in self.rows.schema.names:
            if "`" in name:
                raise TargetError(
                    f"column {name!r} has a backtick in its name, with which Delta can't merge",
                    where=self.target.where,
                    fix="rename it in a step before",
                )
        by = table.metadata().partition_columns
        look = minus_finder(self.target, by)
        look_at_partitions(table, look)
        on = " AND ".join(f"t.`{name}` = s.`{name}`" for name in self.target.merge_key)
        with incoming(self.rows.cursor, self.select, self.target) as fresh:
            source = self.rows.cursor.sql(f"FROM {quote(fresh.table)}").to_arrow_reader(122_880)
            batches = Stream(source, self.target.check, look)
            with self._explained(batches, rules_of(table)):
                merger = table.merge(
                    batches.reader(),
                    predicate=on,
                    source_alias="s",
                    target_alias="t",
                    merge_schema=adds_columns,
                    **self._arguments,
                )
                done = merger.when_matched_update_all().when_not_matched_insert_all().execute()
        details = {
            "updated": int(done["num_target_rows_updated"]),
            "inserted": int(done["num_target_rows_inserted"]),
            "version": table.version(),
        }
        return Written(fresh.rows, details=details)

    def follow_changes(self, table: DeltaTable) -> None:
        """Let the table keep its changes, where the step asks for it and it does not yet."""
        if self.options.change_feed and "delta.enableChangeDataFeed" not in table.metadata().configuration:
            with self._explained():
                table.alter.set_table_properties(_FEED)
                table.update_incremental()

    def _enter(self, table: DeltaTable, mode: Literal["append", "overwrite"], by: Sequence[str]) -> Written:
        """Write files by DuckDB and enter them in the log."""
        from deltalake import DeltaTable

        with self._explained(), self._files(self.target.path, by) as (actions, written):
            self.target.check()
            table.create_write_transaction(
                actions,
                mode,
                table.schema(),
                partition_by=list(by),
                commit_properties=self._arguments["commit_properties"],
            )
        return Written(written, details={"version": DeltaTable(str(self.target.path)).version()})

    def _files(self, folder: Path, by: Sequence[str]) -> Any:
        columns = bound_schema(self.rows.cursor, self.select)
        compression = COMPRESSIONS[self.options.compression].lower()
        is_same = columns.as_dict() == self.rows.schema.as_dict()
        form = FileForm("parquet", self.options.compression, ".parquet")
        if is_same and (ready := self.rows.ready_files(tuple(by), form)):
            return adopted_files(ready, folder, columns, by=by, ticket=self.target.ticket)
        return written_files(
            self.rows.cursor,
            self.select,
            folder,
            columns,
            by=by,
            ticket=self.target.ticket,
            compression=compression,
        )

    def _stream(
        self,
        table: DeltaTable,
        mode: Literal["append", "overwrite"],
        by: Sequence[str],
        *,
        schema_mode: SchemaMode | None,
        condition: str | None = None,
    ) -> Written:
        """Write through delta-rs, batch by batch."""
        from deltalake import write_deltalake

        look = minus_finder(self.target, by)
        if mode != "append":
            look_at_partitions(table, look)
        batches = stream(self.select, self.rows, self.target.check, look)
        with self._explained(batches, rules_of(table, condition)):
            write_deltalake(
                table,
                batches.reader(),
                mode=mode,  # type: ignore[arg-type]
                schema_mode=schema_mode,
                predicate=condition,
                partition_by=list(by),
                **self._arguments,
            )
        return Written(batches.rows, details={"version": table.version()})

    def _explained(
        self, batches: Stream | None = None, rules: Sequence[str] = ()
    ) -> AbstractContextManager[None]:
        return explained_target(self.target, batches, self.remote, rules)

    def _commit_properties(self, retries: int) -> CommitProperties:
        from deltalake import CommitProperties, Transaction

        return CommitProperties(
            app_transactions=[Transaction(app_id(self.target), 1)], max_commit_retries=retries
        )

    @property
    def _arguments(self) -> Mapping[str, Any]:
        from deltalake import WriterProperties

        # An overwrite says what is in the table afterwards: rows that came meanwhile would stay beside it.
        retries = 0 if self.target.mode in (WriteMode.OVERWRITE, WriteMode.MERGE) else _APPEND_RETRIES
        return {
            "commit_properties": self._commit_properties(retries),
            "writer_properties": WriterProperties(compression=COMPRESSIONS[self.options.compression]),
        }


def _partition_condition(rows: Rows, staged: str, by: Sequence[str]) -> str:
    """A condition that the rows of the staged ones' partitions meet; "" where there are no rows."""
    names = ", ".join(map(quote, by))
    types = [type_ for _, type_ in bound_schema(rows.cursor, f"SELECT {names} FROM {staged}")]
    texts = ", ".join(f"CAST({quote(name)} AS VARCHAR)" for name in by)
    found = rows.cursor.execute(f"SELECT DISTINCT {texts} FROM {staged} ORDER BY ALL").fetchall()
    return " OR ".join(
        "(" + " AND ".join(_meets(n, t, v) for n, t, v in zip(by, types, values, strict=True)) + ")"
        for values in found
    )


def _meets(name: str, type_: str, text: str | None) -> str:
    column = f"`{name}`" if "`" not in name else quote(name)
    if text is None or (type_ == "VARCHAR" and not text):
        return f"{column} IS NULL"
    if type_ == "VARCHAR":
        return f"{column} = {literal(text)}"
    if type_.startswith("TIMESTAMP"):
        # A text takes the column's unit and zone; delta-rs compares no TIMESTAMP of another unit.
        return f"{column} = {literal(text.removesuffix('+00'))}"
    if type_ in ("DATE", "FLOAT", "DOUBLE"):
        return f"{column} = CAST({literal(text)} AS {type_})"
    return f"{column} = {text}"


@contextmanager
def _new_table(target: Target) -> Iterator[Path]:
    """A path for the first commit of a table, which counts at the end or leaves nothing behind.

    Raises:
        TransientError: Another writer created the table at the same time.
    """
    place = atomic.real(target.path)
    if place.is_dir() and any(place.iterdir()):
        # What is in there isn't ours to move; a commit that fails leaves files that no reader sees.
        yield place
        return
    with atomic.staged(place, target.ticket) as prepared:
        yield prepared
        atomic.keep_permissions(prepared, place)
        atomic.flush(prepared)
        target.check()
        try:
            # A rename takes the place of nothing or of an empty folder, never of another writer's files.
            prepared.rename(place)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            raise committed_meanwhile(target.where) from error
        atomic.flush_folder(place.parent)
