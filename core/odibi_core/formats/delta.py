"""Delta Lake, read and written by delta-rs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from odibi_core.errors import OdibiError, SourceError, TargetError
from odibi_core.formats import atomic
from odibi_core.formats.arrow_schema import duckdb_schema
from odibi_core.formats.base import (
    COMMON_TYPES,
    Abilities,
    Format,
    Rows,
    Scan,
    ScanContext,
    Target,
    WriteMode,
    Written,
)
from odibi_core.formats.delta_dataset import open_dataset
from odibi_core.formats.delta_options import DeltaReadOptions, DeltaWriteOptions
from odibi_core.formats.delta_query import QueriedTable
from odibi_core.formats.delta_rows import check_fit, storable_sql, stored_schema
from odibi_core.formats.delta_table import (
    Remote,
    arrow_schema,
    change_feed,
    count_rows,
    existing_table,
    explained_source,
    is_its_files,
    open_table,
    unreadable,
)
from odibi_core.formats.delta_writing import COMPRESSIONS, Commit, SchemaMode, app_id
from odibi_core.formats.merging import incoming
from odibi_core.formats.plain import TARGET_EXISTS, WRITTEN_BEFORE, already_there, check_columns
from odibi_core.formats.streams import told_error
from odibi_core.schema import Schema, quote

if TYPE_CHECKING:
    from deltalake import DeltaTable
    from duckdb import DuckDBPyConnection


class DeltaFormat(Format[DeltaReadOptions, DeltaWriteOptions]):
    """Delta Lake tables.

    Every write is one commit that carries the write's ticket, so that repeating it changes nothing. Types
    that Delta lacks are converted: unsigned integers and HUGEINT to the next type that holds them, UUID,
    ENUM, BIT and JSON to text. Times of day, intervals, nanoseconds and unions are refused. An empty text in
    a partition column becomes null, as Delta has it. Tables with deletion vectors or renamed columns, as
    Databricks and Spark make them, are read and appended to; one that asks for a feature which delta-rs does
    not know (type widening is one) is refused with that feature's name.
    """

    name: ClassVar[str] = "delta"
    extensions: ClassVar[tuple[str, ...]] = (".delta",)
    abilities: ClassVar[Abilities] = Abilities(
        compressions=tuple(COMPRESSIONS),
        evolves_schema=True,
        travels_in_time=True,
        follows_changes=True,
        keeps_types=COMMON_TYPES | {"TINYINT", "SMALLINT"},
    )
    read_options = DeltaReadOptions
    write_options = DeltaWriteOptions

    def owns_folder(self, path: Path) -> bool:
        """Whether the folder is a Delta table."""
        return (path / "_delta_log").is_dir()

    def probe(self, source: str, options: DeltaReadOptions, cursor: DuckDBPyConnection) -> Schema:
        """The columns, from the table's log."""
        if options.change_feed:
            return duckdb_schema(
                change_feed(open_table(source, DeltaReadOptions()), source, options).schema, cursor
            )
        table = open_table(source, options)
        if is_its_files(table):
            return duckdb_schema(arrow_schema(table), cursor)
        return duckdb_schema(_queried(table, source).rows().schema, cursor)

    def scan(self, source: str, options: DeltaReadOptions, context: ScanContext) -> Scan:
        """The table, ready to be read: filters and columns reach its files, the row count is in its log."""
        view = f"{context.name}_files"
        if options.change_feed:
            changes = change_feed(open_table(source, DeltaReadOptions()), source, options)
            return Scan(quote(view), duckdb_schema(changes.schema, context.cursor), views={view: changes})
        table = open_table(source, options)
        if not is_its_files(table):
            return _queried(table, source).scan(view, context.cursor)
        with explained_source(source):
            dataset = open_dataset(table, source)
        return Scan(
            quote(view),
            duckdb_schema(dataset.schema, context.cursor),
            count_rows(table),
            views={view: dataset},
        )

    def explain_read_error(self, error: Exception, source: str) -> Exception:
        """A SourceError where a file of the table is missing or damaged."""
        told = told_error(error)
        if told is not None:
            return told
        text = str(error)
        if isinstance(error, OdibiError) or not any(sign in text for sign in (source, "arquet", "Arrow")):
            return error
        return SourceError(
            f"a file of the table is missing or damaged: {text.splitlines()[0]}",
            where=source,
            fix="read an earlier version with `version`, or restore the table",
        )

    def write(self, rows: Rows, target: Target, options: DeltaWriteOptions) -> Written:
        """Write the rows in one commit.

        Raises:
            TargetError: The target can't be written, or the rows don't fit it.
            TransientError: Another writer committed at the same time.
        """
        atomic.make_parents(target.path.parent)
        return commit(rows, target, options, existing_table(target.path))


