"""What looking at expectations costs, beside the same checks as statements written by hand."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from odibi_core.orchestrator import Orchestrator
from odibi_core.step import Step
from odibi_core.testing import ingest_step, sql_step

EXPECTATIONS: list[dict[str, Any]] = [
    {"check": "not_null", "columns": ["id", "customer"]},
    {"check": "unique", "columns": "id"},
    {"check": "range", "column": "amount", "min": 0, "max": 1000},
    {"check": "set", "column": "status", "values": ["new", "paid", "sent"]},
    {"check": "pattern", "column": "code", "regex": r"[A-Z]\d+"},
    {"check": "foreign_key", "columns": "customer", "references": "people", "key": "customer"},
    {"check": "sql", "condition": "amount * 2 >= amount"},
    {"check": "row_count", "min": 1},
]
BY_HAND = [
    "SELECT count(*) FROM data WHERE id IS NULL OR customer IS NULL",
    "SELECT count(*) - count(DISTINCT id) FROM data",
    "SELECT count(*) FROM data WHERE amount < 0 OR amount > 1000",
    "SELECT count(*) FROM data WHERE status NOT IN ('new', 'paid', 'sent')",
    r"SELECT count(*) FROM data WHERE NOT regexp_full_match(code, '[A-Z]\d+')",
    "SELECT count(*) FROM data LEFT JOIN (SELECT DISTINCT customer, TRUE AS hit FROM people) "
    "USING (customer) WHERE hit IS NULL",
    "SELECT count(*) FROM data WHERE NOT amount * 2 >= amount",
    "SELECT count(*) FROM data",
]
"""One statement a check, as a person writes them."""

_DATA = """\
SELECT range AS id, range % 1000 AS customer, (range * 7919) % 1000 AS amount,
       ['new', 'paid', 'sent'][1 + range % 3] AS status, chr(65 + (range % 26)::INTEGER) || range AS code
FROM range({rows})
"""
_REPEATS = 3


def _made(folder: Path, rows: int) -> None:
    import duckdb

    if not (folder / "data.parquet").exists():
        duckdb.execute(f"COPY ({_DATA.format(rows=rows)}) TO '{folder}/data.parquet'")
        duckdb.execute(f"COPY (SELECT range AS customer FROM range(1000)) TO '{folder}/people.parquet'")


def _steps(expectations: list[dict[str, Any]]) -> list[Step]:
    data = sql_step("data", "SELECT * FROM raw", "raw", materialize=True)
    data.expectations = expectations
    return [
        ingest_step("raw", "data.parquet"),
        ingest_step("people", "people.parquet", materialize=True),
        data,
    ]


def expected(folder: Path, *, rows: int, threads: int) -> dict[str, float]:
    """CPU seconds of a run without expectations, and of one with them."""
    _made(folder, rows)
    (folder / "odibi.toml").touch()
    best: dict[str, float] = {}
    for _ in range(_REPEATS):
        for name, expectations in (("without_s", []), ("with_s", EXPECTATIONS)):
            begun = time.process_time()
            run = Orchestrator(
                _steps(expectations), workspace=folder, threads=threads, keeps_data=False
            ).execute()
            seconds = time.process_time() - begun
            assert run.success, run.errors
            run.close()
            best[name] = min(best.get(name, seconds), seconds)
    return best


def by_hand(folder: Path, *, rows: int, threads: int) -> dict[str, float]:
    """CPU seconds of the same checks over a table, a statement each."""
    import duckdb

    _made(folder, rows)
    database = duckdb.connect(config={"threads": str(threads)})
    for name in ("data", "people"):
        database.execute(f"CREATE TABLE {name} AS FROM '{folder}/{name}.parquet'")
    best = float("inf")
    for _ in range(_REPEATS):
        begun = time.process_time()
        for statement in BY_HAND:
            database.execute(statement).fetchall()
        best = min(best, time.process_time() - begun)
    return {"checks_s": best}


CASES = {"expected": expected, "checks by hand": by_hand}
