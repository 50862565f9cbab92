"""The desk of a workspace's runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from odibi_core.workspace import Workspace
from odibi_studio.services.design_desk import DesignDesk
from odibi_studio.services.runs.desk import RunDesk
from odibi_studio.services.versions import Versions


@pytest.fixture
def run_desk(workspace: Workspace) -> Iterator[RunDesk]:
    designs = DesignDesk.open(workspace)
    desk = RunDesk(workspace, Versions(designs))
    yield desk
    desk.close()
    designs.database.close()
