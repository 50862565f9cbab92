"""Formats whose data are plain files: one file, or a folder of part files that may be partitioned.

A single file that is appended to or merged into is written anew and takes the old one's place at once. A
folder is appended to by part files that carry the write's ticket in their names.
"""

from __future__ import annotations

import os
import shutil
from abc import abstractmethod
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odibi_core.errors import TargetError, did_you_mean
from odibi_core.formats import atomic, ledger
from odibi_core.formats.base import (
    Format,
    ReadOptions,
    ReadyFiles,
    Rows,
    Target,
    Ticket,
    WriteMode,
    WriteOptions,
    Written,
    put_file,
)
from odibi_core.formats.folders import TOLD, other_files, refused_overwrite
from odibi_core.formats.old_rows import read_before, read_with_others
from odibi_core.formats.sources import NULL_PARTITION, Files, bare, find_files
from odibi_core.late_dataclass import dataclass
from odibi_core.schema import Schema, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from odibi_core.formats.merging import Incoming

WRITTEN_BEFORE = "this run wrote it already"
TARGET_EXISTS = "the target exists"

_NAMED_OTHERWISE = ("FLOAT", "DOUBLE", "TIMESTAMP WITH TIME ZONE")
"""Types whose texts, in names of folders, are not the same for all who write them."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Files in folders named by values.

    Attributes:
        folder: What they are in; it exists.
        by: The columns, outermost first.
        prefix: How the files' names begin.
        extension: How they end, with the dot.
    """

    folder: Path
    by: tuple[str, ...]
    prefix: str
    extension: str


