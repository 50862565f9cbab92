"""Designs as rows: found, filled, given a version, and turned into messages."""

from __future__ import annotations

import json
import secrets
import zlib
from collections.abc import Iterable

from sqlalchemy import delete
from sqlmodel import Session, col, select

from odibi_core.errors import UnknownNameError
from odibi_core.timestamps import now
from odibi_studio.messages import Design, DesignCard, Version
from odibi_studio.services.documents import Content, search_text
from odibi_studio.services.forms import SETTING
from odibi_studio.store.tables import DesignRow, DraftRow, TagRow, VersionRow

FILE_AUTHOR = "file"
# A browser that was away for longer than this many changes gets both documents and no merge.
_DRAFTS_KEPT = 200


def new_design(session: Session, content: Content, owner: str) -> DesignRow:
    """A design with its first document, not yet a version."""
    moment = now()
    row = DesignRow(
        id=secrets.token_hex(8),
        name="",
        owner=owner,
        text="",
        layout="",
        digest="",
        revision=0,
        created=moment,
        updated=moment,
        edited_by=owner,
    )
    set_content(session, row, content, owner)
    return row


def live_design(session: Session, design_id: str) -> DesignRow:
    """The design of that id.

    Raises:
        UnknownNameError: There is none, or it is in the trash.
    """
    row = session.get(DesignRow, design_id)
    if row is None:
        raise UnknownNameError(
            "there is no such pipeline", where=f"design {design_id!r}", fix="choose one in the gallery"
        )
    if row.trashed is not None:
        raise UnknownNameError(
            f"{row.name!r} is in the trash", where=f"design {design_id!r}", fix="restore it in the gallery"
        )
    return row


def live_designs(session: Session) -> list[DesignRow]:
    """All designs but those in the trash, by name."""
    rows = session.exec(select(DesignRow).where(col(DesignRow.trashed).is_(None))).all()
    return sorted(rows, key=lambda row: (row.name.casefold(), row.created))


def set_content(session: Session, row: DesignRow, content: Content, author: str) -> None:
    """Make that the design's document, as a new revision."""
    pipeline = content.pipeline
    row.text, row.layout, row.digest = content.text, content.layout, content.digest
    row.name, row.description = pipeline.name, pipeline.description
    row.search_text, row.step_count = search_text(pipeline), len(pipeline.steps)
    row.revision += 1
    row.updated, row.edited_by = now(), author
    session.add(row)
    # Rows that refer to the design need it to be there.
    session.flush()
    packed = zlib.compress(json.dumps([content.text, content.layout]).encode())
    session.add(DraftRow(design_id=row.id, revision=row.revision, content=packed))
    session.execute(
        delete(DraftRow).where(
            col(DraftRow.design_id) == row.id, col(DraftRow.revision) <= row.revision - _DRAFTS_KEPT
        )
    )


def purge(session: Session, ids: Iterable[str]) -> None:
    """Remove designs with all their versions and drafts, for ever."""
    found = list(ids)
    for table in (TagRow, VersionRow, DraftRow):
        session.execute(delete(table).where(col(table.design_id).in_(found)))
    session.execute(delete(DesignRow).where(col(DesignRow.id).in_(found)))


def content_of(row: DesignRow | VersionRow) -> Content:
    """What the design's document, or the version, holds."""
    return Content(row.text, row.layout)


def draft(session: Session, row: DesignRow, revision: int) -> Content | None:
    """The document as it was at a revision; None where that is too long ago."""
    kept = session.get(DraftRow, (row.id, revision))
    return Content(*json.loads(zlib.decompress(kept.content))) if kept is not None else None


def append_version(
    session: Session, row: DesignRow, content: Content, author: str, message: str
) -> VersionRow:
    """The new newest version, which the document does not yet take into account."""
    pipeline = content.pipeline
    version = VersionRow(
        design_id=row.id,
        number=row.version + 1,
        name=pipeline.name,
        author=author,
        message=message,
        created=now(),
        text=content.text,
        layout=content.layout,
        digest=content.digest,
        step_count=len(pipeline.steps),
    )
    row.version = version.number
    row.updated = version.created
    session.add(row)
    session.flush()
    session.add(version)
    session.flush()
    return version


def find_version(session: Session, row: DesignRow, number: int) -> VersionRow:
    """A version of a design.

    Raises:
        UnknownNameError: There is none of that number.
    """
    version = session.get(VersionRow, (row.id, number))
    if version is None:
        known = f"the newest is {row.version}" if row.version else "it has none yet"
        raise UnknownNameError(f"there is no version {number} of {row.name!r}", fix=known)
    return version


def newest_version(session: Session, row: DesignRow) -> VersionRow | None:
    """The newest version; None before the first."""
    return session.get(VersionRow, (row.id, row.version)) if row.version else None


def is_changed(session: Session, row: DesignRow) -> bool:
    """Whether the document differs from the newest version."""
    newest = newest_version(session, row)
    return newest is None or newest.digest != row.digest


def unchanged_designs(session: Session) -> set[str]:
    """The ids of all designs whose document is that of the newest version."""
    same = select(DesignRow.id).where(
        VersionRow.design_id == DesignRow.id,
        VersionRow.number == DesignRow.version,
        VersionRow.digest == DesignRow.digest,
    )
    return set(session.exec(same))


def tags(session: Session, ids: Iterable[str]) -> dict[str, list[str]]:
    """Design id → its tags, by name."""
    found: dict[str, list[str]] = {design_id: [] for design_id in ids}
    for tag in session.exec(select(TagRow).order_by(TagRow.name)):
        if tag.design_id in found:
            found[tag.design_id].append(tag.name)
    return found


def set_tags(session: Session, row: DesignRow, names: Iterable[str]) -> None:
    """Make these the design's tags."""
    session.execute(delete(TagRow).where(col(TagRow.design_id) == row.id))
    session.add_all(TagRow(design_id=row.id, name=name) for name in sorted(set(names)))


def design_message(session: Session, row: DesignRow, path: str, problem: str) -> Design:
    """A design with its document, for the browser.

    Args:
        session: Where the row is from.
        row: The design.
        path: The file that it is kept in, or will be.
        problem: What is wrong between the two, or "".
    """
    return Design(
        id=row.id,
        revision=row.revision,
        version=row.version,
        is_changed=is_changed(session, row),
        document=content_of(row).document,
        path=path,
        conflict=row.version if row.merged_version < row.version else 0,
        problem=problem,
    )


def card_message(row: DesignRow, row_tags: list[str], problem: str, *, changed: bool) -> DesignCard:
    """A design for the gallery."""
    return DesignCard(
        id=row.id,
        name=row.name,
        description=row.description,
        owner=row.owner,
        tags=row_tags,
        step_count=row.step_count,
        version=row.version,
        updated=row.updated,
        trashed=row.trashed or "",
        revision=row.revision,
        is_changed=changed,
        # Most pipelines are none, and the text tells it without being read as YAML.
        is_form=SETTING in row.text and content_of(row).pipeline.settings.get(SETTING) is True,
        path=row.path or "",
        problem=problem,
    )


def version_message(version: VersionRow) -> Version:
    """A version without its document."""
    return Version(
        number=version.number,
        author=version.author,
        message=version.message,
        created=version.created,
        step_count=version.step_count,
    )
