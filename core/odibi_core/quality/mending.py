"""Mended rows as a person gives them, made rows of the step's output again."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odibi_core.bound_columns import bound_schema
from odibi_core.dataset import frame_to_arrow
from odibi_core.errors import OdibiError, SourceError, did_you_mean
from odibi_core.expectations.measuring import REASONS, ROW
from odibi_core.expectations.types import family
from odibi_core.schema import Schema, literal, quote

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from duckdb import DuckDBPyConnection

REASON, TEXT = "odibi_reason", "odibi_text"
"""The columns of the form that say why a row could not be read, and what stood there."""
_ABOUT = (ROW, REASONS, REASON, TEXT)
"""Columns that tell of a row and are none of the output's."""

# As rows are exported: nothing is left to be guessed from what people wrote into them.
_CSV = (
    "all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"', comment = '', skip = 0, "
    "allow_quoted_nulls = false, null_padding = false"
)
_READERS = {".csv": f"read_csv({{}}, {_CSV})", ".parquet": "read_parquet({})"}


def read_mended(given: Any, columns: Schema) -> tuple[pa.Table, list[int]]:
    """The mended rows with the output's columns and types, and the numbers of the rows that they replace.

    Args:
        given: The path of a CSV or Parquet file, or a pandas, Polars or Arrow frame. It has the columns of
            the output, and `ROW`, which tells which row of the set each replaces.
        columns: Those of the output.

    Raises:
        OdibiError: A column is missing or unknown, a value is not of its column's type, or a number of a row
            is missing or there twice; the error says which.
    """
    from odibi_core import late_duckdb as duckdb

    where = str(given) if isinstance(given, str | Path) else "the mended rows"
    with duckdb.connect(":memory:", config={"python_enable_replacements": "false"}) as database:
        database.execute("SET TimeZone = 'UTC'")
        source = _source(given, database)
        try:
            database.execute(f"CREATE TABLE given AS SELECT * FROM {source}")
        except duckdb.Error as error:
            raise SourceError(f"it can't be read: {str(error).splitlines()[0]}", where=where) from error
        found = bound_schema(database, "FROM given")
        _check_columns(found.names, columns, where)
        numbers = _numbers(database, where)
        listed = []
        texts = {name for name, type_ in found if type_ == "VARCHAR"}
        for name, type_ in columns:
            # Programs that quote every field write "" for nothing.
            if name in texts and type_ != "BLOB" and family(type_) != "text":
                database.execute(f"UPDATE given SET {quote(name)} = NULL WHERE {quote(name)} = ''")
            _check_values(database, name, type_, where)
            listed.append(f"CAST({quote(name)} AS {type_}) AS {quote(name)}")
        return database.sql(f"SELECT {', '.join(listed)} FROM given").to_arrow_table(), numbers


def _source(given: Any, database: DuckDBPyConnection) -> str:
    if not isinstance(given, str | Path):
        database.register("frame", frame_to_arrow(given))
        return "frame"
    path = Path(given)
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        fix = f"give a file that ends in one of {', '.join(_READERS)}"
        raise OdibiError("mended rows are read from CSV and Parquet", where=str(path), fix=fix)
    if not path.is_file():
        raise SourceError("there is no such file", where=str(path), fix="write it: odibi quarantine export")
    return reader.format(literal(str(path)))


def _check_columns(given: Sequence[str], columns: Schema, where: str) -> None:
    missing = [name for name in (ROW, *columns.names) if name not in given]
    if missing:
        raise OdibiError(
            f"the column {missing[0]!r} is missing",
            where=where,
            fix="keep all columns of the export"
            + (": it tells which row is meant" if missing[0] == ROW else ""),
        )
    known = {*columns.names, *_ABOUT}
    unknown = [name for name in given if name not in known]
    if unknown:
        hint = did_you_mean(unknown[0], columns.names)
        raise OdibiError(f"the output has no column {unknown[0]!r}", where=where, fix=hint)


def _numbers(database: DuckDBPyConnection, where: str) -> list[int]:
    numbers = [row[0] for row in database.execute(f"SELECT TRY_CAST({ROW} AS BIGINT) FROM given").fetchall()]
    if not numbers:
        raise OdibiError("there are no rows", where=where, fix="keep those that you mended")
    if None in numbers:
        what = f"line {numbers.index(None) + 1} of the rows has no number in {ROW}"
        raise OdibiError(what, where=where, fix="keep the number of the row that it replaces")
    ((twice, count),) = Counter(numbers).most_common(1)
    if count > 1:
        raise OdibiError(f"row {twice} is there twice", where=where, fix="keep one of the two")
    return numbers


def _check_values(database: DuckDBPyConnection, name: str, type_: str, where: str) -> None:
    from odibi_core import late_duckdb as duckdb

    column = quote(name)
    try:
        wrong = database.execute(
            f"SELECT {ROW}, {column}::VARCHAR FROM given "
            f"WHERE {column} IS NOT NULL AND TRY_CAST({column} AS {type_}) IS NULL LIMIT 1"
        ).fetchone()
    except duckdb.Error as error:
        what = f"the column {name!r} can't be made {type_}: {str(error).splitlines()[0]}"
        raise OdibiError(what, where=where) from error
    if wrong is not None:
        what = f"row {wrong[0]}: {wrong[1]!r} in {name!r} is not {type_}"
        raise OdibiError(what, where=where, fix="write a value of that type, or leave it empty for null")
