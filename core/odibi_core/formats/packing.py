"""Packed text files: how their names say it, and writing those that DuckDB does not pack itself."""

from __future__ import annotations

import bz2
import lzma
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import BinaryIO, cast

from odibi_core.errors import TargetError

PACKED = {".gz": "gzip", ".zst": "zstd", ".bz2": "bzip2", ".xz": "xz", ".lz4": "lz4"}
"""Endings of names → how such files are packed."""
PACKINGS = tuple(PACKED)
"""Endings of the names of packed files."""
BY_DUCKDB = frozenset({"gzip", "zstd"})
"""Packings that DuckDB reads and writes itself."""
COMPRESSIONS = (*PACKED.values(), "none")
"""What text files can be packed by."""
ENDINGS = {packing: ending for ending, packing in PACKED.items()}
_MODULES = {"bzip2": bz2, "xz": lzma}
_BLOCK_BYTES = 1 << 20


def packing_of(path: Path | str) -> str:
    """How a file of this name is packed; "none" where its name says nothing of it."""
    return PACKED.get(Path(path).suffix.lower(), "none")


def chosen_packing(compression: str, path: Path, extension: str) -> str:
    """How a file, or those of a folder, are to be packed.

    Args:
        compression: As the step says; "auto" leaves it to the name.
        path: The file or folder.
        extension: How the names of such files end without a packing.

    Raises:
        TargetError: The name says another packing.
    """
    named = packing_of(path)
    if path.suffix and compression not in ("auto", named):
        raise TargetError(
            f"the compression is {compression!r}, and the name {path.name!r} says {named!r}",
            where=str(path),
            fix=f"let the name end in {extension}{ENDINGS.get(compression, '')}, and leave `compression` out",
        )
    return named if compression == "auto" else compression


def open_unpacked(path: str, packing: str) -> BinaryIO:
    """The bytes that are packed in a file."""
    if packing == "none":
        return Path(path).open("rb")
    if packing in _MODULES:
        return cast(BinaryIO, _MODULES[packing].open(path, "rb"))
    import pyarrow as pa

    return cast(BinaryIO, pa.input_stream(path, compression=packing))


def pack(source: BinaryIO, path: Path, packing: str, check: Callable[[], None] = lambda: None) -> None:
    """Write what a source gives to a new file, packed.

    Args:
        source: Read to its end.
        path: The file.
        packing: One that DuckDB doesn't know.
        check: Raises where the step was stopped meanwhile.
    """
    with _open_packed(path, packing) as file:
        while block := source.read(_BLOCK_BYTES):
            check()
            file.write(block)


@contextmanager
def packed_pipe(path: Path, packing: str) -> Iterator[Path]:
    """A pipe, beside the file, into which DuckDB writes: what passes through it becomes the packed file."""
    # Its name has no ending, which would say how it is packed.
    pipe = path.with_name(".odibi-pipe")
    os.mkfifo(pipe, 0o600)
    try:
        # Opened before there is a writer, so that neither side waits for one that never comes.
        source = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        held_open = os.open(pipe, os.O_WRONLY)
        os.set_blocking(source, True)
        failures: list[BaseException] = []
        packer = Thread(target=_pack_pipe, args=(source, path, packing, failures), name="packer")
        packer.start()
        try:
            try:
                yield pipe
            finally:
                # Also where the writer is interrupted: else the packer would wait for it for ever.
                os.close(held_open)
                packer.join()
        except Exception as error:
            # Where the packer gave up, all that the writer knows is that nobody reads.
            if failures:
                raise failures[0] from error
            raise
        if failures:
            raise failures[0]
    finally:
        pipe.unlink()


def _pack_pipe(source: int, path: Path, packing: str, failures: list[BaseException]) -> None:
    try:
        with os.fdopen(source, "rb") as file:
            pack(file, path, packing)
    except Exception as error:  # noqa: BLE001 - the thread that waits for it raises it
        failures.append(error)


def _open_packed(path: Path, packing: str) -> BinaryIO:
    if packing in _MODULES:
        return cast(BinaryIO, _MODULES[packing].open(path, "wb"))
    import pyarrow as pa

    return cast(BinaryIO, pa.output_stream(str(path), compression=packing))
