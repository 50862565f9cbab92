"""Designs, their drafts, versions and tags."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "design",
        sa.Column("id", sa.String(), primary_key=True),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("name", "description", "owner")),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("text", "layout", "digest")),
        sa.Column("search_text", sa.String(), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("step_count", "revision", "version", "merged_version")
        ),
        sa.Column("path", sa.String()),
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("file_digest", "created", "updated", "edited_by")
        ),
        sa.Column("trashed", sa.String()),
        sa.Column("trashed_by", sa.String(), nullable=False),
        sa.Column("lock_version", sa.Integer(), nullable=False),
    )
    op.create_index(
        "ix_design_live_path", "design", ["path"], unique=True, sqlite_where=sa.text("trashed IS NULL")
    )
    op.create_table(
        "draft",
        _design_id(),
        sa.Column("revision", sa.Integer(), primary_key=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "version",
        _design_id(),
        sa.Column("number", sa.Integer(), primary_key=True),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("name", "author", "message", "created")),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("text", "layout", "digest")),
        sa.Column("step_count", sa.Integer(), nullable=False),
    )
    op.execute(
        "CREATE TRIGGER version_is_immutable BEFORE UPDATE ON version "
        "BEGIN SELECT RAISE(ABORT, 'a version never changes'); END"
    )
    op.create_table("tag", _design_id(), sa.Column("name", sa.String(), primary_key=True))


def _design_id() -> sa.Column[str]:
    return sa.Column(
        "design_id", sa.String(), sa.ForeignKey("design.id", ondelete="CASCADE"), primary_key=True
    )
