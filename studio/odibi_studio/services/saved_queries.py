"""Queries that people keep: files of the workspace, in queries/."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from odibi_core.errors import OdibiError
from odibi_core.text_file import write_text_file
from odibi_core.workspace import Workspace


def saved_queries(workspace: Workspace) -> Mapping[str, str]:
    """Name → SQL, for each file in queries/."""
    folder = workspace.root / "queries"
    found = {}
    for path in sorted(folder.glob("*.sql")) if folder.is_dir() else ():
        try:
            found[path.stem] = path.read_text("utf-8", errors="replace")
        except OSError:
            continue
    return found


def save_query(workspace: Workspace, name: str, sql: str) -> Path:
    """The file of a query, `queries/NAME.sql`; one of that name is replaced.

    Raises:
        OdibiError: It is no name, or the file can't be written.
    """
    if not re.fullmatch(r"\w[\w.-]{0,99}", name):
        raise OdibiError(
            f"{name!r} can't be the name of a query",
            fix="take letters, digits, '_', '-' and '.', such as sales_by_month",
        )
    return write_text_file(workspace.root / "queries" / f"{name}.sql", sql.rstrip() + "\n")
