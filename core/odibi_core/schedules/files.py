"""The schedules of a workspace: one file each, `schedules/NAME.yaml`."""

from __future__ import annotations

from pathlib import Path

from odibi_core.design.settings_file import load_settings_file
from odibi_core.errors import OdibiError
from odibi_core.schedules.schedule import Schedule
from odibi_core.settings_folder import SettingsFolder
from odibi_core.workspace import Workspace

SCHEDULES = SettingsFolder("schedules", "schedule", Schedule, "pipeline")
FOLDER = SCHEDULES.folder


def schedule_files(workspace: Workspace) -> dict[str, Path]:
    """Name → file, for every schedule of the workspace, by name."""
    return SCHEDULES.files(workspace)


def find_schedule(workspace: Workspace, name: str) -> Schedule:
    """The schedule of that name.

    Raises:
        UnknownNameError: There is none; the error says the near names.
        OdibiError: Its file is wrong.
    """
    return SCHEDULES.find(workspace, name)


def find_schedule_file(workspace: Workspace, name: str) -> Path:
    """The file of the schedule of that name.

    Raises:
        UnknownNameError: There is none; the error says the near names.
    """
    return SCHEDULES.find_file(workspace, name)


def load_schedule(path: Path) -> Schedule:
    """The schedule in a file.

    Raises:
        DesignError: It can't be read, or is not YAML.
        SettingsInvalidError: Something in it is wrong; the error names every mistake with its place.
    """
    return load_settings_file(path, Schedule)


def save_schedule(workspace: Workspace, name: str, schedule: Schedule) -> Path:
    """The file of a new schedule.

    Raises:
        WorkspaceError: There is one of that name, or it is no name.
        TargetError: The file can't be written.
    """
    return SCHEDULES.add(workspace, name, schedule)


def try_load(path: Path) -> Schedule | OdibiError:
    """The schedule in a file, or what is wrong with it."""
    try:
        return load_schedule(path)
    except OdibiError as error:
        return error
