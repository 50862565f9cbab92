"""However steps are run, they give the same rows in the same order, and the same counts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odibi_core.checkpoint_manager import CheckpointMode
from odibi_core.orchestrator import Orchestrator
from odibi_core.run_result import RunResult
from odibi_core.step import Step
from odibi_core.testing import function_step, ingest_step, sql_step
from odibi_core.workspace import Workspace

SHAPES = (
    "SELECT * FROM {0}",
    "SELECT id, value + 1 AS value FROM {0}",
    "SELECT id, value FROM {0} WHERE value % 3 <> 0",
    "SELECT id, value FROM {0} WHERE id > 20",
    "SELECT id, value FROM {0} ORDER BY value DESC, id",
    "SELECT id % 5 AS id, sum(value)::BIGINT AS value FROM {0} GROUP BY ALL ORDER BY ALL",
    "WITH {0} AS (SELECT * FROM {0} WHERE id > 2) SELECT * FROM {0}",
    "SELECT * FROM {0} LIMIT 7",
    "SELECT DISTINCT id, value FROM {0} ORDER BY ALL -- sorted",
    "SELECT id, (SELECT max(value) FROM {0}) AS value FROM {0}",
    "FROM {0} SELECT id, coalesce(value, 0) AS value",
    "SELECT id, row_number() OVER (PARTITION BY id % 3 ORDER BY value, id) AS value FROM {0} ORDER BY ALL",
    "SELECT id, value FROM {0} QUALIFY row_number() OVER (PARTITION BY value ORDER BY id) = 1 ORDER BY ALL",
    "SELECT id, unnest([value, value]) AS value FROM {0} LIMIT 4000",
)
PAIRS = (
    "SELECT id, value FROM {0} UNION ALL SELECT id, value FROM {1}",
    "SELECT id, value FROM {0} UNION SELECT id, value FROM {1} ORDER BY ALL",
    "SELECT a.id, a.value + b.value AS value FROM {0} a JOIN {1} b ON a.id = b.id ORDER BY ALL LIMIT 4000",
    "SELECT a.id, b.value FROM {0} a LEFT JOIN {1} b ON a.id = b.value ORDER BY ALL LIMIT 4000",
    "SELECT id, value FROM {0} WHERE id IN (SELECT id FROM {1}) ORDER BY ALL",
    "SELECT id, value FROM {0} WHERE value <= (SELECT max(value) FROM {1})",
)
ROWS = 3_000

Rows = dict[str, list[list[Any]]]


def open_folder(folder: Path) -> Workspace:
    """A workspace with a Parquet file that several threads read, and the same rows in CSV."""
    folder.mkdir()
    (folder / "odibi.toml").touch()
    rows = f"SELECT range AS id, (range * 7) % 11 AS value FROM range({ROWS})"
    duckdb.execute(f"COPY ({rows}) TO '{folder}/rows.parquet' (ROW_GROUP_SIZE 2048)")
    duckdb.execute(f"COPY ({rows}) TO '{folder}/rows.csv'")
    return Workspace.find(folder)


@st.composite
def graphs(draw: st.DrawFn) -> list[Step]:
    """A random graph of SQL steps over one source: chains, branches that part and meet, loose ends."""
    source = draw(st.sampled_from(["rows.parquet", "rows.csv", ""]))
    made = "SELECT range AS id, (range * 7) % 11 AS value FROM range(20)"
    steps = [ingest_step("s0", source) if source else sql_step("s0", made)]
    for number in range(1, draw(st.integers(1, 9))):
        names = [f"s{other}" for other in range(number)]
        pair = draw(st.booleans())
        chosen = [draw(st.sampled_from(names)) for _ in range(2 if pair else 1)]
        sql = draw(st.sampled_from(PAIRS if pair else SHAPES))
        steps.append(sql_step(f"s{number}", sql.format(*chosen), *dict.fromkeys(chosen)))
    return steps


def rows_of(result: RunResult) -> Rows:
    """The rows of every dataset; their counts must be those that the run tells."""
    with result:
        assert result.success, result.errors
        assert result.tracker is not None
        counts = {
            step["step_name"]: step["after_snapshot"]["row_count"] for step in result.tracker.step_executions
        }
        rows = {key: result.data_map[key].to_numpy().tolist() for key in counts if key.startswith("s")}
    assert {key: counts[key] for key in rows} == {key: len(found) for key, found in rows.items()}
    return rows


def cached(steps: list[Step], folder: Path, tracking: str = "fused") -> Rows:
    """What a second run takes from the cache."""
    kept: dict[str, Any] = {"workspace": open_folder(folder), "tracking": tracking, "enable_cache": True}
    Orchestrator(steps, **kept).execute().close()
    return rows_of(Orchestrator(steps, **kept).execute())


def half_cached(steps: list[Step], folder: Path) -> Rows:
    """What a run takes from the cache of one that had the first half of the steps."""
    kept: dict[str, Any] = {"workspace": open_folder(folder), "tracking": "fused", "enable_cache": True}
    Orchestrator(steps[: len(steps) // 2 + 1], **kept).execute().close()
    return rows_of(Orchestrator(steps, **kept).execute())


def resumed(
    steps: list[Step],
    folder: Path,
    tracking: str = "fused",
    mode: CheckpointMode = CheckpointMode.AUTO,
) -> Rows:
    """What a run gives that goes on after a failure in the middle."""
    workspace, allowed = open_folder(folder), folder / "allowed"
    middle = steps[len(steps) // 2].name

    def gate(data: pd.DataFrame) -> pd.DataFrame:
        if not allowed.exists():
            raise ValueError("not yet")
        return data

    barred = [*steps, function_step("gate", gate, middle)]
    kept: dict[str, Any] = {
        "workspace": workspace,
        "tracking": tracking,
        "checkpoint_mode": mode,
        "enable_checkpoints": True,
    }
    with Orchestrator(barred, **kept).execute() as first:
        assert list(first.errors) == ["gate"]
    allowed.touch()
    return rows_of(Orchestrator(barred, **kept, resume_from_checkpoint=True).execute())


def plain(**how: Any) -> Callable[[list[Step], Path], Rows]:
    """A run with these settings, in a workspace of its own."""

    def execute(steps: list[Step], folder: Path) -> Rows:
        return rows_of(Orchestrator(steps, workspace=open_folder(folder), **how).execute())

    return execute


WAYS: dict[str, Callable[[list[Step], Path], Rows]] = {
    "fused": plain(tracking="fused"),
    "fused, one thread": plain(tracking="fused", threads=1),
    "fused, many threads": plain(tracking="fused", threads=4, distributed=True, distributed_max_workers=4),
    "exact, many threads": plain(tracking="exact", threads=4),
    "fused, little memory": plain(tracking="fused", memory_limit="64MB", threads=1),
    "cached": cached,
    "cached, exact": partial(cached, tracking="exact"),
    "half cached": half_cached,
    "resumed": resumed,
    "resumed, exact": partial(resumed, tracking="exact", mode=CheckpointMode.LAYER),
}


@given(graphs())
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)
def test_every_way_to_run_gives_the_same_rows_in_the_same_order(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Step]
) -> None:
    folder = tmp_path_factory.mktemp("ways")
    expected = plain(tracking="exact", threads=1)(steps, folder / "exact")
    for name, way in WAYS.items():
        assert way(steps, folder / name) == expected, name


def test_without_order_the_rows_are_the_same_in_any_order(tmp_path: Path) -> None:
    steps = [
        ingest_step("s0", "rows.parquet"),
        sql_step("s1", "SELECT id, value * 2 AS value FROM s0 WHERE value > 3", "s0"),
        sql_step("s2", "SELECT * FROM s1 WHERE id % 2 = 0", "s1"),
    ]
    expected = plain(tracking="exact", threads=1)(steps, tmp_path / "ordered")
    found = plain(tracking="fused", threads=4, ordered=False)(steps, tmp_path / "unordered")
    assert {name: sorted(rows) for name, rows in found.items()} == expected
