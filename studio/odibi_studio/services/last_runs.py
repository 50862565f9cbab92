"""The newest run of each pipeline, from the journals of the workspace."""

from __future__ import annotations

from threading import Lock

from odibi_core.journal import RunRecord, list_runs
from odibi_core.workspace import Workspace

# A workspace that keeps every run of years is not read through for a list.
_RUNS_LOOKED_AT = 500


class LastRuns:
    """Finds newest runs. They are read anew once a run has begun or ended.

    Args:
        workspace: Whose runs.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = Lock()
        self._seen: tuple[int, dict[str, RunRecord]] | None = None

    def by_pipeline(self) -> dict[str, RunRecord]:
        """Name of a pipeline → its newest run, whoever started it."""
        folder = self._workspace.runs
        with self._lock:
            changed = folder.stat().st_mtime_ns
            if self._seen is None or self._seen[0] != changed or self._may_any_go_on():
                newest: dict[str, RunRecord] = {}
                for run in list_runs(folder, _RUNS_LOOKED_AT):
                    newest.setdefault(run.pipeline_name, run)
                self._seen = (changed, newest)
            return dict(self._seen[1])

    def _may_any_go_on(self) -> bool:
        if self._seen is None:
            return False
        return any(run.is_judged or not run.state.is_final for run in self._seen[1].values())
