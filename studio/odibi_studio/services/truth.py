"""What tells the truth of a pipeline while it is edited: one set a workspace, warm between questions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from odibi_core.workspace import Workspace
from odibi_studio.messages import Catalog
from odibi_studio.services.catalog import make_catalog
from odibi_studio.services.checking import Checker
from odibi_studio.services.making import RecipeMaker


@dataclass(frozen=True, slots=True)
class Truth:
    """The services that look at a pipeline.

    Attributes:
        workspace: Whose pipelines they look at.
        checker: Columns and mistakes.
        recipes: The SQL of self-service forms.
    """

    workspace: Workspace
    checker: Checker
    recipes: RecipeMaker

    @classmethod
    def open(cls, workspace: Workspace) -> Self:
        """The services of a workspace."""
        return cls(workspace, Checker(workspace), RecipeMaker())

    def catalog(self) -> Catalog:
        """What the designer offers."""
        return make_catalog(self.workspace)

    def close(self) -> None:
        """Let go of databases and processes."""
        self.checker.close()
        self.recipes.close()
