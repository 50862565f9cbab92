"""What is kept of expectations: no secret, and no result of another run that has grown too old."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from tests.conftest import Run

from odibi_core.pipeline import Pipeline
from odibi_core.quality import inspector
from odibi_core.quality.quarantine import Quarantine
from odibi_core.testing import ingest_step, sql_step, store_step
from odibi_core.workspace import Workspace

MakeFile = Callable[[str, str | bytes], Path]
SECRET = "hunter2secret"


def files_with(text: str, folder: Path) -> list[Path]:
    """The files that hold the text, in Parquet files as a value."""
    found = []
    for path in (path for path in folder.rglob("*") if path.is_file()):
        held = path.read_bytes()
        if path.suffix == ".parquet":
            held += str(duckdb.execute(f"FROM '{path}'").fetchall()).encode()
        if text.encode() in held:
            found.append(path)
    return found


def test_no_file_of_a_run_holds_a_secret_of_an_expectation(
    run: Run, workspace: Workspace, make_file: MakeFile
) -> None:
    make_file("orders.csv", "id,code\n1,x\n2,y\n3,x\n")
    clean = sql_step("clean", "SELECT * FROM raw", "raw")
    secret = "${secret:token}"
    aside = {"severity": "quarantine"}
    clean.expectations = [
        {"check": "sql", "condition": f"code <> 'y' OR code = {secret}", **aside},
        {"check": "sql", "condition": f"code <> 'y' OR length(code) > 1000 OR code = {secret}", **aside},
        {"check": "sql", "query": f"SELECT * FROM data WHERE code <> {secret}", "severity": "warn"},
        {"check": "set", "column": "code", "values": ["x", secret], **aside},
        {"check": "pattern", "column": "code", "regex": f"x|{secret}", "name": f"like {secret}", **aside},
    ]
    late = sql_step("late", "SELECT * FROM clean", "clean")
    late.expectations = [{"check": "sql", "condition": f"code = {secret}"}]
    save = store_step("save", "out.parquet", "clean")
    pipeline = Pipeline("shop", [ingest_step("raw", "orders.csv"), clean, save, late])
    result = run(pipeline, secrets={"token": SECRET}, enable_cache=True, enable_checkpoints=True)
    assert result.failed_nodes == ["late"]
    assert SECRET not in str(result.errors) + result.errors["late"].what
    assert files_with(SECRET[:6], workspace.root) == []
    assert files_with("sql(code <> 'y' OR code = ${secret:token})", workspace.root)
    (rows,) = Quarantine(workspace).sets()
    assert len(rows.reasons) == 4
    assert f"like {secret}" in rows.reasons


def test_a_run_that_is_resumed_keeps_what_it_looked_at_however_old(
    run: Run, workspace: Workspace, make_file: MakeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = dt.datetime(2024, 1, 2, tzinfo=dt.UTC)
    monkeypatch.setattr(inspector, "present", lambda: moment)
    make_file("orders.csv", "id,day\n1,2024-01-01\n")
    read = ingest_step("read", "orders.csv", layer="a")
    read.expectations = [{"check": "freshness", "column": "day", "max_age": "2d"}]
    pipeline = Pipeline(
        "shop",
        [
            read,
            store_step("first", "first.parquet", "read", layer="b"),
            store_step("second", "sub/second.parquet", "read", layer="c"),
        ],
    )
    block = make_file("sub", "a file in the way")
    assert run(pipeline, enable_checkpoints=True).failed_nodes == ["second"]
    monkeypatch.setattr(inspector, "present", lambda: moment + dt.timedelta(days=9))
    make_file("orders.csv", "id,day\n2,2024-01-11\n3,2024-01-11\n")
    block.unlink()
    result = run(pipeline, enable_checkpoints=True, resume_from_checkpoint=True)
    assert result.success, result.errors
    for name in ("first", "sub/second"):
        path = workspace.root / f"{name}.parquet"
        assert duckdb.execute(f"SELECT id FROM '{path}'").fetchall() == [(1,)]
