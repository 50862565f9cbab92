"""Asks the process of a run to stop."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from odibi_core.errors import OdibiError
from odibi_core.journal.heartbeat import running_process
from odibi_core.journal.identity import ProcessIdentity
from odibi_core.journal.runs import run_summary
from odibi_core.journal.writer import note_cancel


def request_cancel(run_dir: Path, author: str) -> None:
    """Ask a run that was launched to stop; it does so within seconds, and its journal says so.

    Args:
        run_dir: The run's folder.
        author: Who asks.

    Raises:
        OdibiError: It has ended, or its process can't be reached from here.
    """
    record = run_summary(run_dir)
    if record.state.is_final:
        raise OdibiError(f"the run has ended already: {record.state.value}", where=f"run {record.run_id}")
    process = running_process(run_dir) or record.launched
    if process is None or process.is_alive() is None:
        raise OdibiError(
            "the run's process can't be reached from here",
            where=f"run {record.run_id}",
            fix="cancel it on the machine, or in the container, that it runs in",
        )
    # Written first: a process that ends before it can listen to signals is known to have been asked.
    note_cancel(run_dir, record.pipeline_name, author)
    _terminate(process)


def _terminate(process: ProcessIdentity) -> None:
    try:
        # The handle stays that of one process, whoever gets its id afterwards.
        handle = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return
    try:
        if process.is_alive():
            signal.pidfd_send_signal(handle, signal.SIGTERM)
    except ProcessLookupError:
        pass
    finally:
        os.close(handle)
