"""Text files in any encoding, packed or not, read as a stream of lines."""

from __future__ import annotations

import codecs
import io
import lzma
from collections.abc import Iterator
from contextlib import contextmanager
from encodings.aliases import aliases
from pathlib import Path
from typing import BinaryIO, TextIO

from odibi_core.errors import SourceError, did_you_mean
from odibi_core.formats.packing import BY_DUCKDB, open_unpacked, packing_of
from odibi_core.formats.sources import unreadable

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MARK = "odibi-mark"
_BLOCK_CHARACTERS = 1 << 20
_HEAD_BYTES = 512


def _mark(error: UnicodeError) -> tuple[str, int]:
    # Undecodable bytes become lone surrogates, which no valid text holds: the line can be told afterwards.
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    return "".join(chr(0xDC00 + (byte | 0x80)) for byte in bad), error.end


codecs.register_error(_MARK, _mark)


def codec_of(path: str, encoding: str) -> str:
    """The name of Python's codec for a file: the one that was said, else by its first bytes, else UTF-8.

    Raises:
        SourceError: There is no such encoding.
    """
    if encoding:
        try:
            codecs.lookup(encoding)
            b"".decode(encoding)
        except LookupError:
            hint = did_you_mean(encoding.lower(), {*aliases, *(name.replace("_", "-") for name in aliases)})
            raise SourceError(f"the encoding {encoding!r} is not known", where="encoding", fix=hint) from None
        name = codecs.lookup(encoding).name
        return "utf-8-sig" if name in ("utf-8", "ascii") else name
    with open_bytes(path) as file:
        head = file.read(_HEAD_BYTES)
    marked = next((name for mark, name in _BOMS if head.startswith(mark)), "")
    return marked or _wide_codec(head) or "utf-8-sig"


def _wide_codec(head: bytes) -> str:
    """UTF-16 without a mark, which shows by the zeros in half of the bytes of most texts; else ""."""
    even, odd = head[0::2], head[1::2]
    zeros = even.count(0), odd.count(0)
    if len(odd) < 2 or sum(zeros) < 0.4 * len(odd) or min(zeros) > 0.1 * max(zeros):
        return ""
    return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"


@contextmanager
def open_bytes(path: str) -> Iterator[BinaryIO]:
    """The bytes of a file, unpacked where its name ends in .gz, .zst, .bz2, .xz or .lz4.

    Raises:
        SourceError: The file can't be read or unpacked.
    """
    packing = packing_of(path)
    try:
        with open_unpacked(path, packing) as file:
            yield file
    except (OSError, lzma.LZMAError, EOFError) as error:
        if not isinstance(error, OSError) or error.errno is None:
            raise SourceError(
                f"the file is not {'readable' if packing == 'none' else packing}, or it is cut off: {error}",
                where=path,
                fix="fetch the file again, or name it without the packing's ending",
            ) from error
        raise unreadable(error, path) from error


@contextmanager
def open_text(path: str, codec: str) -> Iterator[TextIO]:
    """The text of a file, line ends kept; bytes that the codec can't read become lone surrogates."""
    with open_bytes(path) as file:
        wrapper = io.TextIOWrapper(file, encoding=codec, errors=_MARK, newline="")
        try:
            yield wrapper
        finally:
            wrapper.detach()


def needs_copy(path: str, codec: str) -> bool:
    """Whether DuckDB can't read a file by itself, but its UTF-8 copy."""
    return codec != "utf-8-sig" or packing_of(path) not in ("none", *BY_DUCKDB)


def transcode(path: str, codec: str, copy: Path) -> None:
    """Write a UTF-8 copy; what the codec can't read stays invalid, so that a strict reader refuses it."""
    with open_text(path, codec) as text, copy.open("wb") as file:
        while block := text.read(_BLOCK_CHARACTERS):
            file.write(block.encode("utf-8", "surrogateescape"))


def shown(text: str) -> str:
    """A line for a person to read: undecodable bytes as hexadecimal escapes."""
    return "".join(f"\\x{ord(c) - 0xDC00:02x}" if "\udc80" <= c <= "\udcff" else c for c in text)
