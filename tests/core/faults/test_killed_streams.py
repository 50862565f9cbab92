"""Streams that are killed at any moment, time after time, lose nothing and write nothing twice.

`make test` has a sample of the seeds, `make test-faults` all of them; `--fault-seed 17` runs one.
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from tests.core.faults.stream_killer import LANDING, SOURCE
from tests.processes import started

ROOT = Path(__file__).parents[3]
SEEDS, SAMPLE = 200, 10
KILLS, FEW_KILLS = 200, 12
ROWS, MOST_POINTS = 6, 260

Order = Callable[..., dict[str, Any]]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A case a seed: all, a sample, or the one that was asked for."""
    one, is_all = metafunc.config.getoption("fault_seed"), metafunc.config.getoption("all_faults")
    for name, count in (("fault_seed", SEEDS if is_all else SAMPLE), ("long_seed", 2 if is_all else 1)):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, range(count) if one is None else [one])


@pytest.fixture(scope="module")
def order() -> Iterator[Order]:
    """Runs the stream in a process that is killed where the order says so; gives back its exit code."""
    with started(
        [sys.executable, "-m", "tests.core.faults.stream_killer"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'core'}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def take(folder: Path, **more: Any) -> dict[str, Any]:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps({"folder": str(folder), **more}) + "\n")
            process.stdin.flush()
            answer: dict[str, Any] = json.loads(process.stdout.readline())
            return answer

        yield take
        process.stdin.close()


class Feed:
    """What comes into the source of a case, bit by bit.

    Attributes:
        sent: The ids that came.
        count: How often something came.
    """

    def __init__(self, folder: Path, mode: str, chance: random.Random) -> None:
        self._folder, self._is_files, self._chance = folder, mode == "file_watch", chance
        self.sent: list[int] = []
        self.count = 0
        (folder / LANDING).mkdir()

    def send(self) -> None:
        """Let a file come, now and then one that came before under another name, or rows into the source."""
        first = len(self.sent)
        self.sent += range(first, first + ROWS)
        self.count += 1
        if not self._is_files:
            # Three rows each have an equal value, so that batches end among equals.
            table = pa.table({"id": self.sent, "at": [number // 3 for number in self.sent]})
            draft = self._folder / f"{SOURCE}.new"
            pq.write_table(table, draft)
            draft.rename(self._folder / SOURCE)
            return
        text = "id,at\n" + "".join(f"{number},{number // 3}\n" for number in self.sent[first:])
        for name in [
            f"{self.count}.csv",
            *([f"{self.count}-again.csv"] if self._chance.random() < 0.3 else []),
        ]:
            (self._folder / LANDING / name).write_text(text)


def ids(folder: Path) -> dict[str, list[int]]:
    """Target → the ids that it holds."""
    out = folder / "out"
    with closing(sqlite3.connect(out / "rows.sqlite")) as lite, duckdb.connect(out / "rows.duckdb") as duck:
        found = {
            "file": pq.read_table(out / "file.parquet")["id"].to_pylist(),
            "folder": duck.sql(f"SELECT id FROM read_parquet('{out}/folder/*.parquet')").fetchnumpy()["id"],
            "delta": DeltaTable(str(out / "delta")).to_pyarrow_table()["id"].to_pylist(),
            "sqlite": [row[0] for row in lite.execute("SELECT id FROM rows")],
            "duckdb": [row[0] for row in duck.sql("SELECT id FROM rows").fetchall()],
        }
    return {target: sorted(map(int, values)) for target, values in found.items()}


def test_a_stream_that_is_killed_loses_nothing_and_writes_nothing_twice(
    fault_seed: int, order: Order, tmp_path: Path
) -> None:
    chance = random.Random(fault_seed)
    mode = "incremental" if fault_seed % 3 == 2 else "file_watch"
    batch_size = chance.choice([None, 4])
    (tmp_path / "odibi.toml").touch()
    feed, kills = Feed(tmp_path, mode, chance), 0
    for _ in range(30):
        feed.send()
        moment: dict[str, Any] = (
            {"point": chance.randrange(1, MOST_POINTS)}
            if fault_seed % 2
            else {"delay_s": chance.uniform(0.01, 0.9)}
        )
        answer = order(tmp_path, mode=mode, batch_size=batch_size, **moment)
        assert answer["code"] in (0, -9)
        kills += answer["code"] == -9
        if kills == 2:
            break
    assert kills
    assert order(tmp_path, mode=mode, batch_size=batch_size)["code"] == 0
    check_everything_came_once(tmp_path, feed, f"mode {mode}")


# 200 kills take minutes, and more on a busy machine.
@pytest.mark.timeout(3600)
def test_one_stream_that_is_killed_time_after_time_takes_each_file_once(
    long_seed: int, order: Order, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    most = KILLS if pytestconfig.getoption("all_faults") else FEW_KILLS
    chance = random.Random(long_seed)
    batch_size = 4 if long_seed % 2 else None
    (tmp_path / "odibi.toml").touch()
    feed, kills = Feed(tmp_path, "file_watch", chance), 0
    while kills < most:
        if feed.count < most or not waiting(tmp_path):
            feed.send()
        moment: dict[str, Any] = (
            {"point": chance.randrange(1, MOST_POINTS)}
            if chance.random() < 0.5
            else {"delay_s": chance.uniform(0.01, 0.9)}
        )
        answer = order(tmp_path, mode="file_watch", batch_size=batch_size, **moment)
        assert answer["code"] in (0, -9), f"seed {long_seed}, kill {kills}"
        kills += answer["code"] == -9
    while feed.count < most:
        feed.send()
    assert order(tmp_path, mode="file_watch", batch_size=batch_size)["code"] == 0
    assert len(feed.sent) == ROWS * feed.count
    check_everything_came_once(tmp_path, feed, f"seed {long_seed}, {kills} kills, {feed.count} files")


def waiting(folder: Path) -> bool:
    """Whether a file waits to be taken, or is being taken."""
    landing = folder / LANDING
    return any(path.is_file() for path in (*landing.iterdir(), *(landing / ".processing").glob("*/*")))


def check_everything_came_once(folder: Path, feed: Feed, about: str) -> None:
    """Every target holds what was sent, and no file is left on the way."""
    for target, found in ids(folder).items():
        assert found == feed.sent, f"{target}, {about}"
    landing = folder / LANDING
    assert [path.name for path in landing.iterdir() if path.is_file()] == []
    assert not (landing / "failed").exists()
    assert list((landing / ".processing").glob("*/*")) == []
