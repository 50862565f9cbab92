from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from odibi_core.errors import TargetError
from odibi_core.formats import atomic
from odibi_core.formats.base import Ticket

TICKET = Ticket("run", "step")


def replace(target: Path, write: Callable[[Path], object]) -> None:
    with atomic.staged(target, TICKET) as prepared:
        write(prepared)
        atomic.publish(prepared, target)


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def make_folder(path: Path, name: str) -> None:
    path.mkdir()
    (path / name).write_text(name)


def test_a_file_takes_the_place_of_another(tmp_path: Path) -> None:
    target = tmp_path / "new" / "a.txt"
    replace(target, lambda path: path.write_text("one"))
    replace(target, lambda path: path.write_text("two"))

    assert target.read_text() == "two"
    assert names(target.parent) == ["a.txt"]


def test_a_folder_takes_the_place_of_another(tmp_path: Path) -> None:
    target = tmp_path / "table"
    replace(target, lambda path: make_folder(path, "one"))
    replace(target, lambda path: make_folder(path, "two"))

    assert names(target) == ["two"]
    assert names(tmp_path) == ["table"]


def test_what_is_not_published_goes(tmp_path: Path) -> None:
    def fail(path: Path) -> None:
        path.write_text("half")
        raise KeyError

    with pytest.raises(KeyError):
        replace(tmp_path / "a.txt", fail)

    assert names(tmp_path) == []


def test_leftovers_of_dead_writers_are_swept_and_those_of_living_ones_kept(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    dead = tmp_path / ".tmp-0123456789abcdef-a.txt"
    other = tmp_path / ".tmp-0123456789abcdef-b-a.txt"
    make_folder(dead, "a.txt")
    make_folder(other, "b-a.txt")

    with atomic.staged(target, Ticket("living", "step")) as living:
        living.write_text("half")
        replace(target, lambda path: path.write_text("whole"))
        assert living.exists()

    assert names(tmp_path) == [other.name, "a.txt"]


def test_the_same_write_at_the_same_time_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    with (
        atomic.staged(target, TICKET),
        pytest.raises(TargetError, match=r"a\.txt: another run writes it right now"),
        atomic.staged(target, TICKET),
    ):
        pass


def test_names_of_any_length_and_kind_work(tmp_path: Path) -> None:
    for name in ("x" * 250, "é" * 120, "a [1]*?.csv", "-rf", "😀"):
        replace(tmp_path / name, lambda path: path.write_text("x"))

    assert len(names(tmp_path)) == 5


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "the disk is full\n.*unchanged"),
        (errno.EDQUOT, "the disk quota is used up"),
        (errno.EACCES, "permission denied\n.*write permission"),
        (errno.EROFS, "the file system is read-only"),
        (errno.EISDIR, "a folder stands where a file should be"),
    ],
)
def test_the_reasons_of_the_system_are_told_in_words(tmp_path: Path, number: int, said: str) -> None:
    target = tmp_path / "a.txt"
    for error in (OSError(number, os.strerror(number)), RuntimeError(f"{target}: {os.strerror(number)}")):
        with pytest.raises(TargetError, match=f"a\\.txt: {said}"), atomic.explained(target):
            raise error


def test_a_real_full_disk_is_told(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="the disk is full"):
        replace(tmp_path / "a.txt", lambda _: Path("/dev/full").write_text("x"))


def test_errors_about_other_files_pass(tmp_path: Path) -> None:
    error = FileNotFoundError(errno.ENOENT, "No such file or directory", "/elsewhere/source.csv")
    with pytest.raises(FileNotFoundError), atomic.explained(tmp_path / "a.txt"):
        raise error


def test_a_folder_in_the_place_of_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(TargetError, match="a folder stands where a file should be"):
        replace(tmp_path / "a.txt", lambda path: path.write_text("x"))


def test_permissions_stay(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("one")
    target.chmod(0o600)

    replace(target, lambda path: path.write_text("two"))

    assert (target.read_text(), stat.S_IMODE(target.stat().st_mode)) == ("two", 0o600)


def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path: Path) -> None:
    target, link = tmp_path / "real" / "a.txt", tmp_path / "link.txt"
    target.parent.mkdir()
    target.write_text("one")
    link.symlink_to(target)

    replace(link, lambda path: path.write_text("two"))

    assert (link.is_symlink(), target.read_text()) == (True, "two")
    assert names(target.parent) == ["a.txt"]
