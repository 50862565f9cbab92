"""Checkpoints, through runs that fail, that are killed, and that go on."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from odibi_core import CheckpointManager, CheckpointMode, EventBus, Orchestrator, RunResult, Step
from odibi_core.checkpoint_manager import Checkpoint
from odibi_core.errors import CheckpointError
from odibi_core.kept import checkpointed_run
from odibi_core.kept.checkpoint_saver import CheckpointSaver
from odibi_core.kept.manifest import sealed

pytestmark = pytest.mark.usefixtures("checkpoints_at_once")

ORDERS = "id,amount\n" + "".join(f"{number},{number * 10}\n" for number in range(1, 101))


def checked(data: pd.DataFrame) -> pd.DataFrame:
    """Gives the data back, unless a file says to fail."""
    if Path("fail.flag").exists():
        raise ValueError("told to fail")
    return data


def steps(sql: str = "SELECT id, amount * 2 AS doubled FROM orders") -> list[Step]:
    return [
        Step("ingest", "load", "config_op", "pandas", "orders.csv", outputs={"data": "orders"}),
        Step(
            "bronze", "double", "sql", "pandas", sql, inputs={"orders": "orders"}, outputs={"data": "doubled"}
        ),
        Step("early", "log", "config_op", "pandas", "log.csv", {"mode": "append"}, inputs={"d": "doubled"}),
        Step(
            "silver",
            "check",
            "function",
            "pandas",
            checked,
            inputs={"data": "doubled"},
            outputs={"data": "ok"},
        ),
        Step("store", "keep", "config_op", "pandas", "out.parquet", inputs={"ok": "ok"}),
    ]


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "orders.csv").write_text(ORDERS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def execute(*given: Step, mode: CheckpointMode = CheckpointMode.AUTO, **settings: Any) -> RunResult:
    settings = {"tracking": "exact", "enable_checkpoints": True, "checkpoint_mode": mode, **settings}
    return Orchestrator(list(given) or steps(), pipeline_name="sales", **settings).execute()


def fail(*given: Step, **settings: Any) -> RunResult:
    Path("fail.flag").touch()
    result = execute(*given, **settings)
    Path("fail.flag").unlink()
    assert result.failed_nodes == ["check"]
    return result


def resume(*given: Step, **settings: Any) -> RunResult:
    return execute(*given, resume_from_checkpoint=True, **settings)


def saved_by(mode: CheckpointMode, given: list[Step]) -> list[list[str]]:
    saved: list[list[str]] = []
    bus = EventBus()
    bus.subscribe(
        lambda e: saved.append(e["completed_nodes"]) if e["event_type"] == "checkpoint_saved" else None
    )
    assert execute(*given, mode=mode, event_bus=bus).success
    return saved


def newest_checkpoint() -> Checkpoint:
    manager = CheckpointManager("checkpoints")
    record = manager.last_run("sales")
    assert record is not None
    found = manager.latest("sales", record.run_id, print)
    assert found is not None
    return found


def checkpoint_folders() -> list[Path]:
    return [path for path in sorted(Path("checkpoints/sales").iterdir()) if path.is_dir()]


def test_a_resumed_run_does_what_is_left(workspace: Path) -> None:
    fail()
    result = resume()
    assert result.success
    assert result.cached_nodes == ["load", "double", "log"]
    assert result.warnings == []
    assert len(pd.read_csv("log.csv")) == 100
    assert pd.read_parquet("out.parquet")["doubled"].sum() == 101_000
    assert result.data_map["orders"]["amount"].sum() == 50_500


@pytest.mark.parametrize("mode", [CheckpointMode.AUTO, CheckpointMode.LAYER, CheckpointMode.INTERVAL])
@pytest.mark.parametrize("tracking", ["exact", "fused"])
def test_every_mode_resumes(workspace: Path, mode: CheckpointMode, tracking: str) -> None:
    fail(mode=mode, tracking=tracking)
    result = resume(mode=mode)
    assert result.success
    assert "keep" not in result.cached_nodes
    assert len(pd.read_csv("log.csv")) == 100
    assert pd.read_parquet("out.parquet")["doubled"].sum() == 101_000


def test_auto_saves_after_every_region(workspace: Path) -> None:
    assert [len(done) for done in saved_by(CheckpointMode.AUTO, steps())] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("work_s", "saving_s", "saved"),
    [
        # Little is lost: once, when all is done.
        ([0.5, 0.5, 0.5, 0.4, 0.5], 0.0, [6]),
        ([0.5, 1.6, 0.5, 2.0, 0.5], 0.0, [3, 5, 6]),
        # Saving takes long: the next one waits for ten times as much work.
        ([2.0, 2.0, 2.0, 6.0, 2.0], 1.0, [2, 5, 6]),
    ],
)
def test_auto_waits_until_a_checkpoint_is_worth_its_cost(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, work_s: list[float], saving_s: float, saved: list[int]
) -> None:
    monkeypatch.setattr(checkpointed_run, "AUTO_S", 2.0)
    monkeypatch.setattr(checkpointed_run, "AUTO_SHARE", 0.1)
    clock = [0.0]
    save = CheckpointSaver.save

    def save_slowly(saver: CheckpointSaver, *args: Any) -> dict[str, Any]:
        clock[0] += saving_s
        return save(saver, *args)

    def work(data: pd.DataFrame, seconds: float) -> pd.DataFrame:
        clock[0] += seconds
        return data

    monkeypatch.setattr(checkpointed_run, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    monkeypatch.setattr(CheckpointSaver, "save", save_slowly)
    given = [Step("ingest", "load", "config_op", "pandas", "orders.csv", outputs={"data": "d0"})]
    for number, seconds in enumerate(work_s):
        given.append(
            Step(
                "work",
                f"work_{number}",
                "function",
                "pandas",
                work,
                {"seconds": seconds},
                inputs={"data": f"d{number}"},
                outputs={"data": f"d{number + 1}"},
            )
        )
    assert [len(done) for done in saved_by(CheckpointMode.AUTO, given)] == saved


def test_layer_saves_when_a_layer_is_complete(workspace: Path) -> None:
    given = steps()
    given[2].layer = "bronze"
    done = saved_by(CheckpointMode.LAYER, given)
    assert done[:2] == [["load"], ["load", "double", "log"]]


def test_interval_saves_every_ten_steps(workspace: Path) -> None:
    chain = [Step("ingest", "step_0", "config_op", "pandas", "orders.csv", outputs={"data": "d0"})]
    chain += [
        Step(
            "t",
            f"step_{n}",
            "sql",
            "pandas",
            "SELECT * FROM d",
            inputs={"d": f"d{n - 1}"},
            outputs={"data": f"d{n}"},
        )
        for n in range(1, 25)
    ]
    assert [len(done) for done in saved_by(CheckpointMode.INTERVAL, chain)] == [10, 20]


def chain(steps: int, folder: Path) -> list[Step]:
    """Steps of which each takes the rows of the one before; the last one fails where a file says so."""

    def last(data: pd.DataFrame) -> pd.DataFrame:
        if (folder / "fail.flag").exists():
            raise ValueError("told to fail")
        return data

    made = [Step("ingest", "load", "config_op", "pandas", "orders.csv", outputs={"data": "d0"})]
    for n in range(1, steps - 1):
        sql = f"SELECT *, {n} AS n{n} FROM d" if n < 3 else "SELECT * FROM d"
        taken, given = {"d": f"d{n - 1}"}, {"data": f"d{n}"}
        made.append(Step("t", f"step_{n}", "sql", "pandas", sql, {}, taken, given))
    taken, given = {"data": f"d{steps - 2}"}, {"data": "ok"}
    made.append(Step("end", "check", "function", "pandas", last, {}, taken, given))
    return made


def test_what_a_checkpoint_writes_does_not_grow_with_the_steps_that_are_done(workspace: Path) -> None:
    written: list[int] = []
    seen: set[tuple[int, int]] = set()
    bus = EventBus()

    def watch(event: dict[str, Any]) -> None:
        if event["event_type"] == "checkpoint_saved":
            files = [file.stat() for file in checkpoint_folders()[-1].iterdir()]
            written.append(sum(file.st_size for file in files if (file.st_ino, file.st_mtime_ns) not in seen))
            seen.update((file.st_ino, file.st_mtime_ns) for file in files)

    bus.subscribe(watch)
    assert execute(*chain(130, workspace), event_bus=bus).success
    assert len(written) == 130
    # Names of steps to come are in each; records of steps are written anew only as they come together.
    assert sum(written[64:128]) < 1.5 * sum(written[:64])


def test_a_checkpoint_of_many_steps_resumes(workspace: Path) -> None:
    given = chain(70, workspace)
    first = fail(*given)
    assert newest_checkpoint().manifest["steps_files"]
    result = resume(*given)
    assert result.success
    assert len(result.cached_nodes) == 69
    assert list(result.data_map["ok"].columns) == ["id", "amount", "n1", "n2"]
    for name in ("d0", "d40", "d68"):
        assert result.data_map.dataset(name).snapshot() == first.data_map.dataset(name).snapshot()


def test_a_run_that_was_resumed_and_failed_again_resumes(workspace: Path) -> None:
    given = chain(40, workspace)
    fail(*given)
    Path("fail.flag").touch()
    again = resume(*given)
    assert again.failed_nodes == ["check"]
    Path("fail.flag").unlink()
    result = resume(*given)
    assert result.success
    assert len(result.cached_nodes) == 39


def test_a_damaged_file_of_records_is_noticed_and_an_older_checkpoint_used(workspace: Path) -> None:
    given = chain(70, workspace)
    fail(*given)
    newest = checkpoint_folders()[-1]
    victim = newest / "steps-1.jsonl"
    content = victim.read_bytes()
    # Checkpoints share these files.
    victim.unlink()
    victim.write_bytes(content.replace(b"100", b"101", 1))
    result = resume(*given)
    assert result.success
    assert "steps-1.jsonl is not as it was written" in result.warnings[0]
    assert len(result.cached_nodes) == 68


def test_a_checkpoint_of_an_earlier_version_resumes(workspace: Path) -> None:
    fail()
    newest = newest_checkpoint()
    before = {
        key: value
        for key, value in newest.manifest.items()
        if key not in ("steps", "steps_files", "rows", "rejects")
    }
    (newest.folder / "manifest.json").write_text(sealed({**before, "format": 1}))
    result = resume()
    assert result.warnings == []
    assert result.cached_nodes == ["load", "double", "log"]
    assert len(pd.read_csv("log.csv")) == 100


def test_a_secret_that_becomes_known_later_is_hidden_in_what_was_recorded_before(workspace: Path) -> None:
    given = steps()
    given[2].value = "hunter22.csv"
    told = Step(
        "late",
        "tell",
        "sql",
        "pandas",
        "SELECT *, '${secret:NAME}' <> '' AS is_told FROM d",
        inputs={"d": "doubled"},
        outputs={"data": "told"},
    )
    given.insert(3, told)
    given[4].inputs = {"data": "told"}
    fail(*given, secrets={"NAME": "hunter22"})
    newest = newest_checkpoint()
    assert newest.manifest["completed_nodes"] == ["load", "double", "log", "tell"]
    assert "hunter22" not in (newest.folder / "manifest.json").read_text()


def test_manual_saves_only_when_asked(workspace: Path) -> None:
    assert saved_by(CheckpointMode.MANUAL, steps()) == []
    saved: list[list[str]] = []
    bus = EventBus()
    front = Orchestrator(
        steps(),
        tracking="exact",
        enable_checkpoints=True,
        checkpoint_mode=CheckpointMode.MANUAL,
        event_bus=bus,
    )

    def watch(event: dict[str, Any]) -> None:
        if event["event_type"] == "node_start" and event["step_name"] == "double":
            assert front.save_checkpoint()
        if event["event_type"] == "checkpoint_saved":
            saved.append(event["completed_nodes"])

    bus.subscribe(watch)
    assert front.execute().success
    assert saved == [["load", "double"]]
    assert not front.save_checkpoint()


def test_a_checkpoint_says_where_the_run_stands(workspace: Path) -> None:
    fail()
    manifest = newest_checkpoint().manifest
    assert manifest["checkpoint_id"] == checkpoint_folders()[-1].name
    assert manifest["pipeline_name"] == "sales"
    assert manifest["completed_nodes"] == ["load", "double", "log"]
    assert manifest["pending_nodes"] + manifest["failed_nodes"] == ["check", "keep"]
    assert manifest["data_map_keys"] == ["orders", "doubled"]
    assert list(manifest["files"]) == ["data-1.parquet"]


def test_the_newest_three_are_kept(workspace: Path) -> None:
    execute()
    assert [folder.name[-5:] for folder in checkpoint_folders()] == ["00003", "00004", "00005"]
    assert CheckpointManager("checkpoints").checkpoints("sales") == [
        folder.name for folder in reversed(checkpoint_folders())
    ]


def test_resuming_after_success_starts_anew(workspace: Path) -> None:
    execute()
    result = resume()
    assert result.nodes_executed == 5
    assert result.warnings == ["the last run succeeded, so there is nothing to resume: this run begins anew"]


def test_resuming_without_a_checkpoint_starts_from_the_beginning(workspace: Path) -> None:
    result = resume()
    assert result.nodes_executed == 5
    assert result.warnings == ["there is no checkpoint to resume from: this run starts from the beginning"]


def test_changed_steps_that_are_done_are_refused_by_name(workspace: Path) -> None:
    fail()
    with pytest.raises(CheckpointError) as caught:
        resume(*steps("SELECT id, amount * 3 AS doubled FROM orders"))
    assert "steps that were done have changed since: 'double' (its settings or parameters)" in str(
        caught.value
    )
    assert "run without resume_from_checkpoint to start from the beginning" in str(caught.value)


def test_a_step_that_is_gone_is_refused_by_name(workspace: Path) -> None:
    fail()
    given = steps()
    del given[2]
    with pytest.raises(CheckpointError, match=r"'log' \(it is gone\)"):
        resume(*given)


def test_a_pending_step_may_be_mended(workspace: Path) -> None:
    fail()
    given = steps()
    given[3] = Step(
        "silver", "check", "sql", "pandas", "SELECT * FROM d", inputs={"d": "doubled"}, outputs={"data": "ok"}
    )
    result = resume(*given)
    assert result.success
    assert len(pd.read_csv("log.csv")) == 100


def test_a_checkpoint_of_another_pipeline_is_refused(workspace: Path) -> None:
    fail()
    shutil.move("checkpoints/sales", "checkpoints/other")
    front = Orchestrator(steps(), pipeline_name="other", resume_from_checkpoint=True)
    with pytest.raises(CheckpointError, match="checkpoints of another pipeline, 'sales'"):
        front.execute()


@pytest.mark.parametrize("victim", ["manifest.json", "data-1.parquet"])
def test_a_damaged_checkpoint_is_set_aside_and_the_one_before_is_used(workspace: Path, victim: str) -> None:
    fail()
    newest = checkpoint_folders()[-1]
    content = bytearray((newest / victim).read_bytes())
    content[len(content) // 2] ^= 0x04
    # Checkpoints share the files of rows that several of them hold.
    (newest / victim).unlink()
    (newest / victim).write_bytes(content)
    result = resume()
    assert result.success
    assert result.cached_nodes == ["load", "double"]
    assert "is damaged" in result.warnings[0]
    assert newest.with_name(newest.name + ".damaged").is_dir()
    assert len(pd.read_csv("log.csv")) == 100


def test_damaged_checkpoints_alone_mean_the_beginning_and_nothing_twice(workspace: Path) -> None:
    fail()
    for folder in checkpoint_folders():
        (folder / "manifest.json").unlink()
    result = resume()
    assert result.success
    assert "has no checkpoint to resume from" in result.warnings[-1]
    assert len(pd.read_csv("log.csv")) == 100


def test_a_resumed_run_keeps_the_day_and_the_id_of_the_run_that_it_continues(workspace: Path) -> None:
    sql = "SELECT id, amount AS doubled, '{run_id}' AS run FROM orders"
    first = fail(*steps(sql))
    resume(*steps(sql))
    assert set(pd.read_parquet("out.parquet")["run"]) == {first.run_id}


def test_a_folder_that_cannot_be_written_is_an_error_before_anything_runs(workspace: Path) -> None:
    (workspace / "checkpoints").write_text("in the way")
    with pytest.raises(Exception, match="a file stands where a folder should be"):
        execute()
    assert not (workspace / "out.parquet").exists()


SCRIPT = """
import math, sys, time
from pathlib import Path
from odibi_core import CheckpointMode, EventBus, Orchestrator, Step, register_function
from odibi_core.kept import checkpointed_run

