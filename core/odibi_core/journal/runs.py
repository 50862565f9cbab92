"""Finds the runs of a workspace."""

from __future__ import annotations

import os
from pathlib import Path

from odibi_core.errors import OdibiError, UnknownNameError, did_you_mean
from odibi_core.journal.reader import apply_line, is_attended
from odibi_core.journal.record import RunRecord
from odibi_core.journal.writer import EVENTS_FILE, cancel_author

LATEST = "latest"
_HEAD_BYTES = 16 * 1024
_TAIL_BYTES = 16 * 1024
# The type stands first in a line; events of steps are not worth parsing for a list.
_OF_THE_RUN = tuple(
    f'{{"event_type":"{name}'.encode()
    for name in (
        "pipeline_",
        "run_queued",
        "run_launched",
        "run_refused",
        "run_cancelled",
        "cancel_requested",
        "report_failed",
    )
)
_OF_A_STEP = b'{"event_type":"node_'


def run_summary(run_dir: Path) -> RunRecord:
    """How a run stands, without its steps; only the ends of its journal are read."""
    record = _as_told(run_dir)
    if not record.state.is_final:
        attended = is_attended(record)
        record = _as_told(run_dir)
        record.judge(is_attended=attended)
    return record


def list_runs(runs: str | Path, limit: int | None = None) -> list[RunRecord]:
    """The runs in a folder, newest first, without their steps. Only the ends of each journal are read.

    Args:
        runs: The folder that holds the runs; where there is none, there are no runs.
        limit: The most to give; None gives all.
    """
    return [run_summary(Path(runs) / run_id) for run_id in run_ids(Path(runs))[:limit]]


def find_run(runs: str | Path, text: str) -> Path:
    """The folder of a run.

    Args:
        runs: The folder that holds the runs.
        text: Its id, the beginning of its id, or "latest".

    Raises:
        UnknownNameError: There is none, or more than one begins so; the error says the near ids.
        OdibiError: There are no runs.
    """
    known = run_ids(Path(runs))
    if not known:
        raise OdibiError("there is no run yet", where=str(runs), fix="start one with: odibi run PIPELINE")
    if text == LATEST:
        return Path(runs) / known[0]
    matching = [text] if text in known else [run_id for run_id in known if text and run_id.startswith(text)]
    if not matching:
        hint = did_you_mean(text, known[:100])
        fix = hint if hint.startswith("did you mean") else f"the latest run is {known[0]!r}"
        raise UnknownNameError(f"there is no run {text!r}", where=str(runs), fix=fix)
    if len(matching) > 1:
        raise UnknownNameError(
            f"{len(matching)} runs begin with {text!r}",
            where=str(runs),
            fix="give more of the id: " + ", ".join(matching[:5]) + ("" if len(matching) <= 5 else ", …"),
        )
    return Path(runs) / matching[0]


def run_ids(runs: Path) -> list[str]:
    """The ids of the runs in a folder, newest first."""
    try:
        with os.scandir(runs) as entries:
            return sorted(
                (entry.name for entry in entries if entry.is_dir() and not entry.name.startswith(".")),
                reverse=True,
            )
    except (FileNotFoundError, NotADirectoryError):
        return []


def _as_told(run_dir: Path) -> RunRecord:
    record = RunRecord(run_dir.name, run_dir)
    for line in _end_lines(run_dir):
        if line.startswith(_OF_THE_RUN):
            apply_line(record, line)
    if not record.state.is_final and not record.is_cancelling:
        # The line of the request may stand far from both ends by now.
        author = cancel_author(run_dir)
        record.is_cancelling, record.cancel_author = author is not None, author or ""
    return record


def _end_lines(run_dir: Path) -> list[bytes]:
    """The whole lines at the beginning and at the end of a journal.

    What was ordered may be long, and stands in the first lines: the beginning goes at least up to the first
    event of a step.
    """
    lines, size, has_begun = list[bytes](), 0, False
    try:
        with (run_dir / EVENTS_FILE).open("rb") as file:
            while not (has_begun and size >= _HEAD_BYTES) and (line := file.readline()).endswith(b"\n"):
                lines.append(line)
                size += len(line)
                has_begun = has_begun or line.startswith(_OF_A_STEP)
            start = max(size, file.seek(0, os.SEEK_END) - _TAIL_BYTES)
            file.seek(start)
            tail = file.read().split(b"\n")
    except OSError:
        return []
    return [*lines, *tail[0 if start == size else 1 : -1]]
