"""The services of one workspace, made once a process and shared by its pages and its HTTP interface."""

from __future__ import annotations

from dataclasses import dataclass, field

from odibi_core.errors import OdibiError
from odibi_core.workspace import Workspace
from odibi_studio.services.access import Access


@dataclass(frozen=True, slots=True)
class Studio:
    """What the pages and the HTTP interface stand on.

    Attributes:
        workspace: Whose pipelines are shown.
        access: Who may call the HTTP interface.
    """

    workspace: Workspace
    access: Access = field(default_factory=Access)


_opened: Studio | None = None


def open_studio(workspace: Workspace) -> Studio:
    """The services of a workspace; from now on `current_studio()` gives them too."""
    global _opened
    _opened = Studio(workspace)
    return _opened


def current_studio() -> Studio:
    """The services that `open_studio` made in this process.

    Raises:
        OdibiError: It made none: the page was not started by `odibi studio`.
    """
    if _opened is None:
        raise OdibiError(
            "the Studio has no workspace", fix="start it in the folder of a workspace: odibi studio"
        )
    return _opened