checkpointed_run.AUTO_S, checkpointed_run.AUTO_SHARE = 0.0, math.inf

def slow(data):
    time.sleep(0.05)
    return data
register_function("slow", slow)

steps = [Step("ingest", "load", "config_op", "pandas", "orders.csv", outputs={"data": "d0"})]
for n in range(1, 5):
    steps.append(Step(f"l{n}", f"slow_{n}", "function", "pandas", "slow",
                      inputs={"data": f"d{n-1}"}, outputs={"data": f"d{n}"}))
    steps.append(Step(f"l{n}", f"delta_{n}", "config_op", "pandas", f"delta_{n}",
                      {"format": "delta", "mode": "append"}, inputs={"d": f"d{n}"}))
    steps.append(Step(f"s{n}", f"csv_{n}", "config_op", "pandas", f"log_{n}.csv",
                      {"mode": "append"}, inputs={"d": f"d{n}"}))
steps.append(Step("end", "parquet", "config_op", "pandas", "out.parquet", inputs={"d": "d4"}))
bus = EventBus()
bus.subscribe(lambda e: print("begun", flush=True) if e["event_type"] == "pipeline_start" else None)
Orchestrator(steps, pipeline_name="killed", enable_checkpoints=True, tracking="exact", event_bus=bus,
                      checkpoint_mode=CheckpointMode(sys.argv[1]), resume_from_checkpoint=True).execute()
