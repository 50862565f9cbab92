"""Writes to object stores: every mode, once each, whoever else writes and whatever dies."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from deltalake import DeltaTable
from tests.conftest import Run
from tests.core.clouds.conftest import Lake
from tests.core.clouds.test_formats import frame, read, write

from odibi_core.clouds.account import ConflictError
from odibi_core.clouds.folders import MANIFEST
from odibi_core.orchestrator import Orchestrator

pytestmark = pytest.mark.xdist_group("object_stores")

ONE, TWO = "SELECT 1 AS id, 'a' AS name", "SELECT 2 AS id, 'b' AS name UNION ALL SELECT 1, 'changed'"


def names(run: Run, lake: Lake, key: str, format_: str) -> list[tuple[int, str]]:
    found = frame(run, read(lake.url(key), format_))
    return sorted(zip(found["id"], found["name"], strict=True))


@pytest.mark.parametrize("format_", ["csv", "parquet", "delta", "sqlite"])
def test_each_mode_does_to_an_object_what_it_does_to_a_file(s3_lake: Lake, run: Run, format_: str) -> None:
    key = {"csv": "t.csv", "parquet": "t.parquet", "delta": "t", "sqlite": "t.db"}[format_]
    more = {"table": "t"} if format_ == "sqlite" else {}

    def put(query: str, mode: str, **params: object) -> str:
        result = run(write(query, s3_lake.url(key), format_, mode=mode, **more, **params))
        return "" if result.success else str(result.errors["write"])

    def rows() -> list[tuple[int, str]]:
        found = frame(run, read(s3_lake.url(key), format_, **more))
        return sorted(zip(found["id"], found["name"], strict=True))

    assert put(ONE, "error") == ""
    assert "exists already" in put(TWO, "error")
    assert put(TWO, "ignore") == ""
    assert rows() == [(1, "a")]
    assert put(TWO, "append") == ""
    assert rows() == [(1, "a"), (1, "changed"), (2, "b")]
    assert put(ONE, "overwrite") == ""
    assert put(TWO, "merge", merge_key="id") == ""
    assert rows() == [(1, "changed"), (2, "b")]


def test_sheets_of_one_workbook_are_written_at_the_same_time(lake: Lake, run: Run) -> None:
    steps = write(ONE, lake.url("book.xlsx"), "excel", sheet="s0")
    (save,) = [step for step in steps if step.name == "write"]
    steps += [replace(save, name=f"write_{n}", params={**save.params, "sheet": f"s{n}"}) for n in range(1, 4)]
    assert run(steps, distributed_max_workers=4).success
    for number in range(4):
        found = frame(run, read(lake.url("book.xlsx"), "excel", sheet=f"s{number}"))
        assert found["name"].tolist() == ["a"]


def test_a_write_that_is_repeated_writes_nothing_twice(lake: Lake, run: Run) -> None:
    targets = [("one.csv", "csv", {}), ("parts", "parquet", {"partitionBy": "name"})]
    targets += [] if lake.server.kind == "gcs" else [("table", "delta", {})]
    for key, format_, params in targets:
        steps = write(TWO, lake.url(key), format_, mode="append", **params)
        for run_id in ("first", "first", "second"):
            assert run(steps, write_id=run_id).success
        assert names(run, lake, key, format_) == [(1, "changed"), (1, "changed"), (2, "b"), (2, "b")]


def test_a_folder_holds_what_was_committed_and_nothing_of_a_write_that_died(lake: Lake, run: Run) -> None:
    assert run(write(ONE, lake.url("parts"), "parquet", partitionBy=["id"])).success
    part = next(key for key in lake.names() if key.endswith(".parquet"))
    content = lake.store.read(lake.at(part))
    # A writer that dies in the middle leaves its intent and some objects.
    place = f"parts/{MANIFEST}"
    manifest = json.loads(lake.store.read(lake.at(place)))
    lake.put(place, json.dumps({**manifest, "pending": {"dead": "part-dead-"}}))
    lake.put("parts/id=7/part-dead-0.parquet", content)
    assert names(run, lake, "parts", "parquet") == [(1, "a")]
    assert run(
        write("SELECT 2 AS id, 'b' AS name", lake.url("parts"), "parquet", mode="append", partitionBy="id")
    ).success
    assert names(run, lake, "parts", "parquet") == [(1, "a"), (2, "b")]
    assert run(write("SELECT 3 AS id, 'c' AS name", lake.url("parts"), "parquet", partitionBy="id")).success
    assert names(run, lake, "parts", "parquet") == [(3, "c")]
    assert part not in lake.names()
    other = run(write("SELECT 3 AS id, 'c' AS name", lake.url("parts"), "parquet", mode="append"))
    assert "partitioned by id" in str(other.errors["write"])
    merge = run(write(ONE, lake.url("parts"), "parquet", mode="merge", merge_key="id", partitionBy="id"))
    assert "can't be merged into" in str(merge.errors["write"])


@pytest.mark.parametrize("other", ["orig.csv", "old/part-0.csv", "id=1/hand.csv"])
def test_an_object_that_no_engine_wrote_is_never_overwritten_with_its_folder(
    s3_lake: Lake, run: Run, other: str
) -> None:
    s3_lake.put("parts/id=7/data_0.csv", "name\nb\n")
    for _ in range(2):
        assert run(write(ONE, s3_lake.url("parts"), "csv", partitionBy="id")).success
    s3_lake.put(f"parts/{other}", "mine")
    before = s3_lake.names()

    told = str(run(write(ONE, s3_lake.url("parts"), "csv", partitionBy="id")).errors["write"])

    assert f"would delete objects that are no parts of a dataset: {other}" in told
    assert s3_lake.names() == before


def test_an_object_that_somebody_else_changed_meanwhile_is_not_overwritten(lake: Lake, folder: Path) -> None:
    lake.put("a.txt", "one")
    before = lake.store.head(lake.at("a.txt"))
    assert before is not None
    lake.put("a.txt", "two")
    (folder / "new").write_text("three")
    for expected in (before.state, ""):
        with pytest.raises(ConflictError):
            lake.store.put(folder / "new", lake.at("a.txt"), expected=expected)
    assert lake.store.read(lake.at("a.txt")) == b"two"


def test_what_is_sent_in_parts_is_whole(lake: Lake, folder: Path) -> None:
    content = bytes(range(256)) * (40 << 12)
    (folder / "large").write_bytes(content)
    lake.store.put(folder / "large", lake.at("large.bin"), ["a-ticket"])
    found = lake.store.head(lake.at("large.bin"))
    assert found is not None
    assert (found.size_bytes, found.tickets) == (len(content), ("a-ticket",))
    lake.store.fetch(lake.at("large.bin"), found, folder / "back" / "large")
    assert (folder / "back" / "large").read_bytes() == content


def append(lake: Lake, query: str, key: str, format_: str, **params: object) -> str:
    """Why rows could not be added; "" where they were."""
    steps = write(query, lake.url(key), format_, mode="append", **params)
    result = Orchestrator(steps, workspace=lake.workspace, keeps_data=False).execute()
    return "" if result.success else str(result.errors["write"])


def test_ten_writers_add_to_one_delta_table_at_once_and_nothing_is_lost_or_doubled(
    lake: Lake, run: Run
) -> None:
    def add(number: int) -> str:
        query = f"SELECT {number} AS number, i AS id FROM range(100) AS t(i)"
        return append(lake, query, "table", "delta")

    with ThreadPoolExecutor(10) as pool:
        assert set(pool.map(add, range(20))) == {""}
    account, address = lake.server.account, lake.at("table")
    table = DeltaTable(account.delta_uri(address), storage_options=dict(account.delta_options()))
    # The columns are said once, by the first commit.
    assert [one["operationParameters"]["mode"] for one in table.history()] == [
        *["Append"] * 19,
        "ErrorIfExists",
    ]
    found = frame(run, read(lake.url("table"), "delta"))
    assert len(found) == 2000
    assert len(found.drop_duplicates()) == 2000


def test_writers_of_one_object_or_folder_never_lose_rows_without_a_word(lake: Lake, run: Run) -> None:
    for key, params in (("one.csv", {}), ("parts", {"partitionBy": "day"})):

        def add(number: int, key: str = key, params: dict[str, object] = params) -> str:  # type: ignore[assignment]
            return append(lake, f"SELECT {number} AS id, 'x' AS day", key, "csv", **params)

        with ThreadPoolExecutor(4) as pool:
            told = list(pool.map(add, range(8)))
        added = [number for number, why in enumerate(told) if not why]
        assert all("another writer changed it at the same time" in why for why in told if why), told
        assert added
        assert sorted(frame(run, read(lake.url(key), "csv"))["id"]) == added
