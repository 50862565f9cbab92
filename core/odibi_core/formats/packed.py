"""What CSV and JSON share: text files that DuckDB writes, packed by it or behind it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from odibi_core.formats.base import FileForm, ReadOptions, ReadyFiles, Rows, Target
from odibi_core.formats.copied import CopiedFormat
from odibi_core.formats.csv_options import CsvWriteOptions
from odibi_core.formats.json_options import JsonWriteOptions
from odibi_core.formats.packing import BY_DUCKDB, ENDINGS, chosen_packing, pack, packed_pipe, packing_of
from odibi_core.formats.plain import Parts
from odibi_core.formats.sources import Files
from odibi_core.formats.text import needs_copy, transcode

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TextOptions = TypeVar("TextOptions", bound=CsvWriteOptions | JsonWriteOptions)
_BY_SPARK = {"auto": "none", "none": "none", "gzip": "gzip", "bzip2": "bzip2"}


class PackedFormat(CopiedFormat[ReadOptions, TextOptions]):
    """Text files, each packed as its name says."""

    def packing(self, options: TextOptions, path: Path) -> str:
        """How a file, or those of a folder, are packed.

        Raises:
            TargetError: The name says another packing.
        """
        return chosen_packing(options.compression, path, self.extensions[0])

    def packing_by_duckdb(self, options: TextOptions, path: Path) -> str:
        """The packing that a COPY statement names."""
        packing = self.packing(options, path)
        return packing if packing in BY_DUCKDB else "none"

    def write_file(
        self,
        cursor: DuckDBPyConnection,
        select: str,
        path: Path,
        options: TextOptions,
        check: Callable[[], None],
    ) -> int:
        """Write the rows of a SELECT to a new file; gives back their number."""
        packing = self.packing(options, path)
        if packing in ("none", *BY_DUCKDB):
            return super().write_file(cursor, select, path, options, check)
        with packed_pipe(path, packing) as pipe:
            return super().write_file(cursor, select, pipe, options, check)

    def write_partitions(
        self,
        cursor: DuckDBPyConnection,
        select: str,
        parts: Parts,
        options: TextOptions,
        check: Callable[[], None],
    ) -> int:
        """Write the rows of a SELECT to files in folders named by values; gives back their number."""
        packing = self.packing(options, parts.folder)
        written = super().write_partitions(cursor, select, parts, options, check)
        if packing not in ("none", *BY_DUCKDB):
            for path in list(parts.folder.rglob(f"{parts.prefix}*")):
                plain = path.replace(path.with_name(f"{path.name}.plain"))
                with plain.open("rb") as source:
                    pack(source, path, packing, check)
                plain.unlink()
        return written

    def part_extension(self, options: TextOptions) -> str:
        """The ending of the names of a folder's part files."""
        return self.extensions[0] + ENDINGS.get(options.compression, "")

    def readable(self, files: Files, room: Path) -> Files:
        """The same files, and copies in the place of those that DuckDB can't unpack."""
        return Files(tuple(plain_copy(path, "utf-8-sig", room) for path in files.paths), files.partitions)

    def ready_files_as(
        self, rows: Rows, target: Target, options: TextOptions, usual: TextOptions
    ) -> ReadyFiles | None:
        """Files that hold the rows; None where something is asked for that only this machine does.

        Args:
            rows: The rows.
            target: Where they are written.
            options: As the step gives them.
            usual: The same, without the settings that only this machine knows.
        """
        is_named = packing_of(target.path) != "none"
        packing = _BY_SPARK.get(options.compression, "")
        if options != usual or is_named or not packing:
            return None
        form = FileForm(self.name, packing, self.part_extension(options), options)
        return rows.ready_files(target.partition_by, form)


def plain_copy(path: str, codec: str, room: Path) -> str:
    """The file, or a copy of it in a folder where DuckDB reads no other."""
    if not needs_copy(path, codec):
        return path
    # The readers take partition columns from the folders' names.
    parts = [part for part in Path(path).parts[:-1] if "=" in part]
    copy = room.joinpath(f"plain-{len(list(room.iterdir()))}", *parts, "rows.txt")
    copy.parent.mkdir(parents=True)
    transcode(path, codec, copy)
    return str(copy)
