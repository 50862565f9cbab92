"""Every format on every kind of store gives what it gives on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.conftest import Run
from tests.core.clouds.conftest import Lake

from odibi_core.clouds.store import Store
from odibi_core.step import Step

pytestmark = pytest.mark.xdist_group("object_stores")

RICH = """
    SELECT i AS id, i::DECIMAL(18,4) / 7 AS price, i % 2 = 0 AS is_even, i * 1.5::DOUBLE AS ratio,
        CASE WHEN i % 3 = 0 THEN NULL ELSE 'größe ' || i END AS name,
        DATE '2024-01-31' + (i % 3)::INTEGER AS day,
        TIMESTAMP '2024-01-31 12:30:15.123456' + INTERVAL (i) HOUR AS at
    FROM range(500) AS t(i)
"""
LISTS = (
    f"SELECT *, [id, id + 1] AS pair, {{'a': id, 'b': name}} AS both, id::VARCHAR::BLOB AS raw FROM ({RICH})"
)
FORMATS = {
    "csv": (RICH, ".csv", "append"),
    "json": (RICH, ".jsonl", "append"),
    "parquet": (LISTS, ".parquet", "append"),
    "avro": (LISTS, ".avro", "append"),
    "orc": (LISTS, ".orc", "append"),
    "excel": (RICH, ".xlsx", "overwrite"),
    "delta": (LISTS, "", "append"),
}


def write(query: str, target: str, name: str, **params: object) -> list[Step]:
    return [
        Step("transform", "make", "sql", "pandas", query, {}, outputs={"data": "rows"}),
        Step("store", "write", "config_op", "pandas", target, {"format": name, **params}, {"data": "rows"}),
    ]


def read(source: str, name: str, **params: object) -> list[Step]:
    return [
        Step(
            "ingest",
            "read",
            "config_op",
            "pandas",
            source,
            {"source_type": name, **params},
            outputs={"data": "rows"},
        )
    ]


def frame(run: Run, steps: list[Step], key: str = "rows") -> pd.DataFrame:
    result = run(steps)
    assert result.success, result.errors
    found: pd.DataFrame = result.data_map[key]
    return found


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_written_and_added_to_comes_back_as_from_a_file(
    lake: Lake, run: Run, folder: Path, name: str
) -> None:
    query, ending, more = FORMATS[name]
    # What delta-rs writes to other paths of HDFS it does not find there.
    place = "plain" if (name, lake.server.kind) == ("delta", "hdfs") else "größe 日本"
    for mode in ("overwrite", more):
        for target, params in ((f"local/t{ending}", {}), (f"{place}/t{ending}", {"connection": "lake"})):
            result = run(write(query, target, name, mode=mode, **params))
            assert result.success, result.errors
    local = frame(run, read(f"local/t{ending}", name))
    far = frame(run, read(lake.url(f"{place}/t{ending}"), name))
    assert len(far) == len(local) > 0
    pd.testing.assert_frame_equal(
        far.sort_values("id", ignore_index=True), local.sort_values("id", ignore_index=True)
    )


@pytest.mark.parametrize("name", ["parquet", "delta"])
def test_no_rows_and_many_columns_come_back(s3_lake: Lake, run: Run, name: str) -> None:
    ending = FORMATS[name][1]
    wide = ", ".join(f"i + {number} AS column_{number}" for number in range(300))
    assert run(write(f"SELECT {wide} FROM range(3) AS t(i)", s3_lake.url(f"wide{ending}"), name)).success
    assert frame(run, read(s3_lake.url(f"wide{ending}"), name)).iloc[2]["column_299"] == 301
    empty = write("SELECT 1 AS id, 'a' AS name WHERE false", s3_lake.url(f"empty{ending}"), name)
    assert run(empty).success
    found = frame(run, read(s3_lake.url(f"empty{ending}"), name))
    assert list(found.columns) == ["id", "name"]
    assert len(found) == 0


def test_globs_and_folders_with_partitions_are_read_like_files(lake: Lake, run: Run) -> None:
    for day, amount in (("2024-01-01", 1), ("2024-01-02", 2)):
        lake.put(f"sales/day={day}/a.csv", f"id,amount\n1,{amount}\n")
        lake.put(f"logs/{day}/x[1].csv", f"id,amount\n1,{amount}\n")
    lake.put("sales/_hidden/a.csv", "id,amount\n1,100\n")
    folder = frame(run, read(lake.url("sales"), "csv"))
    assert sorted(zip(folder["day"].astype(str), folder["amount"], strict=True)) == [
        ("2024-01-01", 1),
        ("2024-01-02", 2),
    ]
    for pattern, total in (
        ("logs/*/x[[]1].csv", 3),
        ("logs/**/*.csv", 3),
        ("logs/2024-01-0[!1]/*", 2),
        ("logs/*.csv", 0),
    ):
        result = run(read(lake.url(pattern), "csv"))
        assert result.success is bool(total), result.errors
        if total:
            assert result.data_map["rows"]["amount"].sum() == total
        else:
            assert "no object matches the pattern" in str(result.errors["read"])


def test_of_parquet_only_the_columns_and_row_groups_that_are_asked_for_are_fetched(
    s3_lake: Lake, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = "SELECT i AS id, hash(i) AS noise, hash(i + 1) AS more FROM range(400_000) AS t(i)"
    assert run(write(many, s3_lake.url("big/a.parquet"), "parquet", row_group_size=20_480)).success
    fetched: list[int] = []
    fetch = Store.read

    def counted(*asked: Any, **more: Any) -> bytes:
        content = fetch(*asked, **more)
        fetched.append(len(content))
        return content

    monkeypatch.setattr(Store, "read", counted)
    query = "SELECT sum(noise) AS n FROM x WHERE id >= 390000"
    steps = [
        *read(s3_lake.url("big/*.parquet"), "parquet"),
        Step("transform", "sum", "sql", "pandas", query, {}, {"x": "rows"}, {"data": "y"}),
    ]
    assert len(frame(run, steps, "y")) == 1
    (found,) = s3_lake.store.inside(s3_lake.at("big"))
    assert found.size_bytes > 5_000_000
    assert 0 < sum(fetched) < found.size_bytes / 4


def test_the_metadata_of_an_object_are_fetched_once_for_each_of_its_states(
    s3_lake: Lake, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch, ends = Store.read, list[bool]()

    def counted(self: Store, address: Any, start: int, end: int, state: str) -> bytes:
        found = self.head(address)
        assert found is not None
        ends.append(end == found.size_bytes)
        return fetch(self, address, start, end, state)

    for rows in (200_000, 100_000):
        query = f"SELECT i AS id, hash(i) AS noise FROM range({rows}) AS t(i)"
        assert run(write(query, s3_lake.url("a.parquet"), "parquet")).success
        monkeypatch.setattr(Store, "read", counted)
        for _ in range(2):
            assert len(frame(run, read(s3_lake.url("a.parquet"), "parquet"))) == rows
        monkeypatch.undo()
        assert sum(ends) == 1
        ends.clear()


def test_rows_that_cannot_be_read_are_kept_aside_with_the_object_that_they_are_in(
    lake: Lake, run: Run
) -> None:
    lake.put("orders.csv", "id,amount\n" + "".join(f"{i},{i}\n" for i in range(50_000)) + "x,1,2,3\n7,8\n")
    result = run(read(lake.url("orders.csv"), "csv", schema={"id": "BIGINT", "amount": "BIGINT"}))
    assert result.success, result.errors
    assert len(result.data_map["rows"]) == 50_001
    (kept,) = (result.run_dir / "rejects").iterdir()
    assert f"{lake.url('orders.csv')},50002," in kept.read_text()
    failed = run(
        read(lake.url("orders.csv"), "csv", schema={"id": "BIGINT", "amount": "BIGINT"}, on_bad_rows="fail")
    )
    assert lake.url("orders.csv") in str(failed.errors["read"].where)
