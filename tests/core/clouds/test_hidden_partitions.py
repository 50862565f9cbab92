"""Columns whose folders would be hidden are refused, on this machine and on a store."""

from __future__ import annotations

import pytest
from tests.conftest import Run
from tests.core.clouds.conftest import Lake
from tests.core.clouds.test_formats import frame, read, write

pytestmark = pytest.mark.xdist_group("object_stores")


@pytest.mark.parametrize("column", ["_year", ".year"])
def test_a_partition_that_nobody_would_find_again_is_not_written(
    s3_lake: Lake, run: Run, column: str
) -> None:
    query = f'SELECT 2024 AS "{column}", 5 AS month, 1 AS id'
    for target in ("local", s3_lake.url("far")):
        for format_ in ("csv", "parquet"):
            told = run(write(query, target, format_, partitionBy=["month", column])).errors["write"]
            assert f"folders of the column '{column}' would be hidden" in str(told)
            assert "AS year" in str(told)
    assert not (s3_lake.workspace.root / "local").exists()
    assert not s3_lake.store.is_folder(s3_lake.at("far"))
    # The log of a Delta table tells of its files, whatever they are called.
    assert run(write(query, "table", "delta", partitionBy=[column])).success
    assert list(frame(run, read("table", "delta"))["id"]) == [1]
