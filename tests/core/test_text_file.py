from __future__ import annotations

from pathlib import Path

import pytest

from odibi_core.errors import TargetError
from odibi_core.text_file import write_text_file


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.json"
    write_text_file(path, "old")
    assert write_text_file(str(path), "né\ud800") == path
    assert path.read_bytes() == "né\\ud800".encode()
    assert list(path.parent.iterdir()) == [path]


def test_a_name_of_the_greatest_length_is_written(tmp_path: Path) -> None:
    assert write_text_file(tmp_path / ("n" * 255), "text").read_text() == "text"


def test_a_path_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="a folder stands where a file should be"):
        write_text_file(tmp_path, "text")
    with pytest.raises(TargetError, match="can't be written: file name too long"):
        write_text_file(tmp_path / ("n" * 256), "text")
    assert list(tmp_path.iterdir()) == []
