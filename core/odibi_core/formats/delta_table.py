"""Delta tables as they are: opened in a version, their changes, and what goes wrong with them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odibi_core.errors import SourceError, TargetError, TransientError
from odibi_core.formats.delta_options import DeltaReadOptions
from odibi_core.formats.sources import missing
from odibi_core.formats.streams import BatchSource
from odibi_core.late_dataclass import dataclass

if TYPE_CHECKING:
    import pyarrow as pa
    from deltalake import DeltaTable

DELETION_VECTORS = "deletionVectors"
_OF_FILES = frozenset({"timestampNtz", "v2Checkpoint", "vacuumProtocolCheck"})
"""What a table's protocol may ask of readers that does not touch its files."""
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|/")
_UNKNOWN_FEATURES = re.compile(r"Unsupported table features required: \[([^\]]+)\]")


@dataclass(frozen=True, slots=True)
class Remote:
    """A table on an object store.

    Attributes:
        uri: Where it is, as delta-rs spells it.
        options: What delta-rs needs to reach it.
        explain: Turns what delta-rs raises into an error of the target.
    """

    uri: str
    options: Mapping[str, str] = field(repr=False)
    explain: Callable[[Exception], Exception]


def open_table(source: str, options: DeltaReadOptions) -> DeltaTable:
    """The table in the version that the options ask for.

    Raises:
        SourceError: There is no such table or version.
    """
    from deltalake import DeltaTable

    place = Path(source)
    if not place.exists():
        raise missing(place)
    if not (place / "_delta_log").is_dir():
        raise SourceError(
            f"the {'folder' if place.is_dir() else 'file'} is not a Delta table: it has no _delta_log",
            where=source,
            fix="say its real format with source_type",
        )
    with explained_source(source):
        return in_version(DeltaTable(source), source, options)


def in_version(table: DeltaTable, source: str, options: DeltaReadOptions) -> DeltaTable:
    """The table itself, in the version that the options ask for.

    Raises:
        SourceError: There is no such version.
    """
    if options.timestamp is not None:
        table.load_as_version(_version_at(table, options.timestamp, source))
    elif options.version is not None:
        _check_version(table, options.version, source)
        table.load_as_version(options.version)
    return table


def arrow_schema(table: DeltaTable) -> pa.Schema:
    """The columns, in Arrow's types."""
    import pyarrow as pa

    return pa.schema(table.schema().to_arrow())


def is_its_files(table: DeltaTable) -> bool:
    """Whether the table's rows are those of its files, under the names that they have there.

    Not so where rows are deleted by a list beside the files, where columns were renamed, and where a table is
    a shallow clone: its files are another one's.
    """
    import pyarrow as pa

    features = {*(table.protocol().reader_features or ())}
    mapping = table.metadata().configuration.get("delta.columnMapping.mode", "none")
    if not features <= _OF_FILES or mapping != "none":
        return False
    paths = pa.table(table.get_add_actions()).column("path").to_pylist()
    return not any(_ELSEWHERE.match(path) for path in paths)


def change_feed(table: DeltaTable, source: str, options: DeltaReadOptions) -> BatchSource:
    """The changes of the table between two versions or moments.

    Raises:
        SourceError: There is no such version, or the table keeps no changes.
    """
    import pyarrow as pa

    start, end = options.starting_version, options.ending_version
    for version in (start, end):
        if version is not None:
            _check_version(table, version, source)
    if options.starting_timestamp is not None:
        start = _version_from(table, options.starting_timestamp)
    if options.ending_timestamp is not None:
        end = _version_at(table, options.ending_timestamp, source)
    if start is None:
        start = _first_kept(table)

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in reader():
            yield pa.record_batch(batch)

    def reader() -> Any:
        from deltalake.exceptions import DeltaError

        try:
            return table.load_cdf(starting_version=start, ending_version=end, allow_out_of_range=True)
        except (DeltaError, ValueError, OSError) as error:
            raise SourceError(
                f"the changes can't be read: {first_line(error)}",
                where=source,
                fix="let the step that writes the table set change_feed: true; changes are kept from then on",
            ) from error

    schema = pa.schema(reader().schema)
    return BatchSource(schema, batches)


