"""Versions of a design: made, listed, read, compared, restored; and conflicts with its file settled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlmodel import Session, col, select

from odibi_core.errors import OdibiError
from odibi_studio.messages import Design, Diff, Document, Version, VersionRequest
from odibi_studio.services.conflicts import ConflictError
from odibi_studio.services.design_desk import DesignDesk, refuse_conflict
from odibi_studio.services.design_rows import (
    append_version,
    content_of,
    find_version,
    is_changed,
    live_design,
    newest_version,
    set_content,
    version_message,
)
from odibi_studio.services.design_sync import Files
from odibi_studio.services.differences import difference
from odibi_studio.services.documents import Content, rewritten
from odibi_studio.services.merging import merge
from odibi_studio.store.tables import DesignRow, VersionRow

NOW = 0


@dataclass(frozen=True, slots=True)
class VersionText:
    """A version as YAML.

    Attributes:
        number: Its number.
        text: The YAML.
        path: The design's file in the workspace; "" where it has none.
    """

    number: int
    text: str
    path: str


class Versions:
    """The versions of a workspace's designs.

    Args:
        desk: Where they lie.
    """

    def __init__(self, desk: DesignDesk) -> None:
        self._desk = desk

    def make(self, design_id: str, request: VersionRequest) -> Version:
        """An immutable version of the document; the newest one again where nothing has changed since.

        Raises:
            ConflictError: The document is no longer at that revision, its file was changed outside, or
                another pipeline has its name.
        """
        with self._desk.editing() as (session, files):
            row = live_design(session, design_id)
            if request.revision != row.revision:
                raise ConflictError(
                    f"{row.edited_by} changed the pipeline meanwhile",
                    where=row.name,
                    fix="look at what changed, then save the version again",
                )
            refuse_conflict(row, files)
            newest = newest_version(session, row)
            if newest is None or is_changed(session, row) or not row.file_digest:
                newest = self._desk.publish(session, row, content_of(row), request.message.strip(), files)
            made = version_message(newest)
        self._desk.database.back_up_hourly()
        return made

    def list(self, design_id: str) -> list[Version]:
        """All versions, the newest first.

        Raises:
            UnknownNameError: There is no such design.
        """
        with self._desk.viewing() as (session, _):
            row = live_design(session, design_id)
            found = session.exec(
                select(VersionRow)
                .where(VersionRow.design_id == row.id)
                .order_by(col(VersionRow.number).desc())
            )
            return [version_message(version) for version in found]

    def read(self, design_id: str, number: int) -> Document:
        """The document of a version.

        Raises:
            UnknownNameError: There is no such design or version.
        """
        with self._desk.database.reading() as session:
            return content_of(find_version(session, live_design(session, design_id), number)).document

    def text(self, design_id: str, number: int = NOW) -> VersionText:
        """A version as YAML; the newest one where no number is given.

        Raises:
            UnknownNameError: There is no such design or version.
            OdibiError: It has no version yet.
        """
        with self._desk.viewing() as (session, _):
            row = live_design(session, design_id)
            version = newest_version(session, row) if number == NOW else find_version(session, row, number)
            if version is None:
                raise OdibiError(
                    "the pipeline has no version yet", where=row.name, fix="save a version of it first"
                )
            return VersionText(version.number, version.text, row.path or "")

    def diff(self, design_id: str, before: int, after: int) -> Diff:
        """How one version became another.

        Args:
            design_id: The design.
            before: Number of the older version; `NOW` for the document as it is.
            after: Number of the newer version; `NOW` for the document as it is.

        Raises:
            UnknownNameError: There is no such design or version.
        """
        with self._desk.database.reading() as session:
            row = live_design(session, design_id)
            sides = [content_of(_at(session, row, number)) for number in (before, after)]
        names = [f"version {number}" if number != NOW else "now" for number in (before, after)]
        return difference(sides[0], sides[1], (names[0], names[1]))

    def restore(self, design_id: str, number: int) -> Design:
        """The design as it was at a version, as a new version. Unsaved changes become a version before.

        Raises:
            UnknownNameError: There is no such design or version.
            ConflictError: Its file was changed outside.
        """
        with self._desk.editing() as (session, files):
            row = live_design(session, design_id)
            version = find_version(session, row, number)
            refuse_conflict(row, files)
            if row.digest != version.digest or is_changed(session, row):
                self._keep(session, row, f"Before version {number} was restored")
                self._replace(session, row, content_of(version), f"Restored version {number}", files)
            return self._desk.message(session, row, files)

    def resolve(self, design_id: str, take: Literal["mine", "file", "both"]) -> Design:
        """The design once it is settled what a file that was changed outside means for the document.

        Args:
            design_id: The design.
            take: "mine": the document stays, and the next version replaces the file. "file": the document
                becomes what the file says; what it was becomes a version. "both": both sides' changes in one.

        Raises:
            UnknownNameError: There is no such design.
            ConflictError: The file can't be read; or both sides changed the same steps.
        """
        with self._desk.editing() as (session, files):
            row = live_design(session, design_id)
            file = files.get(row.path or "")
            if file is not None and file.problem:
                self._put_back(session, row, take)
            elif row.merged_version < row.version:
                self._settle(session, row, take, files)
            return self._desk.message(session, row, self._desk.folder.scan())

    def _settle(self, session: Session, row: DesignRow, take: str, files: Files) -> None:
        theirs = content_of(find_version(session, row, row.version))
        number = row.version
        if take == "file":
            self._keep(session, row, f"Before version {number} was taken from the file")
            self._replace(session, row, theirs, f"Took version {number} from the file", files)
            return
        if take == "both":
            base = content_of(find_version(session, row, row.merged_version))
            merged = merge(base.document, content_of(row).document, theirs.document)
            if merged is None:
                raise ConflictError(
                    "the file and the document changed the same steps, each in its own way",
                    where=row.path or "",
                    fix="compare the two, then keep one",
                )
            set_content(session, row, rewritten(theirs, merged)[0], self._desk.author)
        row.merged_version = row.version
        session.add(row)
        session.flush()

    def _put_back(self, session: Session, row: DesignRow, take: str) -> None:
        newest = newest_version(session, row)
        if take != "mine" or row.path is None or newest is None:
            raise ConflictError(
                "the file can't be read as a pipeline",
                where=row.path or "",
                fix="mend it in an editor, or keep what is here: the file is then set aside",
            )
        self._desk.folder.set_aside(row.path)
        row.file_digest = self._desk.folder.write(row.path, newest.text)
        row.merged_version = row.version
        session.add(row)
        session.flush()

    def _keep(self, session: Session, row: DesignRow, message: str) -> None:
        """Make a version of changes that none holds yet, without its file."""
        if is_changed(session, row):
            append_version(session, row, content_of(row), self._desk.author, message)

    def _replace(
        self, session: Session, row: DesignRow, content: Content, message: str, files: Files
    ) -> None:
        row.merged_version = row.version
        self._desk.publish(session, row, content, message, files)
        set_content(session, row, content, self._desk.author)


def _at(session: Session, row: DesignRow, number: int) -> DesignRow | VersionRow:
    return row if number == NOW else find_version(session, row, number)
