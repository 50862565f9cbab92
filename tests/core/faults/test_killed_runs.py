"""Runs that are killed at any moment and resumed leave what a run leaves that nobody disturbed.

`make test` has a sample of the seeds, `make test-faults` all of them; `--fault-seed 17` runs one.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.core.faults import job
from tests.processes import started

from odibi_core.checkpoint_manager import CheckpointManager, CheckpointMode

ROOT = Path(__file__).parents[3]
SEEDS, SAMPLE = 300, 20
MODES = [mode.value for mode in CheckpointMode]
MOST_KILLS = 3

Order = Callable[..., dict[str, Any]]


@dataclass(frozen=True)
class Undisturbed:
    """What the cases begin with, and what has to come of them.

    Attributes:
        folder: A workspace after the first day.
        first_run: Its only run.
        outputs: The rows of every target after the second day.
        took_s: How long a run of the second day takes.
        changes: How often it changes the disk.
    """

    folder: Path
    first_run: str
    outputs: job.Outputs
    took_s: float
    changes: int


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A case a seed: all, a sample, or the one that was asked for."""
    if "fault_seed" in metafunc.fixturenames:
        one = metafunc.config.getoption("fault_seed")
        count = SEEDS if metafunc.config.getoption("all_faults") else SAMPLE
        metafunc.parametrize("fault_seed", range(count) if one is None else [one])


@pytest.fixture(scope="module")
def order() -> Iterator[Order]:
    """Runs in a process that is killed where the order says so; gives back its exit code and time."""
    with started(
        [sys.executable, "-m", "tests.core.faults.killer"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'core'}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def take(folder: Path, mode: str, seed: int, **more: Any) -> dict[str, Any]:
            assert process.stdin is not None
            assert process.stdout is not None
            line = {"folder": str(folder), "mode": mode, "seed": seed, "day": 2, "resumes": False, **more}
            process.stdin.write(json.dumps(line) + "\n")
            process.stdin.flush()
            answer: dict[str, Any] = json.loads(process.stdout.readline())
            return answer

        yield take
        process.stdin.close()


@pytest.fixture(scope="module")
def undisturbed(order: Order, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    folder = tmp_path_factory.mktemp("undisturbed")
    job.make_sources(folder / "first")
    assert order(folder / "first", "layer", 0, day=1)["code"] == 0
    shutil.copytree(folder / "first", folder / "second")
    answer = order(folder / "second", "auto", 0, counts=True)
    assert answer["code"] == 0
    first = CheckpointManager(folder / "first" / "checkpoints").last_run(job.PIPELINE)
    assert first is not None
    return Undisturbed(
        folder / "first",
        first.run_id,
        job.outputs(folder / "second"),
        answer["took_s"],
        int((folder / "second" / "changes").read_text()),
    )


def test_a_killed_run_is_resumed_as_if_nothing_had_been(
    fault_seed: int, order: Order, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    chance = random.Random(fault_seed)
    mode = MODES[fault_seed % len(MODES)]
    folder, kills = tmp_path / "case", 0
    shutil.copytree(undisturbed.folder, folder)
    for attempt in range(20):
        is_resumed = attempt > 0 and kills > 0
        moment: dict[str, Any] = {}
        if kills < chance.choice([1, 1, MOST_KILLS]):
            by_disk = fault_seed % 3 == 0
            moment = (
                {"point": chance.randrange(1, undisturbed.changes)}
                if by_disk
                # A machine that is faster by now would end before the moment, again and again.
                else {"delay_s": chance.uniform(0.001, undisturbed.took_s / (1 + attempt))}
            )
        answer = order(folder, mode, chance.randrange(1 << 30), resumes=is_resumed, **moment)
        assert answer["code"] in (0, -9)
        kills += answer["code"] == -9
        if kills and (answer["code"] == 0 or job.is_complete(folder, undisturbed.first_run)):
            break
        if answer["code"] == 0:
            # It was over before its moment came.
            shutil.rmtree(folder)
            shutil.copytree(undisturbed.folder, folder)
    assert kills
    found = job.outputs(folder)
    for target, rows in undisturbed.outputs.items():
        assert found[target] == rows, f"{target}, mode {mode}"
    assert not [entry for entry in (folder / "out").rglob(".tmp-*") if entry.is_dir() or entry.is_file()]
