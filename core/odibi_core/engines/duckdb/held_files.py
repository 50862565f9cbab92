"""Results that are held in the file that a step is about to write: packed once, and in no memory."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from odibi_core.engines.base import Attempt
from odibi_core.engines.duckdb.datasets import TableDataset, settle_tables
from odibi_core.engines.duckdb.fragment import Fragment
from odibi_core.engines.duckdb.rows import FragmentRows
from odibi_core.engines.duckdb.session import Session
from odibi_core.engines.operations import Write
from odibi_core.errors import OdibiError
from odibi_core.formats import atomic
from odibi_core.formats.base import FileForm, ReadyFiles, may_link
from odibi_core.formats.copied import CopiedFormat
from odibi_core.formats.ledger import identity
from odibi_core.formats.registry import format_named
from odibi_core.formats.sources import sql_list
from odibi_core.schema import quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class FileDataset(TableDataset):
    """Rows that were computed once and are held in a file; the run's database has a view of it.

    Args:
        key: The dataset's key.
        session: The run's database.
        view: The view.
        row_count: The number of rows.
        file: The file.
        form: How it holds the rows.
        target: Where a step puts it, for messages.
    """

    def __init__(
        self,
        key: str,
        session: Session,
        view: str,
        row_count: int,
        *,
        file: Path,
        form: FileForm,
        target: str,
    ) -> None:
        super().__init__(key, session, view, row_count)
        self._file, self._form, self._target = file, form, target
        self._seen = identity(file)

    def fragment(self) -> Fragment:
        """The view.

        Raises:
            OdibiError: Another program wrote into the file where the step has put it.
        """
        self.check()
        return super().fragment()

    def check(self) -> None:
        """Go on where the file is as it was written: whoever read it has seen the rows.

        Raises:
            OdibiError: It is not.
        """
        if identity(self._file) != self._seen:
            raise OdibiError(
                f"the rows of {self.key!r} are gone: another program wrote into the file that holds them",
                where=self._target,
                fix="let nothing write into it while the run lasts, or set materialize: true on the step "
                "that makes them",
            )

    def ready_files(self, partition_by: tuple[str, ...], form: FileForm) -> ReadyFiles | None:
        """The file, where it holds the rows as they are asked for."""
        if partition_by or form != self._form:
            return None
        return ReadyFiles(self._file.parent, (self._file,), form.extension, self.row_count())

    def _remove(self, cursor: DuckDBPyConnection) -> None:
        cursor.execute(f"DROP VIEW IF EXISTS {quote(self.table)}")
        self._file.unlink(missing_ok=True)


def hold_in_file(
    key: str,
    rows: FragmentRows,
    write: Write,
    target: Path,
    *,
    session: Session,
    scratch: Path,
    attempt: Attempt,
) -> FileDataset | None:
    """The rows in a file such as a step will write.

    Args:
        key: The dataset's key.
        rows: The rows; the query runs now.
        write: What the step does.
        target: The path that it writes to.
        session: The run's database.
        scratch: The folder for the file.
        attempt: Stops it.

    Returns:
        None where they would not come back from it as they are, or the target can't be the same file.
    """
    format_ = format_named(write.format)
    if not isinstance(format_, CopiedFormat) or not _may_be_linked(scratch, target):
        return None
    form = format_.held_form(rows.schema, write.options)
    if form is None:
        return None
    view = session.new_name("file")
    file = scratch / f"{view}{form.extension}"
    try:
        count = format_.write_file(rows.cursor, rows.sql, file, write.options, attempt.check)
        with session.cursor() as cursor:
            cursor.execute(
                f"CREATE VIEW {quote(view)} AS "
                f"SELECT * FROM read_parquet({sql_list([str(file)])}, hive_partitioning=false)"
            )
        held = FileDataset(key, session, view, count, file=file, form=form, target=write.target)
        # Its sample is of these rows, whatever another program makes of the target later.
        with closing(session.cursor()) as cursor:
            settle_tables(cursor, [held])
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    return held


def _may_be_linked(scratch: Path, target: Path) -> bool:
    """Whether a file of one folder can be linked to a target. Where nobody can tell, its step says why."""
    try:
        return may_link(scratch, next(parent for parent in atomic.real(target).parents if parent.is_dir()))
    except OSError:
        return False
