"""Whole pipelines on generated data: ours, and the same work written by hand for DuckDB, Polars and pandas.

`sales` filters, adds a column and writes Parquet. `medallion` keeps a copy, cleans and removes duplicates,
and summarizes: three Parquet files. Nothing is tracked in what is written by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import cpu_s
from benchmarks.overhead import Figures

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

    from odibi_core.step import Step

CLEAN = """
SELECT customer_id, TRIM(UPPER(name)) AS name, LOWER(email) AS email, age, LOWER(TRIM(status)) AS status
FROM bronze WHERE customer_id IS NOT NULL AND email IS NOT NULL
"""
DEDUPE = """
SELECT * EXCLUDE (rn) FROM (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY age DESC) AS rn FROM bronze
) WHERE rn = 1
"""
SUMMARIZE = "SELECT status, COUNT(*) AS customer_count, AVG(age) AS avg_age FROM bronze GROUP BY status"


def make_data(folder: Path, rows: int, tables: Sequence[str]) -> Figures:
    """Write sales or customers as CSV and Parquet: the same rows every time."""
    import duckdb

    database = duckdb.connect()
    queries = {
        "sales": f"""
            SELECT range AS sale_id, DATE '2024-01-01' + (hash(range) % 700)::INTEGER AS sold_on,
                   'region ' || (hash(range, 1) % 12) AS region,
                   'product ' || (hash(range, 2) % 500) AS product,
                   (hash(range, 3) % 200000)::INTEGER AS customer_id,
                   (hash(range, 4) % 9 + 1)::INTEGER AS quantity,
                   (hash(range, 5) % 50000) / 100 AS amount, (hash(range, 6) % 30) / 100 AS discount
            FROM range({rows})""",
        "customers": f"""
            SELECT (hash(range) % {max(1, rows * 8 // 10)})::BIGINT AS customer_id,
                   '  Customer ' || (hash(range, 1) % 100000) AS name,
                   CASE WHEN hash(range, 2) % 50 > 0 THEN 'C' || range || '@Example.org' END AS email,
                   (hash(range, 3) % 70 + 18)::INTEGER AS age,
                   CASE hash(range, 4) % 4 WHEN 0 THEN 'Active' WHEN 1 THEN ' active'
                        WHEN 2 THEN 'LAPSED' ELSE 'new' END AS status
            FROM range({rows})""",
    }
    for name in tables:
        database.execute(f"COPY ({queries[name]}) TO '{folder / name}.parquet'")
        database.execute(f"COPY (FROM '{folder / name}.parquet') TO '{folder / name}.csv' (HEADER)")
    return {}


def _read(name: str, kind: str, taken: str, step: type[Step]) -> Step:
    params = {"source_type": kind, **({"header": True} if kind == "csv" else {})}
    return step("ingest", f"read_{name}", "config_op", "", f"{name}.{kind}", params, {}, {"data": taken})


def _store(name: str, taken: str, step: type[Step]) -> Step:
    params = {"format": "parquet", "mode": "overwrite"}
    return step("store", f"save_{name}", "config_op", "", f"out/{name}.parquet", params, {"data": taken})


def _query(name: str, sql: str, taken: str, step: type[Step]) -> Step:
    return step("transform", name, "sql", "", sql, {}, {"bronze": taken}, {"data": name})


def odibi(
    folder: Path, pipeline: str, kind: str, tracking: str, limit_mb: int = 0, **settings: Any
) -> Figures:
    """Ours; `settings` go to the Orchestrator."""
    from odibi_core.orchestrator import Orchestrator
    from odibi_core.step import Step

    if pipeline == "summary":
        steps = [
            _read("customers", kind, "raw", Step),
            _query("some", "SELECT * FROM bronze LIMIT 10", "raw", Step),
            _store("some", "some", Step),
        ]
    elif pipeline == "sales":
        steps = [
            _read("sales", kind, "raw", Step),
            _query("high_value", "SELECT * FROM bronze WHERE amount > 100", "raw", Step),
            _query("with_tax", "SELECT *, amount * 0.1 AS tax FROM bronze", "high_value", Step),
            _store("sales", "with_tax", Step),
        ]
    else:
        steps = [
            _read("customers", kind, "raw", Step),
            _store("bronze", "raw", Step),
            _query("clean", CLEAN, "raw", Step),
            _query("deduped", DEDUPE, "clean", Step),
            _store("silver", "deduped", Step),
            _query("summary", SUMMARIZE, "deduped", Step),
            _store("gold", "summary", Step),
        ]
    result = Orchestrator(
        steps,
        "pandas",
        tracking=tracking,
        workspace=folder,
        keeps_data=False,
        memory_limit=f"{limit_mb}MB" if limit_mb else None,
        **settings,
    ).execute()
    if not result.success:
        raise SystemExit(f"the run failed: {result.errors}")
    return {}


def kept(folder: Path, pipeline: str, kind: str, keeps: str) -> Figures:
    """Ours, once to load the libraries, then twice: CPU seconds of the first and the second of these.

    `keeps` is "nothing", "cache", or when checkpoints are saved.
    """
    from odibi_core.checkpoint_manager import CheckpointMode

    settings: dict[str, Any] = {}
    if keeps == "cache":
        settings = {"enable_cache": True}
    elif keeps != "nothing":
        settings = {"enable_checkpoints": True, "checkpoint_mode": CheckpointMode(keeps)}
    odibi(folder, "summary", kind, "fused")
    figures = {}
    for name in ("first", "second"):
        begun = cpu_s()
        odibi(folder, pipeline, kind, "fused", **settings)
        figures[f"{name}_cpu_s"] = cpu_s() - begun
    return figures


def duckdb_by_hand(folder: Path, pipeline: str, kind: str, limit_mb: int = 0) -> Figures:
    """DuckDB: one statement for the sales; the medallion keeps the rows that it needs twice in a table."""
    import duckdb

    (folder / "out").mkdir(exist_ok=True)
    database = duckdb.connect()
    database.execute(f"SET temp_directory = '{folder / 'out' / 'spill'}'")
    if limit_mb:
        database.execute(f"SET memory_limit = '{limit_mb}MB'")
    if pipeline == "sales":
        database.execute(
            f"COPY (SELECT *, amount * 0.1 AS tax FROM 'sales.{kind}' WHERE amount > 100) "
            "TO 'out/sales.parquet'"
        )
        return {}
    database.execute(f"COPY (FROM 'customers.{kind}') TO 'out/bronze.parquet'")
    database.execute(
        f"CREATE TEMP TABLE silver AS WITH clean AS (WITH bronze AS (FROM 'customers.{kind}') {CLEAN}), "
        f"bronze AS (FROM clean) {DEDUPE}"
    )
    database.execute("COPY silver TO 'out/silver.parquet'")
    database.execute(f"COPY (WITH bronze AS (FROM silver) {SUMMARIZE}) TO 'out/gold.parquet'")
    return {}


def polars_by_hand(folder: Path, pipeline: str, kind: str) -> Figures:
    """Polars: lazy, streaming into its sinks."""
    import polars as pl

    def read(name: str) -> pl.LazyFrame:
        path = folder / f"{name}.{kind}"
        return pl.scan_csv(path, try_parse_dates=True) if kind == "csv" else pl.scan_parquet(path)

    (folder / "out").mkdir(exist_ok=True)
    if pipeline == "sales":
        sales = read("sales").filter(pl.col("amount") > 100).with_columns(tax=pl.col("amount") * 0.1)
        sales.sink_parquet(folder / "out/sales.parquet")
        return {}
    raw = read("customers")
    silver = (
        raw.filter(pl.col("customer_id").is_not_null() & pl.col("email").is_not_null())
        .with_columns(
            pl.col("name").str.to_uppercase().str.strip_chars(" "),
            pl.col("email").str.to_lowercase(),
            pl.col("status").str.strip_chars(" ").str.to_lowercase(),
        )
        .sort("age", descending=True)
        .unique("customer_id", keep="first")
        .collect(engine="streaming")
    )
    raw.sink_parquet(folder / "out/bronze.parquet")
    silver.write_parquet(folder / "out/silver.parquet")
    summary = silver.group_by("status").agg(customer_count=pl.len(), avg_age=pl.col("age").mean())
    summary.write_parquet(folder / "out/gold.parquet")
    return {}


def pandas_by_hand(folder: Path, pipeline: str, kind: str) -> Figures:
    """Pandas, as people write it."""
    import pandas as pd

    def read(name: str, **options: Any) -> pd.DataFrame:
        path = folder / f"{name}.{kind}"
        return pd.read_csv(path, **options) if kind == "csv" else pd.read_parquet(path)

    (folder / "out").mkdir(exist_ok=True)
    if pipeline == "sales":
        sales = read("sales", parse_dates=["sold_on"])
        sales = sales[sales["amount"] > 100]
        sales.assign(tax=sales["amount"] * 0.1).to_parquet(folder / "out/sales.parquet", index=False)
        return {}
    raw = read("customers")
    raw.to_parquet(folder / "out/bronze.parquet")
    clean = raw.dropna(subset=["customer_id", "email"])
    clean = clean.assign(
        name=clean["name"].str.upper().str.strip(" "),
        email=clean["email"].str.lower(),
        status=clean["status"].str.strip(" ").str.lower(),
    )
    silver = clean.sort_values("age", ascending=False).drop_duplicates("customer_id")
    silver.to_parquet(folder / "out/silver.parquet", index=False)
    summary = silver.groupby("status").agg(customer_count=("status", "size"), avg_age=("age", "mean"))
    summary.to_parquet(folder / "out/gold.parquet")
    return {}


CASES: dict[str, Callable[..., Figures]] = {
    "make data": make_data,
    "odibi": odibi,
    "kept": kept,
    "DuckDB by hand": duckdb_by_hand,
    "Polars by hand": polars_by_hand,
    "pandas by hand": pandas_by_hand,
}
