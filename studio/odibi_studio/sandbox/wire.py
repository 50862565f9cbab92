"""What crosses between the Studio and its sandbox: JSON and Arrow, each with its length; never pickles."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

_HEAD = struct.Struct("!I")
_LENGTH = struct.Struct("!Q")
MAX_PARTS = 1_000
MAX_BYTES = 1 << 30


class HungUpError(Exception):
    """The other side is gone."""


def send(connection: socket.socket, message: dict[str, Any], parts: Sequence[bytes] = ()) -> None:
    """Send a message and what belongs to it."""
    texts = [json.dumps(message).encode(), *parts]
    connection.sendall(_HEAD.pack(len(texts)) + b"".join(_LENGTH.pack(len(text)) for text in texts))
    for text in texts:
        connection.sendall(text)


def receive(connection: socket.socket) -> tuple[dict[str, Any], list[bytes]]:
    """The next message, and what belongs to it.

    Raises:
        HungUpError: The other side is gone, or says nonsense.
        TimeoutError: The connection has a time limit, and it is over.
    """
    (count,) = _HEAD.unpack(_exactly(connection, _HEAD.size))
    if not 0 < count <= MAX_PARTS:
        raise HungUpError
    lengths = [_LENGTH.unpack(_exactly(connection, _LENGTH.size))[0] for _ in range(count)]
    if sum(lengths) > MAX_BYTES:
        raise HungUpError
    texts = [_exactly(connection, length) for length in lengths]
    return json.loads(texts[0]), texts[1:]


def pack(table: pa.Table) -> bytes:
    """A table as an Arrow stream."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def unpack(stream: bytes) -> pa.Table:
    """The table of an Arrow stream."""
    import pyarrow as pa

    with pa.ipc.open_stream(stream) as reader:
        return reader.read_all()


def _exactly(connection: socket.socket, length: int) -> bytes:
    received = bytearray()
    while len(received) < length:
        try:
            chunk = connection.recv(min(length - len(received), 1 << 20))
        except ConnectionError:
            chunk = b""
        if not chunk:
            raise HungUpError
        received += chunk
    return bytes(received)
