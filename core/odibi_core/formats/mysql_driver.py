"""PyMySQL's connection, made careful: no file leaves unasked, and a server that is gone is missed."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

from pymysql import connections
from pymysql.constants import CR
from pymysql.err import OperationalError
from pymysql.protocol import MysqlPacket

# As those of PostgreSQL's connections.
_KEEPALIVE = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 60_000}

# The stubs leave out what is overridden here.
_Connection: Any = connections.Connection
_Question: Any = connections.LoadLocalPacketWrapper  # type: ignore[attr-defined]


class CarefulConnection(_Connection):  # type: ignore[misc]
    """A connection that sends no file but the one that is offered, whatever the server asks for.

    `read_timeout` counts until one is logged in. After that a query may take as long as it does, and a server
    that is gone is found out by the system's probes.

    Attributes:
        offered: The file that the server may have now.
    """

    def __init__(self, **settings: Any) -> None:
        self.offered: Path | None = None
        self._is_answer = False
        super().__init__(**settings)

    def connect(self, sock: Any = None) -> None:
        """Log in."""
        super().connect(sock)
        self._read_timeout = None
        self._sock.settimeout(None)
        for name, value in _KEEPALIVE.items():
            # Not every system has them all.
            if hasattr(socket, name):
                self._sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)

    def _execute_command(self, command: int, sql: Any) -> None:
        self._is_answer = True
        super()._execute_command(command, sql)

    def _read_query_result(self, unbuffered: bool = False) -> Any:
        # The second statement's answer comes without another command.
        self._is_answer = True
        return super()._read_query_result(unbuffered)

    def _read_packet(self, packet_type: type[MysqlPacket] = MysqlPacket) -> Any:
        packet = super()._read_packet(packet_type)
        # A row may begin with the same byte as the question for a file.
        if self._is_answer:
            self._is_answer = False
            if packet.is_load_local_packet():
                self._check_offered(_Question(packet).filename)
        return packet

    def _check_offered(self, asked: bytes) -> None:
        if self.offered is not None and asked == os.fsencode(self.offered):
            return
        self._force_close()
        raise OperationalError(
            CR.CR_MALFORMED_PACKET,
            f"the server asks for the file {asked.decode(errors='replace')!r}, which nobody offered it",
        )
