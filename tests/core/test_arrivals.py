"""Files that come into a folder count once they are whole."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from tests.waiting import wait_until

from odibi_core.arrivals import Arrivals, is_open_for_writing
from odibi_core.errors import OdibiError


def names(arrivals: Arrivals, known: dict[str, str]) -> list[str]:
    return [arrival.path.name for arrival in arrivals.look(known)[0]]


def test_a_file_that_somebody_writes_is_not_whole_however_long_he_pauses(tmp_path: Path) -> None:
    arrivals = Arrivals(tmp_path, "*.csv", 0.05)
    with (tmp_path / "a.csv").open("w") as file:
        file.write("id\n")
        file.flush()
        threading.Event().wait(0.2)
        assert is_open_for_writing(str(tmp_path / "a.csv"))
        assert names(arrivals, {}) == []
        assert arrivals.is_waiting
    assert wait_until(lambda: names(arrivals, {})) == ["a.csv"]
    assert not arrivals.is_waiting


def test_a_file_must_stay_as_it_is_for_a_while(tmp_path: Path) -> None:
    arrivals = Arrivals(tmp_path, "*", 3600)
    (tmp_path / "a").write_text("x")
    assert names(arrivals, {}) == []
    assert arrivals.is_waiting


def test_a_file_that_is_known_does_not_come_again_and_one_that_is_gone_is_told(tmp_path: Path) -> None:
    arrivals = Arrivals(tmp_path, "*", 0)
    path = tmp_path / "a"
    path.write_text("x")
    (arrival,), _ = arrivals.look({})
    known = {str(path): arrival.identity}
    assert arrivals.look(known) == ([], [])
    path.unlink()
    assert arrivals.look(known) == ([], [str(path)])


def test_a_pattern_with_a_slash_looks_into_folders_and_there_need_be_no_folder(tmp_path: Path) -> None:
    arrivals = Arrivals(tmp_path / "in", "**/*.csv", 0)
    assert arrivals.look({}) == ([], [])
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "deep" / "a.csv").write_text("x")
    (tmp_path / "in" / "_old").mkdir()
    (tmp_path / "in" / "_old" / "b.csv").write_text("x")
    assert names(arrivals, {}) == ["a.csv"]


def test_looking_at_a_file_never_ends_the_process_that_looks(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("x")
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            path.open("a").close()

    thread = threading.Thread(target=write)
    thread.start()
    for _ in range(3000):
        is_open_for_writing(str(path))
    stop.set()
    thread.join()


def test_a_folder_that_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(_folder: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("odibi_core.arrivals.os.scandir", denied)
    with pytest.raises(OdibiError, match="the folder can't be read: permission denied"):
        Arrivals(tmp_path, "*", 0).look({})
