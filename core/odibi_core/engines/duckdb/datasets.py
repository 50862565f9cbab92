"""What DuckDB's datasets are: a table, a frame that a function gave, or a query that is run when asked."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from odibi_core.bound_columns import bound_schema
from odibi_core.dataset import (
    SAMPLE_ROWS,
    CountScope,
    Dataset,
    Snapshot,
    arrow_to_pandas,
    frame_to_arrow,
    json_value,
    sample_rows,
)
from odibi_core.engines.duckdb.arrow_types import arrow_columns, plain_schema
from odibi_core.engines.duckdb.fragment import Fragment
from odibi_core.engines.duckdb.origin import Origin
from odibi_core.engines.duckdb.samples import Rows, table_samples, table_schemas
from odibi_core.engines.duckdb.session import Session
from odibi_core.plain_frame import PlainColumn, first_rows, plain_columns, plain_table
from odibi_core.schema import Schema, quote

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

    from odibi_core.formats.base import FileForm, ReadyFiles


class DuckDBDataset(Dataset):
    """A dataset that DuckDB can query."""

    def __init__(self, key: str, session: Session) -> None:
        self.key = key
        self.session = session
        self._pandas: pd.DataFrame | None = None
        self._snapshot: Snapshot | None = None

    @property
    def is_held(self) -> bool:
        """Whether its rows are there, rather than computed when somebody asks."""
        return True

    @abstractmethod
    def fragment(self) -> Fragment:
        """The dataset as something that stands behind FROM."""

    def ready_files(self, partition_by: tuple[str, ...], form: FileForm) -> ReadyFiles | None:  # noqa: ARG002
        """Parquet files that hold the rows already; None where there are none."""
        return None

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
        return Snapshot(self.schema, self.row_count(), CountScope.EXACT, self._sample())

    def _sample(self) -> Rows:
        return sample_rows(self.head(SAMPLE_ROWS))


class TableDataset(DuckDBDataset):
    """Rows that were computed once and are held in a table of the run's database."""

    def __init__(self, key: str, session: Session, table: str, row_count: int) -> None:
        super().__init__(key, session)
        self.table = table
        self._row_count = row_count
        self._schema: Schema | None = None
        self._is_let_go = False
        self._views: set[str] = set()

    @property
    def schema(self) -> Schema:
        """Names and types of the columns."""
        if self._schema is None:
            self._schema = bound_schema(self.session.cursor(), f"FROM {quote(self.table)}")
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

    def drop(self, cursor: DuckDBPyConnection) -> None:
        """Let go of the rows; they stay as long as a view of them is there."""
        self._is_let_go = True
        if not self._views:
            self._remove(cursor)

    def _remove(self, cursor: DuckDBPyConnection) -> None:
        cursor.execute(f"DROP TABLE IF EXISTS {quote(self.table)}")

    def lend(self, view: str) -> None:
        """Have the rows stay until the view is taken back."""
        self._views.add(view)

    def take_back(self, view: str, cursor: DuckDBPyConnection) -> None:
        """Say that the view is no more there."""
        self._views.discard(view)
        if self._is_let_go:
            self.drop(cursor)


