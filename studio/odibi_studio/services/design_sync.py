"""Keeps designs in step with files that git, an editor or another program changes.

A file that is new, or was changed, becomes a version whose author is "file". Where the document had changes
of its own meanwhile, it stays as it is, behind that version, until a person settles the conflict. A file that
went takes its design to the trash, or leaves it where it is if it has changes of its own; when the file is
there again, also under another name, it is the file of the same design.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import desc
from sqlmodel import Session, col, select

from odibi_core.timestamps import now
from odibi_studio.services.design_files import PipelineFile
from odibi_studio.services.design_rows import (
    FILE_AUTHOR,
    append_version,
    is_changed,
    live_designs,
    new_design,
    newest_version,
    set_content,
)
from odibi_studio.services.documents import Content
from odibi_studio.services.layouts import placed
from odibi_studio.store.tables import DesignRow

Files = Mapping[str, PipelineFile]


def is_in_step(session: Session, files: Files) -> bool:
    """Whether every design and every file that can be read know of each other as they are."""
    kept = select(DesignRow.path, DesignRow.file_digest).where(col(DesignRow.trashed).is_(None))
    digests = {path: digest for path, digest in session.exec(kept) if path}
    readable = {path: file.digest for path, file in files.items() if not file.problem}
    return all(digests.get(path) == digest for path, digest in readable.items()) and all(
        path in files for path, digest in digests.items() if digest
    )


def take_in(session: Session, files: Files, owner: str) -> None:
    """Take in what happened to the files.

    Args:
        session: One that writes.
        files: The files as they are.
        owner: Who owns designs that come from files.
    """
    rows = {row.path: row for row in live_designs(session) if row.path}
    new = {path: file for path, file in files.items() if path not in rows and not file.problem}
    for path, row in rows.items():
        file = files.get(path)
        if file is None and row.file_digest:
            moved = next((it for it in new.values() if it.digest == row.file_digest), None)
            if moved is not None:
                row.path = moved.path
                session.add(row)
                session.flush()
                del new[moved.path]
            else:
                _take_removal(session, row)
        elif file is not None and not file.problem and file.digest != row.file_digest:
            _take_change(session, row, file)
    for file in new.values():
        _take_new(session, file, owner)


def file_problem(row: DesignRow, files: Files) -> str:
    """What is wrong between a design and its file, or "".

    A changed or damaged file is named together with what a person can do about it.
    """
    file = files.get(row.path or "")
    if file is not None and file.problem:
        return f"{row.path} can't be read, and no version replaces it until that is settled. {file.problem}"
    if row.merged_version < row.version:
        return (
            f"{row.path} was changed outside, which is version {row.version} now; "
            "the document here has changes of its own"
        )
    if row.version and not row.file_digest:
        return "the file was removed outside; the next version writes it again"
    return ""


def _take_change(session: Session, row: DesignRow, file: PipelineFile) -> None:
    newest = newest_version(session, row)
    layout = newest.layout if newest is not None else row.layout
    content = Content(file.text, layout)
    had_changes = is_changed(session, row) and row.text != file.text
    row.file_digest = file.digest
    if newest is None or newest.digest != content.digest:
        append_version(session, row, content, FILE_AUTHOR, f"Changed in {file.path}")
    if not had_changes:
        if row.text != file.text:
            set_content(session, row, Content(file.text, row.layout), FILE_AUTHOR)
        row.merged_version, row.updated = row.version, file.modified
    session.add(row)
    session.flush()


def _take_removal(session: Session, row: DesignRow) -> None:
    if not is_changed(session, row):
        row.trashed, row.trashed_by = now(), FILE_AUTHOR
    row.file_digest = ""
    session.add(row)
    session.flush()


def _take_new(session: Session, file: PipelineFile, owner: str) -> None:
    known = _removed_before(session, file)
    if known is not None:
        known.trashed, known.trashed_by, known.path = None, "", file.path
        _take_change(session, known, file)
        return
    content = placed(Content(file.text))
    row = new_design(session, content, owner)
    row.path, row.file_digest, row.edited_by = file.path, file.digest, FILE_AUTHOR
    append_version(session, row, content, FILE_AUTHOR, f"Found in {file.path}")
    row.merged_version, row.updated = row.version, file.modified
    session.add(row)
    session.flush()


def _removed_before(session: Session, file: PipelineFile) -> DesignRow | None:
    """The design that went to the trash with this file, which may have another name now.

    One that was put there by hand, or whose file had another name, must have said what the file says now.
    """
    in_trash = (
        select(DesignRow).where(col(DesignRow.trashed).is_not(None)).order_by(desc(col(DesignRow.trashed)))
    )
    for row in session.exec(in_trash.where(DesignRow.path == file.path)):
        newest = newest_version(session, row)
        if row.trashed_by == FILE_AUTHOR or (newest is not None and newest.text == file.text):
            return row
    # Such a document says what its newest version says; the database compares, where a branch has many files.
    return session.exec(
        in_trash.where(
            DesignRow.path != file.path, DesignRow.trashed_by == FILE_AUTHOR, DesignRow.text == file.text
        )
    ).first()
