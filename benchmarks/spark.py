"""Spark: our pipelines beside one program written by hand, and beside DuckDB.

Every case opens its engine, runs the job once over a thousandth of the rows, and is measured the second
time: what Spark takes to start is told by itself. More rows than the data have come from the same file under
several names.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.overhead import Figures

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from odibi_core.step import Step

CHAIN = {
    "sold": "SELECT * FROM {input} WHERE quantity > 0 AND amount > 5",
    "net": "SELECT *, amount * (1 - discount) AS net FROM {input}",
    "dated": "SELECT *, year(sold_on) AS year, month(sold_on) AS month FROM {input}",
    "sized": "SELECT *, CASE WHEN quantity >= 5 THEN 'large' ELSE 'small' END AS size FROM {input}",
    "named": "SELECT *, upper(region) AS place, substring(product, 9, 3) AS code FROM {input}",
    "kept": "SELECT * FROM {input} WHERE code <> '13' AND customer_id % 1000 <> 7",
    "total": "SELECT *, net * quantity AS total FROM {input}",
    "slim": "SELECT sale_id, year, month, place, code, size, customer_id, net, total FROM {input}",
}
"""Steps that stream into each other."""
ENDS = {
    "sums": (
        "SELECT year, month, place, code, size, count(*) AS sales, sum(total) AS total, avg(net) AS net, "
        "max(customer_id) AS last FROM {input} GROUP BY year, month, place, code, size"
    ),
    "rows": "SELECT * FROM {input}",
}
"""What is written: a summary, or nearly every row."""


@contextmanager
def _session() -> Iterator[SparkSession]:
    from odibi_core.engines.spark.session import open_session
    from odibi_core.workspace_settings import SparkSettings

    scratch = Path(tempfile.mkdtemp(prefix="bench-spark-"))
    session, stop = open_session(SparkSettings(config={"spark.driver.memory": "4g"}), scratch)
    logging.getLogger("py4j").setLevel(logging.ERROR)
    try:
        yield session
    finally:
        stop()
        shutil.rmtree(scratch, ignore_errors=True)


def _tree_cpu_s() -> float:
    """User and system time so far of this process and of what it started, Spark's machine included."""
    import psutil

    here = psutil.Process()
    return sum(sum(each.cpu_times()[:2]) for each in (here, *here.children(recursive=True)))


def _measured(run: Callable[[str], object], folder: Path, times: int) -> Figures:
    """Costs of a run over all sales, after one over a thousandth of them."""
    few, many = folder / "few.parquet", folder / f"sales_{times}"
    if not few.exists():
        import duckdb

        sample = f"FROM '{folder / 'sales.parquet'}' WHERE sale_id % 1000 = 0"
        duckdb.execute(f"COPY ({sample}) TO '{few}'")
    many.mkdir(exist_ok=True)
    for number in range(times):
        (many / f"{number}.parquet").unlink(missing_ok=True)
        (many / f"{number}.parquet").hardlink_to(folder / "sales.parquet")
    run(few.name)
    cpu, wall = _tree_cpu_s(), time.perf_counter()
    run(many.name)
    return {"run_cpu_s": _tree_cpu_s() - cpu, "run_wall_s": time.perf_counter() - wall}


def _steps(source: str, end: str) -> list[Step]:
    from odibi_core.testing import ingest_step, sql_step, store_step

    made, taken = [ingest_step("raw", source, source_type="parquet")], "raw"
    for name, sql in (*CHAIN.items(), (end, ENDS[end])):
        made.append(sql_step(name, sql.format(input=taken), taken))
        taken = name
    return [*made, store_step("save", f"out/{end}.parquet", taken)]


def _odibi(folder: Path, engine: str, end: str, **settings: Any) -> Callable[[str], object]:
    from odibi_core.orchestrator import Orchestrator

    def run(source: str) -> None:
        result = Orchestrator(
            _steps(source, end), engine, workspace=folder, keeps_data=False, **settings
        ).execute()
        if not result.success:
            raise SystemExit(f"the run failed: {result.errors}")

    return run


def on_spark(folder: Path, end: str, tracking: str, times: int = 1) -> Figures:
    """Ours on Spark, with tracker, events and journal."""
    with _session():
        return _measured(_odibi(folder, "spark", end, tracking=tracking), folder, times)


def on_duckdb(folder: Path, end: str, tracking: str, times: int = 1) -> Figures:
    """Ours on DuckDB, with tracker, events and journal."""
    return _measured(_odibi(folder, "pandas", end, tracking=tracking), folder, times)


def by_hand(folder: Path, end: str, times: int = 1) -> Figures:
    """The same statements as one program for Spark, with nothing around them."""
    with _session() as spark:

        def run(source: str) -> None:
            taken = "raw"
            spark.read.parquet(str(folder / source)).createOrReplaceTempView(taken)
            for name, sql in (*CHAIN.items(), (end, ENDS[end])):
                spark.sql(sql.format(input=taken)).createOrReplaceTempView(name)
                taken = name
            spark.table(taken).write.mode("overwrite").parquet(str(folder / "out" / f"{end}.parquet"))

        return _measured(run, folder, times)


def start(_folder: Path) -> Figures:
    """What it takes until Spark can be used."""
    cpu, wall = _tree_cpu_s(), time.perf_counter()
    with _session() as spark:
        spark.sql("SELECT 1").collect()
        return {"run_cpu_s": _tree_cpu_s() - cpu, "run_wall_s": time.perf_counter() - wall}


CASES: dict[str, Callable[..., Figures]] = {
    "start": start,
    "on Spark": on_spark,
    "on DuckDB": on_duckdb,
    "by hand": by_hand,
}
