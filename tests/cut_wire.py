"""A wire to a server that counts what passes, and is cut after some bytes where a test says so."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Wire:
    """The way to a server by a port of this machine.

    Attributes:
        port: The port.
        received: How many bytes the server has sent.
        sent: How many bytes went to the server.
        cut_received: After how many bytes from the server it is cut; never where 0.
        cut_sent: After how many bytes to the server it is cut; never where 0.
        was_cut: Whether it was.
    """

    port: int = 0
    received: int = 0
    sent: int = 0
    cut_received: int = 0
    cut_sent: int = 0
    was_cut: bool = False
    _ends: list[socket.socket] = field(default_factory=list)

    def _pass_on(self, source: socket.socket, target: socket.socket, counted: str) -> None:
        with suppress(OSError):
            while got := source.recv(65_536):
                setattr(self, counted, getattr(self, counted) + len(got))
                limit = getattr(self, f"cut_{counted}")
                if limit and getattr(self, counted) > limit:
                    self.was_cut = True
                    break
                target.sendall(got)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _join(self, client: socket.socket, host: str, port: int) -> None:
        server = socket.create_connection((host, port))
        self._ends += [client, server]
        for source, target, counted in ((server, client, "received"), (client, server, "sent")):
            threading.Thread(target=self._pass_on, args=(source, target, counted), daemon=True).start()


@contextmanager
def wire_to(host: str, port: int) -> Iterator[Wire]:
    """A wire until the end of the block."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        wire = Wire(int(listener.getsockname()[1]))

        def serve() -> None:
            with suppress(OSError):
                while True:
                    wire._join(listener.accept()[0], host, port)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield wire
        finally:
            # Closed alone, a socket that a thread waits for would stay.
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join(30)
            for end in wire._ends:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()
