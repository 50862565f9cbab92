"""The cache, through runs that have it switched on."""

from __future__ import annotations

import importlib
import multiprocessing
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from odibi_core import CacheManager, EventBus, Orchestrator, RunResult, Step
from odibi_core.testing import ingest_step, sql_step, store_step

ORDERS = "id,amount\n1,10\n2,20\n3,30\n"


def steps(
    sql: str = "SELECT id, amount * 2 AS doubled FROM orders", *, function: Any = "", mode: str = "overwrite"
) -> list[Step]:
    shape = (
        Step(
            "silver",
            "shape",
            "function",
            "pandas",
            function,
            inputs={"data": "doubled"},
            outputs={"data": "out"},
        )
        if function
        else Step(
            "silver",
            "shape",
            "sql",
            "pandas",
            "SELECT * FROM d",
            inputs={"d": "doubled"},
            outputs={"data": "out"},
        )
    )
    return [
        Step("ingest", "load", "config_op", "pandas", "orders.csv", outputs={"data": "orders"}),
        Step(
            "silver", "double", "sql", "pandas", sql, inputs={"orders": "orders"}, outputs={"data": "doubled"}
        ),
        shape,
        Step("store", "keep", "config_op", "pandas", "out.parquet", {"mode": mode}, inputs={"out": "out"}),
    ]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "orders.csv").write_text(ORDERS)
    return tmp_path


def run(workspace: Path, *given: Step, **settings: Any) -> RunResult:
    settings = {"enable_cache": True, "tracking": "exact", **settings}
    result = Orchestrator(list(given) or steps(), workspace=workspace, **settings).execute()
    assert result.success, result.errors
    return result


@pytest.fixture
def module(tmp_path: Path) -> Iterator[Path]:
    """A module of the project that a function step names."""
    path = tmp_path / "kept_functions.py"
    sys.path.insert(0, str(tmp_path))
    yield path
    sys.path.remove(str(tmp_path))
    sys.modules.pop("kept_functions", None)


def write_module(path: Path, source: str) -> None:
    path.write_text(source)
    sys.modules.pop("kept_functions", None)
    importlib.invalidate_caches()
    for compiled in path.parent.glob("__pycache__/kept_functions*"):
        compiled.unlink()


def entries(workspace: Path) -> list[Path]:
    return sorted(workspace.glob("cache/??/*"))


def test_a_second_run_of_the_same_takes_everything_from_the_cache(workspace: Path) -> None:
    first = run(workspace)
    written = (workspace / "out.parquet").stat().st_mtime_ns
    second = run(workspace)
    assert set(first.cache_reasons.values()) == {"not cached"}
    assert second.cached_nodes == ["load", "double", "shape", "keep"]
    assert second.nodes_executed == 0
    assert second.cache_reasons == {}
    assert (workspace / "out.parquet").stat().st_mtime_ns == written
    pd.testing.assert_frame_equal(second.data_map["doubled"], first.data_map["doubled"])


