"""Writing a Delta table by way of DuckDB's own Parquet files, which are then entered in the table's log.

It costs what writing plain Parquet costs. It is taken for tables that need no more than that; columns that
are computed, checked or mapped are left to delta-rs.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odibi_core.formats.atomic import ticket_hash
from odibi_core.formats.base import ReadyFiles, Ticket
from odibi_core.formats.sources import folder_values
from odibi_core.schema import Schema, literal, quote

if TYPE_CHECKING:
    from deltalake import DeltaTable
    from deltalake.transaction import AddAction
    from duckdb import DuckDBPyConnection

_FEATURES = frozenset({"timestampNtz", "appendOnly", "invariants", "changeDataFeed", "checkConstraints"})
_MOMENT = "TIMESTAMP WITH TIME ZONE"
_DEMANDS = ("delta.constraints.", "delta.columnMapping.mode", "delta.enableDeletionVectors")


def is_plain(table: DeltaTable) -> bool:
    """Whether the table's files need nothing that DuckDB does not write."""
    protocol = table.protocol()
    features = {*(protocol.writer_features or ()), *(protocol.reader_features or ())}
    if features - _FEATURES or any(name.startswith(_DEMANDS) for name in table.metadata().configuration):
        return False
    return all(field.nullable and not field.metadata for field in table.schema().fields)


