"""The sample workspace that comes with the package."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from odibi_core.errors import WorkspaceError

_COPIED = ("README.md", "odibi.toml", "data", "pipelines")


def sample_workspace() -> Path:
    """The folder of the sample workspace: inside the package, or in the source tree of an editable install.

    Raises:
        WorkspaceError: It is in neither place.
    """
    package = Path(__file__).parent
    for folder in (package / "sample_workspace", package.parents[1] / "sample_data"):
        if (folder / "odibi.toml").is_file():
            return folder
    raise WorkspaceError(
        "the sample workspace is not part of this installation",
        where=str(package),
        fix="install the package again",
    )


def copy_samples(target: Path) -> list[Path]:
    """The files of the sample workspace, copied into `target`, which is made where it is missing.

    A file that is there already is never overwritten: then nothing at all is copied.

    Raises:
        WorkspaceError: Files of these names are there already, or `target` can't be written to.
    """
    source = sample_workspace()
    names = _sample_files(source)
    taken = sorted({str(blocker) for name in names for blocker in _blockers(target, name)})
    if taken:
        raise WorkspaceError(
            f"the folder already has {_some_of(taken)}, and nothing is overwritten",
            where=str(target),
            fix="choose an empty folder",
        )
    try:
        for name in names:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, target / name)
    except OSError as error:
        raise WorkspaceError(
            f"the samples can't be copied: {error.strerror}",
            where=str(error.filename or target),
            fix="choose a folder that you may write to",
        ) from error
    return [target / name for name in names]


def _sample_files(source: Path) -> list[Path]:
    """The files of a fresh workspace, relative to `source`: never what a run has left there."""
    paths = [source / name for name in _COPIED]
    found = [file for path in paths for file in (sorted(path.rglob("*")) if path.is_dir() else [path])]
    return [file.relative_to(source) for file in found if file.is_file()]


def _blockers(target: Path, name: Path) -> list[Path]:
    """What is in the way of the file `name` in `target`: that file, or a file in the place of a folder."""
    folders = [parent for parent in name.parents if parent.parts]
    blocked = [folder for folder in folders if (target / folder).exists() and not (target / folder).is_dir()]
    return blocked or ([name] if os.path.lexists(target / name) else [])


def _some_of(names: list[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"
