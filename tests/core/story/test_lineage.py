"""Lineage files that can't be read say what is wrong with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from odibi_core.errors import OdibiError
from odibi_core.story.lineage import read_lineage

MINIMAL: dict[str, Any] = {
    "format": 1,
    "pipeline_name": "orders",
    "execution_id": "run-1",
    "state": "success",
    "start_time": "2026-11-24T16:15:00+02:00",
    "steps": [{"step_name": "load", "layer": "bronze", "kind": "ingest", "status": "success"}],
    "edges": [],
}


def refusal(tmp_path: Path, content: str | bytes) -> OdibiError:
    """The error that a file of this content gives."""
    path = tmp_path / "lineage.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(OdibiError) as caught:
        read_lineage(path)
    assert caught.value.where == str(path)
    assert caught.value.fix
    return caught.value


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in MINIMAL.items() if name != key}


def test_what_is_not_in_the_file_has_a_quiet_default(tmp_path: Path) -> None:
    path = tmp_path / "lineage.json"
    path.write_text(json.dumps(MINIMAL | {"added_later": True}))
    lineage = read_lineage(path)
    assert lineage.start_time.isoformat() == "2026-11-24T14:15:00+00:00"
    assert lineage.steps[0].duration_scope == "step"
    assert lineage.steps[0].after_snapshot is None


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(OdibiError, match="there is no such lineage file") as caught:
        read_lineage(tmp_path / "lineage.json")
    assert "tracker.export_lineage" in caught.value.fix


def test_a_folder_is_not_a_lineage_file(tmp_path: Path) -> None:
    with pytest.raises(OdibiError, match="can't be read: Is a directory"):
        read_lineage(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is not JSON: Expecting value (line 1, column 1)"),
        ('{"format": 1,\n "steps": }', "is not JSON: Expecting value (line 2, column 11)"),
        (b"\xff\xfe{", "is not UTF-8 text"),
        ("[" * 100_000, "is not usable JSON"),
        ("[]", "is not the lineage of a run: it has no 'format'"),
        ('{"steps": []}', "is not the lineage of a run: it has no 'format'"),
    ],
)
def test_a_file_that_is_no_lineage_is_told_apart(tmp_path: Path, content: str | bytes, message: str) -> None:
    assert message in refusal(tmp_path, content).what


@pytest.mark.parametrize("version", [2, "1.0", None])
def test_another_format_version_is_refused(tmp_path: Path, version: object) -> None:
    error = refusal(tmp_path, json.dumps(MINIMAL | {"format": version}))
    assert error.what == f"the lineage has format {version!r}, and this version reads format 1"


@pytest.mark.parametrize("key", ["pipeline_name", "execution_id", "state", "start_time", "steps", "edges"])
def test_a_missing_key_is_named(tmp_path: Path, key: str) -> None:
    assert refusal(tmp_path, json.dumps(without(key))).what == f"the lineage can't be read: {key} is missing"


def test_a_wrong_key_of_a_step_is_named_without_its_value(tmp_path: Path) -> None:
    step = MINIMAL["steps"][0] | {"status": "s3cret"}
    error = refusal(tmp_path, json.dumps(MINIMAL | {"steps": [step]}))
    assert "steps.0.status is wrong" in error.what
    assert "s3cret" not in str(error)


def test_many_mistakes_are_counted(tmp_path: Path) -> None:
    error = refusal(tmp_path, json.dumps(MINIMAL | {"steps": [{}, {}]}))
    assert error.what.endswith("; and 3 more")


def test_an_edge_of_an_unknown_step_is_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path, json.dumps(MINIMAL | {"edges": [{"from": "load", "to": "lost"}]}))
    assert error.what == "edges.0 names step 'lost', which is not among the steps"


def test_two_steps_of_one_name_are_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path, json.dumps(MINIMAL | {"steps": MINIMAL["steps"] * 2}))
    assert error.what == "the lineage has two steps named 'load'"