@contextmanager
def written_files(
    cursor: DuckDBPyConnection,
    select: str,
    folder: Path,
    columns: Schema,
    *,
    by: Sequence[str],
    ticket: Ticket,
    compression: str,
) -> Iterator[tuple[list[AddAction], int]]:
    """New files in a table's folder and the number of their rows; they go again where the body fails.

    Args:
        cursor: Where the SELECT runs.
        select: The rows, in types that Delta has.
        folder: The table's.
        columns: Of the rows.
        by: The partition columns.
        ticket: Begins the files' names.
        compression: As COPY names it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # A retry of a run that died must never take the name of a file that the log may hold.
    prefix = f"part-{ticket_hash(ticket)}-{time.time_ns():x}"
    options = f"FORMAT parquet, COMPRESSION {compression}, PARQUET_VERSION v1, RETURN_STATS"
    if by:
        names = ", ".join(map(quote, by))
        pattern = literal(f"{prefix}-{{i}}")
        options += f", PARTITION_BY ({names}), FILENAME_PATTERN {pattern}, OVERWRITE_OR_IGNORE"
    place = folder if by else folder / f"{prefix}.parquet"
    try:
        made = cursor.execute(f"COPY ({select}) TO {literal(str(place))} ({options})").fetchall()
        actions, rows = [], 0
        for name, count, size, _, stats, keys, *_ in made:
            rows += int(count)
            if count:
                actions.append(_action(name, count, size, stats, keys, folder, columns, by))
        for name, count, *_ in made:
            if not count:
                Path(name).unlink()
        yield actions, rows
    except BaseException:
        for left in folder.rglob(f"{prefix}*"):
            left.unlink(missing_ok=True)
        raise


@contextmanager
def adopted_files(
    ready: ReadyFiles,
    folder: Path,
    columns: Schema,
    *,
    by: Sequence[str],
    ticket: Ticket,
) -> Iterator[tuple[list[AddAction], int]]:
    """Files that are there already, put into a table's folder, and the number of their rows.

    Args:
        ready: The files.
        folder: The table's.
        columns: Of the rows.
        by: The partition columns.
        ticket: Begins the files' names.
    """
    folder.mkdir(parents=True, exist_ok=True)
    prefix = f"part-{ticket_hash(ticket)}-{time.time_ns():x}-"
    try:
        actions, rows = [], 0
        for place in ready.put(folder, prefix):
            count, stats = _file_statistics(place)
            rows += count
            keys = folder_values(str(place.relative_to(folder)), dict.fromkeys(by, ""))
            if count:
                size = place.stat().st_size
                actions.append(_action(str(place), count, size, stats, keys, folder, columns, by))
            else:
                place.unlink()
        yield actions, rows
    except BaseException:
        for left in folder.rglob(f"{prefix}*"):
            left.unlink(missing_ok=True)
        raise


def _file_statistics(file: Path) -> tuple[int, dict[str, dict[str, str]]]:
    """The number of rows of a Parquet file, and what its metadata say of its columns, as DuckDB would."""
    import pyarrow.parquet as pq

    metadata = pq.read_metadata(file)
    found: dict[str, dict[str, str]] = {}
    for place in range(metadata.num_columns):
        name = metadata.schema.column(place).path
        parts = [
            metadata.row_group(group).column(place).statistics for group in range(metadata.num_row_groups)
        ]
        if not parts or any(part is None or not part.has_null_count for part in parts):
            continue
        told = found[quote(name)] = {"null_count": str(sum(part.null_count for part in parts))}
        ends = [part for part in parts if part.has_min_max]
        if all(part.has_min_max or part.num_values == 0 for part in parts) and ends:
            # Writers leave the ends out where there is a NaN among the values.
            told |= {"has_nan": "false", "min_is_exact": "true", "max_is_exact": "true"}
            told["min"] = _shown(min(part.min for part in ends))
            told["max"] = _shown(max(part.max for part in ends))
    return metadata.num_rows, found


def _shown(value: Any) -> str:
    """A value as DuckDB tells it."""
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        value = value.astimezone(dt.UTC).replace(tzinfo=None)
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _action(
    name: str,
    count: int,
    size: int,
    stats: Mapping[str, Mapping[str, str]],
    keys: Mapping[str, str | None] | None,
    folder: Path,
    columns: Schema,
    by: Sequence[str],
) -> AddAction:
    from deltalake.transaction import AddAction

    given = {key.strip('"'): value for key, value in (keys or {}).items()}
    for column, type_ in columns:
        if type_ == _MOMENT and given.get(column):
            # With the zone as DuckDB spells it, delta-rs can't read it; without, readers take it for theirs.
            given[column] = _in_utc(str(given[column]))
    return AddAction(
        os.path.relpath(name, folder),
        int(size),
        {column: given[column] for column in by},
        int(Path(name).stat().st_mtime * 1000),
        True,
        # Readers of the log were seen to take escapes of one character in two halves for another one.
        json.dumps(_statistics(count, stats, [c for c in columns if c[0] not in by]), ensure_ascii=False),
    )


def _statistics(
    count: int, stats: Mapping[str, Mapping[str, str]], columns: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    """What the log says of a file's values.

    Readers take an end that is missing beside others as one that no value meets, and lose rows. So the ends
    are given for every column, or for none.
    """
    told: dict[str, Any] = {"numRecords": int(count), "nullCount": {}}
    ends: dict[str, dict[str, Any]] = {"minValues": {}, "maxValues": {}}
    is_complete = True
    for name, type_ in columns:
        if type_ == "BLOB" or type_.endswith("]") or type_.startswith("MAP("):
            continue
        found = stats.get(quote(name), {})
        nulls = found.get("null_count")
        if type_.startswith("STRUCT(") or nulls is None:
            is_complete = False
            continue
        told["nullCount"][name] = int(nulls)
        if int(nulls) == int(count):
            continue
        for place, word in (("minValues", "min"), ("maxValues", "max")):
            value = None if found.get(f"{word}_is_exact") != "true" else _end(found.get(word), type_, found)
            is_complete = is_complete and value is not None
            ends[place][name] = value
    return told | ends if is_complete else told


def _end(text: str | None, type_: str, found: Mapping[str, str]) -> Any:
    """A least or greatest value as the log spells it; None where it can't be told exactly."""
    if text is None:
        return None
    if type_ in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT"):
        return int(text)
    if type_ in ("FLOAT", "DOUBLE"):
        number = float(text)
        return number if found.get("has_nan") == "false" and number - number == 0 else None
    if type_.startswith("DECIMAL("):
        # The log has numbers, which are read as doubles.
        return float(text) if int(type_[8:].partition(",")[0]) <= 15 else None
    if type_ == "VARCHAR":
        return text
    is_common_era = text[:4].isdigit() and text[4:5] == "-"
    if type_ == "DATE":
        return text if is_common_era else None
    if type_.startswith("TIMESTAMP") and is_common_era:
        return _in_utc(text)
    return None


def _in_utc(moment: str) -> str:
    """A moment in UTC, told by DuckDB, as the log spells it."""
    return f"{moment.removesuffix('+00').replace(' ', 'T')}Z"