class PlainFormat(Format[ReadOptions, WriteOptions]):
    """What formats of files share: the write modes over one file and over a folder of them."""

    @abstractmethod
    def write_file(
        self,
        cursor: DuckDBPyConnection,
        select: str,
        path: Path,
        options: WriteOptions,
        check: Callable[[], None],
    ) -> int:
        """Write the rows of a SELECT to a new file; gives back their number.

        Args:
            cursor: Where the SELECT runs.
            select: The rows.
            path: The file.
            options: As the step gives them.
            check: Raises where the step was stopped meanwhile.
        """

    @abstractmethod
    def write_partitions(
        self,
        cursor: DuckDBPyConnection,
        select: str,
        parts: Parts,
        options: WriteOptions,
        check: Callable[[], None],
    ) -> int:
        """Write the rows of a SELECT to files in folders named by values; gives back their number."""

    @abstractmethod
    def existing_schema(self, files: Files, options: WriteOptions, cursor: DuckDBPyConnection) -> Schema:
        """The columns of files that are there."""

    @abstractmethod
    def existing_sql(self, files: Files, schema: Schema, options: WriteOptions) -> str:
        """A SELECT of the rows of files that are there, such that writing them again changes nothing."""

    def readable(self, files: Files, room: Path) -> Files:  # noqa: ARG002
        """The same files, as `existing_schema` and `existing_sql` take them; copies may go into a folder."""
        return files

    def part_extension(self, options: WriteOptions) -> str:  # noqa: ARG002
        """The ending of the names of a folder's part files."""
        return self.extensions[0]

    def stored_sql(self, column: str, type_: str, options: WriteOptions) -> str:  # noqa: ARG002
        """An expression for a new value in the form in which `existing_sql` gives old ones."""
        return column

    def key_sql(self, column: str, type_: str, options: WriteOptions) -> str:  # noqa: ARG002
        """An expression for an old value that can be compared with new ones of this type."""
        return column

    def checked_sql(self, rows: Rows, options: WriteOptions, path: Path) -> str:  # noqa: ARG002
        """The rows' SELECT, with what the format can't hold converted or made to fail.

        Raises:
            TargetError: A column has a type that the format can't hold.
        """
        return rows.sql

    def check_types(
        self,
        old: Schema,
        new: Schema,
        cursor: DuckDBPyConnection,
        where: str,
    ) -> None:
        """Refuse new columns whose types the old ones can't hold; nothing where the format has no types."""

    def write(self, rows: Rows, target: Target, options: WriteOptions) -> Written:
        """Write the rows atomically: the target holds the old state or the new one, never less.

        Raises:
            TargetError: The target can't be written.
        """
        check_columns(rows.schema, target)
        _check_partitions(target)
        with atomic.explained(target.path):
            # A writer that died may have left the target half swapped, or written and its leftovers about.
            atomic.sweep(target.path)
            is_folder = (
                bool(target.partition_by) or target.path.is_dir() or self._makes_folder(rows, target, options)
            )
            if is_folder or not target.path.suffix:
                return self._write_folder(rows, target, options)
            return self._write_file(rows, target, options)

    def ready_files(self, rows: Rows, target: Target, options: WriteOptions) -> ReadyFiles | None:  # noqa: ARG002
        """Files that hold the rows as this format would write them; None where it writes them itself."""
        return None

    def _ready(self, rows: Rows, target: Target, options: WriteOptions) -> ReadyFiles | None:
        """Those files; None where others would name folders otherwise than this machine."""
        types = rows.schema.as_dict()
        if any(types.get(name) in _NAMED_OTHERWISE for name in target.partition_by):
            return None
        return self.ready_files(rows, target, options)

    def _makes_folder(self, rows: Rows, target: Target, options: WriteOptions) -> bool:
        """Whether the rows are in several files already, and may take the place of what is there."""
        may_replace = target.mode is WriteMode.OVERWRITE or not target.path.exists()
        if target.mode is WriteMode.MERGE or not may_replace:
            return False
        ready = self._ready(rows, target, options)
        return ready is not None and len(ready.files) > 1

    def _write_file(self, rows: Rows, target: Target, options: WriteOptions) -> Written:
        record = ledger.Ledger(target.path)
        exists = record.saw_target
        if exists and target.mode is WriteMode.IGNORE:
            return Written(0, TARGET_EXISTS)
        if exists and target.mode is WriteMode.ERROR:
            if record.holds(target.ticket):
                return Written(0, WRITTEN_BEFORE)
            raise already_there(target)
        details: dict[str, int] = {}

        def prepare(path: Path) -> int:
            select = self.checked_sql(rows, options, target.path)
            if target.mode is WriteMode.MERGE:
                from odibi_core.formats.merging import incoming

                with incoming(rows.cursor, select, target) as fresh:
                    if exists:
                        details.update(self._merge(fresh, path, rows, target, options))
                    else:
                        self.write_file(
                            rows.cursor, f"FROM {quote(fresh.table)}", path, options, target.check
                        )
                    return fresh.rows
            if target.mode is WriteMode.APPEND and exists:
                return self._append(select, path, rows, target, options)
            if ready := self._ready(rows, target, options):
                put_file(ready.files[0], path)
                return ready.count(rows.cursor)
            return self.write_file(rows.cursor, select, path, options, target.check)

        written = ledger.once(record, target, prepare)
        return Written(0, WRITTEN_BEFORE) if written is None else Written(written, details=details)

    def _append(self, select: str, path: Path, rows: Rows, target: Target, options: WriteOptions) -> int:
        """Write the old rows and the new ones to `path`; gives back the number of new ones."""
        files, old = self._existing(rows, target.path, path.parent, options)
        before = self.existing_sql(files, old, options)
        types = rows.schema.as_dict()
        new = ", ".join(
            f"{self.stored_sql(quote(name), types[name], options)} AS {quote(name)}" for name in old.names
        )
        union = f"({before}) UNION ALL (SELECT {new} FROM ({select}))"
        with read_with_others(self, target.path, before, rows.cursor):
            total = self.write_file(rows.cursor, union, path, options, target.check)
        return total - int(rows.cursor.execute(f"SELECT count(*) FROM ({before})").fetchall()[0][0])

    def _merge(
        self, fresh: Incoming, path: Path, rows: Rows, target: Target, options: WriteOptions
    ) -> dict[str, int]:
        """Write the old rows and the new ones to `path`; gives back what became of the new ones."""
        files, old = self._existing(rows, target.path, path.parent, options)
        before = self.existing_sql(files, old, options)
        from odibi_core.formats.merging import merged_sql

        merged = merged_sql(self, fresh, before, old, target=target, options=options)
        with read_with_others(self, target.path, before, rows.cursor):
            self.write_file(rows.cursor, merged.select, path, options, target.check)
        return fresh.count_matches(merged)

    def _existing(self, rows: Rows, path: Path, room: Path, options: WriteOptions) -> tuple[Files, Schema]:
        """The old file and its columns, after checking that the new rows fit."""
        files = find_files(str(path), self.extensions)
        with read_before(self, path):
            files = self.readable(files, room)
            old = self.existing_schema(files, options, rows.cursor)
        check_same_columns(old, rows.schema, str(path))
        self.check_types(old, rows.schema, rows.cursor, str(path))
        return files, old

    def _write_folder(self, rows: Rows, target: Target, options: WriteOptions) -> Written:
        path, mode = target.path, target.mode
        if mode is WriteMode.MERGE:
            raise TargetError(
                f"a folder of {self.name} files can't be merged into",
                where=str(path),
                fix="use the format 'delta', or write one file, such as "
                f"{path.with_suffix(self.extensions[0]).name}",
            )
        is_replaced = path.is_file() and self._makes_folder(rows, target, options)
        if path.exists() and not path.is_dir() and not is_replaced:
            raise TargetError(
                "a file stands where a folder should be",
                where=str(path),
                fix="remove that file, or choose another path",
            )
        seen = _state(path)
        has_data = path.is_dir() and any(path.iterdir())
        if has_data and mode is not WriteMode.OVERWRITE and any(path.rglob(f"{part_prefix(target.ticket)}*")):
            return Written(0, WRITTEN_BEFORE)
        if has_data and mode is WriteMode.IGNORE:
            return Written(0, TARGET_EXISTS)
        if has_data and mode is WriteMode.ERROR:
            raise already_there(target)
        if has_data:
            _check_contents(path, self)
        if has_data and mode is WriteMode.OVERWRITE:
            _check_replaceable(path, self)
        select = self.checked_sql(rows, options, path)
        if has_data and mode is WriteMode.APPEND:
            select = f"SELECT {self._columns_there(rows, target, options)} FROM ({select})"
        with atomic.staged(path, target.ticket) as prepared:
            if has_data and mode is WriteMode.APPEND:
                _clone(path, prepared)
            prepared.mkdir(exist_ok=True)
            if ready := self._ready(rows, target, options):
                ready.put(prepared, part_prefix(target.ticket))
                written = ready.count(rows.cursor)
            else:
                written = self._write_parts(select, rows.cursor, prepared, target, options)
            atomic.flush(prepared)
            with atomic.locked(atomic.real(path).parent):
                if _state(path) != seen:
                    raise ledger.changed_meanwhile(path)
                atomic.publish(prepared, path, target.check)
        return Written(written)

    def _write_parts(
        self, select: str, cursor: DuckDBPyConnection, folder: Path, target: Target, options: WriteOptions
    ) -> int:
        part = part_prefix(target.ticket)
        if not target.partition_by:
            path = folder / f"{part}0{self.part_extension(options)}"
            return self.write_file(cursor, select, path, options, target.check)
        columns = ", ".join(quote(name) for name in target.partition_by)
        parts = Parts(folder, target.partition_by, part, self.part_extension(options))
        written = self.write_partitions(cursor, select, parts, options, target.check)
        if not any(folder.iterdir()):
            # A folder without a file would forget its columns.
            inner = folder.joinpath(*(f"{name}={NULL_PARTITION}" for name in target.partition_by))
            inner.mkdir(parents=True)
            kept = f"SELECT * EXCLUDE ({columns}) FROM ({select}) LIMIT 0"
            path = inner / f"{part}0{self.part_extension(options)}"
            self.write_file(cursor, kept, path, options, target.check)
        return written

    def _columns_there(self, rows: Rows, target: Target, options: WriteOptions) -> str:
        """The columns of a folder that is there, in its order, after checking that the new rows fit."""
        files = find_files(str(target.path), self.extensions)
        if set(files.partitions) != set(target.partition_by):
            there = ", ".join(files.partitions) or "nothing"
            here = ", ".join(target.partition_by) or "nothing"
            raise TargetError(
                f"the folder is partitioned by {there}, these rows by {here}",
                where=str(target.path),
                fix=f"set partitionBy to [{', '.join(files.partitions)}]",
            )
        with read_before(self, target.path):
            old = self.existing_schema(files, options, rows.cursor)
        inner = Schema.of((name, type_) for name, type_ in old if name not in files.partitions)
        new = Schema.of((name, type_) for name, type_ in rows.schema if name not in files.partitions)
        check_same_columns(inner, new, str(target.path))
        self.check_types(inner, new, rows.cursor, str(target.path))
        return ", ".join(map(quote, [*inner.names, *files.partitions]))


