"""More data than memory goes to the disk, into a folder that goes with the run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.conftest import Run

from odibi_core.engines.duckdb import session as duckdb_session
from odibi_core.engines.duckdb.budget import budget
from odibi_core.engines.duckdb.session import Session
from odibi_core.event_bus import EventBus
from odibi_core.events import EventType
from odibi_core.testing import sql_step, store_step
from odibi_core.workspace import Workspace

ROWS = 2_000_000
HASHES = " || ".join(f"hash(range, {seed})::VARCHAR" for seed in range(3))
WIDE = f"SELECT {HASHES} AS text FROM range({ROWS})"


def spilled_bytes(workspace: Workspace) -> int:
    return sum(path.stat().st_size for path in workspace.scratch.glob("*/spill/*"))


def test_a_run_over_more_data_than_its_limit_spills_and_cleans_up(run: Run, workspace: Workspace) -> None:
    bus, spilled = EventBus(), list[int]()

    def look(event: dict[str, Any]) -> None:
        if event["event_type"] == EventType.NODE_COMPLETE:
            spilled.append(spilled_bytes(workspace))

    bus.subscribe(look)
    steps = [
        sql_step("wide", WIDE, materialize=True),
        sql_step("longest", "SELECT max(length(text)) AS n, count(*) AS rows FROM wide", "wide"),
        store_step("saved", "out/longest.csv", "longest"),
    ]
    # The texts alone are about 115 MB.
    result = run(steps, tracking="fused", memory_limit="48MB", threads=1, event_bus=bus, keeps_data=False)
    assert result.success, result.errors
    assert max(spilled) > 40_000_000
    assert (workspace.root / "out/longest.csv").read_text() == f"n,rows\n60,{ROWS}\n"
    result.close()
    assert not any(workspace.scratch.iterdir())


def test_what_can_not_spill_fails_with_the_way_to_mend_it(run: Run) -> None:
    result = run([sql_step("wide", "SELECT list(range) AS all FROM range(20000000)")], memory_limit="16MB")
    assert not result.success
    assert "memory" in str(result.errors["wide"])


def test_limits_of_a_run_come_before_those_of_the_workspace(run: Run, workspace: Workspace) -> None:
    (workspace.root / "odibi.toml").write_text('memory_limit = "30GB"\nthreads = 3\n')
    query = "SELECT current_setting('memory_limit') AS memory, current_setting('threads')::INT AS threads"
    for given, least_gib, threads in (({"memory_limit": "20GB", "threads": 2}, 15, 2), ({}, 23, 3)):
        (found,) = run([sql_step("limits", query)], **given).data_map["limits"].to_numpy().tolist()
        # What the process takes beside the database is left to it.
        assert least_gib < float(found[0].removesuffix(" GiB")) < least_gib + 1
        assert found[1] == threads


@pytest.mark.parametrize(
    ("limit", "resident_mb", "expected_mb", "threads"),
    [
        ("1000MB", 100, 745, 3),
        ("4GiB", 100, 3546, 16),
        ("250MB", 100, 108, 1),
        # A program that holds much itself still gets what it asked for, less what libraries take at most.
        ("2GB", 5000, 1432, 7),
        ("100MB", 150, 67, 1),
        ("16MB", 150, 16, 1),
    ],
)
def test_the_database_gets_what_the_process_leaves_of_the_limit(
    limit: str, resident_mb: int, expected_mb: int, threads: int
) -> None:
    found = budget(limit, resident_mb * 1024 * 1024)
    assert (round(found.memory_bytes / 1e6), found.most_threads) == (expected_mb, threads)


@pytest.mark.parametrize(
    ("memory_limit", "threads", "most_threads", "found"),
    [
        ("256MB", None, 4, 1),
        ("2GB", None, 4, 4),
        ("2GB", None, None, 7),
        ("256MB", 3, 1, 3),
        ("", None, 4, 4),
    ],
)
def test_threads_that_nobody_asked_for_are_no_more_than_memory_and_sources_have_use_for(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    memory_limit: str,
    threads: int | None,
    most_threads: int | None,
    found: int,
) -> None:
    monkeypatch.setattr(duckdb_session, "usable_cores", lambda: 16)
    session = Session(tmp_path, memory_limit=memory_limit, threads=threads, most_threads=most_threads)
    ((told,),) = session.cursor().execute("SELECT current_setting('threads')").fetchall()
    session.close()
    assert told == found
