"""What DuckDB's datasets are: a table, a frame that a function gave, or a query that is run when asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from odibi_core.dataset import (
    SAMPLE_ROWS,
    CountScope,
    Dataset,
    Snapshot,
    arrow_to_pandas,
    frame_to_arrow,
    json_value,
    plain_table,
    sample_rows,
)
from odibi_core.engines.duckdb.arrow_types import plain_schema
from odibi_core.engines.duckdb.fragment import Fragment
from odibi_core.engines.duckdb.session import Session
from odibi_core.functions.results import result_to_arrow
from odibi_core.schema import Schema, quote

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from duckdb import DuckDBPyConnection


_SMALL_ROWS = 2_048
"""A frame up to this size is converted at once: its snapshot needs that anyway."""


class DuckDBDataset(Dataset):
    """A dataset that DuckDB can query."""

    def __init__(self, key: str, session: Session) -> None:
        self.key = key
        self.session = session
        self._pandas: pd.DataFrame | None = None
        self._snapshot: Snapshot | None = None

    def fragment(self) -> Fragment:
        """The dataset as something that stands behind FROM."""
        raise NotImplementedError

    def arrow(self) -> pa.Table:
        """All rows as an Arrow table."""
        return self.fragment().run(self.session.cursor()).to_arrow_table()

    def head(self, n: int) -> pa.Table:
        """The first `n` rows as an Arrow table."""
        return self.fragment().run(self.session.cursor(), limit=n).to_arrow_table()

    def pandas(self) -> pd.DataFrame:
        """All rows as pandas; converted once."""
        if self._pandas is None:
            self._pandas = arrow_to_pandas(self.arrow())
        return self._pandas

    def native(self) -> pd.DataFrame:
        """All rows as pandas."""
        return self.pandas()

    def keep_snapshot(self, snapshot: Snapshot) -> None:
        """Have `snapshot()` give this one."""
        self._snapshot = snapshot

    def snapshot(self) -> Snapshot:
        """What the dataset looks like."""
        if self._snapshot is None:
            self._snapshot = self._take_snapshot()
        return self._snapshot

    def _take_snapshot(self) -> Snapshot:
        return Snapshot(self.schema, self.row_count(), CountScope.EXACT, sample_rows(self.head(SAMPLE_ROWS)))


class TableDataset(DuckDBDataset):
    """Rows that were computed once and are held in a table of the run's database."""

    def __init__(self, key: str, session: Session, table: str, row_count: int) -> None:
        super().__init__(key, session)
        self.table = table
        self._row_count = row_count
        self._schema: Schema | None = None

    @property
    def schema(self) -> Schema:
        """Names and types of the columns."""
        if self._schema is None:
            relation = self.session.cursor().table(self.table)
            self._schema = Schema.of(zip(relation.columns, map(str, relation.types), strict=True))
        return self._schema

    def keep_schema(self, schema: Schema) -> None:
        """Have `schema` give this one."""
        self._schema = schema

    def row_count(self) -> int:
        """The number of rows."""
        return self._row_count

    def fragment(self) -> Fragment:
        """The table."""
        return Fragment(quote(self.table))


class FrameDataset(DuckDBDataset):
    """A frame that a Python function gave: pandas, Polars or Arrow.

    Args:
        key: The dataset's key.
        session: The run's database.
        frame: The rows; a lazy frame or a stream is computed now.
        maker: Names the function, for errors.
    """

    def __init__(self, key: str, session: Session, frame: Any, maker: str = "") -> None:
        super().__init__(key, session)
        is_whole = hasattr(frame, "__len__") and hasattr(frame, "columns")
        self._frame = frame if is_whole else result_to_arrow(frame, key, maker)
        self._maker = maker
        self._schema: Schema | None = None
        self._arrow: pa.Table | None = None
        self._view = session.new_name("frame")
        if len(self._frame) <= _SMALL_ROWS and type(frame).__module__.startswith("pandas"):
            self._arrow = plain_table(frame)
        dtypes = getattr(self._frame, "dtypes", ()) if self._arrow is None else ()
        if any(getattr(dtype, "hasobject", False) for dtype in dtypes):
            # Only its values tell what a column of objects holds; one that holds no single type is the
            # function's mistake, not that of the step that comes upon it.
            self.arrow()

    @property
    def schema(self) -> Schema:
        """Names and types of the columns, as DuckDB reads the frame."""
        if self._schema is None:
            table = self._arrow if self._arrow is not None else self.head(0)
            self._schema = plain_schema(table) or self._read_schema(table)
        return self._schema

    def _read_schema(self, table: pa.Table) -> Schema:
        relation = self._fragment(table).run(self.session.cursor())
        return Schema.of(zip(relation.columns, map(str, relation.types), strict=True))

    def row_count(self) -> int:
        """The number of rows."""
        return len(self._frame)

    def arrow(self) -> pa.Table:
        """All rows as an Arrow table; converted once."""
        if self._arrow is None:
            self._arrow = result_to_arrow(self._frame, self.key, self._maker)
        return self._arrow

    def head(self, n: int) -> pa.Table:
        """The first `n` rows as an Arrow table."""
        return self._arrow.slice(0, n) if self._arrow is not None else self._to_arrow(self._frame, n)

    def pandas(self) -> pd.DataFrame:
        """The frame where it is pandas, else all rows as pandas."""
        import pandas as pd

        return self._frame if isinstance(self._frame, pd.DataFrame) else super().pandas()

    def frame(self) -> Any:
        """The frame as the function gave it."""
        return self._frame

    def fragment(self) -> Fragment:
        """The frame as a view over Arrow."""
        return self._fragment(self.arrow())

    def release(self) -> None:
        """Let go of the rows."""
        self._frame = self.head(0)
        self._arrow = None

    def _fragment(self, table: pa.Table) -> Fragment:
        return Fragment(quote(self._view), views={self._view: table})

    @staticmethod
    def _to_arrow(frame: Any, n: int) -> pa.Table:
        return frame_to_arrow(frame.slice(0, n) if hasattr(frame, "slice") else frame.head(n))