def part_prefix(ticket: Ticket) -> str:
    """How the names of the part files begin that a write makes."""
    return f"part-{atomic.ticket_hash(ticket)}-"


def _check_contents(folder: Path, fmt: Format[Any, Any]) -> None:
    """Refuse to write into a folder that holds other things than the format's files."""
    strange = next(
        (
            file
            for file in sorted(folder.rglob("*"))
            if file.is_file()
            and not file.name.startswith((".", "_"))
            and not bare(file.name).endswith(fmt.extensions)
        ),
        None,
    )
    if strange is None and (folder / "_delta_log").is_dir():
        strange = folder / "_delta_log"
    if strange is not None:
        raise TargetError(
            f"the folder holds more than {fmt.name} files: {strange.relative_to(folder)}",
            where=str(folder),
            fix="choose a folder of its own for the data",
        )


def _check_replaceable(folder: Path, fmt: Format[Any, Any]) -> None:
    """Refuse to replace a folder that holds files which no engine wrote there as part of a dataset."""
    strange = islice(other_files(folder, fmt.extensions), TOLD + 1)
    if others := [str(file.relative_to(folder)) for file in strange]:
        raise refused_overwrite(others, str(folder))


def already_there(target: Target) -> TargetError:
    """The error of mode `error` on a target that exists."""
    what = "target" if target.place else "folder" if target.path.is_dir() else "file"
    return TargetError(
        f"the {what} exists already, and the mode is 'error'",
        where=target.where,
        fix="use mode 'overwrite' or 'append', or choose another path",
    )