def _first_kept(table: DeltaTable) -> int:
    """The first version whose changes the table keeps: the one that turned the feed on."""
    on = [
        int(commit["version"])
        for commit in table.history()
        if "enableChangeDataFeed" in str(commit.get("operationParameters"))
    ]
    return max(on, default=0)


def _check_version(table: DeltaTable, version: int, source: str) -> None:
    if version > table.version():
        raise SourceError(
            f"the table has no version {version}", where=source, fix=f"the newest is {table.version()}"
        )


def _version_from(table: DeltaTable, moment: datetime) -> int:
    """The first version that was made at a moment or later."""
    later = [commit for commit in table.history() if commit["timestamp"] >= moment.timestamp() * 1000]
    return min((int(commit["version"]) for commit in later), default=table.version() + 1)


def _version_at(table: DeltaTable, moment: datetime, source: str) -> int:
    """The version that was the newest at a moment."""
    history = sorted(table.history(), key=lambda commit: int(commit["version"]))
    before = [commit for commit in history if commit["timestamp"] <= moment.timestamp() * 1000]
    if not before:
        first = datetime.fromtimestamp(history[0]["timestamp"] / 1000, tz=moment.tzinfo or UTC)
        raise SourceError(
            f"the table did not exist at {moment.isoformat()}",
            where=source,
            fix=f"its oldest version is of {first.isoformat()}",
        )
    return int(before[-1]["version"])


def count_rows(table: DeltaTable) -> int | None:
    """The number of rows, where the log tells it."""
    import pyarrow as pa

    if DELETION_VECTORS in (table.protocol().reader_features or ()):
        # It tells the rows of the files, those that are deleted too.
        return None
    counts = pa.table(table.get_add_actions(flatten=True)).column("num_records")
    return None if counts.null_count else sum(counts.to_pylist())


def committed_meanwhile(where: str) -> TransientError:
    """The error of a commit that another one came before."""
    return TransientError(
        "another writer committed to the table at the same time",
        where=where,
        fix="let only one run write it at a time, or give the step more tries with max_retries",
    )


@contextmanager
def explained_source(source: str) -> Iterator[None]:
    """Turn what delta-rs raises into the errors of a source."""
    from deltalake.exceptions import DeltaError

    try:
        yield
    except (DeltaError, OSError, ValueError) as error:
        raise unreadable(error, source) from error


def unreadable(error: Exception, source: str) -> SourceError:
    """What delta-rs raised while it read, as an error that says what and how to mend it."""
    if unknown := unknown_features(error):
        return SourceError(
            f"the table asks its readers for {unknown}, which delta-rs does not know yet",
            where=source,
            fix="let who keeps the table drop that feature (ALTER TABLE … DROP FEATURE), or give you a copy",
        )
    return SourceError(f"the table can't be read: {first_line(error)}", where=source)


def unknown_features(error: Exception) -> str:
    """The features of a table that delta-rs does not know, where it refuses to work for that; else ""."""
    found = _UNKNOWN_FEATURES.search(str(error))
    return found[1] if found else ""


def existing_table(path: Path) -> DeltaTable | None:
    """The table that is written to; None where there is none yet.

    Raises:
        TargetError: Something else is in its place.
    """
    from deltalake import DeltaTable

    if path.is_file():
        raise TargetError(
            "a file stands where a folder should be",
            where=str(path),
            fix="remove that file, or choose another path",
        )
    if not (path / "_delta_log").is_dir():
        if path.is_dir() and any(not entry.name.startswith((".", "_")) for entry in path.iterdir()):
            raise TargetError(
                "the folder holds other files and is no Delta table",
                where=str(path),
                fix="choose a folder of its own for the table",
            )
        return None
    with explained_source(str(path)):
        return DeltaTable(str(path))


def first_line(error: Exception) -> str:
    """What delta-rs says, without what is around it."""
    text = re.sub(r"^(Generic DeltaTable error|Kernel error|Generic error|External error): ", "", str(error))
    return text.splitlines()[0] if text else type(error).__name__
