"""Rows of services that answer in JSON over HTTP."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, ClassVar

from odibi_core.errors import RunCancelledError, SourceError, TargetError
from odibi_core.formats.base import Abilities, Format, Rows, Scan, ScanContext, Target, Written
from odibi_core.formats.http_client import without_secrets
from odibi_core.formats.http_options import HttpReadOptions, HttpWriteOptions
from odibi_core.formats.http_pages import HttpPages, Row, lines_of
from odibi_core.formats.json import JsonFormat
from odibi_core.formats.json_options import JsonReadOptions
from odibi_core.formats.types import known_type
from odibi_core.schema import Schema

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_JSON = JsonFormat()
_KEPT_BYTES = 16 << 20
"""Pages that are longer are asked for again by the run, rather than held in memory from its plan on."""


class HttpFormat(Format[HttpReadOptions, HttpWriteOptions]):
    """Rows of a service that answers in JSON.

    All pages are fetched into a file of the run before a row is read. Nested values stay nested, as STRUCT
    and LIST; texts that look like dates are dates, as with JSON files.
    """

    name: ClassVar[str] = "http"
    extensions: ClassVar[tuple[str, ...]] = ()
    abilities: ClassVar[Abilities] = Abilities(write=False, partition=False, keeps_types=frozenset())
    read_options = HttpReadOptions
    write_options = HttpWriteOptions

    def probe(self, source: str, options: HttpReadOptions, cursor: DuckDBPyConnection) -> Schema:
        """The columns that the options name, else those of the first page."""
        if options.column_types:
            named = options.column_types.items()
            return Schema.of((name, known_type(type_, name, cursor)) for name, type_ in named)
        page = HttpPages(options.service, options.model_copy(update={"tries": 1})).first()
        if page.size_bytes <= _KEPT_BYTES:
            options.keep(page)
        with TemporaryDirectory() as folder:
            path = Path(folder, "rows.jsonl")
            count = _write(path, [page.rows])
            return _JSON.probe(str(path), _json_options(options, count, source), cursor)

    def scan(self, source: str, options: HttpReadOptions, context: ScanContext) -> Scan:
        """All pages, fetched and ready to be read."""
        asked = json.dumps([source, options.model_dump(mode="json")], sort_keys=True, default=str)
        path = context.scratch / f"http-{hashlib.sha256(asked.encode()).hexdigest()[:24]}.jsonl"
        counted = path.with_suffix(".count")
        # A scan that sets malformed rows aside comes after a strict one, and reads the same answers.
        if not (context.tolerant and counted.exists()):
            counted.unlink(missing_ok=True)
            counted.write_text(str(_fetched(path, options, context)))
        count = int(counted.read_text())
        ready = _JSON.scan(str(path), _json_options(options, count, source), context)
        return ready if context.tolerant else replace(ready, row_count=count)

    def is_malformed(self, error: Exception) -> bool:
        """Whether a value is not of the type that the step says."""
        return _JSON.is_malformed(error)

    def explain_read_error(self, error: Exception, source: str) -> Exception:
        """A SourceError for an error of the reader."""
        return _JSON.explain_read_error(error, source)

    def write(self, rows: Rows, target: Target, options: HttpWriteOptions) -> Written:  # noqa: ARG002
        """Nothing: rows are sent by publish steps.

        Raises:
            TargetError: Always.
        """
        raise TargetError(
            "rows are not stored over HTTP", where=target.where, fix="send them with a publish step"
        )


def _fetched(path: Path, options: HttpReadOptions, context: ScanContext) -> int:
    """The number of rows that were fetched into a file.

    They are fetched on a thread of their own: nothing interrupts one that waits for an answer, so a stopped
    step leaves it behind.
    """
    stopped, failed, counts = threading.Event(), list[BaseException](), list[int]()

    def wait(seconds: float) -> None:
        if stopped.wait(seconds):
            raise RunCancelledError("the step was stopped")

    def fetch() -> None:
        try:
            pages = HttpPages(options.service, options, wait).pages(options.kept())
            counts.append(_write(path, pages, stopped.is_set))
        except BaseException as error:  # noqa: BLE001 - it is told by who waits for it
            failed.append(error)

    thread = threading.Thread(target=fetch, name="odibi-http", daemon=True)
    with context.on_stop(stopped.set):
        thread.start()
        while thread.is_alive() and not stopped.is_set():
            thread.join(0.1)
    if failed:
        raise failed[0]
    if not counts:
        raise RunCancelledError("the step was stopped")
    return counts[0]


def _write(path: Path, pages: Iterable[list[Row]], is_stopped: Callable[[], bool] = lambda: False) -> int:
    """The number of rows that were written as lines."""
    count = 0
    # Half a surrogate pair is no text.
    with path.open("w", encoding="utf-8", errors="replace", newline="\n") as file:
        for rows in pages:
            if is_stopped():
                raise RunCancelledError("the step was stopped")
            file.write(lines_of(rows))
            count += len(rows)
    return count


def _json_options(options: HttpReadOptions, count: int, source: str) -> JsonReadOptions:
    if count == 0 and not options.column_types:
        raise SourceError(
            "the service has no rows, so nothing says their columns",
            where=without_secrets(source),
            fix="name them with `schema`: column → type",
        )
    return JsonReadOptions.model_validate(
        {"lines": True, "encoding": "utf-8", "schema": options.column_types}
    )
