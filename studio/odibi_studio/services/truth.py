"""What tells the truth of a pipeline while it is edited: one set a workspace, warm between questions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from odibi_core.workspace import Workspace
from odibi_studio.messages import Catalog
from odibi_studio.services.catalog import make_catalog
from odibi_studio.services.checking import Checker
from odibi_studio.services.files import WorkspaceFiles
from odibi_studio.services.finding import Finder
from odibi_studio.services.following import Follower
from odibi_studio.services.kept_previews import KeptPreviews
from odibi_studio.services.making import RecipeMaker
from odibi_studio.services.meeting import Meeting
from odibi_studio.services.pinning import Pinner
from odibi_studio.services.previews import Previewer
from odibi_studio.services.profiles import Profiler
from odibi_studio.services.sources import Sources
from odibi_studio.services.suggesting import Suggester


@dataclass(frozen=True, slots=True)
class Truth:
    """The services that look at a pipeline.

    Attributes:
        workspace: Whose pipelines they look at.
        checker: Columns and mistakes.
        recipes: The SQL of self-service forms.
        previewer: Rows.
        previews: Rows as the designer shows them: from memory, where nothing has changed.
        profiler: What the values of a column are like.
        follower: The rows that made a row.
        finder: What became of rows that are missing.
        meeting: How the sides of joins meet.
        suggester: Expectations that fit rows.
        pinner: Makes tests of rows.
        files: The files of the workspace.
        sources: Takes files that are dropped on the canvas.
    """

    workspace: Workspace
    checker: Checker
    recipes: RecipeMaker
    previewer: Previewer
    previews: KeptPreviews
    profiler: Profiler
    follower: Follower
    finder: Finder
    meeting: Meeting
    suggester: Suggester
    pinner: Pinner
    files: WorkspaceFiles
    sources: Sources

    @classmethod
    def open(cls, workspace: Workspace) -> Self:
        """The services of a workspace."""
        checker = Checker(workspace)
        previewer = Previewer(workspace, checker)
        return cls(
            workspace,
            checker,
            checker.recipes,
            previewer,
            KeptPreviews(workspace, previewer),
            Profiler(previewer),
            Follower(previewer),
            Finder(previewer),
            Meeting(previewer),
            Suggester(previewer),
            Pinner(workspace, previewer),
            WorkspaceFiles(workspace),
            Sources(workspace),
        )

    def catalog(self) -> Catalog:
        """What the designer offers."""
        return make_catalog(self.workspace)

    def warm_up(self) -> None:
        """Load and start what the first answers need; takes some seconds."""
        self.checker.warm_up()
        self.previewer.warm_up()
        self.catalog()

    def close(self) -> None:
        """Let go of databases and processes."""
        self.previewer.close()
        self.checker.close()
