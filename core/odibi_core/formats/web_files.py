"""Files behind URLs: fetched to this machine, then read as what they are."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from odibi_core.errors import OdibiError, RunCancelledError, TargetError
from odibi_core.formats.base import Format, Options, Rejected, Rows, Scan, ScanContext, Target, Written
from odibi_core.formats.http_client import Service
from odibi_core.formats.packing import PACKINGS
from odibi_core.formats.streams import told_error
from odibi_core.formats.web_fetching import Fetch
from odibi_core.schema import Schema

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_HEAD_BYTES = 1 << 20
_TOLD_BY_HEADS = ("csv", "avro")
"""Formats whose files begin with all their columns; a line of JSON may have further ones."""


class WebFiles:
    """One format over a service that has files.

    Args:
        format_: The format.
        service: The URL of the file, and what requests carry.
        scratch: A folder for files that nobody needs after the run.
        most_bytes: Larger files are refused.
    """

    def __init__(self, format_: Format[Any, Any], service: Service, scratch: Path, most_bytes: int) -> None:
        self._format, self._service, self._scratch = format_, service, scratch
        self._most_bytes = most_bytes
        self._file: Path | None = None

    def probe(self, source: str, options: Options, cursor: DuckDBPyConnection) -> Schema | None:
        """The columns of the file from its head alone; None where that does not tell."""
        del source
        fetch = Fetch(self._service, self._most_bytes)
        with TemporaryDirectory(prefix="odibi-probe-") as folder:
            path = Path(folder) / self._name
            is_whole = fetch.head(path, _HEAD_BYTES, self._format.name)
            is_told = self._format.name in _TOLD_BY_HEADS or getattr(options, "column_types", None)
            if not is_whole and (not is_told or path.suffix in PACKINGS):
                return None
            try:
                return self._format.probe(str(path), options, cursor)
            except OdibiError as error:
                if is_whole:
                    self._rename(error, path)
                    raise
                # The cut may be what it stumbled over: the run reads the whole.
                return None

    def scan(self, source: str, options: Options, context: ScanContext) -> Scan:
        """The file, fetched and ready to be read.

        Raises:
            SourceError: The service refuses, has no such file, or the file is not of the format.
            TransientError: The service can't be reached, or is busy.
        """
        del source
        named = hashlib.sha256(self._service.url.encode()).hexdigest()[:24]
        path = self._scratch / "web" / f"{context.name}-{named}" / self._name
        # A scan that sets malformed rows aside comes after a strict one, and reads the same file.
        if not (context.tolerant and path.exists()):
            self._bring(path, context)
        self._file = path
        try:
            ready = self._format.scan(str(path), options, context)
        except OdibiError as error:
            self._rename(error, path)
            raise
        return replace(ready, rejects=self._of_url(ready.rejects, path))

    def _bring(self, path: Path, context: ScanContext) -> None:
        """Fetch the file, on a thread of its own: nothing interrupts one that waits for an answer."""
        stopped, failed = threading.Event(), list[BaseException]()
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{secrets.token_hex(4)}")

        def check() -> None:
            if stopped.is_set():
                raise RunCancelledError("the step was stopped")

        def fetch() -> None:
            try:
                Fetch(self._service, self._most_bytes, check).whole(draft, self._format.name)
                draft.replace(path)
            except BaseException as error:  # noqa: BLE001 - it is told by who waits for it
                failed.append(error)
            finally:
                draft.unlink(missing_ok=True)

        thread = threading.Thread(target=fetch, name="odibi-web", daemon=True)
        with context.on_stop(stopped.set):
            thread.start()
            while thread.is_alive() and not stopped.is_set():
                thread.join(0.1)
        check()
        if failed:
            raise failed[0]

    def write(self, rows: Rows, target: Target, options: Options) -> Written:
        """Nothing: files are read over HTTP, and rows are sent by publish steps.

        Raises:
            TargetError: Always.
        """
        del rows, options
        raise TargetError("files are not written over HTTP", where=target.where)

    def is_malformed(self, error: Exception) -> bool:
        """Whether an error of a strict scan means malformed rows, which a tolerant scan would set aside."""
        return self._format.is_malformed(error)

    def explain_read_error(self, error: Exception, source: str) -> Exception:
        """A SourceError for what reading raised, or the error itself where it is not about the source."""
        if (told := told_error(error)) is not None:
            return told
        found = self._format.explain_read_error(error, str(self._file or source))
        if self._file and isinstance(found, OdibiError):
            self._rename(found, self._file)
        return found

    @property
    def _name(self) -> str:
        """What the file is called here; readers look at how it ends."""
        path = unquote(urlsplit(self._service.url).path).lower()
        packing = next((ending for ending in PACKINGS if path.endswith(ending)), "")
        for ending in self._format.extensions:
            if path.endswith(f"{ending}{packing}"):
                return f"file{ending}{packing}"
        return f"file{self._format.extensions[0]}"

    def _rename(self, error: OdibiError, path: Path) -> None:
        """Have an error speak of the URL."""
        told = [text.replace(str(path), str(self._service)) for text in (error.what, error.where, error.fix)]
        error.what, error.where, error.fix = told
        error.args = (error.what,)

    def _of_url(
        self, rejects: Callable[[], Sequence[Rejected]] | None, path: Path
    ) -> Callable[[], Sequence[Rejected]] | None:
        if rejects is None:
            return None
        place = str(self._service)

        def told() -> Sequence[Rejected]:
            return [
                replace(row, source=place, reason=row.reason.replace(str(path), place)) for row in rejects()
            ]

        return told
