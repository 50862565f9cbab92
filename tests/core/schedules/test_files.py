"""Schedules in files: read, written, and every mistake with its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from odibi_core.errors import DesignError, OdibiError, UnknownNameError, WorkspaceError
from odibi_core.schedules.files import find_schedule, save_schedule, schedule_files
from odibi_core.schedules.schedule import Missed, Schedule
from odibi_core.workspace import Workspace

MakeFile = Callable[[str, str | bytes], Path]

DAILY = """\
pipeline: sales
cron: 0 2 * * *       # at night
time_zone: Europe/Vienna
missed: all
jitter: 5m
after:
  - pipeline: ingest
  - {dataset: data/in, within: 1d}
parameters:
  day: "{date}"
  region: North
"""


def test_a_schedule_is_read_and_written_and_read_again(workspace: Workspace, make_file: MakeFile) -> None:
    make_file("schedules/daily.yaml", DAILY)
    schedule = find_schedule(workspace, "daily")
    assert (schedule.missed, schedule.jitter, schedule.kind) == (Missed.ALL, 300, "cron")
    assert schedule.parameters == {"day": "{date}", "region": "North"}
    path = save_schedule(workspace, "copy", schedule)
    assert path.read_text().startswith('pipeline: sales\ncron: "0 2 * * *"\n')
    assert find_schedule(workspace, "copy") == schedule
    assert list(schedule_files(workspace)) == ["copy", "daily"]


def test_every_mistake_is_told_with_its_place(workspace: Workspace, make_file: MakeFile) -> None:
    make_file("schedules/daily.yaml", "pipeline: sales\ncorn: x\nmissed: maybe\nafter:\n  - {pipline: a}\n")
    with pytest.raises(WorkspaceError) as raised:
        find_schedule(workspace, "daily")
    text = str(raised.value)
    assert "daily.yaml:2:1: there is no setting 'corn' here. Did you mean 'cron'?" in text
    assert "daily.yaml:3:1, missed: input should be 'skip', 'once' or 'all'" in text
    assert "daily.yaml:5:6: there is no setting 'pipline' here" in text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("pipeline: sales\n", "it never ticks: give cron, every or watch"),
        ("cron: 0 2 * * *\n", "the setting 'pipeline' is missing"),
        ("pipeline: s\ncron: 0 2 * * *\ncron: 0 3 * * *\n", "'cron' is given twice"),
        ("- a\n", "it must be a mapping of settings"),
        ("pipeline: s\nevery: 1h\nparameters: {a: '{dat}'}\n", "did you mean 'date'"),
        ("pipeline: s\nevery: 1h\nparameters: {a: '{file}'}\n", "needs watch"),
    ],
)
def test_a_wrong_schedule_is_refused(workspace: Workspace, make_file: MakeFile, text: str, says: str) -> None:
    make_file("schedules/daily.yaml", text)
    with pytest.raises(OdibiError, match=says):
        find_schedule(workspace, "daily")


def test_what_is_no_yaml_is_told_as_that(workspace: Workspace, make_file: MakeFile) -> None:
    make_file("schedules/daily.yaml", "cron: [")
    with pytest.raises(DesignError, match=r"daily\.yaml"):
        find_schedule(workspace, "daily")


def test_names_are_checked_and_never_taken_twice(workspace: Workspace) -> None:
    schedule = Schedule.model_validate({"pipeline": "sales", "every": "1h"})
    save_schedule(workspace, "daily", schedule)
    with pytest.raises(WorkspaceError, match="there is a schedule of that name already"):
        save_schedule(workspace, "daily", schedule)
    with pytest.raises(WorkspaceError, match="can't be the name"):
        save_schedule(workspace, "../daily", schedule)
    with pytest.raises(UnknownNameError, match="the schedule 'dayly' is not known"):
        find_schedule(workspace, "dayly")
