"""Designs and the files of the workspace, kept in step in both directions."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.studio.conftest import YAML, Keep, SaveVersion, edited

from odibi_core.errors import OdibiError
from odibi_core.workspace import Workspace
from odibi_studio.messages import AutosaveRequest
from odibi_studio.services.conflicts import ConflictError
from odibi_studio.services.design_desk import DesignDesk
from odibi_studio.services.designs import Designs
from odibi_studio.services.documents import Content
from odibi_studio.services.versions import Versions

BROKEN = "name: receipts\nsteps:\n  - name: read\n    layer: [bronze\n"


@pytest.fixture
def folder(workspace: Workspace) -> Path:
    made = workspace.root / "pipelines"
    made.mkdir()
    return made


@pytest.fixture
def file(folder: Path, designs: Designs) -> Path:
    """A pipeline file that the Studio knows."""
    path = folder / "receipts.yaml"
    path.write_text(YAML)
    designs.cards()
    return path


def only(designs: Designs) -> str:
    """The id of the only design."""
    (card,) = designs.cards()
    return card.id


def test_a_file_that_was_added_is_a_design_with_one_version(
    folder: Path, designs: Designs, versions: Versions
) -> None:
    (folder / "receipts.yaml").write_bytes(b"\xef\xbb\xbf" + YAML.replace("\n", "\r\n").encode())
    (card,) = designs.cards()
    assert (card.name, card.version, card.is_changed, card.path) == (
        "receipts",
        1,
        False,
        "pipelines/receipts.yaml",
    )
    (version,) = versions.list(card.id)
    assert (version.author, version.message) == ("file", "Found in pipelines/receipts.yaml")


def test_line_breaks_and_the_mark_at_the_start_stay_in_the_file(
    folder: Path, designs: Designs, keep: Keep, save_version: SaveVersion
) -> None:
    data = b"\xef\xbb\xbf" + YAML.replace("\n", "\r\n").encode()
    (folder / "receipts.yaml").write_bytes(data)
    design = designs.open(only(designs))
    keep(design, edited(design.document, "save", value="output/other.parquet"))
    save_version(design)
    assert (folder / "receipts.yaml").read_bytes() == data.replace(b"sales.parquet", b"other.parquet")


def test_nothing_is_written_and_no_version_made_while_nothing_happens(
    file: Path, designs: Designs, versions: Versions
) -> None:
    before = file.stat()
    design_id = only(designs)
    designs.open(design_id)
    designs.cards()
    assert file.stat() == before
    assert len(versions.list(design_id)) == 1


def test_a_file_that_was_changed_is_a_new_version(file: Path, designs: Designs, versions: Versions) -> None:
    design = designs.open(only(designs))
    file.write_text(YAML.replace("amount > 0", "amount > 9"))
    after = designs.open(design.id)
    assert (after.version, after.is_changed, after.conflict, after.problem) == (2, False, 0, "")
    assert after.revision > design.revision
    assert after.document.pipeline.steps[1].value == "SELECT * FROM rows WHERE amount > 9"
    newest = versions.list(design.id)[0]
    assert (newest.author, newest.message) == ("file", "Changed in pipelines/receipts.yaml")


def test_a_browser_that_edits_what_a_file_changed_meanwhile_is_told(
    file: Path, designs: Designs, keep: Keep
) -> None:
    design = designs.open(only(designs))
    file.write_text(YAML.replace("amount > 0", "amount > 9"))
    designs.cards()
    mine = edited(design.document, "save", value="output/mine.parquet")
    answer = designs.autosave(design.id, AutosaveRequest(base_revision=design.revision, document=mine))
    assert (answer.is_kept, answer.author) == (False, "file")
    assert answer.merged is not None
    assert [step.value for step in answer.merged.pipeline.steps][1:] == [
        "SELECT * FROM rows WHERE amount > 9",
        "output/mine.parquet",
    ]


@pytest.fixture
def conflict(file: Path, designs: Designs, keep: Keep) -> str:
    """The id of a design with changes of its own, whose file was changed too."""
    design = designs.open(only(designs))
    keep(design, edited(design.document, "save", value="output/mine.parquet"))
    file.write_text(YAML.replace("amount > 0", "amount > 9"))
    return design.id


def test_a_changed_file_never_overwrites_unsaved_changes(conflict: str, designs: Designs) -> None:
    design = designs.open(conflict)
    assert (design.conflict, design.version, design.is_changed) == (2, 2, True)
    assert "pipelines/receipts.yaml was changed outside, which is version 2 now" in design.problem
    assert "mine.parquet" in designs.content(conflict).text
    assert designs.cards()[0].problem == design.problem


def test_unsaved_changes_never_overwrite_a_changed_file(
    conflict: str, designs: Designs, versions: Versions, save_version: SaveVersion, file: Path
) -> None:
    with pytest.raises(ConflictError, match="was changed outside"):
        save_version(designs.open(conflict))
    with pytest.raises(ConflictError, match="was changed outside"):
        versions.restore(conflict, 1)
    assert "amount > 9" in file.read_text()


def test_a_conflict_is_settled_with_both_sides_changes(
    conflict: str, designs: Designs, versions: Versions, save_version: SaveVersion, file: Path
) -> None:
    designs.cards()
    design = versions.resolve(conflict, "both")
    assert (design.conflict, design.problem, design.is_changed) == (0, "", True)
    save_version(design, "both")
    merged = YAML.replace("amount > 0", "amount > 9").replace("sales.parquet", "mine.parquet")
    assert file.read_text() == merged


def test_a_conflict_is_settled_with_the_document(
    conflict: str, designs: Designs, versions: Versions, save_version: SaveVersion, file: Path
) -> None:
    designs.cards()
    save_version(versions.resolve(conflict, "mine"))
    assert file.read_text() == YAML.replace("sales.parquet", "mine.parquet")
    assert "amount > 9" in str(versions.read(conflict, 2))


def test_a_conflict_is_settled_with_the_file_and_what_was_here_is_a_version(
    conflict: str, designs: Designs, versions: Versions, file: Path
) -> None:
    designs.cards()
    design = versions.resolve(conflict, "file")
    assert (design.conflict, design.is_changed, design.version) == (0, False, 4)
    assert designs.content(conflict).text == file.read_text() == YAML.replace("amount > 0", "amount > 9")
    assert "mine.parquet" in str(versions.read(conflict, 3))


def test_both_sides_changes_of_one_step_can_not_be_put_in_one(
    file: Path, designs: Designs, keep: Keep, versions: Versions
) -> None:
    design = designs.open(only(designs))
    keep(design, edited(design.document, "clean", value="SELECT 1 AS mine"))
    file.write_text(YAML.replace("amount > 0", "amount > 9"))
    with pytest.raises(ConflictError, match="changed the same steps"):
        versions.resolve(design.id, "both")
    assert designs.open(design.id).conflict == 2


def test_settling_where_there_is_no_conflict_changes_nothing(
    file: Path, designs: Designs, versions: Versions
) -> None:
    design = designs.open(only(designs))
    assert versions.resolve(design.id, "file") == design


def test_a_removed_file_takes_its_design_to_the_trash_and_brings_it_back(
    file: Path, designs: Designs, versions: Versions
) -> None:
    design_id = only(designs)
    designs.tag(design_id, ["till"])
    file.unlink()
    assert designs.cards() == []
    assert [card.id for card in designs.trash()] == [design_id]
    file.write_text(YAML.replace("amount > 0", "amount > 9"))
    (card,) = designs.cards()
    assert (card.id, card.version, card.tags, card.is_changed) == (design_id, 2, ["till"], False)


def test_a_removed_file_leaves_a_design_with_unsaved_changes_where_it_is(
    file: Path, designs: Designs, keep: Keep, save_version: SaveVersion
) -> None:
    design = designs.open(only(designs))
    keep(design, edited(design.document, "save", value="output/mine.parquet"))
    file.unlink()
    after = designs.open(design.id)
    assert after.problem == "the file was removed outside; the next version writes it again"
    save_version(after)
    assert "mine.parquet" in file.read_text()
    assert designs.open(design.id).problem == ""


def test_a_restored_file_is_again_that_of_the_design_with_unsaved_changes(
    file: Path, designs: Designs, versions: Versions, keep: Keep
) -> None:
    design = designs.open(only(designs))
    keep(design, edited(design.document, "save", value="output/mine.parquet"))
    file.unlink()
    assert designs.open(design.id).problem
    file.write_text(YAML)
    (card,) = designs.cards()
    assert (card.id, card.is_changed, card.problem, len(versions.list(design.id))) == (design.id, True, "", 1)
    file.unlink()
    designs.cards()
    file.write_text(YAML.replace("amount > 0", "amount > 9"))
    after = designs.open(only(designs))
    assert (after.id, after.version, after.conflict) == (design.id, 2, 2)


def test_a_design_without_its_file_can_be_renamed_and_saved(
    file: Path, designs: Designs, keep: Keep, save_version: SaveVersion
) -> None:
    design = designs.open(only(designs))
    keep(design, edited(design.document, "save", value="output/mine.parquet"))
    file.unlink()
    renamed = designs.rename(design.id, "till")
    assert (renamed.path, renamed.problem) == ("pipelines/till.yaml", "")
    assert not file.exists()
    save_version(renamed)
    assert "mine.parquet" in file.with_name("till.yaml").read_text()


def test_a_file_that_git_restores_brings_back_the_design_that_was_deleted(
    file: Path, designs: Designs
) -> None:
    design_id = only(designs)
    designs.delete(design_id)
    file.write_text(YAML)
    assert only(designs) == design_id
    assert designs.trash() == []


def test_another_file_in_the_place_of_a_deleted_design_is_a_design_of_its_own(
    file: Path, designs: Designs
) -> None:
    design_id = only(designs)
    designs.delete(design_id)
    file.write_text(YAML.replace("amount > 0", "amount > 9"))
    assert only(designs) != design_id
    assert [card.id for card in designs.trash()] == [design_id]


def test_a_design_out_of_the_trash_leaves_another_its_place(file: Path, designs: Designs, keep: Keep) -> None:
    first = only(designs)
    designs.delete(first)
    file.write_text(YAML.replace("amount > 0", "amount > 9"))
    second = designs.open(only(designs))
    keep(second, edited(second.document, "save", value="output/mine.parquet"))
    file.unlink()
    designs.cards()
    designs.bring_back(first)
    assert {card.id: card.path for card in designs.cards()} == {
        first: "",
        second.id: "pipelines/receipts.yaml",
    }


def test_a_file_that_was_renamed_keeps_its_design(file: Path, designs: Designs, versions: Versions) -> None:
    design_id = only(designs)
    file.rename(file.with_name("till.yml"))
    (card,) = designs.cards()
    assert (card.id, card.path, card.version) == (design_id, "pipelines/till.yml", 1)


def test_a_file_that_comes_back_under_another_name_is_that_of_the_same_design(
    file: Path, designs: Designs
) -> None:
    design_id = only(designs)
    text = file.read_text()
    file.unlink()
    assert designs.cards() == []
    file.with_name("till.yaml").write_text(text)
    (card,) = designs.cards()
    assert (card.id, card.path, card.version) == (design_id, "pipelines/till.yaml", 1)
    assert designs.trash() == []


def test_a_copy_of_a_design_that_was_deleted_by_hand_is_a_design_of_its_own(
    file: Path, designs: Designs
) -> None:
    design_id = only(designs)
    text = file.read_text()
    designs.delete(design_id)
    file.with_name("till.yaml").write_text(text)
    assert only(designs) != design_id
    assert [card.id for card in designs.trash()] == [design_id]


def test_a_file_that_can_not_be_read_is_a_card_with_its_problem(folder: Path, designs: Designs) -> None:
    (folder / "broken.yaml").write_text(BROKEN)
    (folder / "latin.yaml").write_bytes("name: café\n".encode("latin-1"))
    broken, latin = designs.cards()
    assert (broken.id, broken.name, broken.path) == ("", "broken.yaml", "pipelines/broken.yaml")
    assert "line 5, column 1" in broken.problem
    assert latin.problem == "line 1: the file is not UTF-8 text; save it with the encoding UTF-8"


def test_a_file_that_was_mended_becomes_a_design(folder: Path, designs: Designs) -> None:
    (folder / "receipts.yaml").write_text(BROKEN)
    designs.cards()
    (folder / "receipts.yaml").write_text(YAML)
    (card,) = designs.cards()
    assert (card.name, card.problem) == ("receipts", "")


def test_a_file_that_broke_is_neither_taken_nor_overwritten(
    file: Path, designs: Designs, keep: Keep, versions: Versions, save_version: SaveVersion
) -> None:
    design = designs.open(only(designs))
    file.write_text(BROKEN)
    assert "can't be read, and no version replaces it" in designs.cards()[0].problem
    keep(design, edited(design.document, "save", value="output/mine.parquet"))
    with pytest.raises(ConflictError, match="can't be read, and no version"):
        save_version(design)
    with pytest.raises(ConflictError, match="can't be read as a pipeline"):
        versions.resolve(design.id, "file")
    assert file.read_text() == BROKEN


def test_a_file_that_broke_is_set_aside_where_the_document_is_kept(
    file: Path, designs: Designs, versions: Versions, workspace: Workspace
) -> None:
    design_id = only(designs)
    file.write_text(BROKEN)
    assert versions.resolve(design_id, "mine").problem == ""
    assert file.read_text() == YAML
    (aside,) = (workspace.root / ".odibi" / "set_aside").iterdir()
    assert aside.read_text() == BROKEN


def test_deleting_a_design_sets_a_broken_file_aside(
    file: Path, designs: Designs, workspace: Workspace
) -> None:
    design_id = only(designs)
    file.write_text(BROKEN)
    designs.delete(design_id)
    assert not file.exists()
    assert len(list((workspace.root / ".odibi" / "set_aside").iterdir())) == 1
    assert designs.cards() == []


def test_a_link_is_shown_and_never_followed(
    file: Path,
    designs: Designs,
    keep: Keep,
    save_version: SaveVersion,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "secret.yaml"
    outside.write_text(YAML)
    file.with_name("linked.yaml").symlink_to(outside)
    cards = designs.cards()
    assert [card.problem for card in cards] == ["", "it is a link, and links are not followed"]
    design = designs.open(cards[0].id)
    file.unlink()
    file.symlink_to(outside)
    keep(design, edited(design.document, "save", value="output/mine.parquet"))
    with pytest.raises(ConflictError, match="it is a link"):
        save_version(design)
    assert outside.read_text() == YAML


def test_a_folder_that_is_a_link_is_refused(
    designs: Designs, workspace: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (workspace.root / "pipelines").symlink_to(tmp_path_factory.mktemp("outside"))
    with pytest.raises(OdibiError, match="it is a link, and links are not followed"):
        designs.cards()


@pytest.mark.parametrize(
    "path", ["odibi.toml", "pipelines/../odibi.toml", "pipelines/a/b.yaml", "/etc/x.yaml"]
)
def test_a_path_outside_the_folder_is_refused(desk: DesignDesk, path: str) -> None:
    with pytest.raises(OdibiError, match="a pipeline file lies in the folder pipelines"):
        desk.folder.write(path, YAML)


def test_a_file_that_another_has_the_name_of_is_never_replaced(folder: Path, desk: DesignDesk) -> None:
    (folder / "one.yaml").write_text("one")
    (folder / "other.yaml").write_text("other")
    with pytest.raises(OdibiError, match="there is another file of that name"):
        desk.folder.move("pipelines/one.yaml", "pipelines/other.yaml")
    assert (folder / "other.yaml").read_text() == "other"


def test_a_file_of_another_ending_has_its_name_on_the_command_line_too(
    folder: Path, designs: Designs, save_version: SaveVersion
) -> None:
    (folder / "receipts.yml").write_text(BROKEN)
    with pytest.raises(ConflictError, match="there is another pipeline of the name 'receipts'"):
        save_version(designs.add(Content(YAML)))


def test_two_files_may_hold_pipelines_of_one_name(folder: Path, designs: Designs) -> None:
    for name in ("a.yaml", "b.yaml"):
        (folder / name).write_text(YAML)
    assert [(card.name, card.path) for card in designs.cards()] == [
        ("receipts", "pipelines/a.yaml"),
        ("receipts", "pipelines/b.yaml"),
    ]
