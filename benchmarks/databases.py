"""Rows in and out of PostgreSQL: a pipeline beside ADBC by hand, against a server of this machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.servers import DatabaseServer, postgresql_server

from odibi_core.orchestrator import Orchestrator
from odibi_core.step import Step
from odibi_core.testing import ingest_step, sql_step, store_step

_ROWS = """SELECT range AS id, range % 1000 AS k, 'customer ' || (range % 5000) AS name,
    (range * 1.01)::DECIMAL(12,2) AS amount, TIMESTAMPTZ '2024-01-01' + to_seconds(range) AS at,
    (range * 0.5)::DOUBLE AS f FROM range({rows})"""
_TABLE = "(id bigint, k bigint, name text, amount numeric(12,2), at timestamptz, f double precision)"
_BATCH_ROWS = 65_536


def out_by_hand(folder: Path, rows: int) -> dict[str, float]:
    """Seconds from a Parquet file into a table, by COPY through ADBC."""
    with _server(folder, rows) as server:
        return _timed(lambda: _load(folder, server))


def out_by_pipeline(folder: Path, rows: int) -> dict[str, float]:
    """Seconds from a Parquet file into a table, by a pipeline."""
    steps = [ingest_step("rows", "in.parquet"), store_step("saved", "t", "rows", connection="shop")]
    with _server(folder, rows):
        return _timed(lambda: _run(folder, steps))


def in_by_hand(folder: Path, rows: int) -> dict[str, float]:
    """Seconds from a table into a Parquet file, through ADBC and Arrow."""
    with _server(folder, rows) as server:
        _load(folder, server)
        return _timed(lambda: _fetch(folder, server))


def in_by_pipeline(folder: Path, rows: int) -> dict[str, float]:
    """Seconds from a table into a Parquet file, by a pipeline."""
    steps = [ingest_step("rows", "h", connection="shop"), store_step("saved", "out.parquet", "rows")]
    with _server(folder, rows) as server:
        _load(folder, server)
        return _timed(lambda: _run(folder, steps))


def filtered_by_pipeline(folder: Path, rows: int) -> dict[str, float]:
    """Seconds for a sum over a tenth of a table's rows and two of its columns, by a pipeline."""
    sql = f"SELECT k, sum(amount) AS amount FROM rows WHERE id < {rows // 10} GROUP BY k"
    steps = [
        ingest_step("rows", "h", connection="shop"),
        sql_step("sums", sql, "rows"),
        store_step("saved", "sums.parquet", "sums"),
    ]
    with _server(folder, rows) as server:
        _load(folder, server)
        return _timed(lambda: _run(folder, steps))


@contextmanager
def _server(folder: Path, rows: int) -> Iterator[DatabaseServer]:
    import duckdb

    duckdb.execute(f"COPY ({_ROWS.format(rows=rows)}) TO '{folder / 'in.parquet'}'")
    with postgresql_server() as server:
        (folder / "odibi.toml").write_text(
            f'[connections.shop]\nkind = "postgresql"\nport = {server.port}\ndatabase = "shop"\n'
            'user = "shop"\npassword = "${secret:SHOP}"\n'
        )
        (folder / ".env").write_text(f'SHOP="{server.password}"\n')
        yield server


def _timed(work: Callable[[], object]) -> dict[str, float]:
    work()
    begun = time.perf_counter()
    work()
    return {"wall_s": time.perf_counter() - begun}


def _run(folder: Path, steps: list[Step]) -> None:
    with Orchestrator(steps, workspace=folder, keeps_data=False).execute() as result:
        assert result.success, result.errors


def _load(folder: Path, server: DatabaseServer) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = pq.ParquetFile(folder / "in.parquet")
    batches = pa.RecordBatchReader.from_batches(file.schema_arrow, file.iter_batches(_BATCH_ROWS))
    with closing(server.connect()) as connection, closing(connection.cursor()) as cursor:
        cursor.execute("DROP TABLE IF EXISTS h")
        cursor.execute(f"CREATE TABLE h {_TABLE}")
        cursor.adbc_ingest("h", batches, mode="append")
        connection.commit()


def _fetch(folder: Path, server: DatabaseServer) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    amount = pa.decimal128(12, 2)
    with closing(server.connect()) as connection, closing(connection.cursor()) as cursor:
        cursor.execute("SELECT * FROM h")
        reader = cursor.fetch_record_batch()
        fields = [
            pa.field(each.name, amount if each.name == "amount" else each.type) for each in reader.schema
        ]
        with pq.ParquetWriter(folder / "hand.parquet", pa.schema(fields)) as writer:
            for batch in reader:
                columns = [
                    column.storage.cast(amount) if field.name == "amount" else column
                    for field, column in zip(fields, batch.columns, strict=True)
                ]
                writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=pa.schema(fields)))


CASES: dict[str, Callable[..., dict[str, Any]]] = {
    "out by hand": out_by_hand,
    "out by pipeline": out_by_pipeline,
    "in by hand": in_by_hand,
    "in by pipeline": in_by_pipeline,
    "filtered by pipeline": filtered_by_pipeline,
}
