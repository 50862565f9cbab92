"""Heads of sources: what is known of a file that is as it was, and whose database reads the others."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from odibi_core import late_duckdb
from odibi_core.engines.duckdb.session import Session
from odibi_core.engines.operations import Scan
from odibi_core.errors import SourceError
from odibi_core.formats.registry import format_named
from odibi_core.plan.heads import head_reader
from odibi_core.schema import Schema
from odibi_core.sql import spare


@pytest.fixture(autouse=True)
def _no_spare(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    databases: list[Any] = []
    monkeypatch.setattr(spare, "_SPARE", databases)
    yield
    for database in databases:
        database.close()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every database that is opened."""
    connect, made = late_duckdb.connect, list[Any]()

    def watched(*arguments: Any, **settings: Any) -> Any:
        made.append(connect(*arguments, **settings))
        return made[-1]

    monkeypatch.setattr(late_duckdb, "connect", watched)
    return made


def columns(path: Path, format_: str = "csv", **options: Any) -> Schema:
    model = format_named(format_).read_options
    with head_reader() as read:
        return read(Scan(str(path), format_, model.model_validate(options)), path)


def settle(path: Path) -> None:
    """Wait until what the file's times tell is sure to differ after another change."""
    while time.time() - max(path.stat().st_mtime, path.stat().st_ctime) < 0.06:
        time.sleep(0.01)


def test_the_columns_of_a_file_that_is_as_it_was_are_known_without_a_database(
    tmp_path: Path, opened: list[Any]
) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("id,name\n1,a\n")
    settle(path)
    first = columns(path)
    spare._SPARE.clear()
    assert columns(path) == first
    assert len(opened) == 1
    # Read in another way, the same file has other columns.
    assert columns(path, header=False) != first
    assert len(opened) == 2


def test_a_file_that_was_written_anew_is_read_anew_whatever_its_size_and_time(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("id,name\n1,a\n")
    settle(path)
    assert columns(path).names == ("id", "name")
    before = path.stat()
    path.write_text("id,size\n1,a\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert columns(path).names == ("id", "size")
    path.unlink()
    with pytest.raises(SourceError):
        columns(path)


def test_a_file_that_changes_again_at_once_is_not_taken_for_the_former(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    for number in range(10):
        path.write_text(f"id,name_{number}\n1,a\n")
        assert columns(path).names == ("id", f"name_{number}")


def test_a_run_goes_on_with_the_database_of_its_plan_and_settings_of_its_own(
    tmp_path: Path, opened: list[Any]
) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("id,name\n1,a\n")
    columns(path)
    told = "SELECT name, value FROM duckdb_settings() ORDER BY name"
    sessions = [
        Session(tmp_path / "it's", memory_limit="2GB", threads=3, ordered=False),
        Session(tmp_path / "it's", memory_limit="2GB", threads=3, ordered=False),
        Session(tmp_path / "it's", memory_limit="2GB"),
    ]
    taken, fresh, other = (session.cursor().execute(told).fetchall() for session in sessions)
    # The first took the one that had read the head, with all cores or as many as it was told.
    assert len(opened) == 3
    assert dict(taken)["threads"] == "3"
    assert without_memory(taken) == without_memory(fresh)
    for session in sessions:
        session.close()
    columns(path, header=False)
    session = Session(tmp_path / "it's", memory_limit="2GB")
    again = session.cursor().execute(told).fetchall()
    assert without_memory(again) == without_memory(other)
    session.close()


def without_memory(settings: list[tuple[str, str]]) -> dict[str, str]:
    """The settings without those that depend on how much memory the process took by then."""
    return {name: value for name, value in settings if "memory" not in name}


def test_a_database_that_holds_another_serves_nobody_else() -> None:
    database = spare.take_database({"threads": "1"})
    database.execute("ATTACH ':memory:' AS other")
    spare.give_back(database)
    assert spare._SPARE == []
    with pytest.raises(duckdb.ConnectionException):
        database.execute("SELECT 1")
