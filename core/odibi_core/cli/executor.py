"""Executes one run that was put into the queue, in a process of its own without a terminal."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

from odibi_core.cli.libraries import settle_libraries
from odibi_core.cli.ordered_run import execute_order
from odibi_core.cli.session import Session
from odibi_core.errors import OdibiError, internal_error
from odibi_core.event_bus import EventBus
from odibi_core.events import EventType
from odibi_core.journal.order import read_order
from odibi_core.journal.record import RunRecord, RunState
from odibi_core.journal.runs import run_summary
from odibi_core.journal.writer import ORDERED_FILE, append_event
from odibi_core.logs import configure_logging
from odibi_core.run_queue import RunQueue, refuse
from odibi_core.workspace import Workspace

CLAIM_FILE = "claim"

_log = logging.getLogger(__name__)


def main(*, is_own_process: bool = False) -> None:
    """Execute the run that the arguments name: the workspace's folder, and the run's id.

    Args:
        is_own_process: Whether the process was started for the run, and ends with it.
    """
    root, run_id = sys.argv[1:]
    os.chdir(root)
    workspace = Workspace(Path(root), (Path(root) / "odibi.toml").is_file())
    record = run_summary(workspace.runs / run_id)
    if record.state is not RunState.QUEUED or record.is_cancelling or not _claim(record.run_dir):
        return
    if is_own_process:
        settle_libraries()
    try:
        _execute(workspace, record)
    finally:
        # The next in the queue must not wait for a Studio that may not be there.
        RunQueue(workspace).carry_on()


def _claim(run_dir: Path) -> bool:
    """Whether the run is this process's: who started it may have died before it could say so."""
    try:
        os.close(os.open(run_dir / CLAIM_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))
    except FileExistsError:
        return False
    return True


def _execute(workspace: Workspace, record: RunRecord) -> None:
    configure_logging("WARNING", "text")
    session, bus = Session(folder=workspace.root), EventBus()
    try:
        opened = session.open_pipeline(str(record.run_dir / ORDERED_FILE))
        order = read_order(record.order, record.run_id)
        execute_order(opened, order, bus, run_id=record.run_id, waits=True).close()
    except OdibiError as error:
        _tell(record, error, bus)
    except Exception as error:  # noqa: BLE001 - there is nobody else to tell: the journal is read by people
        _log.exception("the run ended by a mistake inside odibi")
        _tell(record, internal_error(error), bus)


def _tell(record: RunRecord, error: OdibiError, bus: EventBus) -> None:
    """Put into the journal why the run ended, where nothing there says so."""
    if bus.redactor is not None:
        bus.redactor.error(error)
    _log.error("%s", error)
    now = run_summary(record.run_dir)
    if now.state.is_final and not now.is_judged:
        return
    try:
        if not now.start_time:
            refuse(record.run_dir, record.pipeline_name, error)
        elif not now.error_message:
            # Not that it is complete: steps that ran count as failed once the process is gone.
            append_event(
                record.run_dir,
                EventType.PIPELINE_ERROR,
                record.pipeline_name,
                error_message=error.what,
                where=error.where,
                fix=error.fix,
            )
    except OdibiError as failure:
        _log.error("that can't be put into the journal: %s", failure)
