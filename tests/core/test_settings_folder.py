"""Files of settings that a form changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from odibi_core.alerts.rule import ALERTS, Alert
from odibi_core.errors import OdibiError, WorkspaceError
from odibi_core.schedules.files import SCHEDULES
from odibi_core.schedules.schedule import Schedule
from odibi_core.settings_folder import SettingsFolder
from odibi_core.workspace import Workspace

TEXT = """\
# Sales of the day before.
pipeline: daily_sales  # in pipelines/
cron: 0 2 * * *
time_zone: Europe/Vienna
jitter: 300

# What the pipeline is given.
parameters:
  region: North  # for now
"""


def written(workspace: Workspace, text: str = TEXT) -> Path:
    path = workspace.root / "schedules" / "daily.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode())
    return path


def changed(workspace: Workspace, **fields: object) -> Schedule:
    """The schedule with other fields, checked as a form checks them."""
    said = SCHEDULES.find(workspace, "daily").model_dump(exclude_defaults=True)
    return Schedule.model_validate({**said, **fields})


def test_only_what_means_something_else_is_changed_in_the_file(workspace: Workspace) -> None:
    path = written(workspace)
    SCHEDULES.change(workspace, "daily", changed(workspace, cron="30 6 * * 1-5", missed="all"))
    assert path.read_text() == TEXT.replace("0 2 * * *", '"30 6 * * 1-5"').rstrip("\n") + "\nmissed: all\n"


def test_what_is_as_it_would_be_anyway_is_taken_out(workspace: Workspace) -> None:
    path = written(workspace)
    SCHEDULES.change(workspace, "daily", changed(workspace, jitter=None, time_zone="UTC"))
    assert "jitter" not in path.read_text()
    assert "time_zone" not in path.read_text()
    assert "# What the pipeline is given." in path.read_text()


def test_saving_without_a_change_leaves_every_byte(workspace: Workspace) -> None:
    text = TEXT.replace("\n", "\r\n")
    path = written(workspace, text)
    SCHEDULES.change(workspace, "daily", SCHEDULES.find(workspace, "daily"))
    assert path.read_bytes() == text.encode()


def test_line_breaks_stay_as_they_were(workspace: Workspace) -> None:
    path = written(workspace, TEXT.replace("\n", "\r\n"))
    SCHEDULES.change(workspace, "daily", changed(workspace, cron="1 2 * * 0"))
    assert b'cron: "1 2 * * 0"\r\n' in path.read_bytes()
    assert path.read_bytes().count(b"\n") == path.read_bytes().count(b"\r\n")


def test_a_file_that_was_wrong_is_mended_in_place(workspace: Workspace) -> None:
    path = written(workspace, TEXT.replace("cron:", "corn:"))
    good = Schedule.model_validate({"pipeline": "daily_sales", "cron": "0 3 * * *"})
    SCHEDULES.change(workspace, "daily", good)
    assert SCHEDULES.find(workspace, "daily") == good
    assert path.read_text().startswith("# Sales of the day before.\n")


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(workspace: Workspace) -> None:
    path = written(workspace)
    base = SCHEDULES.text(workspace, "daily")
    path.write_text(TEXT + "missed: skip\n")
    with pytest.raises(WorkspaceError, match="changed by somebody else"):
        SCHEDULES.change(workspace, "daily", changed(workspace, cron="1 2 * * 0"), base)
    assert path.read_text().endswith("missed: skip\n")


def test_a_new_file_begins_with_what_matters_most_and_can_be_removed(workspace: Workspace) -> None:
    schedule = Schedule.model_validate({"cron": "0 2 * * *", "pipeline": "sales", "time_zone": "UTC"})
    path = SCHEDULES.add(workspace, "new", schedule)
    assert path.read_text() == 'pipeline: sales\ncron: "0 2 * * *"\n'
    SCHEDULES.remove(workspace, "new")
    assert SCHEDULES.files(workspace) == {}


def test_what_differs_from_a_default_that_depends_on_other_settings_is_written(workspace: Workspace) -> None:
    lineage = {"channel": "openlineage", "url": "http://lineage"}
    few = Alert.model_validate({**lineage, "on": ["failed", "lost"], "group": "5m"})
    file = ALERTS.add(workspace, "few", few)
    assert file.read_text().endswith('"on": [failed, lost]\ngroup: "5m"\n')
    assert ALERTS.find(workspace, "few") == few
    usual = Alert.model_validate({**lineage, "timeout_s": 10.0})
    ALERTS.change(workspace, "few", usual)
    assert ALERTS.find(workspace, "few") == usual
    # A number that is the default is left out, whole or not.
    assert "timeout_s" not in file.read_text()


def test_what_is_wrong_with_one_file_is_told_beside_the_others(workspace: Workspace) -> None:
    written(workspace)
    (workspace.root / "schedules" / "odd.yaml").write_text("pipeline: [")
    found = SCHEDULES.read(workspace)
    assert isinstance(found["daily"], Schedule)
    assert isinstance(found["odd"], OdibiError)


def test_messages_name_the_noun() -> None:
    folder = SettingsFolder("alerts", "alert", Schedule)
    with pytest.raises(WorkspaceError, match="the name of an alert"):
        folder.add(
            Workspace(Path(), False), "../x", Schedule.model_validate({"pipeline": "a", "every": "1h"})
        )
