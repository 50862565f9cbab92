"""The schedules of a workspace: one file each, `schedules/NAME.yaml`."""

from __future__ import annotations

import re
from pathlib import Path

from odibi_core.design.settings_file import load_settings_file
from odibi_core.design.yaml_writer import write_mapping
from odibi_core.errors import OdibiError, UnknownNameError, WorkspaceError
from odibi_core.schedules.schedule import Schedule
from odibi_core.text_file import write_text_file
from odibi_core.workspace import Workspace

FOLDER = "schedules"
_NAME = re.compile(r"[\w][\w.-]{0,99}")
_SUFFIXES = (".yaml", ".yml")


def schedule_files(workspace: Workspace) -> dict[str, Path]:
    """Name → file, for every schedule of the workspace, by name."""
    folder = workspace.root / FOLDER
    found = folder.iterdir() if folder.is_dir() else ()
    return {
        path.stem: path
        for path in sorted(found)
        if path.suffix in _SUFFIXES and not path.name.startswith(".") and path.is_file()
    }


def find_schedule(workspace: Workspace, name: str) -> Schedule:
    """The schedule of that name.

    Raises:
        UnknownNameError: There is none; the error says the near names.
        OdibiError: Its file is wrong.
    """
    return load_schedule(find_schedule_file(workspace, name))


def find_schedule_file(workspace: Workspace, name: str) -> Path:
    """The file of the schedule of that name.

    Raises:
        UnknownNameError: There is none; the error says the near names.
    """
    files = schedule_files(workspace)
    if name not in files:
        raise UnknownNameError.of("the schedule", name, files, where=str(workspace.root / FOLDER))
    return files[name]


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
    if not _NAME.fullmatch(name):
        raise WorkspaceError(
            f"{name!r} can't be the name of a schedule",
            fix="take letters, digits, '_', '-' and '.', such as daily_sales",
        )
    if name in schedule_files(workspace):
        raise WorkspaceError(
            "there is a schedule of that name already",
            where=f"schedule {name!r}",
            fix=f"take another name, edit {FOLDER}/{name}.yaml, or remove it: odibi schedule remove {name}",
        )
    said = schedule.model_dump(mode="json", exclude_defaults=True)
    content = {"pipeline": said.pop("pipeline"), **said}
    return write_text_file(workspace.root / FOLDER / f"{name}.yaml", write_mapping(content) + "\n")


def try_load(path: Path) -> Schedule | OdibiError:
    """The schedule in a file, or what is wrong with it."""
    try:
        return load_schedule(path)
    except OdibiError as error:
        return error