def check_columns(schema: Schema, target: Target) -> None:
    """Refuse a target whose partition or key columns the rows don't have.

    Raises:
        TargetError: One is missing, or merge has no key.
    """
    for field, names in (("partitionBy", target.partition_by), ("merge_key", target.merge_key)):
        for name in names:
            if name not in schema.names:
                raise TargetError(
                    f"the rows have no column {name!r}", where=field, fix=did_you_mean(name, schema.names)
                )
    if target.mode is WriteMode.MERGE and not target.merge_key:
        raise TargetError(
            "mode 'merge' needs the columns that tell whether a row is there already",
            where=target.where,
            fix="set merge_key, such as merge_key: id",
        )
    if target.partition_by and set(target.partition_by) == set(schema.names):
        raise TargetError(
            "every column is a partition column, so that nothing is left for the files",
            where="partitionBy",
            fix="partition by fewer columns",
        )


def _check_partitions(target: Target) -> None:
    """Refuse folders that no reader would look into."""
    for name in target.partition_by:
        if name.startswith(("_", ".")):
            bare = name.lstrip("_.") or "part"
            raise TargetError(
                f"the folders of the column {name!r} would be hidden, as all names are that begin with "
                f"{name[0]!r}",
                where="partitionBy",
                fix=f"rename the column in a step before: SELECT * EXCLUDE ({quote(name)}), "
                f"{quote(name)} AS {bare}, or use the format 'delta'",
            )


def check_same_columns(old: Schema, new: Schema, where: str) -> None:
    """Refuse new rows whose columns are not those of the target.

    Raises:
        TargetError: Names what is missing and what is new.
    """
    missing = [name for name in old.names if name not in new.names]
    added = [name for name in new.names if name not in old.names]
    if missing or added:
        parts = [f"the rows lack {', '.join(map(repr, missing))}"] if missing else []
        parts += [f"the target lacks {', '.join(map(repr, added))}"] if added else []
        raise TargetError(
            f"the rows' columns are not the target's: {'; '.join(parts)}",
            where=where,
            fix="select the target's columns in a step before, or use mode 'overwrite'",
        )


def _state(folder: Path) -> dict[str, ledger.Identity | None]:
    """What tells one state of a folder from every other."""
    return {str(path): ledger.identity(path) for path in (folder, *folder.rglob("*"))}


def _clone(folder: Path, copy: Path) -> None:
    def link(source: str, destination: str) -> str:
        try:
            os.link(source, destination)
        except OSError:
            shutil.copy2(source, destination)
        return destination

    shutil.copytree(folder, copy, copy_function=link, symlinks=True)
