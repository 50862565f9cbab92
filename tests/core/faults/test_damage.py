"""A bit that turned or a file that was cut off, in checkpoints and cache: noticed, or without consequence.

`make test` has a sample of the seeds, `make test-faults` all of them; `--fault-seed 17` runs one.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from odibi_core.checkpoint_manager import CheckpointMode
from odibi_core.kept import step_records
from odibi_core.orchestrator import Orchestrator
from odibi_core.run_result import RunResult
from odibi_core.step import Step
from odibi_core.testing import function_step, ingest_step, sql_step, store_step
from odibi_core.workspace import Workspace

pytestmark = pytest.mark.usefixtures("checkpoints_at_once")

SEEDS, SAMPLE = 50, 3
DAMAGES = 10
"""A seed: of the checkpoints, and as many of the cache."""
ORDERS = "id,amount\n" + "".join(f"{number},{number * 10}\n" for number in range(1, 201)) + "x,y\n"
FLAG = "fail.flag"

Rows = dict[str, list[dict[str, Any]]]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A case a seed: all, a sample, or the one that was asked for."""
    if "fault_seed" in metafunc.fixturenames:
        one = metafunc.config.getoption("fault_seed")
        count = SEEDS if metafunc.config.getoption("all_faults") else SAMPLE
        metafunc.parametrize("fault_seed", range(count) if one is None else [one])


def steps(folder: Path) -> list[Step]:
    def checked(doubled: pd.DataFrame) -> pd.DataFrame:
        if (folder / FLAG).exists():
            raise ValueError("told to fail")
        return doubled.assign(checked=doubled["doubled"] % 7 == 0)

    return [
        ingest_step("orders", "orders.csv", schema={"id": "BIGINT", "amount": "BIGINT"}),
        sql_step("doubled", "SELECT id, amount * 2 AS doubled FROM orders WHERE id % 3 <> 0", "orders"),
        store_step("log", "log.csv", "doubled", layer="early", mode="append"),
        sql_step("total", "SELECT sum(doubled)::BIGINT AS total FROM doubled", "doubled", layer="early"),
        function_step("checked", checked, "doubled", layer="late"),
        sql_step("report", "SELECT * FROM checked, total", "checked", "total", layer="late"),
        store_step("keep", "out.parquet", "report"),
    ]


def run(folder: Path, **settings: Any) -> RunResult:
    given: dict[str, Any] = {"tracking": "exact", "pipeline_name": "sales", **settings}
    return Orchestrator(steps(folder), workspace=Workspace.find(folder), **given).execute()


def checkpointed(folder: Path, **settings: Any) -> RunResult:
    return run(folder, enable_checkpoints=True, checkpoint_mode=CheckpointMode.AUTO, **settings)


def told(folder: Path, result: RunResult) -> Rows:
    """What the targets hold, what the run gives, and what it counted."""
    assert result.tracker is not None
    rows = {key: result.data_map[key].to_dict("records") for key in ("doubled", "checked", "total", "report")}
    rows["log.csv"] = pd.read_csv(folder / "log.csv").to_dict("records")
    rows["out.parquet"] = pd.read_parquet(folder / "out.parquet").to_dict("records")
    rows["counts"] = [
        {step["step_name"]: step["after_snapshot"]["row_count"] for step in result.tracker.step_executions}
    ]
    return rows


def new_folder(folder: Path) -> Path:
    folder.mkdir()
    (folder / "odibi.toml").touch()
    (folder / "orders.csv").write_text(ORDERS)
    return folder


def damage(folder: Path, chance: random.Random) -> str:
    """Turn a bit of a file of the folder, or cut it off; what was done."""
    file = chance.choice(sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size))
    content = bytearray(file.read_bytes())
    place = chance.randrange(len(content))
    if chance.random() < 0.3:
        file.unlink()
        file.write_bytes(content[:place])
        return f"{file.name} cut off at {place}"
    content[place] ^= 1 << chance.randrange(8)
    # The files of a checkpoint may be hard links.
    file.unlink()
    file.write_bytes(content)
    return f"a bit of byte {place} of {file.name} turned"


Make = Callable[[Path], None]
Again = Callable[[Path], RunResult]


def damage_and_run(fault_seed: int, tmp_path: Path, kept: str, prepare: Make, again: Again) -> None:
    """Damage one thing after another that was kept; each time a run must tell and write what is right."""
    with run(new_folder(tmp_path / "clean")) as clean:
        expected = told(tmp_path / "clean", clean)
    # Always in the same place: a result is known by the paths of what it was made from.
    folder, original = new_folder(tmp_path / "case"), tmp_path / "original"
    prepare(folder)
    shutil.copytree(folder, original)
    with again(folder) as whole:
        assert {"orders", "doubled"} <= set(whole.cached_nodes)
        assert told(folder, whole) == expected
    chance = random.Random(fault_seed)
    for _ in range(DAMAGES):
        shutil.rmtree(folder)
        shutil.copytree(original, folder)
        done = damage(folder / kept, chance)
        with again(folder) as result:
            assert result.success, f"{done}: {result.errors}"
            assert told(folder, result) == expected, done


def test_a_damaged_checkpoint_never_makes_a_run_wrong(
    fault_seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The records of so few steps would all be in the manifest, and none in the files that checkpoints share.
    monkeypatch.setattr(step_records, "NEWEST", 2 if fault_seed % 2 else step_records.NEWEST)

    def fail(folder: Path) -> None:
        (folder / FLAG).touch()
        with checkpointed(folder) as result:
            assert result.failed_nodes == ["checked"]
        (folder / FLAG).unlink()

    def resume(folder: Path) -> RunResult:
        return checkpointed(folder, resume_from_checkpoint=True)

    damage_and_run(fault_seed, tmp_path, "checkpoints", fail, resume)


def test_a_damaged_cache_never_makes_a_run_wrong(fault_seed: int, tmp_path: Path) -> None:
    def fill(folder: Path) -> None:
        with run(folder, enable_cache=True):
            # What is appended is no result to keep.
            (folder / "log.csv").unlink()

    def recall(folder: Path) -> RunResult:
        return run(folder, enable_cache=True)

    damage_and_run(fault_seed, tmp_path, "cache", fill, recall)
