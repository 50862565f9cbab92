"""Whatever moment a writer dies at, the target is the old or the new one, and writing again completes it."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.core.formats.bench import Bench
from tests.processes import started

Kill = Callable[..., int]

ROOT = Path(__file__).parents[3]
OLD = [(1, "old"), (2, "old")]
NEW = "SELECT 2 AS id, 'new' AS v UNION ALL SELECT 3, 'new'"
AFTER = {
    "overwrite": [(2, "new"), (3, "new")],
    "append": [(1, "old"), (2, "new"), (2, "old"), (3, "new")],
    "merge": [(1, "old"), (2, "new"), (3, "new")],
}


@pytest.fixture(scope="module")
def kill() -> Iterator[Kill]:
    """Writes in a process that dies at a moment; gives back its exit code: 0 where it ended before."""
    paths = f"{ROOT}:{ROOT / 'core'}"
    with started(
        [sys.executable, "-m", "tests.core.formats.crasher"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": paths},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def order(path: Path, sql: str, mode: str, *, format_name: str, **more: Any) -> int:
            assert process.stdin is not None
            assert process.stdout is not None
            words = {"merge_key": ("id",), "partition_by": (), "point": 0, "ticket": "run/step", **more}
            line = {"path": str(path), "sql": sql, "mode": mode, "format": format_name, **words}
            process.stdin.write(json.dumps(line) + "\n")
            process.stdin.flush()
            return int(json.loads(process.stdout.readline()))

        yield order
        process.stdin.close()


def rows(bench: Bench, path: Path, format_name: str) -> list[tuple[Any, ...]]:
    return sorted(bench.read(path, format_name=format_name, **options(format_name)).rows)


def options(format_name: str) -> dict[str, Any]:
    return {"table": "t"} if format_name in ("sqlite", "duckdb") else {}


@pytest.mark.parametrize(
    ("format_name", "mode"),
    [
        *[("csv", "overwrite"), ("csv", "append"), ("json", "merge"), ("parquet", "append")],
        *[("parquet", "merge"), ("orc", "append"), ("avro", "merge")],
    ],
)
def test_a_file_survives_death_before_every_change_of_the_disk(
    bench: Bench, kill: Kill, format_name: str, mode: str
) -> None:
    for point in range(1, 60):
        path = bench.folder / f"{point}.{format_name}"
        bench.write(path, "SELECT 1 AS id, 'old' AS v UNION ALL SELECT 2, 'old'", ticket="before/step")
        code = kill(path, NEW, mode, format_name=format_name, point=point)

        assert rows(bench, path, format_name) in (OLD, AFTER[mode])
        bench.write(path, NEW, mode, merge_key=("id",), format_name=format_name)
        assert rows(bench, path, format_name) == AFTER[mode]
        if code == 0:
            break
        assert code == -9
    assert point > 5
    assert not list(bench.folder.glob(".tmp-*"))


@pytest.mark.parametrize("partition_by", [(), ("v",)])
@pytest.mark.parametrize("mode", ["overwrite", "append"])
def test_a_folder_survives_death_before_every_change_of_the_disk(
    bench: Bench, kill: Kill, mode: str, partition_by: tuple[str, ...]
) -> None:
    for point in range(1, 80):
        path = bench.folder / f"table{point}"
        old = "SELECT 1 AS id, 'old' AS v UNION ALL SELECT 2, 'old'"
        bench.write(path, old, ticket="before/step", partition_by=partition_by, format_name="parquet")
        code = kill(path, NEW, mode, format_name="parquet", point=point, partition_by=partition_by)

        assert rows(bench, path, "parquet") in (OLD, AFTER[mode])
        bench.write(path, NEW, mode, partition_by=partition_by, format_name="parquet")
        assert rows(bench, path, "parquet") == AFTER[mode]
        if code == 0:
            break
        assert code == -9
    assert point > 5
    assert not list(bench.folder.glob(".tmp-*"))


@pytest.mark.parametrize("mode", ["overwrite", "append", "merge"])
@pytest.mark.parametrize("format_name", ["parquet", "delta", "sqlite", "duckdb"])
def test_a_target_survives_death_at_random_moments(
    bench: Bench, kill: Kill, format_name: str, mode: str
) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    new = "SELECT (range + 2)::INTEGER AS id, 'new' AS v FROM range(30000)"
    for attempt in range(4):
        suffix = "" if format_name == "delta" else f".{format_name}"
        path = bench.folder / f"target{attempt}{suffix}"
        old = "SELECT 1 AS id, 'old' AS v UNION ALL SELECT 2, 'old'"
        more = options(format_name)
        bench.write(path, old, ticket="before/step", format_name=format_name, **more)
        delay_s = chance.uniform(0.001, 0.12)
        kill(path, new, mode, format_name=format_name, delay_s=delay_s, options=more)

        count = {"overwrite": 30_000, "append": 30_002, "merge": 30_001}[mode]
        found = rows(bench, path, format_name)
        assert found == OLD or len(found) == count
        bench.write(path, new, mode, merge_key=("id",), format_name=format_name, **more)
        assert len(rows(bench, path, format_name)) == count


def test_a_database_whose_writer_died_half_way_is_read_as_it_was(bench: Bench) -> None:
    path = bench.folder / "target.sqlite"
    bench.write(path, "SELECT 1 AS id, 'old' AS v UNION ALL SELECT 2, 'old'", format_name="sqlite", table="t")
    # So little room in memory that the file itself is changed before the end.
    program = (
        "import os, sqlite3, sys; database = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "database.execute('PRAGMA cache_size = 2'); database.execute('BEGIN');"
        "database.executemany('INSERT INTO t VALUES (?, ?)', ((n, 'x' * 500) for n in range(5000)));"
        "os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", program, str(path)], check=False).returncode == -9
    assert path.with_name("target.sqlite-journal").exists()
    assert rows(bench, path, "sqlite") == OLD


def test_a_swap_of_folders_that_died_half_way_is_finished(bench: Bench) -> None:
    # What two renames leave behind where the kernel can't exchange folders.
    room = bench.folder / ".tmp-0123456789abcdef-table"
    bench.write(bench.folder / "table", "SELECT 1 AS id", format_name="parquet")
    room.mkdir()
    (bench.folder / "table").rename(room / "old")
    bench.write(room / "table", "SELECT 2 AS id", format_name="parquet", ticket="other/step")

    assert bench.read(bench.folder / "table", format_name="parquet").rows == [(2,)]
    assert not room.exists()
