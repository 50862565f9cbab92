"""A step whose fault an error is, and no other, is told of: also where several sources are read at once."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from tests.conftest import Run

from odibi_core.errors import SourceError, TargetError
from odibi_core.formats.old_rows import read_before, read_with_others
from odibi_core.formats.registry import format_named
from odibi_core.step import Step
from odibi_core.testing import ingest_step, sql_step, store_step
from odibi_core.workspace import Workspace

ROWS = "SELECT range AS id, md5(range::VARCHAR) AS text FROM range(100000)"


def made(run: Run, workspace: Workspace, extension: str) -> None:
    """Two files of the same rows, of which one is damaged in its middle."""
    names = [f"{name}.{extension}" for name in ("good", "bad")]
    stores: list[Step] = [store_step(name, name, "rows", **settings(extension)) for name in names]
    assert run([sql_step("rows", ROWS), *stores]).success
    whole = (workspace.root / names[1]).read_bytes()
    middle = len(whole) // 2
    (workspace.root / names[1]).write_bytes(
        whole[: middle - 30000]
        + bytes(byte ^ 0xFF for byte in whole[middle - 30000 : middle])
        + whole[middle:]
    )


def settings(extension: str) -> dict[str, str]:
    return {"table": "t"} if extension == "duckdb" else {}


@pytest.mark.parametrize("tracking", ["fused", "exact"])
@pytest.mark.parametrize("extension", ["duckdb", "parquet", "orc"])
def test_the_damaged_one_of_two_sources_is_named(
    run: Run, workspace: Workspace, extension: str, tracking: str
) -> None:
    made(run, workspace, extension)
    result = run(
        [
            ingest_step("first", f"good.{extension}", **settings(extension)),
            ingest_step("second", f"bad.{extension}", **settings(extension)),
            sql_step(
                "joined", "SELECT f.id, s.text FROM first f JOIN second s USING (id)", "first", "second"
            ),
            store_step("kept", "out.parquet", "joined"),
        ],
        tracking=tracking,
    )
    ((step, error),) = result.errors.items()
    # A file of Parquet is read by who takes it.
    reader = "joined" if (extension, tracking) == ("parquet", "exact") else "second"
    assert (step, type(error)) == (reader, SourceError)
    assert error.where.endswith(f"bad.{extension}")


def test_a_damaged_database_that_is_merged_into_is_named(run: Run, workspace: Workspace) -> None:
    made(run, workspace, "duckdb")
    damaged = (workspace.root / "bad.duckdb").read_bytes()
    result = run(
        [
            ingest_step("first", "good.duckdb", table="t"),
            store_step("kept", "bad.duckdb", "first", table="t", mode="merge", merge_key="id"),
        ]
    )
    ((step, error),) = result.errors.items()
    assert (step, type(error)) == ("kept", TargetError)
    assert (error.where.endswith("bad.duckdb"), "can't be read" in error.what) == (True, True)
    assert (workspace.root / "bad.duckdb").read_bytes() == damaged


@pytest.mark.parametrize(
    "kind", [duckdb.OutOfMemoryException, duckdb.InterruptException, duckdb.FatalException]
)
def test_no_file_is_blamed_for_what_the_engine_lacks(tmp_path: Path, kind: type[Exception]) -> None:
    file, parquet = tmp_path / "a.parquet", format_named("parquet")
    with (
        duckdb.connect() as cursor,
        pytest.raises(kind, match="no room"),
        read_with_others(parquet, file, "nothing that could be read", cursor),
    ):
        raise kind("no room")
    with pytest.raises(kind, match="no room"), read_before(parquet, file):
        raise kind("no room")


def test_a_column_named_as_a_row_hides_no_damage(tmp_path: Path) -> None:
    file, parquet = tmp_path / "a.parquet", format_named("parquet")
    with (
        duckdb.connect() as cursor,
        pytest.raises(TargetError, match=r"a\.parquet: the file that is there can't be read: no number"),
        read_with_others(parquet, file, "SELECT 1 AS old, error('no number') AS b", cursor),
    ):
        cursor.execute("SELECT error('at first')")
