"""Files of a run that are put where they belong: by a link where that may be, else as a copy."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from odibi_core.formats.base import put_file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "scratch").mkdir()
    (tmp_path / "out").mkdir()
    made = tmp_path / "scratch" / "rows"
    made.write_text("rows")
    return made


def test_a_file_is_linked_with_the_rights_of_one_that_is_made_there(file: Path) -> None:
    file.chmod(0o644)
    umask = os.umask(0o027)
    try:
        put_file(file, place := file.parents[1] / "out" / "rows")
    finally:
        os.umask(umask)
    assert place.samefile(file)
    assert stat.S_IMODE(place.stat().st_mode) == 0o640


def test_a_second_place_gets_a_copy_that_the_first_can_not_change(file: Path) -> None:
    one, two = (file.parents[1] / "out" / name for name in ("one", "two"))
    put_file(file, one)
    put_file(file, two)
    one.write_text("other rows")
    assert two.read_text() == "rows"


def test_a_folder_that_gives_its_group_to_files_gets_a_copy(file: Path) -> None:
    folder = file.parents[1] / "out"
    folder.chmod(0o2775)
    put_file(file, folder / "rows")
    assert (folder / "rows").read_text() == "rows"
    assert not (folder / "rows").samefile(file)


def test_a_folder_that_is_not_there_is_told_of(file: Path) -> None:
    with pytest.raises(FileNotFoundError):
        put_file(file, file.parents[1] / "nowhere" / "rows")
