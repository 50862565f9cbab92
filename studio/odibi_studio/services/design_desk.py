"""What all work on designs stands on: the database and the folder, in step with each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath

from sqlmodel import Session

from odibi_core.workspace import Workspace
from odibi_studio.messages import Design
from odibi_studio.services.access import author_name
from odibi_studio.services.conflicts import ConflictError
from odibi_studio.services.design_files import DesignFolder
from odibi_studio.services.design_rows import (
    append_version,
    design_message,
    live_designs,
    newest_version,
)
from odibi_studio.services.design_sync import Files, file_problem, is_in_step, take_in
from odibi_studio.services.documents import Content
from odibi_studio.store.database import FILE_NAME, Database
from odibi_studio.store.tables import DesignRow, VersionRow


class DesignDesk:
    """The designs of a workspace and their files.

    Args:
        database: Where designs are kept.
        folder: The pipeline files.
        author: Gives the name that changes are signed with.

    Attributes:
        database: Where designs are kept.
        folder: The pipeline files.
    """

    def __init__(
        self, database: Database, folder: DesignFolder, author: Callable[[], str] = author_name
    ) -> None:
        self.database, self.folder, self._author = database, folder, author

    @classmethod
    def open(cls, workspace: Workspace, author: Callable[[], str] = author_name) -> DesignDesk:
        """The desk of a workspace.

        Raises:
            WorkspaceError: The database is damaged, or can't be used.
        """
        return cls(Database.open(workspace.state / FILE_NAME), DesignFolder(workspace), author)

    @property
    def author(self) -> str:
        """The name that changes are signed with."""
        return self._author()

    @contextmanager
    def viewing(self) -> Iterator[tuple[Session, Files]]:
        """A session that reads, and the files, once what happened to them outside has been taken in."""
        files = self.folder.scan()
        with self.database.reading() as session:
            is_current = is_in_step(session, files)
        if not is_current:
            with self.editing():
                pass
            files = self.folder.scan()
        with self.database.reading() as session:
            yield session, files

    @contextmanager
    def editing(self) -> Iterator[tuple[Session, Files]]:
        """A session that is the only writer, and the files, once what happened to them has been taken in."""
        with self.database.writing() as session:
            files = self.folder.scan()
            if not is_in_step(session, files):
                take_in(session, files, self.author)
            yield session, files

    def message(self, session: Session, row: DesignRow, files: Files) -> Design:
        """A design with its document, for the browser."""
        path = row.path or self.folder.path_for(row.name)
        return design_message(session, row, path, file_problem(row, files))

    def publish(
        self, session: Session, row: DesignRow, content: Content, message: str, files: Files
    ) -> VersionRow:
        """A new version, and the design's file with its text; the file takes the pipeline's name.

        Raises:
            ConflictError: The file was changed outside, and the document does not take that into account;
                or another pipeline has the file's name.
        """
        refuse_conflict(row, files)
        path = self._path(session, row, content.pipeline.name, files)
        version = append_version(session, row, content, self.author, message)
        row.merged_version = row.version
        if row.path is not None and row.file_digest and row.path != path:
            self.folder.move(row.path, path)
        row.path, row.file_digest = path, self.folder.write(path, content.text)
        session.add(row)
        # The file's name is unique among live designs: say so before the end.
        session.flush()
        return version

    def _path(self, session: Session, row: DesignRow, name: str, files: Files) -> str:
        if not name.strip():
            raise ConflictError("the pipeline has no name", fix="give it one: its file is called after it")
        newest = newest_version(session, row)
        if row.path is not None and newest is not None and newest.name == name:
            return row.path
        suffix = PurePosixPath(row.path).suffix if row.path else ".yaml"
        path = self.folder.path_for(name, suffix)
        others = {it.path for it in live_designs(session) if it.path and it.id != row.id}
        taken = {_key(it) for it in {*files, *others} - {row.path}}
        if path != row.path and _key(path) in taken:
            raise ConflictError(
                f"there is another pipeline of the name {name!r}",
                where=path,
                fix="give this one another name",
            )
        return path


def refuse_conflict(row: DesignRow, files: Files) -> None:
    """Refuse a version where the file says something that the document does not take into account.

    Raises:
        ConflictError: It does.
    """
    file = files.get(row.path or "")
    if row.merged_version < row.version or (file is not None and file.problem):
        raise ConflictError(
            file_problem(row, files), where=row.path or "", fix="look at both, and choose which one stays"
        )


def _key(path: str) -> str:
    """Equal for paths that some file systems, or the command line, take for one."""
    return str(PurePosixPath(path).with_suffix("")).casefold()
