"""A run goes on from another one's checkpoint: steps that have changed run again, and what follows them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from odibi_core import CheckpointMode, EventBus, Orchestrator, RunResult, Step
from odibi_core.errors import CheckpointError
from odibi_core.kept.resumption import Fork

DOUBLED = "SELECT id, amount * 2 AS amount FROM orders"
LARGE = "SELECT * FROM doubled WHERE amount > 100"


def steps(doubled: str = DOUBLED, large: str = LARGE) -> list[Step]:
    return [
        Step("ingest", "load", "config_op", "", "orders.csv", outputs={"data": "orders"}),
        Step(
            "bronze", "double", "sql", "", doubled, inputs={"orders": "orders"}, outputs={"data": "doubled"}
        ),
        Step("bronze", "log", "config_op", "", "log.csv", {"mode": "append"}, inputs={"d": "doubled"}),
        Step("silver", "filter", "sql", "", large, inputs={"doubled": "doubled"}, outputs={"data": "large"}),
        Step("store", "keep", "config_op", "", "out.csv", inputs={"large": "large"}),
    ]


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "orders.csv").write_text("id,amount\n1,10\n2,60\n3,90\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(given: list[Step], name: str = "sales", **settings: Any) -> tuple[RunResult, dict[str, str]]:
    """The run, and step → how it ended."""
    ended: dict[str, str] = {}
    bus = EventBus()
    bus.register_hook("node_complete", lambda it: ended.update({it["step_name"]: it["status"]}))
    result = Orchestrator(
        given,
        pipeline_name=name,
        tracking="exact",
        enable_checkpoints=True,
        checkpoint_mode=CheckpointMode.AUTO,
        event_bus=bus,
        **settings,
    ).execute()
    return result, ended


def test_a_changed_step_and_what_follows_run_again_and_nothing_else() -> None:
    first, _ = run(steps())
    fork = Fork("sales", first.run_id)
    result, ended = run(steps(large="SELECT * FROM doubled WHERE amount > 150"), "sales_fork", fork_of=fork)
    assert result.success, result.errors
    assert {name for name, status in ended.items() if status == "cached"} == {"load", "double", "log"}
    assert {name for name, status in ended.items() if status == "success"} == {"filter", "keep"}
    assert list(pd.read_csv("out.csv").amount) == [180]
    assert len(pd.read_csv("log.csv")) == 3  # appended by the first run alone


def test_a_store_whose_rows_come_about_in_another_way_writes_again() -> None:
    first, _ = run(steps())
    changed = steps(doubled="SELECT id, amount * 3 AS amount FROM orders")
    result, ended = run(changed, "sales_fork", fork_of=Fork("sales", first.run_id))
    assert result.success, result.errors
    assert ended["load"] == "cached"
    assert {name for name, status in ended.items() if status == "success"} == {
        "double",
        "log",
        "filter",
        "keep",
    }
    assert len(pd.read_csv("log.csv")) == 6


def test_a_source_that_has_changed_is_read_anew_with_all_that_follows_it() -> None:
    def joined(large: str) -> list[Step]:
        given = steps(large=large)
        given[3].inputs = {"doubled": "doubled", "orders": "orders"}
        # The file is read again where rows are asked for, not kept in the checkpoint.
        given[0].engine = given[1].engine = given[2].engine = given[3].engine = given[4].engine = "pandas"
        return given

    sql = "SELECT d.id, d.amount, o.amount AS once FROM doubled d JOIN orders o USING (id)"
    first, _ = run(joined(f"{sql} WHERE error(d.amount::VARCHAR) IS NULL"))
    assert first.failed_nodes == ["filter"]
    Path("orders.csv").write_text("id,amount\n1,1000\n")
    result, ended = run(joined(sql), "sales_fork", fork_of=Fork("sales", first.run_id))
    assert result.success, result.errors
    assert set(ended.values()) == {"success"}
    found = pd.read_csv("out.csv")
    assert (list(found.amount), list(found.once)) == ([2000], [1000])


def test_a_failed_run_is_mended_in_a_fork_and_goes_on() -> None:
    first, _ = run(steps(large="SELECT * FROM doubled WHERE error(amount::VARCHAR) IS NULL"))
    assert first.failed_nodes == ["filter"]
    Path("orders.csv").unlink()  # the fork has the run's own rows
    result, ended = run(steps(), "sales_fork", fork_of=Fork("sales", first.run_id))
    assert result.success, result.errors
    assert ended["double"] == "cached"
    assert list(pd.read_csv("out.csv").amount) == [120, 180]


def test_a_fork_leaves_the_run_that_it_came_from_to_be_resumed() -> None:
    broken = steps(large="SELECT * FROM doubled WHERE error(amount::VARCHAR) IS NULL")
    first, _ = run(broken)
    run(steps(), "sales_fork", fork_of=Fork("sales", first.run_id))
    resumed, ended = run(steps(), resume_from_checkpoint=True)
    assert resumed.success, resumed.errors
    assert ended["log"] == "cached"
    assert len(pd.read_csv("log.csv")) == 3


def test_a_run_without_a_checkpoint_can_not_be_forked() -> None:
    with pytest.raises(CheckpointError, match="no checkpoint"):
        run(steps(), fork_of=Fork("sales", "20260101T000000-aa"))


def test_rows_that_were_not_kept_are_not_read_from_a_changed_source_beside_rows_that_were() -> None:
    first, _ = run(steps(large="SELECT * FROM doubled WHERE error(amount::VARCHAR) IS NULL"))
    assert first.failed_nodes == ["filter"]
    Path("orders.csv").write_text("id,amount\n1,1000\n")
    # No step waited for the rows of the source at the end: the checkpoint holds those of `double` alone.
    changed = steps(large="SELECT d.id, d.amount, o.amount AS once FROM doubled d JOIN orders o USING (id)")
    changed[3].inputs = {"doubled": "doubled", "orders": "orders"}
    result, ended = run(changed, "sales_fork", fork_of=Fork("sales", first.run_id))
    assert result.success, result.errors
    assert set(ended.values()) == {"success"}
    found = pd.read_csv("out.csv")
    assert (list(found.amount), list(found.once)) == ([2000], [1000])
    note = (
        f"its source has changed since the run {first.run_id}, which did not keep its rows: it is read anew"
    )
    assert any(f"step 'load': {note}" in warning for warning in result.warnings)


def test_a_changed_source_that_another_step_reads_anew_is_read_anew_by_both() -> None:
    first, _ = run(steps(large="SELECT * FROM doubled WHERE error(amount::VARCHAR) IS NULL"))
    Path("orders.csv").write_text("id,amount\n1,1000\n")
    changed = steps(large="SELECT d.id, d.amount, o.amount AS once FROM doubled d JOIN again o USING (id)")
    changed[3].inputs = {"doubled": "doubled", "again": "again"}
    changed.insert(0, Step("ingest", "reload", "config_op", "", "orders.csv", outputs={"data": "again"}))
    result, ended = run(changed, "sales_fork", fork_of=Fork("sales", first.run_id))
    assert result.success, result.errors
    assert ended["double"] == "success"
    assert list(pd.read_csv("out.csv").once) == [1000]
    assert any("and 'reload' reads it anew" in warning for warning in result.warnings)


def test_rows_of_a_source_that_has_changed_since_are_told_to_be_those_of_the_run() -> None:
    first, _ = run(steps(large="SELECT * FROM doubled WHERE error(amount::VARCHAR) IS NULL"))
    Path("orders.csv").write_text("id,amount\n1,1000\n")
    told: list[str] = []
    bus = EventBus()
    bus.subscribe(lambda it: told.append(it["message"]) if it["event_type"] == "node_warning" else None)
    fork = Fork("sales", first.run_id)
    result = Orchestrator(
        steps(), pipeline_name="sales_fork", enable_checkpoints=True, event_bus=bus, fork_of=fork
    ).execute()
    assert result.success, result.errors
    assert list(pd.read_csv("out.csv").amount) == [120, 180]
    assert told == [
        f"its source has changed since the run {first.run_id}: its rows are those that the run had read"
    ]


def test_a_fork_of_a_fork_knows_of_which_state_the_rows_are() -> None:
    broken = "SELECT * FROM doubled WHERE error(amount::VARCHAR) IS NULL"
    first, _ = run(steps(large=broken))
    Path("orders.csv").write_text("id,amount\n1,1000\n")
    second, ended = run(steps(large=f"{broken} AND true"), "second", fork_of=Fork("sales", first.run_id))
    assert (second.success, ended["double"]) == (False, "cached")
    changed = steps(large="SELECT d.id, d.amount, o.amount AS once FROM doubled d JOIN orders o USING (id)")
    changed[3].inputs = {"doubled": "doubled", "orders": "orders"}
    third, ended = run(changed, "third", fork_of=Fork("second", second.run_id))
    assert third.success, third.errors
    assert ended["double"] == "success"
    assert list(pd.read_csv("out.csv").amount) == [2000]