class QueryDataset(DuckDBDataset):
    """Rows that streamed through a region and were not held: computed again where somebody asks.

    Args:
        key: The dataset's key.
        session: The run's database.
        fragment: The query.
        schema: Its columns.
    """

    def __init__(self, key: str, session: Session, fragment: Fragment, schema: Schema) -> None:
        super().__init__(key, session)
        self._fragment = fragment
        self._schema = schema
        self._row_count: int | None = None

    def describe(self, row_count: int, scope: CountScope, sample: Sequence[Mapping[str, Any]]) -> None:
        """Keep what the run found out: the number of rows, how it is known, and a sample."""
        self._row_count = row_count
        self.keep_snapshot(
            Snapshot(
                self._schema, row_count, scope, tuple(sample), "computed from the first rows of the source"
            )
        )

    @property
    def schema(self) -> Schema:
        """Names and types of the columns."""
        return self._schema

    def row_count(self) -> int:
        """The number of rows; counted where the run did not."""
        if self._row_count is None:
            self._row_count = self._fragment.count(self.session.cursor())
        return self._row_count

    def fragment(self) -> Fragment:
        """The query."""
        return self._fragment


def settle_tables(cursor: DuckDBPyConnection, tables: Sequence[TableDataset]) -> None:
    """Take the snapshots of many tables with few queries: a query a table would cost as much as making it.

    The cursor is for this alone: its optimizer is switched off.
    """
    waiting = [table for table in tables if table._snapshot is None]
    if not waiting:
        return
    columns: dict[str, list[tuple[str, str]]] = {}
    rows = cursor.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() ORDER BY table_name, column_index"
    )
    for table, name, type_ in rows.fetchall():
        columns.setdefault(table, []).append((name, type_))
    alike: dict[tuple[str, ...], list[TableDataset]] = {}
    for table in waiting:
        schema = Schema.of(columns.get(table.table, ()))
        table.keep_schema(schema)
        if _is_plain(schema):
            alike.setdefault(tuple(type_ for _, type_ in schema), []).append(table)
    # Nothing in these queries can be optimized, and trying takes a third of their time.
    cursor.execute("PRAGMA disable_optimizer")
    for group in alike.values():
        for start in range(0, len(group), _TABLES_AT_ONCE):
            _settle_alike(cursor, group[start : start + _TABLES_AT_ONCE])


def _settle_alike(cursor: DuckDBPyConnection, tables: Sequence[TableDataset]) -> None:
    """Take the snapshots of tables whose columns have the same types."""
    query = " UNION ALL ".join(
        f"(SELECT {position}, {_values(table.schema)} FROM {quote(table.table)} LIMIT {SAMPLE_ROWS})"
        for position, table in enumerate(tables)
    )
    samples: list[list[dict[str, Any]]] = [[] for _ in tables]
    names = [table.schema.names for table in tables]
    for position, *values in cursor.execute(query).fetchall():
        samples[position].append(dict(zip(names[position], map(json_value, values), strict=True)))
    for table, sample in zip(tables, samples, strict=True):
        table.keep_snapshot(Snapshot(table.schema, table.row_count(), CountScope.EXACT, tuple(sample)))


_TABLES_AT_ONCE = 50
_WHOLE_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_PLAIN_TYPES = frozenset([*_WHOLE_NUMBERS, "HUGEINT", "FLOAT", "DOUBLE", "BOOLEAN", "VARCHAR", "DATE"])


def _is_plain(schema: Schema) -> bool:
    """Whether a row of DuckDB's has every value in the form that samples have."""
    return len(schema) > 0 and all(
        type_ in _PLAIN_TYPES or (type_.startswith("DECIMAL(") and type_.endswith(")")) for _, type_ in schema
    )


def _values(schema: Schema) -> str:
    # As text where Python's own types hold less: dates end with the year 9999.
    return ", ".join(
        f"{quote(name)}{'::VARCHAR' if type_.startswith(('DATE', 'DECIMAL', 'HUGEINT')) else ''}"
        for name, type_ in schema
    )
