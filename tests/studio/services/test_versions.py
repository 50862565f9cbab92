"""Versions: made with a message, listed, read, compared, restored."""

from __future__ import annotations

import pytest
from tests.studio.conftest import YAML, Keep, SaveVersion, edited, named

from odibi_core.errors import UnknownNameError
from odibi_core.workspace import Workspace
from odibi_studio.messages import VersionRequest
from odibi_studio.services.conflicts import ConflictError
from odibi_studio.services.designs import Designs
from odibi_studio.services.documents import Content
from odibi_studio.services.versions import NOW, Versions
from odibi_studio.store.backups import backups


def test_a_version_is_signed_dated_and_written_to_its_file(
    designs: Designs, versions: Versions, save_version: SaveVersion, workspace: Workspace
) -> None:
    design = designs.add(Content(YAML))
    made = save_version(design, " The first one ")
    assert (made.number, made.author, made.message, made.step_count) == (1, "ana", "The first one", 3)
    assert made.created.endswith("+00:00")
    assert (workspace.root / "pipelines" / "receipts.yaml").read_text() == YAML
    assert versions.list(design.id) == [made]
    assert not designs.open(design.id).is_changed


def test_saving_an_unchanged_document_makes_no_new_version(
    designs: Designs, save_version: SaveVersion
) -> None:
    design = designs.add(Content(YAML))
    assert save_version(design, "first") == save_version(design, "second")


def test_a_version_of_an_older_revision_is_refused(designs: Designs, versions: Versions, keep: Keep) -> None:
    design = designs.add(Content(YAML))
    keep(design, edited(design.document, "clean", value="SELECT 1 AS a"))
    with pytest.raises(ConflictError, match="ana changed the pipeline meanwhile"):
        versions.make(design.id, VersionRequest(revision=design.revision, message=""))


def test_a_pipeline_without_a_name_can_be_kept_but_gets_no_version(
    designs: Designs, keep: Keep, save_version: SaveVersion
) -> None:
    design = designs.create()
    keep(design, named(design.document, " "))
    with pytest.raises(ConflictError, match="the pipeline has no name"):
        save_version(design)


def test_versions_stay_as_they_were(
    designs: Designs, versions: Versions, keep: Keep, save_version: SaveVersion
) -> None:
    design = designs.add(Content(YAML))
    save_version(design, "one")
    keep(designs.open(design.id), edited(design.document, "clean", value="SELECT 1 AS a"))
    save_version(design, "two")
    assert [version.message for version in versions.list(design.id)] == ["two", "one"]
    assert versions.read(design.id, 1) == design.document
    assert versions.read(design.id, 2).pipeline.steps[1].value == "SELECT 1 AS a"


def test_an_unknown_version_is_told_with_the_newest(
    designs: Designs, versions: Versions, save_version: SaveVersion
) -> None:
    design = designs.add(Content(YAML))
    with pytest.raises(UnknownNameError, match="there is no version 3 of 'receipts'") as raised:
        versions.read(design.id, 3)
    assert raised.value.fix == "it has none yet"
    save_version(design)
    with pytest.raises(UnknownNameError) as raised:
        versions.read(design.id, 3)
    assert raised.value.fix == "the newest is 1"


def test_a_version_is_compared_with_the_document_as_it_is_now(
    designs: Designs, versions: Versions, keep: Keep, save_version: SaveVersion
) -> None:
    design = designs.add(Content(YAML))
    save_version(design)
    keep(designs.open(design.id), edited(design.document, "save", params={"format": "csv"}))
    found = versions.diff(design.id, 1, NOW)
    assert [(change.step, change.change, change.fields) for change in found.steps] == [
        ("save", "changed", ["params.format"])
    ]
    assert found.text.splitlines()[:2] == ["--- version 1", "+++ now"]
    assert "-    params: {format: parquet}" in found.text
    assert "+    params: {format: csv}" in found.text


def test_restoring_makes_a_version_of_unsaved_changes_and_one_of_the_restored(
    designs: Designs, versions: Versions, keep: Keep, save_version: SaveVersion, workspace: Workspace
) -> None:
    design = designs.add(Content(YAML))
    save_version(design, "one")
    keep(designs.open(design.id), edited(design.document, "clean", value="SELECT 1 AS a"))
    save_version(design, "two")
    now = designs.open(design.id)
    keep(now, edited(now.document, "clean", value="SELECT 2 AS unsaved"))
    restored = versions.restore(design.id, 1)
    assert (restored.document, restored.version, restored.is_changed) == (design.document, 4, False)
    assert [version.message for version in versions.list(design.id)] == [
        "Restored version 1",
        "Before version 1 was restored",
        "two",
        "one",
    ]
    assert versions.read(design.id, 3).pipeline.steps[1].value == "SELECT 2 AS unsaved"
    assert (workspace.root / "pipelines" / "receipts.yaml").read_text() == YAML


def test_restoring_what_is_there_already_makes_no_version(
    designs: Designs, versions: Versions, save_version: SaveVersion
) -> None:
    design = designs.add(Content(YAML))
    save_version(design)
    assert versions.restore(design.id, 1).version == 1


def test_restoring_an_older_name_gives_the_file_that_name(
    designs: Designs, versions: Versions, save_version: SaveVersion, workspace: Workspace
) -> None:
    design = designs.add(Content(YAML))
    save_version(design)
    designs.rename(design.id, "till")
    assert versions.restore(design.id, 1).path == "pipelines/receipts.yaml"
    assert [file.name for file in (workspace.root / "pipelines").iterdir()] == ["receipts.yaml"]


def test_a_version_leaves_a_backup_behind(
    designs: Designs, save_version: SaveVersion, workspace: Workspace
) -> None:
    save_version(designs.create())
    assert len(backups(workspace.state / "studio.db")) == 1
