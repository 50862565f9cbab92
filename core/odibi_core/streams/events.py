"""What programs hand over: kept on the disk before it counts as taken, then a batch like a file."""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import secrets
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from odibi_core.errors import OdibiError
from odibi_core.json_text import JsonEncoder
from odibi_core.text_file import reason, write_file
from odibi_core.waits import join

SUFFIX = ".jsonl"
MOST_BYTES = 64 * 1024 * 1024


class FullError(OdibiError):
    """So much waits already that no more is taken."""


class KeyReusedError(OdibiError):
    """Other events of that id wait already."""


class Inbox:
    """A folder that takes events.

    Args:
        folder: Where they wait.
        capacity: How many posts may wait.
    """

    def __init__(self, folder: Path, capacity: int) -> None:
        self.folder, self._capacity = folder, capacity
        self._lock = threading.Lock()

    def put(self, rows: Iterable[Mapping[str, Any]], *, id_: str = "") -> str:
        """The id of events that are kept from now on: they count even where the power fails now.

        Args:
            rows: A mapping each.
            id_: What whoever hands them over calls them: the same twice counts once.

        Raises:
            FullError: Too much waits.
            KeyReusedError: Other events of that id wait.
            OdibiError: They are no mappings, or can't be written.
        """
        found = list(rows)
        if not found or not all(isinstance(row, Mapping) for row in found):
            raise OdibiError("events must be mappings, and one at least", fix="give dicts, or JSON objects")
        encoder = JsonEncoder()
        data = b"".join(encoder.encode(dict(row)).encode() + b"\n" for row in found)
        name = hashlib.sha256(id_.encode()).hexdigest()[:32] if id_ else secrets.token_hex(16)
        # One name for one id: the ledger knows what was taken by its name.
        path = self.folder / f"{name}{SUFFIX}"
        with self._lock:
            waiting = _content(path) if id_ else None
            if waiting == data:
                return name
            if waiting is not None:
                raise KeyReusedError(
                    "other events of that id wait already", where=repr(id_), fix="give each its own id"
                )
            if self.size() >= self._capacity:
                raise FullError(f"{self._capacity:,} posts wait already", fix="send it again later")
            write_file(path, data)
        return name

    def size(self) -> int:
        """How many posts wait."""
        try:
            with os.scandir(self.folder) as entries:
                return sum(entry.name.endswith(SUFFIX) for entry in entries)
        except FileNotFoundError:
            return 0


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def event_key(path: Path) -> str:
    """What tells a post from every other: its name, for the same content may well come twice."""
    return hashlib.sha256(path.name.encode()).hexdigest()


class Endpoint:
    """Takes events over HTTP: POST /events with a JSON object, a list of them, or one a line.

    202 says that they are kept. The header Idempotency-Key makes that a post that is repeated counts once.

    Args:
        inbox: Takes them.
        host: The address.
        port: The port; 0 takes a free one.

    Attributes:
        url: Where it listens.

    Raises:
        OdibiError: It can't listen there.
    """

    def __init__(self, inbox: Inbox, host: str, port: int) -> None:
        try:
            self._server = http.server.ThreadingHTTPServer((host, port), _handler(inbox))
        except OSError as error:
            raise OdibiError(
                f"it can't listen at {host}:{port}: {reason(error)}", fix="give another port, or 0"
            ) from error
        self._server.daemon_threads = True
        self.url = f"http://{host}:{self._server.server_port}/events"
        self._thread = threading.Thread(target=self._server.serve_forever, name="odibi-events", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Listen no more."""
        # It waits until the loop has ended, all at once: whoever closes it waits in pieces.
        ending = threading.Thread(target=self._server.shutdown, name="odibi-events-end", daemon=True)
        ending.start()
        join(ending)
        join(self._thread)
        self._server.server_close()


def read_rows(body: bytes) -> list[Mapping[str, Any]]:
    """The rows of a post.

    Raises:
        OdibiError: It is no JSON.
    """
    try:
        text = body.decode()
        try:
            found = _parsed(text)
        except ValueError:
            found = [_parsed(line) for line in text.splitlines() if line.strip()]
    except ValueError as error:
        raise OdibiError(
            f"the body is no JSON: {error}", fix="send an object, a list, or one a line"
        ) from None
    return found if isinstance(found, list) else [found]


def _parsed(text: str) -> Any:
    return json.loads(text, parse_constant=_refused)


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is no number of JSON")


def _handler(inbox: Inbox) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def do_POST(self) -> None:
            if self.path.rstrip("/") != "/events":
                self._answer(404, {"error": "post to /events"})
                return
            origin = self.headers.get("Origin")
            if origin is not None and urlsplit(origin).netloc != self.headers.get("Host", ""):
                # A page of another site that a browser on this machine shows may post here, too.
                self.close_connection = True
                self._answer(403, {"error": "pages of other sites can't post events"})
                return
            length = self.headers.get("Content-Length", "")
            if not length.isdigit():
                self.close_connection = True
                self._answer(411, {"error": "say Content-Length"})
                return
            if int(length) > MOST_BYTES:
                self.close_connection = True
                self._answer(413, {"error": f"a post holds at most {MOST_BYTES // 2**20} MB"})
                return
            body = self.rfile.read(int(length))
            try:
                id_ = inbox.put(read_rows(body), id_=self.headers.get("Idempotency-Key", ""))
            except FullError as error:
                self._answer(503, {"error": error.what}, {"Retry-After": "5"})
            except KeyReusedError as error:
                self._answer(422, {"error": error.what, "fix": error.fix})
            except OdibiError as error:
                self._answer(400, {"error": error.what, "fix": error.fix})
            else:
                self._answer(202, {"id": id_})

        def do_GET(self) -> None:
            self._answer(200, {"waiting": inbox.size(), "time": time.time()})

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own
            """Posts are told by the ledger, not in a log."""

        def _answer(self, code: int, content: object, headers: Mapping[str, str] | None = None) -> None:
            data = json.dumps(content).encode()
            self.send_response(code)
            for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    return Handler
