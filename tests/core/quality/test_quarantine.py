"""Rows that were set aside: listed, mended, and replayed once each."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.conftest import Run

from odibi_core.design.yaml_form import dump_yaml
from odibi_core.errors import OdibiError
from odibi_core.journal.order import Trigger
from odibi_core.journal.repeating import Repeat, repeat_order
from odibi_core.pipeline import Pipeline
from odibi_core.quality.quarantine import ReplayState, SetAside
from odibi_core.quarantine_desk import QuarantineDesk
from odibi_core.run_result import RunResult
from odibi_core.testing import ingest_step, sql_step, store_step
from odibi_core.workspace import Workspace

MakeFile = Callable[[str, str | bytes], Path]

ORDERS = "id,amount,day\n1,5,2024-01-01\n2,-3,2024-01-02\n3,two,2024-01-03\n4,7,2024-01-04\n4,8,2024-01-05\n"
TYPES = {"id": "BIGINT", "amount": "BIGINT", "day": "DATE"}


def shop(**store: Any) -> Pipeline:
    """Orders of which some are unreadable, some alike, and one below zero, appended to a table."""
    read = ingest_step("read", "orders.csv", schema=TYPES)
    clean = sql_step("clean", "SELECT * FROM read", "read")
    clean.expectations = [
        {"check": "unique", "columns": "id", "severity": "quarantine"},
        {"check": "range", "column": "amount", "min": 0, "severity": "quarantine"},
        {"check": "row_count", "min": 1, "history": 5},
    ]
    people = ingest_step("people", "people.csv")
    joined = sql_step("joined", "SELECT * FROM clean LEFT JOIN people USING (id)", "clean", "people")
    return Pipeline(
        "shop",
        [read, clean, people, joined, store_step("save", "out", "joined", **{"mode": "append", **store})],
    )


@pytest.fixture
def desk(workspace: Workspace, make_file: MakeFile) -> QuarantineDesk:
    """The desk of a workspace with that pipeline and its files."""
    make_file("orders.csv", ORDERS)
    make_file("people.csv", "id,name\n1,ana\n2,bo\n3,cleo\n4,dan\n5,eve\n")
    make_file("pipelines/shop.yaml", dump_yaml(shop(format="delta")))
    return QuarantineDesk(workspace)


def saved(workspace: Workspace) -> list[tuple[Any, ...]]:
    """What is in the table: id, amount and name."""
    from deltalake import DeltaTable

    rows = DeltaTable(workspace.root / "out").to_pyarrow_table().to_pylist()
    return sorted((row["id"], row["amount"], row["name"]) for row in rows)


def set_of(desk: QuarantineDesk, step: str) -> SetAside:
    """The latest set of a step."""
    return desk.quarantine.sets("shop", step)[0]


def mended(desk: QuarantineDesk, rows: SetAside, **values: list[Any]) -> Path:
    """The export of a set with other values in some columns."""
    path = desk.quarantine.path(rows).with_name(f"mended-{rows.number}.csv")
    desk.export(rows, path)
    with path.open(newline="") as file:
        found = list(csv.DictReader(file))
    for name, column in values.items():
        for row, value in zip(found, column, strict=True):
            row[name] = value
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(found[0]))
        writer.writeheader()
        writer.writerows(found)
    return path


def replayed(desk: QuarantineDesk, rows: SetAside, given: Any = None, **more: Any) -> RunResult:
    """What became of a replay, which must succeed."""
    with desk.replay(rows, given, **more) as result:
        assert result.success, result.errors
    return result


def test_rows_that_were_set_aside_are_listed_whatever_the_reason(desk: QuarantineDesk, run: Run) -> None:
    result = run(shop(format="delta"))
    clean, read = desk.quarantine.sets()
    assert (clean.step, clean.kind, clean.row_count, clean.open_rows) == ("clean", "expectation", 3, 3)
    assert clean.reasons == {"unique(id)": 2, "range(amount)": 1}
    assert clean.run_id == result.run_id
    assert (read.step, read.kind, read.row_count) == ("read", "unreadable", 1)
    rows = desk.quarantine.rows(clean)
    assert rows.column_names == ["odibi_row", "id", "amount", "day", "odibi_reasons"]
    assert rows["odibi_row"].to_pylist() == [1, 2, 3]
    assert desk.form(read).to_pylist() == [
        {
            "odibi_row": 1,
            "odibi_reason": "'two' is not a whole number (BIGINT)",
            "odibi_text": "3,two,2024-01-03",
            "id": "3",
            "amount": "two",
            "day": "2024-01-03",
        }
    ]


def test_mended_rows_go_on_from_the_step_that_set_them_aside(
    desk: QuarantineDesk, run: Run, workspace: Workspace
) -> None:
    run(shop(format="delta"))
    assert saved(workspace) == [(1, 5, "ana")]
    clean = set_of(desk, "clean")
    replayed(desk, clean, mended(desk, clean, id=[2, 4, 5], amount=[3, 7, 8]))
    assert saved(workspace) == [(1, 5, "ana"), (2, 3, "bo"), (4, 7, "dan"), (5, 8, "eve")]
    read = set_of(desk, "read")
    replayed(desk, read, mended(desk, read, amount=[2]))
    assert saved(workspace)[2] == (3, 2, "cleo")
    assert desk.quarantine.sets(only_open=True) == []


def test_a_row_is_replayed_once(desk: QuarantineDesk, run: Run, workspace: Workspace) -> None:
    run(shop(format="delta"))
    clean = set_of(desk, "clean")
    path = mended(desk, clean, id=[2, 4, 5], amount=[3, 7, 8])
    replayed(desk, clean, path)
    before = saved(workspace)
    with pytest.raises(OdibiError, match="row 1 of the set 2 belongs to the replay"):
        desk.replay(set_of(desk, "clean"), path)
    assert saved(workspace) == before


def test_rows_may_be_given_as_a_frame_and_those_left_out_stay_open(desk: QuarantineDesk, run: Run) -> None:
    run(shop(format="delta"))
    clean = set_of(desk, "clean")
    frame = desk.form(clean).to_pandas().iloc[:1].assign(amount=3)
    replayed(desk, clean, frame)
    clean = set_of(desk, "clean")
    assert clean.open_rows == 2
    assert desk.form(clean)["odibi_row"].to_pylist() == [2, 3]
    assert desk.quarantine.discard(clean, [3]) == 1
    assert set(desk.quarantine.settled(clean)) == {1, 3}
    with pytest.raises(OdibiError, match="row 3 of the set 2 was discarded already"):
        desk.quarantine.discard(clean, [3])


def test_mended_rows_that_still_offend_are_set_aside_again(
    desk: QuarantineDesk, run: Run, workspace: Workspace
) -> None:
    run(shop(format="delta"))
    clean = set_of(desk, "clean")
    result = replayed(desk, clean, mended(desk, clean, id=[2, 4, 5]))
    assert saved(workspace) == [(1, 5, "ana"), (4, 7, "dan"), (5, 8, "eve")]
    again = set_of(desk, "clean")
    assert (again.run_id, again.row_count, again.reasons) == (result.run_id, 1, {"range(amount)": 1})
    replayed(desk, again, mended(desk, again, amount=[3]))
    assert saved(workspace)[1] == (2, 3, "bo")


def test_a_replay_counts_for_no_history(desk: QuarantineDesk, run: Run) -> None:
    run(shop(format="delta"))
    clean = set_of(desk, "clean")
    replayed(desk, clean, mended(desk, clean, id=[2, 4, 5], amount=[3, 7, 8]))
    from odibi_core.quality.history import QualityHistory

    history = QualityHistory(desk.quarantine._workspace)
    assert [good.row_count for good in history.good_runs("shop", "clean", "data", 10)] == [1]


def test_a_replay_that_failed_goes_on_and_writes_nothing_twice(
    desk: QuarantineDesk, run: Run, workspace: Workspace, make_file: MakeFile
) -> None:
    pipeline = shop(format="delta")
    second = store_step("second", "more", "joined", mode="append", format="delta")
    both = replace(pipeline, steps=[*pipeline.steps, second])
    make_file("pipelines/shop.yaml", dump_yaml(both))
    run(both)
    block = workspace.root / "more"
    block.rename(workspace.root / "aside")
    block.write_text("a file in the way")
    clean = set_of(desk, "clean")
    with desk.replay(clean, mended(desk, clean, id=[2, 4, 5], amount=[3, 7, 8])) as result:
        assert result.failed_nodes == ["second"]
    assert len(saved(workspace)) == 4
    (replay,) = desk.quarantine.replays(clean)
    assert replay.state is ReplayState.WRITING
    assert set_of(desk, "clean").open_rows == 0
    block.unlink()
    (workspace.root / "aside").rename(block)
    with desk.go_on(replay) as result:
        assert result.success, result.errors
    assert len(saved(workspace)) == 4
    assert len(duckdb.execute(f"FROM '{block}/*.parquet'").fetchall()) == 4
    (done,) = desk.quarantine.replays()
    assert done.state is ReplayState.DONE
    with pytest.raises(OdibiError, match="the replay is done"):
        desk.go_on(done)


def test_a_process_that_dies_after_the_write_leaves_a_replay_that_writes_nothing_twice(
    desk: QuarantineDesk, run: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(shop(format="delta"))
    clean = set_of(desk, "clean")
    path = mended(desk, clean, id=[2, 4, 5], amount=[3, 7, 8])
    note = desk.quarantine.note_run

    def die(replay_id: str, run_id: str, state: ReplayState) -> None:
        if state is ReplayState.DONE:
            raise KeyboardInterrupt
        note(replay_id, run_id, state)

    with monkeypatch.context() as patch:
        patch.setattr(desk.quarantine, "note_run", die)
        with pytest.raises(KeyboardInterrupt):
            desk.replay(clean, path)
    assert len(saved(workspace)) == 4
    (replay,) = desk.quarantine.replays()
    desk.go_on(replay).close()
    assert len(saved(workspace)) == 4


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a value of another type": ({"amount": ["x", 7, 8]}, "row 1: 'x' in 'amount' is not BIGINT"),
    "a row that is not there": ({"odibi_row": [1, 2, 9]}, "the set 2 has no row 9"),
    "a row twice": ({"odibi_row": [1, 1, 2]}, "row 1 is there twice"),
    "no number": ({"odibi_row": [1, "", 2]}, "has no number in odibi_row"),
}


@pytest.mark.parametrize(("values", "told"), WRONG.values(), ids=WRONG)
def test_wrong_rows_are_refused_and_nothing_happens(
    desk: QuarantineDesk, run: Run, workspace: Workspace, values: dict[str, Any], told: str
) -> None:
    run(shop(format="delta"))
    clean = set_of(desk, "clean")
    with pytest.raises(OdibiError, match=told):
        desk.replay(clean, mended(desk, clean, **values))
    assert set_of(desk, "clean").open_rows == 3
    assert saved(workspace) == [(1, 5, "ana")]
    assert list((workspace.state / "quarantine").glob("*")) == []


def test_a_missing_or_unknown_column_is_named(desk: QuarantineDesk, run: Run) -> None:
    run(shop(format="delta"))
    clean = set_of(desk, "clean")
    frame = desk.form(clean).to_pandas()
    with pytest.raises(OdibiError, match="the column 'amount' is missing"):
        desk.replay(clean, frame.drop(columns="amount"))
    with pytest.raises(OdibiError, match="no column 'amont'") as raised:
        desk.replay(clean, frame.assign(amont=1))
    assert "amount" in raised.value.fix


def test_a_replay_that_would_overwrite_a_target_is_refused(
    desk: QuarantineDesk, run: Run, make_file: MakeFile
) -> None:
    pipeline = shop(mode="overwrite", format="parquet")
    make_file("pipelines/shop.yaml", dump_yaml(pipeline))
    run(pipeline)
    clean = set_of(desk, "clean")
    with pytest.raises(OdibiError, match="'save' writes with mode overwrite: a replay would leave these"):
        desk.replay(clean)
    assert set_of(desk, "clean").open_rows == 3


def test_rows_of_a_run_that_failed_come_again_and_are_not_replayed(
    desk: QuarantineDesk, run: Run, workspace: Workspace
) -> None:
    (workspace.root / "out").write_text("a file in the way")
    assert not run(shop(format="delta")).success
    clean = set_of(desk, "clean")
    assert not clean.is_good
    with pytest.raises(OdibiError, match="its rows come again with the next run"):
        desk.replay(clean)


def test_a_resumed_run_that_succeeds_makes_the_rows_of_the_first_its_own(
    desk: QuarantineDesk, run: Run, workspace: Workspace
) -> None:
    pipeline = shop(format="delta")
    for step in pipeline.steps:
        step.layer = {"read": "bronze", "clean": "silver", "people": "bronze"}.get(step.name, step.layer)
    (workspace.root / "out").write_text("a file in the way")
    assert not run(pipeline, enable_checkpoints=True).success
    (workspace.root / "out").unlink()
    assert run(pipeline, resume_from_checkpoint=True).success
    sets = desk.quarantine.sets("shop", "clean")
    assert [(one.row_count, one.is_good) for one in sets] == [(3, True)]


def test_rows_go_as_they_are_once_the_expectation_is_changed(
    desk: QuarantineDesk, run: Run, workspace: Workspace, make_file: MakeFile
) -> None:
    run(shop(format="delta"))
    eased = shop(format="delta")
    eased.steps[1].expectations = [{"check": "not_null", "columns": "id"}]
    make_file("pipelines/shop.yaml", dump_yaml(eased))
    replayed(desk, set_of(desk, "clean"))
    assert [row[0] for row in saved(workspace)] == [1, 2, 4, 4]


def test_a_run_that_took_mended_rows_is_not_done_again_as_any_other(
    desk: QuarantineDesk, run: Run, workspace: Workspace
) -> None:
    run(shop(format="delta"))
    clean = set_of(desk, "clean")
    result = replayed(desk, clean, mended(desk, clean, id=[2, 4, 5], amount=[3, 7, 8]))
    with pytest.raises(OdibiError, match="which another run would write once more"):
        repeat_order(workspace.runs / result.run_id, Repeat.START, trigger=Trigger.COMMAND_LINE, author="ana")


def test_sets_that_nobody_has_are_told(desk: QuarantineDesk) -> None:
    with pytest.raises(OdibiError, match="there is no set of rows 7"):
        desk.quarantine.find(7)
