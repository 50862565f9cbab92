"""What a file format is: what it can do, how it is read and how it is written.

A format module serves the DuckDB engine through SQL where DuckDB reads or writes the format itself, and
through Arrow where another library does. Reading is strict first; only where that fails on malformed rows is
the source scanned again with those rows set aside, so that a clean file pays nothing for the care.
"""

from __future__ import annotations

import os
import shutil
import stat
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from odibi_core.late_dataclass import dataclass
from odibi_core.model import ConfigDict, LateModel

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

    from odibi_core.schema import Schema


class Options(LateModel):
    """Base of every settings model: unknown names are mistakes, values never show in errors."""

    is_late: ClassVar[bool] = False
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, populate_by_name=True)

    also_called: ClassVar[Mapping[str, str]] = {}
    """Names that other tools have for a setting → the setting, for hints."""


class LateOptions(Options):
    """Settings that most runs have, which are read without pydantic where that can be."""

    is_late: ClassVar[bool] = True


ReadOptions = TypeVar("ReadOptions", bound=Options)
WriteOptions = TypeVar("WriteOptions", bound=Options)


class WriteMode(StrEnum):
    """What happens to what the target already holds."""

    OVERWRITE = "overwrite"
    APPEND = "append"
    MERGE = "merge"
    ERROR = "error"
    IGNORE = "ignore"


