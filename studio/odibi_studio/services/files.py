"""The files of the workspace, as far as the designer may see them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from odibi_core.errors import UnknownNameError
from odibi_core.workspace import Workspace
from odibi_studio.messages import FileEntry, Folder


class WorkspaceFiles:
    """Lists folders of a workspace. What lies outside, or is hidden, is not there.

    Args:
        workspace: The workspace.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._root = workspace.root.resolve()

    def folder(self, path: str) -> Folder:
        """What a folder holds: folders first, each by name.

        Args:
            path: Relative to the workspace; "" is the workspace itself.

        Raises:
            UnknownNameError: There is no such folder in the workspace.
        """
        place = self.inside(path)
        try:
            if not place.is_dir():
                raise UnknownNameError.of("the folder", path, self._siblings(place))
            entries = [self._entry(each) for each in place.iterdir() if self._is_shown(each)]
        except OSError as error:
            raise UnknownNameError(f"the folder can't be read: {error.strerror}", where=path) from error
        entries.sort(key=lambda entry: (not entry.is_folder, entry.path.casefold()))
        return Folder(path=self._relative(place), entries=entries)

    def inside(self, path: str) -> Path:
        """The place of a path in the workspace.

        Raises:
            UnknownNameError: It leads out of the workspace, or to what is hidden.
        """
        try:
            place = (self._root / path).resolve()
        except (OSError, ValueError) as error:
            raise UnknownNameError("this is no path", where=repr(path)) from error
        if not place.is_relative_to(self._root):
            raise UnknownNameError(
                "the path leads out of the workspace", where=repr(path), fix="stay inside the workspace"
            )
        if any(part.startswith(".") for part in place.relative_to(self._root).parts):
            raise UnknownNameError("hidden files are not shown", where=repr(path))
        return place

    def _is_shown(self, place: Path) -> bool:
        if place.name.startswith("."):
            return False
        try:
            return place.resolve().is_relative_to(self._root) and place.exists()
        except OSError:
            return False

    def _entry(self, place: Path) -> FileEntry:
        facts = place.stat()
        modified = dt.datetime.fromtimestamp(facts.st_mtime, dt.UTC)
        return FileEntry(
            path=self._relative(place),
            is_folder=place.is_dir(),
            size_bytes=0 if place.is_dir() else facts.st_size,
            modified=modified.isoformat(timespec="seconds"),
        )

    def _relative(self, place: Path) -> str:
        relative = place.relative_to(self._root).as_posix()
        return "" if relative == "." else relative

    def _siblings(self, place: Path) -> list[str]:
        parent = place.parent
        if not parent.is_dir() or not parent.is_relative_to(self._root):
            return []
        return [each.name for each in parent.iterdir() if each.is_dir() and self._is_shown(each)]
