"""Whether a run can go on from what it saved."""

from __future__ import annotations

from pathlib import Path

from odibi_core.checkpoint_manager import CheckpointManager
from odibi_core.errors import OdibiError, PipelineInvalidError
from odibi_core.journal.reader import JournalReader
from odibi_core.journal.record import RunRecord
from odibi_core.journal.repeating import check_resumable, kept_pipeline
from odibi_core.pipeline import Pipeline
from odibi_core.run_settings import RunSettings, settings_problems
from odibi_core.workspace import Workspace


class Resuming:
    """Asks the checkpoints of a workspace.

    Args:
        workspace: Whose runs.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def check(self, run_dir: Path) -> None:
        """Return where the run can go on from what it saved.

        Raises:
            OdibiError: It can't; the error says why.
        """
        check_resumable(JournalReader(run_dir).record(), self._checkpoints(kept_pipeline(run_dir)))

    def can_resume(self, record: RunRecord, pipeline: Pipeline | None) -> bool:
        """Whether the run left a checkpoint to go on from."""
        if pipeline is None:
            return False
        try:
            manager = self._checkpoints(pipeline)
            check_resumable(record, manager)
        except OdibiError:
            return False
        return bool(manager.checkpoints(record.pipeline_name))

    def can_fork(self, record: RunRecord, pipeline: Pipeline | None) -> bool:
        """Whether a draft of the run can go on from a checkpoint of it."""
        if pipeline is None:
            return False
        try:
            names = self._checkpoints(pipeline).checkpoints(record.pipeline_name)
        except OdibiError:
            return False
        return any(name.startswith(f"{record.run_id}-") for name in names)

    def _checkpoints(self, pipeline: Pipeline) -> CheckpointManager:
        if problems := settings_problems(pipeline.settings):
            raise PipelineInvalidError(problems, pipeline=pipeline.name)
        settings = RunSettings.model_validate(pipeline.settings)
        return CheckpointManager(self._workspace.resolve(settings.checkpoint_dir))