class FrameDataset(DuckDBDataset):
    """A frame that a Python function gave: pandas, Polars or Arrow.

    Args:
        key: The dataset's key.
        session: The run's database.
        frame: The rows; a lazy frame or a stream is computed now.
        maker: Names the function, for errors.
        is_shared: Whether somebody else may hold the frame.
    """

    def __init__(
        self, key: str, session: Session, frame: Any, maker: str = "", *, is_shared: bool = True
    ) -> None:
        super().__init__(key, session)
        is_whole = hasattr(frame, "__len__") and hasattr(frame, "columns")
        is_pandas = self._is_pandas = type(frame).__module__.startswith("pandas")
        if is_pandas and is_shared:
            # A function that keeps its frame and changes it later changes nothing here: pandas copies then.
            frame = frame.copy(deep=False)
        if not is_whole:
            from odibi_core.functions.results import result_to_arrow

            frame = result_to_arrow(frame, key, maker)
        self._frame = frame
        self._maker = maker
        self._schema: Schema | None = None
        self._arrow: pa.Table | None = None
        self._view = session.new_name("frame")
        self._columns = plain_columns(frame) if is_pandas else None
        # Read while the frame is at hand: at the end of a run of many steps it takes twice as long.
        self._first_rows = None if self._columns is None else _first_rows(self._columns)
        dtypes = getattr(self._frame, "dtypes", ()) if self._columns is None else ()
        if any(getattr(dtype, "hasobject", False) for dtype in dtypes):
            # Only its values tell what a column of objects holds; one that holds no single type is the
            # function's mistake, not that of the step that comes upon it.
            self.arrow()

    @property
    def schema(self) -> Schema:
        """Names and types of the columns, as DuckDB reads the frame."""
        if self._schema is None:
            self._schema = self._read_schema()
        return self._schema

    def _read_schema(self) -> Schema:
        if self._columns is not None:
            columns: list[tuple[str, str | None]] = [(name, type_) for name, type_, _ in self._columns]
            schema = plain_schema(columns)
        else:
            schema = plain_schema(arrow_columns(self.head(0)))
        if schema is not None:
            return schema
        table = self._arrow if self._arrow is not None else self.head(0)
        return self._fragment(table).schema(self.session.cursor())

    def row_count(self) -> int:
        """The number of rows."""
        return len(self._frame)

    def arrow(self) -> pa.Table:
        """All rows as an Arrow table; converted once."""
        if self._arrow is None:
            self._arrow = self._as_arrow()
        return self._arrow

    def _as_arrow(self) -> pa.Table:
        if self._columns is not None:
            return plain_table(self._columns)
        from odibi_core.functions.results import result_to_arrow

        return result_to_arrow(self._frame, self.key, self._maker)

    def head(self, n: int) -> pa.Table:
        """The first `n` rows as an Arrow table."""
        return self._arrow.slice(0, n) if self._arrow is not None else self._to_arrow(self._frame, n)

    def pandas(self) -> pd.DataFrame:
        """The frame where it is pandas, else all rows as pandas."""
        if not self._is_pandas:
            import pandas as pd

            if not isinstance(self._frame, pd.DataFrame):
                return super().pandas()
        frame: pd.DataFrame = self._frame
        return frame

    def frame(self) -> Any:
        """The frame as the function gave it."""
        return self._frame

    def fragment(self) -> Fragment:
        """The frame as a view over Arrow."""
        return self._fragment(self.arrow())

    def few_values(self, most: int) -> list[PlainColumn] | None:
        """The columns, where they are of plain types and hold no more values than `most`; else None."""
        if self._columns is None or len(self._frame) * len(self._columns) > most:
            return None
        return self._columns

    def release(self) -> None:
        """Let go of the rows."""
        self._frame, self._is_pandas = self.head(0), False
        self._columns = self._arrow = None

    def _fragment(self, table: pa.Table) -> Fragment:
        return Fragment(quote(self._view), views={self._view: table})

    def _sample(self) -> Rows:
        return super()._sample() if self._first_rows is None else self._first_rows

    @staticmethod
    def _to_arrow(frame: Any, n: int) -> pa.Table:
        return frame_to_arrow(frame.slice(0, n) if hasattr(frame, "slice") else frame.head(n))


def _first_rows(columns: list[PlainColumn]) -> Rows:
    return tuple(first_rows(columns, SAMPLE_ROWS, json_value))


class QueryDataset(DuckDBDataset):
    """Rows that streamed through a region and were not held: computed again where somebody asks.

    Args:
        key: The dataset's key.
        session: The run's database.
        fragment: The query.
        schema: Its columns, where they are known.
        origin: The source that the query reads, where it is a scan.
    """

    def __init__(
        self,
        key: str,
        session: Session,
        fragment: Fragment,
        schema: Schema | None = None,
        origin: Origin | None = None,
    ) -> None:
        super().__init__(key, session)
        self.origin = origin
        self._fragment = fragment
        self._schema = schema
        self._row_count: int | None = None

    @property
    def is_held(self) -> bool:
        """Never."""
        return False

    def describe(self, snapshot: Snapshot) -> None:
        """Keep what the run found out."""
        self._schema, self._row_count = snapshot.schema, snapshot.row_count
        self.keep_snapshot(snapshot)

    @property
    def schema(self) -> Schema:
        """Names and types of the columns."""
        if self._schema is None:
            self._schema = self._fragment.schema(self.session.cursor())
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
    """Take the snapshots of many tables together; the cursor is for this alone."""
    waiting = {table.table: table for table in tables if table._snapshot is None}
    if not waiting:
        return
    if len(waiting) > 1:
        schemas = table_schemas(cursor)
        for name, table in waiting.items():
            table.keep_schema(schemas[name])
    for name, sample in table_samples(cursor, [(name, table.schema) for name, table in waiting.items()]):
        table = waiting[name]
        table.keep_snapshot(Snapshot(table.schema, table.row_count(), CountScope.EXACT, sample))
