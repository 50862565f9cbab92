"""The services of one workspace, made once a process and shared by its pages and its HTTP interface."""

from __future__ import annotations

from dataclasses import dataclass, field

from odibi_core.errors import OdibiError
from odibi_core.workspace import Workspace
from odibi_studio.services.access import Access
from odibi_studio.services.automation.alerts import AlertDesk
from odibi_studio.services.automation.calendar import Calendar
from odibi_studio.services.automation.schedules import ScheduleDesk
from odibi_studio.services.automation.streams import StreamDesk
from odibi_studio.services.connection_book import ConnectionBook
from odibi_studio.services.design_desk import DesignDesk
from odibi_studio.services.designs import Designs
from odibi_studio.services.explorer import Explorer
from odibi_studio.services.forms import Forms
from odibi_studio.services.last_runs import LastRuns
from odibi_studio.services.lineage.atlas import Atlas
from odibi_studio.services.parities import Parities
from odibi_studio.services.quality_book import QualityBook
from odibi_studio.services.runs.desk import RunDesk
from odibi_studio.services.runs.forks import Forks
from odibi_studio.services.thumbnails import Thumbnails
from odibi_studio.services.truth import Truth
from odibi_studio.services.versions import Versions


@dataclass(frozen=True, slots=True)
class Studio:
    """What the pages and the HTTP interface stand on.

    Attributes:
        workspace: Whose pipelines are shown.
        designs: Its pipelines, as people work on them.
        versions: Their versions.
        thumbnails: Pictures of their graphs.
        last_runs: The newest run of each.
        runs: What runs, ran and waits.
        forks: Past runs as drafts.
        forms: Pipelines that are published as forms.
        parities: Comparisons of the engines.
        atlas: What comes from what, across the pipelines.
        truth: What is known of a pipeline while it is edited.
        schedules: What runs by itself at times.
        streams: What runs by itself as things come.
        alerts: Who is told of what.
        connections: Where data live.
        explorer: Asks what pipelines made.
        quality: What is expected of rows, and those that were set aside.
        calendar: The days of schedules.
        access: Who may call the HTTP interface.
    """

    workspace: Workspace
    designs: Designs
    versions: Versions
    thumbnails: Thumbnails
    last_runs: LastRuns
    runs: RunDesk
    forks: Forks
    forms: Forms
    parities: Parities
    atlas: Atlas
    truth: Truth
    schedules: ScheduleDesk
    streams: StreamDesk
    alerts: AlertDesk
    connections: ConnectionBook
    explorer: Explorer
    quality: QualityBook
    calendar: Calendar = field(default_factory=Calendar)
    access: Access = field(default_factory=Access)

    def trash_days(self) -> int:
        """How long a deleted pipeline stays in the trash; 0 where a person alone empties it."""
        try:
            return self.workspace.load().studio.trash_days
        except OdibiError:
            # Settings that can't be read are told wherever they matter; nothing is removed for them.
            return 0

    def clear_trash(self) -> None:
        """Remove for ever what has been in the trash for longer than the workspace keeps it."""
        days = self.trash_days()
        if days:
            self.designs.empty_trash(days)

    def close(self) -> None:
        """Let go of the databases and processes; runs go on."""
        self.runs.close()
        self.schedules.close()
        self.alerts.close()
        self.explorer.close()
        self.atlas.close()
        self.designs.close()
        self.truth.close()


_opened: Studio | None = None


def open_studio(workspace: Workspace) -> Studio:
    """The services of a workspace; from now on `current_studio()` gives them too.

    Raises:
        WorkspaceError: The Studio's database is damaged, or can't be used.
    """
    global _opened
    desk = DesignDesk.open(workspace)
    designs, versions = Designs(desk), Versions(desk)
    runs = RunDesk(workspace, versions)
    _opened = Studio(
        workspace,
        designs,
        versions,
        Thumbnails(designs),
        LastRuns(workspace),
        runs,
        Forks(workspace, designs, versions),
        Forms(workspace),
        Parities(workspace),
        Atlas(workspace),
        Truth.open(workspace),
        ScheduleDesk(workspace, runs.book),
        StreamDesk(workspace, runs.book, runs.health),
        AlertDesk(workspace),
        ConnectionBook(workspace),
        Explorer(workspace),
        QualityBook(workspace),
    )
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
