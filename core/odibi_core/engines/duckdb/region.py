"""Carrying out one region: its tasks become one query, which runs where the region ends."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odibi_core.dataset import Dataset
from odibi_core.engines.base import Attempt, Outcome, RunContext, Task, TaskError
from odibi_core.engines.duckdb.counts import RegionCounts
from odibi_core.engines.duckdb.datasets import DuckDBDataset, FrameDataset, QueryDataset, TableDataset
from odibi_core.engines.duckdb.fragment import Fragment
from odibi_core.engines.duckdb.held_files import FileDataset, hold_in_file
from odibi_core.engines.duckdb.meetings import count_meetings
from odibi_core.engines.duckdb.origin import Origin
from odibi_core.engines.duckdb.pushdown import Pushdown
from odibi_core.engines.duckdb.rejects import keep_rejects
from odibi_core.engines.duckdb.rows import FragmentRows
from odibi_core.engines.duckdb.session import Session
from odibi_core.engines.duckdb.streamed import Streamed, describe_streamed, give_up_describing
from odibi_core.engines.duckdb.turns import turn_at
from odibi_core.engines.operations import Call, Check, Query, Scan, Send, Write
from odibi_core.engines.places import (
    bound_options,
    cloud_files,
    is_in_cloud,
    is_on_web,
    web_files,
    web_service,
)
from odibi_core.errors import SqlError
from odibi_core.formats.base import Format, Options, ScanContext, Target
from odibi_core.formats.base import Scan as FormatScan
from odibi_core.formats.registry import format_named
from odibi_core.formats.streams import told_error
from odibi_core.schema import quote
from odibi_core.sql.compose import Dialect, compose

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from odibi_core.clouds.files import CloudFiles
    from odibi_core.formats.web_files import WebFiles


class RegionRun:
    """One try at a region.

    Args:
        session: The run's database.
        cursor: This thread's connection to it.
        data: Dataset key → what the region takes from outside.
        context: The run.
        attempt: Stops it from another thread.
        tolerant: Names of the tasks whose scans set malformed rows aside.
    """

    def __init__(
        self,
        session: Session,
        cursor: DuckDBPyConnection,
        data: Mapping[str, Dataset],
        context: RunContext,
        attempt: Attempt,
        *,
        tolerant: frozenset[str] = frozenset(),
    ) -> None:
        self._session, self._cursor = session, cursor
        self._context, self._attempt = context, attempt
        self._tolerant = tolerant
        self._data = dict(data)
        self._scans: dict[str, tuple[Scan, FormatScan | None]] = {}
        self._readers: dict[str, Format[Any, Any] | CloudFiles | WebFiles] = {}
        self._streamed: dict[str, Streamed] = {}
        self._sources: dict[str, tuple[str, Fragment]] = {}
        self._texts: dict[str, str] = {}
        self._tables: list[str] = []
        self._files: list[FileDataset] = []
        self._read_files: list[FileDataset] = []
        self._last_name = ""
        self._counts: RegionCounts | None = None
        self._origins: dict[str, tuple[Origin, Fragment]] = {}
        self._takes_queries = False

    def run(self, tasks: Sequence[Task]) -> list[Outcome]:
        """What every task did, in the order of the tasks.

        Raises:
            TaskError: A task failed.
        """
        outcomes: dict[str, Outcome] = {}
        self._last_name = tasks[-1].name
        try:
            for task in tasks:
                self._attempt.check()
                try:
                    outcomes[task.name] = self._carry_out(task)
                except Exception as error:
                    self._attempt.check()
                    raise self._blame(task, error) from error
        except BaseException:
            self._drop(self._tables)
            for held in self._files:
                self._let_go(held)
            raise
        self._describe(outcomes, tasks)
        self._count_meetings(outcomes, tasks)
        return [outcomes[task.name] for task in tasks]

    def _describe(self, outcomes: Mapping[str, Outcome], tasks: Sequence[Task]) -> None:
        if not self._streamed:
            return
        last = tasks[-1]
        try:
            known = self._counts or RegionCounts(self._streamed, last)
            pushdown = self._pushdown()
            counts = known.settle(self._cursor, outcomes[last.name], pushdown.narrowed)
            describe_streamed(
                self._cursor, self._session, self._streamed, self._sources, outcomes, counts, tasks
            )
        except Exception as error:  # noqa: BLE001 - the region's result counts already: no error undoes it
            give_up_describing(self._streamed, outcomes, last, error)

    def _count_meetings(self, outcomes: Mapping[str, Outcome], tasks: Sequence[Task]) -> None:
        if self._context.health is False:
            return
        for task in tasks:
            if task.name not in self._texts:
                continue
            try:
                outcomes[task.name].health = count_meetings(
                    task,
                    self._texts[task.name],
                    self._data,
                    self._cursor,
                    self._select,
                    is_asked=self._context.health is True,
                )
            except Exception as error:  # noqa: BLE001 - the region's result counts already: no error undoes it
                why = str(error).partition("\n")[0]
                outcomes[task.name].health = {"joins": [], "why": why, "took_ms": 0.0}

    def _drop(self, tables: Sequence[str]) -> None:
        """Let go of tables, on a cursor that no open result holds up."""
        from odibi_core import late_duckdb as duckdb

        if not tables:
            return
        # What can't be dropped, as in a database that was closed meanwhile, must not hide why it is dropped.
        with suppress(duckdb.Error, RuntimeError), self._session.cursor() as cursor:
            for table in tables:
                cursor.execute(f"DROP TABLE IF EXISTS {quote(table)}")

    def _let_go(self, held: FileDataset) -> None:
        from odibi_core import late_duckdb as duckdb

        with suppress(duckdb.Error, RuntimeError, OSError), self._session.cursor() as cursor:
            held.drop(cursor)

    def malformed(self, error: BaseException) -> frozenset[str]:
        """Names of the strict scans that may have raised `error` because of malformed rows."""
        causes: list[Exception] = []
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, Exception):
                causes.append(cause)
            cause = cause.__cause__
        return frozenset(
            name
            for name, (scan, _) in self._scans.items()
            if name not in self._tolerant
            and any(self._reader(name, scan).is_malformed(cause) for cause in causes)
        )

    def _carry_out(self, task: Task) -> Outcome:
        match task.operation:
            case Scan():
                return self._scan(task, task.operation)
            case Query():
                return self._query(task, task.operation)
            case Call():
                raise TypeError("a function is a region of its own")
            case Write():
                return self._write(task, task.operation)
            case Send():
                return self._send(task, task.operation)
            case Check():
                from odibi_core.connection_check import check_connection

                connection = self._context.connections[task.operation.connection]
                check_connection(connection, self._context.workspace, self._context.resolve)
                return Outcome(task.name)

    def _scan(self, task: Task, scan: Scan) -> Outcome:
        name = self._session.new_name("scan")
        is_tolerant = task.name in self._tolerant
        context = ScanContext(
            self._cursor,
            self._context.scratch,
            is_tolerant,
            name,
            self._context.written,
            self._attempt.on_stop,
        )
        source = scan.server or str(self._place(scan.source, scan.connection))
        self._scans[task.name] = (scan, None)
        ready = self._reader(task.name, scan).scan(source, self._options(scan), context)
        self._scans[task.name] = (scan, ready)
        fragment = Fragment(quote(name), {quote(name): f"SELECT * FROM {ready.sql}"}, ready.views)
        # A query that leaves columns out would not see what is wrong in them: malformed rows are found by
        # reading everything, once.
        try:
            outcome = self._hold(replace(task, is_kept=True) if is_tolerant else task, fragment)
        finally:
            if is_tolerant:
                self._drop(ready.tables)
        keep_rejects(ready, outcome, self._context.rejects)
        if task.name in self._streamed:
            head = Fragment(quote(name), {quote(name): f"SELECT * FROM {ready.head_sql}"}, ready.views)
            self._sources[fragment.name] = (
                self._streamed[task.name].key,
                head if ready.head_sql else fragment,
            )
        return outcome

    def _query(self, task: Task, query: Query) -> Outcome:
        if query.dialect != Dialect.DUCKDB:
            query = replace(query, sql=self._native(task, query), dialect=Dialect.DUCKDB)
        self._texts[task.name] = query.sql
        return self._hold(task, self._select(task, query.sql))

    def _native(self, task: Task, query: Query) -> str:
        """The query in DuckDB's dialect; the plan could not tell, for want of an input's columns."""
        from odibi_core import late_duckdb as duckdb
        from odibi_core.sql.dialect import native_sql
        from odibi_core.sql.faults import explain_error

        schemas = {alias: self._data[key].schema for alias, key in task.inputs.items()}

        def fails(sql: str) -> SqlError | None:
            try:
                self._select(task, sql).run(self._cursor)
            except SqlError as error:
                return error
            except duckdb.Error as error:
                return explain_error(error, sql, schemas)
            return None

        native = native_sql(query.sql, query.dialect, binds=fails, inputs=schemas)
        if native.error is not None:
            raise native.error
        return native.sql

    def _select(self, task: Task, sql: str) -> Fragment:
        inputs = {alias: self._fragment(key) for alias, key in task.inputs.items()}
        ctes: dict[str, str] = {}
        views: dict[str, Any] = {}
        for fragment in inputs.values():
            ctes |= fragment.ctes
            views |= fragment.views
        name = quote(self._session.new_name("step"))
        ctes[name] = compose({alias: fragment.name for alias, fragment in inputs.items()}, sql)
        return Fragment(name, ctes, views)

    def _fragment(self, key: str) -> Fragment:
        dataset = self._data[key].computed()
        is_ours = any(each.dataset is dataset for each in self._streamed.values())
        if isinstance(dataset, QueryDataset) and not is_ours:
            self._takes_queries = True
            if dataset.origin is not None:
                self._origins[key] = dataset.origin, dataset.fragment()
                dataset.origin.check()
        if not isinstance(dataset, DuckDBDataset):
            dataset = FrameDataset(key, self._session, dataset.arrow())
        if isinstance(dataset, FileDataset):
            self._read_files.append(dataset)
        fragment = dataset.fragment()
        if not fragment.ctes:
            self._sources[fragment.name] = (key, fragment)
        return fragment

    def _hold(self, task: Task, fragment: Fragment) -> Outcome:
        (output, key), *_ = task.outputs.items()
        if task.is_kept:
            with self._ending(task, fragment) as ending:
                ending.register(self._cursor)
                dataset = self._in_file(task, key, ending) or self._in_table(key, ending)
            self._data[key] = dataset
            return Outcome(task.name, {output: dataset}, row_count=dataset.row_count())
        source = self._scans[task.name][1] if task.name in self._scans else None
        streamed = Streamed(task, self._session, fragment, scan=source)
        self._streamed[task.name] = streamed
        self._data[key] = streamed.dataset
        return Outcome(task.name, {output: streamed.dataset})

    def _in_table(self, key: str, ending: Fragment) -> TableDataset:
        table = self._session.new_name("table")
        self._tables.append(table)
        made = self._cursor.execute(f"CREATE TABLE {quote(table)} AS {ending.statement()}").fetchall()
        if made:
            return TableDataset(key, self._session, table, int(made[0][0]))
        # A statement that pivots doesn't say how many rows it made.
        with self._session.cursor() as cursor:
            return TableDataset(key, self._session, table, Fragment(quote(table)).count(cursor))

    def _in_file(self, task: Task, key: str, ending: Fragment) -> FileDataset | None:
        # Whoever holds on to the result could write into the target, which is the same file.
        write = task.written_by
        if write is None or not self._context.lets_go:
            return None
        held = hold_in_file(
            key,
            FragmentRows(ending, self._cursor, self._attempt),
            write,
            self._place(write.target, write.connection),
            session=self._session,
            scratch=self._context.scratch,
            attempt=self._attempt,
        )
        if held is not None:
            self._files.append(held)
        return held

    @contextmanager
    def _ending(self, task: Task, fragment: Fragment) -> Iterator[Fragment]:
        """The query that the region ends with, which counts what streams through it. Run it within."""
        pushdown = self._pushdown()
        if task.name != self._last_name or not self._streamed:
            yield pushdown.narrowed(fragment)
        else:
            counts = self._counts = RegionCounts(self._streamed, task)
            takes_filters = self._takes_queries or pushdown.has_sources
            planned = pushdown.planned(fragment)
            marked = counts.mark(self._cursor, fragment, planned, has_filters=takes_filters)
            with counts.watch(self._cursor):
                yield pushdown.narrowed(marked)
                counts.read(self._cursor)
        self._check_origins()

    def _pushdown(self) -> Pushdown:
        return Pushdown(self._cursor, [ready for _, ready in self._scans.values() if ready and ready.narrow])

    def _check_origins(self) -> None:
        for origin, _ in self._origins.values():
            origin.check()
        for held in self._read_files:
            held.check()

    def _write(self, task: Task, write: Write) -> Outcome:
        path = Path() if write.server else self._place(write.target, write.connection)
        is_cloud = is_in_cloud(write)
        place = write.server if is_cloud else f"{write.server}, {write.target}" if write.server else ""
        (key,) = task.inputs.values()
        fragment = self._fragment(key)

        def check() -> None:
            self._attempt.check()
            self._check_origins()

        target = Target(
            Path(path),
            write.mode,
            self._context.ticket(task.name),
            write.partition_by,
            write.merge_key,
            check,
            place,
            self._attempt.on_stop,
        )
        is_shared = format_named(write.format).abilities.tables and (is_cloud or not write.server)
        turn = turn_at(place or os.path.realpath(path), check) if is_shared else nullcontext()
        with turn, self._ending(task, fragment) as ending:
            rows = FragmentRows(ending, self._cursor, self._attempt, self._data[key].computed())
            written = self._format(write).write(rows, target, self._options(write))
        details = {
            "path": place or str(path),
            "format": write.format,
            "mode": write.mode.value,
            "rows": written.rows,
            **written.details,
        }
        if written.skipped:
            details["skipped"] = written.skipped
        return Outcome(task.name, row_count=written.rows, written=details)

    def _send(self, task: Task, send: Send) -> Outcome:
        from odibi_core.engines.http import send_rows
        from odibi_core.formats.http_client import merged, without_secrets

        (key,) = task.inputs.values()
        rows = FragmentRows(self._fragment(key), self._cursor, self._attempt)
        context = self._context
        service = web_service(
            send.url, send.connection, context.connections, context.resolve, context.workspace
        )
        report = send_rows(
            rows.reader(),
            send.url,
            method=send.method,
            headers=merged(service.headers, send.headers),
            batch_size=send.batch_size,
            timeout_s=send.request_timeout_s,
            idempotency_key=str(self._context.ticket(task.name)),
            done_batches=self._context.sent_batches.get(task.name, 0),
            allows_private=service.allows_private,
            on_accepted=lambda batches: self._context.sent_batches.update({task.name: batches}),
            check=self._attempt.check,
        )
        details = {
            "url": without_secrets(send.url),
            "method": send.method,
            "rows": report.rows,
            "batches": report.batches,
        }
        return Outcome(task.name, row_count=report.rows, written=details)

    def _reader(self, name: str, scan: Scan) -> Format[Any, Any] | CloudFiles | WebFiles:
        """What reads the source of a task: one object for as long as the region lasts."""
        if name not in self._readers:
            self._readers[name] = self._format(scan)
        return self._readers[name]

    def _format(self, operation: Scan | Write) -> Format[Any, Any] | CloudFiles | WebFiles:
        if is_in_cloud(operation):
            context = self._context
            return cloud_files(operation, context.connections, context.resolve, context.scratch)
        if is_on_web(operation):
            context = self._context
            return web_files(
                operation, context.connections, context.resolve, context.workspace, context.scratch
            )
        return format_named(operation.format)

    def _options(self, operation: Scan | Write) -> Options:
        """The format's options; of a table on a server, with the login."""
        if not operation.server or is_in_cloud(operation) or is_on_web(operation):
            return operation.options
        context = self._context
        assert context.resolve is not None
        return bound_options(operation, context.connections, context.resolve, context.workspace)

    def _place(self, path: str, connection: str) -> Path:
        if connection:
            from odibi_core.connections import path_in

            return path_in(self._context.connections[connection], path, self._context.workspace)
        return self._context.workspace.resolve(path)

    def _blame(self, task: Task, error: Exception) -> TaskError:
        """The task whose fault `error` is: in a region that streams, an earlier one may have raised it.

        Each streamed task is then computed by itself, first to last, and each file that the region reads for
        an earlier step; the first that fails is to blame.
        """
        from odibi_core import late_duckdb as duckdb

        if not isinstance(error, duckdb.Error):
            return self._explained(task, error)
        # A write that failed may have left its result open on the region's own cursor.
        cursor = self._session.cursor()
        with closing(cursor), self._attempt.on_stop(cursor.interrupt):
            for streamed in self._streamed.values():
                try:
                    streamed.fragment.read_through(cursor)
                except duckdb.Error as cause:
                    self._attempt.check()
                    return self._explained(streamed.task, cause)
            for origin, fragment in self._origins.values():
                try:
                    fragment.read_through(cursor)
                except duckdb.Error as cause:
                    self._attempt.check()
                    told = format_named(origin.format).explain_read_error(cause, origin.source)
                    if told is cause:
                        return self._explained(task, cause)
                    told.__cause__ = cause
                    return TaskError(task.name, told)
        return self._explained(task, error)

    def _recognized(self, task: Task, error: Exception) -> tuple[str, Exception] | None:
        """Whose an error is that no source shows when it is read by itself, and what it means.

        None where nobody knows it, or several do.
        """
        found = []
        for name in [task.name] if task.name in self._scans else self._scans:
            scan, _ = self._scans[name]
            told = self._reader(name, scan).explain_read_error(error, scan.server or scan.source)
            if told is not error:
                found.append((name, told))
        if task.name not in self._scans:
            for origin, _ in self._origins.values():
                told = format_named(origin.format).explain_read_error(error, origin.source)
                if told is not error:
                    found.append((task.name, told))
        # What passed meanwhile, as a server that was gone, says itself where it comes from.
        return found[0] if len(found) == 1 or (found and told_error(error) is not None) else None

    def _explained(self, task: Task, error: Exception) -> TaskError:
        from odibi_core import late_duckdb as duckdb
        from odibi_core.sql.faults import explain_error

        if not isinstance(error, duckdb.Error):
            return TaskError(task.name, error)
        if found := self._recognized(task, error):
            name, told = found
            told.__cause__ = error
            return TaskError(name, told)
        schemas = {alias: self._data[key].schema for alias, key in task.inputs.items()}
        told = explain_error(error, self._texts.get(task.name, ""), schemas)
        told.__cause__ = error
        return TaskError(task.name, told)
