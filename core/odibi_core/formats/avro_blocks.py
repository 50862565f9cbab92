"""The container of Avro: a head that says the schema, and blocks of packed rows behind it.

Whole blocks are cut out and handed on as small files of their own, so that a large file passes in pieces and
whichever library decodes it sees a few megabytes at a time.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, BinaryIO

from odibi_core.errors import SourceError
from odibi_core.late_dataclass import dataclass

CHUNK_BYTES = 4 << 20
SYNC_BYTES = 16


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of a file.

    Attributes:
        raw: The bytes before the first block.
        schema: The schema, with every name in it spelled out.
        codec: How the blocks are packed.
        sync: The bytes behind each block.
    """

    raw: bytes
    schema: Any
    codec: str
    sync: bytes


def read_head(path: str) -> Head:
    """The head of a file.

    Raises:
        SourceError: The file is not Avro.
    """
    import fastavro
    from fastavro.schema import expand_schema

    try:
        with open(path, "rb") as file:  # noqa: PTH123 - fastavro wants the plain file
            reader = fastavro.reader(file)
            size = file.tell()
            file.seek(0)
            raw = file.read(size)
            return Head(raw, expand_schema(reader.writer_schema), reader.codec, raw[-SYNC_BYTES:])
    except RecursionError as error:
        raise SourceError("its records hold records of their own kind", where=path) from error
    except Exception as error:
        raise damaged(error, path) from error


def head_bytes(schema: Any, codec: str, sync: bytes) -> bytes:
    """The head of a file of this schema."""
    import fastavro

    file = io.BytesIO()
    fastavro.writer(file, fastavro.parse_schema(schema), [], codec=codec, sync_marker=sync)
    return file.getvalue()


def count_rows(path: str, head: Head) -> int:
    """The number of rows, from the counts before the blocks."""
    return sum(rows for rows, _ in _blocks(path, head, reads=False))


def chunks(path: str, head: Head) -> Iterator[bytes]:
    """The blocks, some at a time, as they stand behind a head."""
    taken: list[bytes] = []
    size = 0
    for _, block in _blocks(path, head, reads=True):
        taken.append(block)
        size += len(block)
        if size >= CHUNK_BYTES:
            yield b"".join(taken)
            taken, size = [], 0
    if taken:
        yield b"".join(taken)


def resealed(file: bytes, sync: bytes) -> bytes:
    """The blocks of a small file in memory, with another mark behind each."""
    import fastavro

    source = io.BytesIO(file)
    fastavro.reader(source)
    blocks = []
    while (start := source.tell()) < len(file):
        _number(source)
        size = _number(source)
        source.seek(size, io.SEEK_CUR)
        blocks += [file[start : source.tell()], sync]
        source.seek(SYNC_BYTES, io.SEEK_CUR)
    return b"".join(blocks)


def _blocks(path: str, head: Head, *, reads: bool) -> Iterator[tuple[int, bytes]]:
    """Rows and bytes of each block, its mark included; no bytes where nobody reads them."""
    with open(path, "rb") as file:  # noqa: PTH123 - see above
        file.seek(len(head.raw))
        while True:
            start = file.tell()
            if not file.read(1):
                return
            file.seek(start)
            rows, size = _number(file), _number(file)
            if rows < 0 or size < 0:
                raise damaged(ValueError("a block says a negative size"), path)
            begin = file.tell()
            file.seek(begin + size)
            if file.read(SYNC_BYTES) != head.sync:
                raise damaged(ValueError("a block does not end where it says"), path)
            end = file.tell()
            if not reads:
                yield rows, b""
                continue
            file.seek(start)
            yield rows, file.read(end - start)


def _number(file: BinaryIO) -> int:
    """The next number, which takes as many bytes as it needs."""
    value = shift = 0
    while True:
        byte = file.read(1)
        if not byte or shift > 63:
            raise SourceError("the file is cut off or damaged: a number in it does not end")
        value |= (byte[0] & 0x7F) << shift
        shift += 7
        if not byte[0] & 0x80:
            return (value >> 1) ^ -(value & 1)


def damaged(error: Exception, path: str) -> SourceError:
    """The error of a file that is not Avro, or not whole."""
    if isinstance(error, SourceError):
        return SourceError(error.what, where=path, fix=error.fix)
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return SourceError(
        f"the file is not Avro, or it is cut off or damaged: {reason}",
        where=path,
        fix="write it again, or say its real format with source_type",
    )