def _queried(table: DeltaTable, source: str) -> QueriedTable:
    return QueriedTable(table, lambda error: unreadable(error, source))


def commit(
    rows: Rows,
    target: Target,
    options: DeltaWriteOptions,
    table: DeltaTable | None,
    remote: Remote | None = None,
) -> Written:
    """Write rows in one commit.

    Args:
        rows: The rows.
        target: How the table changes.
        options: As the step gives them.
        table: What is there; None for nothing.
        remote: Where it is, if not on this machine.

    Raises:
        TargetError: The target can't be written, or the rows don't fit it.
        TransientError: Another writer committed at the same time.
    """
    check_columns(rows.schema, target)
    _check_options(target, options)
    job = Commit(rows, target, options, storable_sql(rows, target.where), remote)
    if table is None:
        return _create(job)
    if table.transaction_version(app_id(target)) is not None:
        return Written(0, WRITTEN_BEFORE, {"version": table.version()})
    if target.mode is WriteMode.IGNORE:
        return Written(0, TARGET_EXISTS, {"version": table.version()})
    if target.mode is WriteMode.ERROR:
        raise already_there(target)
    return _change(table, job)


def _check_options(target: Target, options: DeltaWriteOptions) -> None:
    is_overwrite = target.mode is WriteMode.OVERWRITE
    for name, needs in (
        ("schema_mode: overwrite", options.evolution == "overwrite"),
        ("replace_where", options.replace_where is not None),
        ("partition_overwrite: dynamic", options.partition_overwrite == "dynamic"),
    ):
        if needs and not is_overwrite:
            raise TargetError(
                f"{name} means nothing with mode {target.mode.value!r}",
                where=target.where,
                fix="set mode to overwrite, or leave it out",
            )


def _create(commit: Commit) -> Written:
    if commit.target.mode is not WriteMode.MERGE:
        return commit.create()
    with incoming(commit.rows.cursor, commit.select, commit.target) as fresh:
        return commit.over(f"FROM {quote(fresh.table)}").create()


def _change(table: DeltaTable, commit: Commit) -> Written:
    """Write onto a table that is there."""
    target, options = commit.target, commit.options
    commit.follow_changes(table)
    partitions = tuple(table.metadata().partition_columns)
    if options.evolution == "overwrite" and not options.replace_where:
        kept = target.partition_by or tuple(name for name in partitions if name in commit.rows.schema.names)
        return commit.replace(table, by=kept, schema_mode="overwrite")
    old = duckdb_schema(arrow_schema(table), commit.rows.cursor)
    check_fit(old, commit.rows, target, partitions, evolves=options.evolution == "merge")
    new = stored_schema(commit.rows).as_dict()
    commit = commit.over(_as_columns(commit.select, old, new))
    evolution: SchemaMode | None = "merge" if set(new) - set(old.names) else None
    if target.mode is WriteMode.MERGE:
        return commit.merge(table, adds_columns=evolution is not None)
    if target.mode is WriteMode.APPEND:
        return commit.append(table, by=partitions, schema_mode=evolution, is_whole=set(new) == set(old.names))
    if options.partition_overwrite == "dynamic":
        return commit.replace_partitions(table, by=partitions, schema_mode=evolution)
    if options.replace_where:
        return commit.replace_where(table, options.replace_where, by=partitions, schema_mode=evolution)
    is_same = set(new) == set(old.names)
    return commit.replace(table, by=partitions, schema_mode=evolution, is_whole=is_same)


def _as_columns(select: str, old: Schema, new: dict[str, str]) -> str:
    """The rows in the table's columns and types, and behind them the columns that are new."""
    columns = [
        quote(name) if new[name] == type_ else f"CAST({quote(name)} AS {type_}) AS {quote(name)}"
        for name, type_ in old
        if name in new
    ]
    columns += [quote(name) for name in new if name not in old.names]
    return f"SELECT {', '.join(columns)} FROM ({select})"