"""


@pytest.mark.parametrize("mode", ["auto", "layer"])
def test_killed_at_random_moments_it_ends_as_if_it_never_was(workspace: Path, mode: str) -> None:
    from deltalake import DeltaTable

    (workspace / "job.py").write_text(SCRIPT)
    seed = random.randrange(1 << 30)
    moments = random.Random(seed)
    for _ in range(5):
        process = start(workspace, mode)
        assert process.stdout is not None
        process.stdout.readline()
        try:
            process.wait(timeout=moments.uniform(0.0, 0.6))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
        # One that was killed after it had succeeded has nothing to resume: the next would be a new run.
        if has_succeeded():
            break
    else:
        with start(workspace, mode) as process:
            process.communicate(timeout=60)
    assert has_succeeded(), f"seed {seed}"
    expected = pd.read_csv("orders.csv")
    for number in range(1, 5):
        for frame in (
            DeltaTable(f"delta_{number}").to_pyarrow_table().to_pandas(),
            pd.read_csv(f"log_{number}.csv"),
        ):
            found = frame.sort_values("id").reset_index(drop=True)
            pd.testing.assert_frame_equal(found, expected, obj=f"seed {seed}, round {number}")
    pd.testing.assert_frame_equal(pd.read_parquet("out.parquet"), expected)


def has_succeeded() -> bool:
    last = CheckpointManager("checkpoints").last_run("killed")
    return last is not None and last.is_complete


def start(workspace: Path, mode: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "job.py", mode], cwd=workspace, stdout=subprocess.PIPE)


def test_a_run_that_succeeds_ends_the_one_that_failed_before_it(workspace: Path) -> None:
    manager = CheckpointManager("checkpoints")
    fail()
    failed = manager.last_run("sales")
    assert failed is not None
    assert not failed.is_complete
    execute()
    last = manager.last_run("sales")
    assert last is not None
    assert last.is_complete
    assert last.run_id > failed.run_id


def test_drafts_of_dead_runs_are_swept(workspace: Path) -> None:
    draft = workspace / "checkpoints" / "sales" / ".tmp-0123456789abcdef"
    draft.mkdir(parents=True)
    (draft / "data-1.parquet").write_bytes(b"half")
    os.utime(draft, (0, 0))
    execute()
    assert not draft.exists()


def records() -> list[Path]:
    return sorted(Path("checkpoints/sales").glob("*.json"))


def test_a_run_whose_record_is_damaged_is_resumed_by_its_spare_one(workspace: Path) -> None:
    fail()
    assert len(records()) == 2
    records()[0].write_text("{}")
    result = resume()
    assert result.success
    assert result.cached_nodes == ["load", "double", "log"]
    assert len(pd.read_csv("log.csv")) == 100


def test_a_run_without_a_whole_record_is_refused_before_it_writes_anything_twice(workspace: Path) -> None:
    fail()
    for file in records():
        file.write_text("{}")
    with pytest.raises(CheckpointError, match="is damaged, so that nobody can tell what it wrote"):
        resume()
    assert len(pd.read_csv("log.csv")) == 100


def test_rows_that_several_checkpoints_hold_are_written_once(workspace: Path) -> None:
    fail()
    held = [folder / "data-1.parquet" for folder in checkpoint_folders()[-2:]]
    assert held[0].samefile(held[1])
    held[0].write_bytes(b"damaged")
    result = resume()
    assert result.success
    assert result.cached_nodes == ["load"]
    assert len(pd.read_csv("log.csv")) == 100


def direct(**params: Any) -> list[Step]:
    """Steps of which a function takes the rows of a file as they are."""
    return [
        Step("ingest", "load", "config_op", "pandas", "orders.csv", params, outputs={"data": "orders"}),
        Step("t", "check", "function", "pandas", checked, inputs={"data": "orders"}, outputs={"data": "ok"}),
        Step("store", "keep", "config_op", "pandas", "out.parquet", inputs={"ok": "ok"}),
    ]


def test_rows_of_a_file_are_read_again_from_it(workspace: Path) -> None:
    fail(*direct())
    assert not list(Path("checkpoints").rglob("*.parquet"))
    result = resume(*direct())
    assert result.cached_nodes == ["load"]
    assert pd.read_parquet("out.parquet")["amount"].sum() == 50_500


def test_a_file_that_has_changed_since_is_refused_by_name(workspace: Path) -> None:
    fail(*direct())
    Path("orders.csv").write_text("id,amount\n1,1\n")
    with pytest.raises(CheckpointError, match=r"'load' \(the files that it reads\)"):
        resume(*direct())


def test_rows_of_a_file_are_kept_where_it_is_asked_for(workspace: Path) -> None:
    fail(*direct(materialize=True))
    Path("orders.csv").write_text("id,amount\n1,1\n")
    result = resume(*direct(materialize=True))
    assert result.cached_nodes == ["load"]
    assert result.data_map["ok"]["amount"].sum() == 50_500


def test_rows_of_a_database_are_kept_where_the_pipeline_writes_into_it(workspace: Path) -> None:
    with sqlite3.connect("shop.sqlite") as database:
        pd.read_csv("orders.csv").to_sql("orders", database, index=False)
    database.close()
    given = direct(table="orders")
    given[0].value = given[2].value = "shop.sqlite"
    given[2].params["table"] = "checked"
    early = Step(
        "early", "log", "config_op", "pandas", "shop.sqlite", {"table": "log"}, inputs={"d": "orders"}
    )
    given.insert(1, early)
    fail(*given)
    result = resume(*given)
    assert result.cached_nodes == ["load", "log"]
    assert result.data_map["ok"]["amount"].sum() == 50_500
