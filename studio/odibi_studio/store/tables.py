"""The tables, as the newest migration makes them."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

_LOCK_VERSION: Column[int] = Column("lock_version", Integer, nullable=False)


class DesignRow(SQLModel, table=True):
    """A design: its document as it is now, and where it stands.

    Attributes:
        text: The pipeline's YAML; it alone says what the pipeline is.
        layout: Where things lie on the canvas, as JSON.
        digest: Of text and layout together.
        revision: Counts every change of the document that was kept.
        version: Number of the newest version; 0 before the first.
        merged_version: The newest version that the document takes into account. It lies behind `version`
            where the file was changed outside while the document had changes of its own.
        path: The file in the workspace, also while that is removed; None before the first version.
        file_digest: Of the file as it was last read or written; "" where it has been removed.
        edited_by: Who made the last change of the document.
        trashed: When it was put into the trash; None where it was not.
        trashed_by: Who put it there; "file" where its file was removed.
        lock_version: Counts every change of the row, so that no writer overwrites another's.
    """

    __tablename__ = "design"

    id: str = Field(primary_key=True)
    name: str
    description: str = ""
    owner: str
    text: str
    layout: str
    digest: str
    search_text: str = ""
    step_count: int = 0
    revision: int = 1
    version: int = 0
    merged_version: int = 0
    path: str | None = None
    file_digest: str = ""
    created: str
    updated: str
    edited_by: str
    trashed: str | None = None
    trashed_by: str = ""
    lock_version: int = Field(default=1, sa_column=_LOCK_VERSION)

    __table_args__ = (Index("ix_design_live_path", "path", unique=True, sqlite_where=sql("trashed IS NULL")),)
    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": _LOCK_VERSION}


class DraftRow(SQLModel, table=True):
    """The document at one revision, packed: what a later merge takes as the common ground."""

    __tablename__ = "draft"

    design_id: str = Field(sa_column=Column(ForeignKey("design.id", ondelete="CASCADE"), primary_key=True))
    revision: int = Field(primary_key=True)
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class VersionRow(SQLModel, table=True):
    """An immutable version."""

    __tablename__ = "version"

    design_id: str = Field(sa_column=Column(ForeignKey("design.id", ondelete="CASCADE"), primary_key=True))
    number: int = Field(primary_key=True)
    name: str
    author: str
    message: str
    created: str
    text: str
    layout: str
    digest: str
    step_count: int


class TagRow(SQLModel, table=True):
    """A tag of a design."""

    __tablename__ = "tag"

    design_id: str = Field(sa_column=Column(ForeignKey("design.id", ondelete="CASCADE"), primary_key=True))
    name: str = Field(primary_key=True)
