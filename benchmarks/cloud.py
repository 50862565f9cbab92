"""Parquet to and from S3: a pipeline beside s3fs and pyarrow by hand, against a server of this machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.object_stores import ObjectStore, s3_server

from odibi_core.orchestrator import Orchestrator
from odibi_core.step import Step
from odibi_core.testing import ingest_step, sql_step, store_step

_ROWS = """SELECT range AS id, range % 1000 AS k, 'customer ' || (range % 5000) AS name,
    (range * 1.01)::DECIMAL(12,2) AS amount, TIMESTAMP '2024-01-01' + to_seconds(range) AS at,
    hash(range) / 7.0 AS f FROM range({rows})"""
_SOURCE, _TARGET = "bench/in.parquet", "bench/out.parquet"
_TENTH = "id < {tenth}"


def up_by_hand(folder: Path, rows: int) -> dict[str, float]:
    """Seconds from a Parquet file of this machine into an object, by pyarrow over s3fs."""
    import pyarrow.parquet as pq

    with _server(folder, rows) as server:
        filesystem = server.account.filesystem

        def work() -> None:
            pq.write_table(pq.read_table(folder / "in.parquet"), _TARGET, filesystem=filesystem)

        return _timed(work)


def up_by_pipeline(folder: Path, rows: int) -> dict[str, float]:
    """Seconds from a Parquet file of this machine into an object, by a pipeline."""
    steps = [ingest_step("rows", "in.parquet"), store_step("saved", f"s3://{_TARGET}", "rows")]
    with _server(folder, rows):
        return _timed(lambda: _run(folder, steps))


def down_by_hand(folder: Path, rows: int) -> dict[str, float]:
    """Seconds from an object into a Parquet file of this machine, by pyarrow over s3fs."""
    import pyarrow.parquet as pq

    with _server(folder, rows) as server:
        filesystem = server.account.filesystem

        def work() -> None:
            pq.write_table(pq.read_table(_SOURCE, filesystem=filesystem), folder / "hand.parquet")

        return _timed(work)


def down_by_pipeline(folder: Path, rows: int) -> dict[str, float]:
    """Seconds from an object into a Parquet file of this machine, by a pipeline."""
    steps = [ingest_step("rows", f"s3://{_SOURCE}"), store_step("saved", "out.parquet", "rows")]
    with _server(folder, rows):
        return _timed(lambda: _run(folder, steps))


def filtered_by_hand(folder: Path, rows: int) -> dict[str, float]:
    """Seconds for a sum over a tenth of an object's rows and three of its columns, by pyarrow over s3fs."""
    import pyarrow.parquet as pq

    with _server(folder, rows) as server:
        filesystem = server.account.filesystem

        def work() -> None:
            found = pq.read_table(
                _SOURCE,
                filesystem=filesystem,
                columns=["id", "k", "amount"],
                filters=[("id", "<", rows // 10)],
            )
            pq.write_table(found.group_by("k").aggregate([("amount", "sum")]), folder / "hand.parquet")

        return _timed(work)


def filtered_by_pipeline(folder: Path, rows: int) -> dict[str, float]:
    """Seconds for a sum over a tenth of an object's rows and three of its columns, by a pipeline."""
    sql = f"SELECT k, sum(amount) AS amount FROM rows WHERE {_TENTH.format(tenth=rows // 10)} GROUP BY k"
    steps = [
        ingest_step("rows", f"s3://{_SOURCE}"),
        sql_step("sums", sql, "rows"),
        store_step("saved", "sums.parquet", "sums"),
    ]
    with _server(folder, rows):
        return _timed(lambda: _run(folder, steps))


@contextmanager
def _server(folder: Path, rows: int) -> Iterator[ObjectStore]:
    import duckdb

    duckdb.execute(f"COPY ({_ROWS.format(rows=rows)}) TO '{folder / 'in.parquet'}'")
    with s3_server() as server:
        server.make_bucket("bench")
        server.account.filesystem.put_file(str(folder / "in.parquet"), _SOURCE)
        said = "".join(f'{name} = "{value}"\n' for name, value in server.connection.items())
        (folder / "odibi.toml").write_text(f'[connections.lake]\nkind = "s3"\nbucket = "bench"\n{said}')
        secrets = "".join(f'{name}="{value}"\n' for name, value in server.secrets.items())
        (folder / ".env").write_text(secrets)
        yield server


def _timed(work: Callable[[], object]) -> dict[str, float]:
    work()
    begun = time.perf_counter()
    work()
    return {"wall_s": time.perf_counter() - begun}


def _run(folder: Path, steps: list[Step]) -> None:
    with Orchestrator(steps, workspace=folder, keeps_data=False).execute() as result:
        assert result.success, result.errors


CASES: dict[str, Callable[..., dict[str, Any]]] = {
    "up by hand": up_by_hand,
    "up by pipeline": up_by_pipeline,
    "down by hand": down_by_hand,
    "down by pipeline": down_by_pipeline,
    "filtered by hand": filtered_by_hand,
    "filtered by pipeline": filtered_by_pipeline,
}
