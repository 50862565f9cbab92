"""What tells the truth of a pipeline while it is edited: one set a workspace, warm between questions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from odibi_core.workspace import Workspace
from odibi_studio.services.checking import Checker


@dataclass(frozen=True, slots=True)
class Truth:
    """The services that look at a pipeline.

    Attributes:
        checker: Columns and mistakes.
    """

    checker: Checker

    @classmethod
    def open(cls, workspace: Workspace) -> Self:
        """The services of a workspace."""
        return cls(Checker(workspace))

    def close(self) -> None:
        """Let go of databases and processes."""
        self.checker.close()