def test_a_run_that_takes_everything_from_the_cache_opens_no_database(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from odibi_core import late_duckdb

    # Only what was looked at some time after it was written is known to be as it was.
    run(workspace)
    run(workspace)
    opened: list[Any] = []
    connect = late_duckdb.connect

    def watched(*arguments: Any, **settings: Any) -> Any:
        opened.append(settings)
        return connect(*arguments, **settings)

    monkeypatch.setattr(late_duckdb, "connect", watched)
    second = run(workspace)
    assert opened == []
    assert second.data_map["out"]["doubled"].tolist() == [20, 40, 60]
    assert len(opened) <= 1


def test_the_story_of_a_run_that_took_everything_from_the_cache_is_made_when_it_is_asked_for(
    workspace: Path,
) -> None:
    first, second = run(workspace), run(workspace)
    assert (first.run_dir / "story.html").is_file()
    assert first.story() == first.run_dir / "story.html"
    assert second.nodes_executed == 0
    assert not (second.run_dir / "story.html").exists()
    assert (second.run_dir / "lineage.json").is_file()
    story = second.story()
    assert story == second.run_dir / "story.html"
    assert second.run_id in story.read_text(encoding="utf-8")
    (workspace / "orders.csv").write_text("id,amount\n1,15\n")
    third = run(workspace)
    assert third.nodes_executed > 0
    assert (third.run_dir / "story.html").is_file()
    assert run(workspace, enable_tracker=False).story() is None


def test_a_database_file_whose_columns_a_plan_looked_up_may_be_written_by_others(workspace: Path) -> None:
    import duckdb

    file = workspace / "orders.duckdb"
    with duckdb.connect(str(file)) as database:
        database.execute("CREATE TABLE orders AS SELECT 1 AS id, 10 AS amount")
    given = steps()
    given[0].value, given[0].params = "orders.duckdb", {"table": "orders"}
    for _ in range(2):
        assert Orchestrator(given, workspace=workspace).plan().steps
        more = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute('INSERT INTO orders VALUES (2, 20)')"
        subprocess.run([sys.executable, "-c", more, str(file)], check=True)


@pytest.mark.parametrize("tracking", ["exact", "fused"])
def test_recalled_results_look_as_they_did(workspace: Path, tracking: str) -> None:
    first = run(workspace, tracking=tracking)
    second = run(workspace, tracking=tracking)
    for key in ("orders", "doubled", "out"):
        assert second.data_map.dataset(key).snapshot() == first.data_map.dataset(key).snapshot()
        pd.testing.assert_frame_equal(second.data_map[key], first.data_map[key])


def test_a_changed_file_reruns_what_reads_it(workspace: Path) -> None:
    run(workspace)
    (workspace / "orders.csv").write_text(ORDERS + "4,40\n")
    result = run(workspace)
    assert set(result.cache_reasons.values()) == {"input changed"}
    assert result.data_map["out"]["doubled"].tolist() == [20, 40, 60, 80]


def test_changed_sql_reruns_only_what_is_downstream(workspace: Path) -> None:
    run(workspace)
    result = run(workspace, *steps("SELECT id, amount * 3 AS doubled FROM orders"))
    assert result.cached_nodes == ["load"]
    assert result.cache_reasons == {
        "double": "settings changed",
        "shape": "input changed",
        "keep": "input changed",
    }
    assert result.data_map["out"]["doubled"].tolist() == [30, 60, 90]


def test_a_changed_parameter_reruns_the_steps_that_name_it(workspace: Path) -> None:
    sql = "SELECT id, amount * {factor} AS doubled FROM orders"
    run(workspace, *steps(sql), parameters={"factor": 2, "other": 1})
    same = run(workspace, *steps(sql), parameters={"factor": 2, "other": 5})
    assert same.nodes_executed == 0
    changed = run(workspace, *steps(sql), parameters={"factor": 7, "other": 5})
    assert changed.cache_reasons["double"] == "settings changed"
    assert changed.cached_nodes == ["load"]


def test_a_changed_function_reruns(workspace: Path, module: Path) -> None:
    write_module(module, "def shape(data):\n    return data.assign(n=1)\n")
    given = steps(function="kept_functions.shape")
    run(workspace, *given)
    assert run(workspace, *given).nodes_executed == 0
    write_module(module, "def shape(data):\n    return data.assign(n=2)\n")
    result = run(workspace, *given)
    assert result.cache_reasons == {"shape": "code changed", "keep": "input changed"}
    assert result.data_map["out"]["n"].tolist() == [2, 2, 2]


def test_a_changed_helper_of_a_function_reruns_and_a_comment_does_not(workspace: Path, module: Path) -> None:
    source = (
        "RATE = {rate}\ndef _rate():\n    return RATE\ndef shape(data):\n    return data.assign(n=_rate())\n"
    )
    given = steps(function="kept_functions.shape")
    write_module(module, source.format(rate=1))
    run(workspace, *given)
    write_module(module, "# why\n" + source.format(rate=1))
    assert run(workspace, *given).nodes_executed == 0
    write_module(module, source.format(rate=2))
    assert run(workspace, *given).cache_reasons["shape"] == "code changed"


def test_a_function_whose_state_cannot_be_read_always_runs(workspace: Path) -> None:
    class Shaper:
        def __call__(self, data: pd.DataFrame) -> pd.DataFrame:
            return data

    given = steps(function=Shaper())
    run(workspace, *given)
    result = run(workspace, *given)
    assert result.cached_nodes == ["load", "double"]
    assert result.cache_reasons == {"shape": "not cached", "keep": "input changed"}


def test_a_step_that_asks_for_it_is_never_cached(workspace: Path) -> None:
    given = steps()
    given[1].params["cache"] = False
    run(workspace, *given)
    result = run(workspace, *given)
    assert result.cached_nodes == ["load"]
    assert result.cache_reasons["double"] == "not cached"


@pytest.mark.parametrize("harm", ["edited", "deleted"])
def test_a_store_runs_again_when_its_target_is_not_as_it_left_it(workspace: Path, harm: str) -> None:
    run(workspace)
    target = workspace / "out.parquet"
    whole = target.read_bytes()
    target.write_bytes(b"mine") if harm == "edited" else target.unlink()
    result = run(workspace)
    assert result.cached_nodes == ["load", "double", "shape"]
    assert result.cache_reasons == {"keep": "not cached"}
    assert target.read_bytes() == whole
    assert run(workspace).nodes_executed == 0


def test_an_append_always_runs(workspace: Path) -> None:
    given = steps(mode="append")
    for _ in range(3):
        run(workspace, *given)
    assert len(pd.read_parquet(workspace / "out.parquet")) == 9


def test_a_delta_store_is_known_by_its_version(workspace: Path) -> None:
    from deltalake import DeltaTable

    given = steps()
    given[3] = Step("store", "keep", "config_op", "pandas", "out", {"format": "delta"}, inputs={"out": "out"})
    run(workspace, *given)
    assert run(workspace, *given).nodes_executed == 0
    DeltaTable(workspace / "out").delete("id = 1")
    result = run(workspace, *given)
    assert result.cache_reasons == {"keep": "not cached"}
    assert DeltaTable(workspace / "out").to_pyarrow_table().num_rows == 3


def test_a_flipped_byte_anywhere_is_noticed(workspace: Path) -> None:
    expected = run(workspace).data_map["out"]
    for number, path in enumerate(sorted(workspace.glob("cache/??/*/*"))):
        content = bytearray(path.read_bytes())
        content[(number * 37 + len(content) // 2) % len(content)] ^= 0x10
        path.write_bytes(content)
    result = run(workspace)
    assert result.nodes_executed == 4
    assert len(result.warnings) == 4
    assert all("was damaged and is made anew" in warning for warning in result.warnings)
    pd.testing.assert_frame_equal(result.data_map["out"], expected)
    assert run(workspace).nodes_executed == 0


def test_a_missing_file_of_an_entry_is_noticed(workspace: Path) -> None:
    run(workspace)
    for path in workspace.glob("cache/??/*/*.parquet"):
        path.unlink()
    result = run(workspace)
    assert any("is missing" in warning for warning in result.warnings)
    assert result.cached_nodes == ["keep"]


def test_a_result_that_cannot_be_kept_says_so_and_the_run_goes_on(workspace: Path) -> None:
    def nest(data: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({"items": [[1, 2], [3]]})

    given = [*steps(function=nest)[:3]]
    messages: list[str] = []
    bus = EventBus()
    bus.subscribe(lambda e: messages.append(e["message"]) if e["event_type"] == "node_warning" else None)
    run(workspace, *given, event_bus=bus)
    assert messages == ["the result is not cached: column 'items' holds Python lists or dicts"]


def test_rows_set_aside_are_told_again(workspace: Path) -> None:
    (workspace / "orders.csv").write_text("id,amount\n" + "1,10\n" * 50 + "2,20,oops\n")
    first = run(workspace)
    second = run(workspace)
    assert second.nodes_executed == 0
    assert first.tracker is not None
    assert second.tracker is not None
    told = [next(s for s in r.tracker.step_executions if s["step_name"] == "load") for r in (first, second)]  # type: ignore[union-attr]
    assert told[0]["rejected_rows"] == told[1]["rejected_rows"] == 1
    assert Path(told[1]["rejects_path"]).read_text() == Path(told[0]["rejects_path"]).read_text()


def test_the_least_recently_used_goes_first(workspace: Path) -> None:
    manager = CacheManager(workspace / "cache")
    run(workspace, *steps()[:2], cache_manager=manager)
    run(workspace, *steps("SELECT id FROM orders")[:2], cache_manager=manager)
    run(workspace, *steps()[:2], cache_manager=manager)
    manager.max_bytes = manager.size_bytes() + 100
    run(workspace, *steps("SELECT amount FROM orders")[:2], cache_manager=manager)
    assert manager.size_bytes() <= manager.max_bytes
    assert run(workspace, *steps()[:2], cache_manager=manager).nodes_executed == 0


def test_invalidating_a_step_reruns_it_alone(workspace: Path) -> None:
    run(workspace)
    manager = CacheManager(workspace / "cache")
    assert manager.invalidate("double") == 1
    assert manager.invalidate("nothing") == 0
    result = run(workspace)
    assert result.cache_reasons == {"double": "not cached"}


def test_clearing_removes_entries_and_nothing_else(workspace: Path) -> None:
    run(workspace)
    (workspace / "cache/mine.txt").write_text("mine")
    assert CacheManager(workspace / "cache").clear_all() == 4
    assert entries(workspace) == []
    assert (workspace / "cache/mine.txt").exists()
    assert set(run(workspace).cache_reasons.values()) == {"not cached"}


def test_the_forecast_says_what_a_run_would_do(workspace: Path) -> None:
    def forecast(given: list[Step]) -> dict[str, tuple[bool, dict[str, str]]]:
        front = Orchestrator(given, workspace=workspace, enable_cache=True, tracking="exact")
        return {name: (f.is_hit, dict(f.reasons)) for name, f in front.cache_forecasts().items()}

    assert forecast(steps())["load"] == (False, {"load": "not cached"})
    run(workspace)
    assert all(is_hit for is_hit, _ in forecast(steps()).values())
    changed = forecast(steps("SELECT 1 AS doubled, id FROM orders"))
    assert changed["load"] == (True, {})
    assert changed["double"] == (False, {"double": "settings changed"})


def test_the_reason_is_in_the_events(workspace: Path) -> None:
    seen: dict[str, Any] = {}
    bus = EventBus()
    bus.subscribe(
        lambda e: (
            seen.update({e["step_name"]: (e["status"], e["cache_reason"])})
            if e["event_type"] == "node_complete"
            else None
        )
    )
    run(workspace, *steps()[:2])
    run(workspace, *steps("SELECT 1 AS one FROM orders")[:2], event_bus=bus)
    assert seen == {"load": ("cached", None), "double": ("success", "settings changed")}


def _run_often(workspace: Path, target: str, found: Any) -> None:
    given = steps()
    # Of two that overwrite one file at the same moment one is told so, with or without a cache.
    given[3].value = target
    try:
        totals = [int(run(workspace, *given).data_map["out"]["doubled"].sum()) for _ in range(5)]
    except Exception as error:
        found.put(repr(error))
        raise
    found.put(totals)


def test_processes_share_a_cache(workspace: Path) -> None:
    context = multiprocessing.get_context("spawn")
    found = context.SimpleQueue()
    processes = [
        context.Process(target=_run_often, args=(workspace, target, found))
        for target in ("one.parquet", "other.parquet")
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=120)
    assert [process.exitcode for process in processes] == [0, 0]
    assert [found.get() for _ in processes] == [[120] * 5] * 2
    assert run(workspace).cached_nodes[:3] == ["load", "double", "shape"]
    assert not list(workspace.glob("cache/.tmp-*"))


def test_a_secret_is_neither_in_the_key_nor_in_the_cache(workspace: Path) -> None:
    sql = "SELECT id, amount * 2 AS doubled FROM orders WHERE '${secret:TOKEN}' <> ''"
    run(workspace, *steps(sql), secrets={"TOKEN": "first-secret"})
    assert run(workspace, *steps(sql), secrets={"TOKEN": "other-secret"}).nodes_executed == 0
    for path in workspace.glob("cache/**/*"):
        assert path.is_dir() or b"first-secret" not in path.read_bytes()


@pytest.mark.parametrize("kept", ["cache", "checkpoints"])
def test_no_secret_gets_into_a_manifest(workspace: Path, kept: str) -> None:
    given = steps()
    given[3].value = "${secret:CUSTOMER}/out.parquet"
    settings: dict[str, Any] = {"secrets": {"CUSTOMER": "hunter22"}, "pipeline_name": "sales"}
    if kept == "checkpoints":
        settings |= {"enable_checkpoints": True, "checkpoint_mode": "auto", "checkpoint_dir": "checkpoints"}
    run(workspace, *given, **settings)
    manifests = list((workspace / kept).rglob("manifest.json"))
    assert manifests
    assert not [path for path in manifests if "hunter22" in path.read_text()]


@pytest.mark.parametrize("volatile", ["random()", "uuid()", "CURRENT_TIMESTAMP", "now()", "today()"])
def test_sql_that_gives_something_else_each_time_runs_each_time(workspace: Path, volatile: str) -> None:
    given = steps(f"SELECT id, amount * 2 AS doubled, {volatile} AS stamp FROM orders")
    run(workspace, *given)
    assert run(workspace, *given).cached_nodes == ["load"]
    given[1].params["cache"] = True
    run(workspace, *given)
    assert run(workspace, *given).nodes_executed == 0


def test_a_result_that_was_held_in_the_file_of_a_step_is_found_again(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run lets go of the file's second name at its end, which the file's time of change tells."""
    from odibi_core.engines.duckdb.held_files import FileDataset

    dropped, drop = [], FileDataset.drop

    def drop_later(held: FileDataset, cursor: Any) -> None:
        # Disks tell times in steps of some milliseconds.
        time.sleep(0.05)
        dropped.append(held.key)
        drop(held, cursor)

    monkeypatch.setattr(FileDataset, "drop", drop_later)
    given = [
        ingest_step("orders", "orders.csv"),
        sql_step("doubled", "SELECT DISTINCT id, amount * 2 AS amount FROM orders", "orders"),
        sql_step("total", "SELECT sum(amount) AS amount FROM doubled", "doubled"),
        store_step("save_doubled", "doubled.parquet", "doubled"),
        store_step("save_total", "total.parquet", "total"),
    ]
    run(workspace, *given, keeps_data=False, tracking="fused").close()
    assert dropped == ["doubled"]
    second = run(workspace, *given, keeps_data=False, tracking="fused")
    assert second.cache_reasons == {}
    (workspace / "doubled.parquet").write_bytes(b"of another program")
    third = run(workspace, *given, keeps_data=False, tracking="fused")
    assert third.cache_reasons == {"save_doubled": "not cached"}
