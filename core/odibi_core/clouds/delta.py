"""Delta tables on an object store: read and written by delta-rs, whose commits hold where several write."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from odibi_core.clouds.address import Address
from odibi_core.clouds.faults import explain
from odibi_core.clouds.found import missing
from odibi_core.clouds.store import Store
from odibi_core.errors import OdibiError, SourceError, TargetError, TransientError
from odibi_core.formats.arrow_schema import duckdb_schema
from odibi_core.formats.base import Options, Rows, Scan, ScanContext, Target, WriteMode, Written
from odibi_core.formats.delta import commit
from odibi_core.formats.delta_options import DeltaReadOptions, DeltaWriteOptions
from odibi_core.formats.delta_query import QueriedTable
from odibi_core.formats.delta_table import Remote, change_feed, in_version
from odibi_core.formats.streams import BatchSource
from odibi_core.late_dataclass import dataclass
from odibi_core.schema import Schema, quote

if TYPE_CHECKING:
    from deltalake import DeltaTable
    from duckdb import DuckDBPyConnection

_CREATING_TRIES = 8
_FIRST_PAUSE_S = 0.05
_SENT = re.compile(r"\.?(part-\d{5}-[0-9a-f-]{36}-c\d{3}[\w.]*\.parquet|\d{20}\.json)(\.tmp\.\d+)?")
"""The names of the files that delta-rs sends before a commit, of the first commit itself, and in HDFS of both
as they are on their way."""


@dataclass(frozen=True, slots=True)
class CloudDelta:
    """The Delta tables of a store.

    Attributes:
        store: Where they are.
    """

    store: Store

    def probe(self, address: Address, options: Options, cursor: DuckDBPyConnection) -> Schema:
        """The columns, from the table's log.

        Raises:
            SourceError: There is no such table or version, or the store refuses.
            TransientError: The store can't be reached.
        """
        found = self._source(address, _read(options))
        source = found if isinstance(found, BatchSource) else found.rows()
        return duckdb_schema(source.schema, cursor)

    def scan(self, address: Address, options: Options, context: ScanContext) -> Scan:
        """The table, ready to be read: filters and columns reach its files, the row count is in its log.

        Raises:
            SourceError: There is no such table or version, or the store refuses.
            TransientError: The store can't be reached.
        """
        view = f"{context.name}_rows"
        source = self._source(address, _read(options))
        if isinstance(source, QueriedTable):
            return source.scan(view, context.cursor)
        return Scan(quote(view), duckdb_schema(source.schema, context.cursor), views={view: source})

    def write(self, rows: Rows, target: Target, address: Address, options: Options) -> Written:
        """Write the rows in one commit, under the condition that no other has the same number.

        Raises:
            TargetError: The target can't be written, or the rows don't fit it.
            TransientError: Another writer committed at the same time, or the store can't be reached.
        """
        assert isinstance(options, DeltaWriteOptions)

        def told(error: Exception) -> Exception:
            return explain(error, str(address), TargetError)

        account = self.store.account
        remote = Remote(account.delta_uri(address), account.delta_options(), told)
        for trial in range(_CREATING_TRIES):
            try:
                table = self._opened(address, remote)
            except SourceError as error:
                raise TargetError(error.what, where=error.where, fix=error.fix) from error
            if table is None and self._holds_others(address):
                raise TargetError(
                    "the folder holds other objects and is no Delta table",
                    where=str(address),
                    fix="choose a folder of its own for the table",
                )
            try:
                return commit(rows, target, options, table, remote)
            except TransientError:
                # Another writer has made the table meanwhile: rows can be added to it.
                if table is not None or target.mode is not WriteMode.APPEND or trial == _CREATING_TRIES - 1:
                    raise
                # A store may refuse a second first commit and yet list none for a moment.
                time.sleep(_FIRST_PAUSE_S * 2**trial)
                target.check()
        raise AssertionError

    def _holds_others(self, address: Address) -> bool:
        """Whether there is anything but what another writer has sent that is about to make the table."""
        return any(
            _SENT.fullmatch(found.key.rpartition("/")[2]) is None for found in self.store.inside(address)
        )

    def _source(self, address: Address, options: DeltaReadOptions) -> QueriedTable | BatchSource:
        """The table, or the changes of it."""
        account = self.store.account
        remote = Remote(account.delta_uri(address), account.delta_options(), lambda error: error)
        table = self._opened(address, remote)
        if table is None:
            if self.store.is_folder(address):
                raise SourceError(
                    "the folder is not a Delta table: it has no _delta_log",
                    where=str(address),
                    fix="say its real format with source_type",
                )
            raise missing(self.store, address)
        try:
            if options.change_feed:
                return change_feed(table, str(address), options)
            table = in_version(table, str(address), options)
        except OdibiError:
            raise
        except Exception as error:  # delta-rs has many kinds of errors
            raise explain(error, str(address)) from error
        return QueriedTable(table, lambda error: explain(error, str(address)))

    def _opened(self, address: Address, remote: Remote) -> DeltaTable | None:
        from deltalake import DeltaTable
        from deltalake.exceptions import TableNotFoundError

        try:
            return DeltaTable(remote.uri, storage_options=dict(remote.options))
        except TableNotFoundError:
            return None
        except Exception as error:  # delta-rs has many kinds of errors
            raise explain(error, str(address)) from error


def _read(options: Options) -> DeltaReadOptions:
    assert isinstance(options, DeltaReadOptions)
    return options