COMMON_TYPES = frozenset(
    {
        *("BOOLEAN", "INTEGER", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL", "VARCHAR", "BLOB", "DATE"),
        *("TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "LIST", "STRUCT", "MAP"),
    }
)
"""Types that every format keeps that has types of its own."""


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a format can do. The Studio greys out what it can't; validation refuses it.

    Attributes:
        read: Whether it can be read.
        write: Whether it can be written.
        modes: How it can be written onto what is there.
        partition: Whether it can be written as folders named by values, `partitionBy`.
        tables: Whether a file holds tables or sheets, of which a step names one: `table`, `sheet`.
        compressions: What its files can be packed with; a setting `compression` chooses.
        evolves_schema: Whether a write may change the columns of what is there, with `schema_mode`.
        travels_in_time: Whether earlier states can be read.
        follows_changes: Whether what changed between two states can be read.
        streams: Whether rows pass in batches both ways, so that a table may be larger than memory.
        keeps_types: Types, as DuckDB spells them, that come back as they went in; LIST, STRUCT and MAP stand
            for those of simple types. Others are converted or refused, never changed without a word.
    """

    read: bool = True
    write: bool = True
    modes: frozenset[WriteMode] = frozenset(WriteMode)
    partition: bool = True
    tables: bool = False
    compressions: tuple[str, ...] = ()
    evolves_schema: bool = False
    travels_in_time: bool = False
    follows_changes: bool = False
    streams: bool = True
    keeps_types: frozenset[str] = frozenset()

    @property
    def append(self) -> bool:
        """Whether rows can be added to what is there."""
        return WriteMode.APPEND in self.modes

    @property
    def merge(self) -> bool:
        """Whether rows can replace those of the same key."""
        return WriteMode.MERGE in self.modes


@dataclass(frozen=True, slots=True)
class Rejected:
    """One row that could not be read.

    Attributes:
        source: The file.
        line: Line number in the file, from 1; None where the reader does not know it.
        column: The column at fault, or "".
        reason: Why, as a sentence.
        text: The row as it stands in the file.
    """

    source: str
    line: int | None
    column: str
    reason: str
    text: str


OnStop = Callable[[Callable[[], None]], AbstractContextManager[None]]
"""Within it, what it is given is called, from another thread, when the step is stopped."""


def _never_stopped(_interrupt: Callable[[], None]) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True, slots=True)
class ScanContext:
    """Where and how a scan is made.

    Attributes:
        cursor: The DuckDB cursor that will run the query.
        scratch: A folder for intermediate files; it goes when the run ends.
        tolerant: False reads strictly; True sets malformed rows aside.
        name: A short identifier, unique in the run, for names that a scan needs.
        written: Files that the same run writes: a database among them is opened for both.
        on_stop: Within it, what it is given is called when the step is stopped.
    """

    cursor: DuckDBPyConnection
    scratch: Path
    tolerant: bool
    name: str
    written: frozenset[Path] = frozenset()
    on_stop: OnStop = _never_stopped


@dataclass(frozen=True, slots=True)
class Scan:
    """A source that is ready to be read.

    Attributes:
        sql: A table expression that can stand behind FROM, such as `read_parquet(['a.parquet'])`.
        schema: Its columns.
        row_count: The number of rows where metadata tell it; None where only reading does.
        views: Objects that `sql` names (Arrow tables, datasets, readers), to be registered on the cursor.
        rejects: After the query ran on the cursor: what was set aside. None where the scan was strict.
        narrow: Gives, in the place of the one view, one that reads no more than the named columns, and of the
            rows no more than it must, but all that meet every filter (of sqlglot's, over those columns).
        tables: Tables that the scan made in the cursor's database; nobody needs them once `sql` was read.
        state: What tells one state of the source from every other, as it is now; None where it can't be told.
        head_sql: As `sql`, for who asks for some first rows alone: it reads less ahead. "" where `sql` does.
    """

    sql: str
    schema: Schema
    row_count: int | None = None
    views: Mapping[str, Any] = field(default_factory=dict)
    rejects: Callable[[], Sequence[Rejected]] | None = None
    narrow: Callable[[Sequence[str], Sequence[Any]], object] | None = None
    tables: Sequence[str] = ()
    state: Callable[[], object] | None = None
    head_sql: str = ""


@dataclass(frozen=True, slots=True)
class FileForm:
    """How files hold rows.

    Attributes:
        format: The format.
        compression: How they are packed.
        extension: How their names end, with the dot.
        options: What else the format was told.
    """

    format: str
    compression: str
    extension: str
    options: Options | None = None


@dataclass(frozen=True, slots=True)
class ReadyFiles:
    """Files that hold rows as they are to be written: they need only be put where they belong.

    Attributes:
        folder: What they are in; folders in it are named by the values of partition columns.
        files: The files.
        extension: How their names are to end, with the dot.
        rows: The number of rows, where the files' metadata don't tell it.
    """

    folder: Path
    files: tuple[Path, ...]
    extension: str = ".parquet"
    rows: int | None = None

    def count(self, cursor: DuckDBPyConnection) -> int:
        """The number of rows."""
        if self.rows is not None:
            return self.rows
        from odibi_core.formats.sources import sql_list

        query = f"SELECT sum(num_rows) FROM parquet_file_metadata({sql_list(map(str, self.files))})"
        return int(cursor.execute(query).fetchall()[0][0])

    def put(self, folder: Path, prefix: str) -> list[Path]:
        """Put the files into another folder, under names of their own; those names."""
        placed = []
        for number, file in enumerate(self.files):
            place = folder / file.relative_to(self.folder).parent / f"{prefix}{number}{self.extension}"
            place.parent.mkdir(parents=True, exist_ok=True)
            put_file(file, place)
            placed.append(place)
        return placed


def put_file(file: Path, place: Path) -> None:
    """Have a file of ours be at another place too, with the rights of one that is written there.

    It is linked; where that may not be, or it is linked elsewhere already, it is copied.
    """
    try:
        if file.stat().st_nlink == 1 and may_link(file.parent, place.parent):
            place.touch()
            mode = stat.S_IMODE(place.stat().st_mode)
            place.unlink()
            os.link(file, place)
            place.chmod(mode)
            return
    except OSError:
        place.unlink(missing_ok=True)
    shutil.copyfile(file, place)


def may_link(from_folder: Path, folder: Path) -> bool:
    """Whether a file of one folder can be in the other too, which gives its files no rights of its own."""
    state = folder.stat()
    if state.st_dev != from_folder.stat().st_dev or state.st_mode & stat.S_ISGID:
        return False
    with suppress(OSError, AttributeError):  # no such rights, on this disk or system
        return not os.getxattr(folder, "system.posix_acl_default")
    return True


class Rows(Protocol):
    """Rows on their way to a target: a query that has not run yet."""

    @property
    def cursor(self) -> DuckDBPyConnection:
        """The cursor on which `sql` may run."""

    @property
    def sql(self) -> str:
        """A SELECT statement that gives the rows."""

    @property
    def schema(self) -> Schema:
        """The columns of the rows."""

    def reader(self, batch_rows: int = 122_880) -> pa.RecordBatchReader:
        """The rows as a stream of Arrow batches."""

    def ready_files(self, partition_by: tuple[str, ...], form: FileForm) -> ReadyFiles | None:
        """Files that hold the rows already; None where the query alone gives them.

        Args:
            partition_by: Columns that are in the names of folders and not in the files.
            form: How the files hold them.
        """


@dataclass(frozen=True, slots=True)
class Ticket:
    """What makes a write known: writing the same ticket to the same target twice changes nothing.

    Attributes:
        run_id: The run.
        step: The step's name.
    """

    run_id: str
    step: str

    def __str__(self) -> str:
        return f"{self.run_id}/{self.step}"


@dataclass(frozen=True, slots=True)
class Target:
    """Where and how rows are written.

    Attributes:
        path: The file or folder, absolute.
        mode: What happens to what is there.
        ticket: Makes append and merge idempotent.
        partition_by: Columns that become folders.
        merge_key: Columns that tell whether a row is there already, for merge.
        check: Called just before the write counts; raises where the step was stopped meanwhile.
        place: What messages call the target, where that is not the path.
        on_stop: Within it, what it is given is called when the step is stopped.
    """

    path: Path
    mode: WriteMode
    ticket: Ticket
    partition_by: tuple[str, ...] = ()
    merge_key: tuple[str, ...] = ()
    check: Callable[[], None] = lambda: None
    place: str = ""
    on_stop: OnStop = _never_stopped

    @property
    def where(self) -> str:
        """The target, for messages."""
        return self.place or str(self.path)


@dataclass(frozen=True, slots=True)
class Written:
    """What a write did.

    Attributes:
        rows: Rows written now; 0 where the write was skipped.
        skipped: Why nothing was written ("this run wrote it already", "the target exists"), or "".
        details: What else is worth keeping, such as a Delta version, rows inserted and updated.
    """

    rows: int
    skipped: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


class Format(ABC, Generic[ReadOptions, WriteOptions]):
    """One file format.

    Attributes:
        name: How steps name it.
        extensions: File name endings that imply it, with the dot.
        abilities: What it can do.
        read_options: The settings that reading takes, beside the step's own.
        write_options: The settings that writing takes, beside mode, partitionBy and merge_key.
        is_read_cheaply: Whether two steps rather read the source each than share a copy: only the columns and
            rows that each needs are read, and none can be malformed. Its scans must tell their state.
    """

    name: ClassVar[str]
    extensions: ClassVar[tuple[str, ...]]
    abilities: ClassVar[Abilities]
    read_options: type[ReadOptions]
    write_options: type[WriteOptions]
    is_read_cheaply: ClassVar[bool] = False

    def named_as(self, options: WriteOptions, name: str) -> WriteOptions:  # noqa: ARG002
        """The settings of a write with those that the target's name says, where nobody said them.

        Args:
            options: As the step gives them.
            name: Of the file or folder that is written.
        """
        return options

    @abstractmethod
    def probe(self, source: str, options: ReadOptions, cursor: DuckDBPyConnection) -> Schema:
        """The columns of a source from its head or metadata alone.

        Args:
            source: An absolute path; may be a glob or a folder.
            options: As the step gives them.
            cursor: For DuckDB's sniffers.

        Raises:
            SourceError: The source is missing, empty, or not of the format.
        """

    @abstractmethod
    def scan(self, source: str, options: ReadOptions, context: ScanContext) -> Scan:
        """The source, ready to be read.

        Raises:
            SourceError: The source is missing, empty, or not of the format.
        """

    @abstractmethod
    def write(self, rows: Rows, target: Target, options: WriteOptions) -> Written:
        """Write the rows atomically: the target holds the old state or the new one, never less.

        Raises:
            TargetError: The target can't be written: permission, no space, a file in the place of a folder, …
        """

    def count_rows(self, source: str, cursor: DuckDBPyConnection) -> int | None:  # noqa: ARG002
        """The number of rows of a source where metadata tell it; None where only reading does.

        Raises:
            SourceError: The source is missing, or not of the format.
        """
        return None

    def owns_folder(self, path: Path) -> bool:  # noqa: ARG002
        """Whether what is in a folder shows that it is one dataset of this format."""
        return False

    def is_malformed(self, error: Exception) -> bool:  # noqa: ARG002
        """Whether an error of a strict scan means malformed rows, which a tolerant scan would set aside."""
        return False

    def explain_read_error(self, error: Exception, source: str) -> Exception:  # noqa: ARG002
        """A SourceError for what reading raised, or the error itself where it is not about the source."""
        return error
