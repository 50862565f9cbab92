"""What a tick waits for: pipelines that have succeeded, datasets that are fresh."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

from odibi_core.errors import OdibiError
from odibi_core.journal.record import RunState
from odibi_core.journal.runs import run_ids, run_summary
from odibi_core.schedules.jobs import pipeline_name
from odibi_core.schedules.schedule import Awaited, Timing
from odibi_core.schedules.store import Tick
from odibi_core.workspace import Workspace

_LONGEST_RUN = dt.timedelta(days=7)


class Conditions:
    """Looks whether what a tick waits for has come about.

    Args:
        workspace: Where pipelines run and datasets are.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._ended: dict[str, tuple[str, dt.datetime | None]] = {}

    def unmet(self, timing: Timing, tick: Tick, previous: Tick | None) -> str:
        """The first thing that a tick still waits for, in words; "" where there is none.

        Args:
            timing: What the schedule says.
            tick: The tick.
            previous: The tick before it that something came of.
        """
        for condition in timing.after:
            if condition.pipeline is not None:
                since = _since(condition, tick, previous)
                if not self._has_succeeded(condition.pipeline, since):
                    spelled = f" since {since:%Y-%m-%d %H:%M} UTC" if since is not None else ""
                    return f"{condition.pipeline} has not succeeded{spelled}"
            elif condition.dataset is not None and condition.within is not None:
                oldest = tick.time - dt.timedelta(seconds=condition.within)
                if why := self._stale(condition.dataset, oldest):
                    return why
        return ""

    def _has_succeeded(self, pipeline: str, since: dt.datetime | None) -> bool:
        name = pipeline_name(self._workspace, pipeline)
        runs = self._workspace.runs
        for run_id in run_ids(runs):
            if since is not None and (begun := _begun(run_id)) is not None and begun < since - _LONGEST_RUN:
                return False
            found, ended = self._end(runs, run_id)
            if found == name and ended is not None and (since is None or ended >= since):
                return True
        return False

    def _end(self, runs: Path, run_id: str) -> tuple[str, dt.datetime | None]:
        """The pipeline of a run, and when it succeeded; None where it did not, or not yet."""
        if (known := self._ended.get(run_id)) is not None:
            return known
        record = run_summary(runs / run_id)
        succeeded = record.state is RunState.SUCCESS and record.end_time
        ended = dt.datetime.fromisoformat(record.end_time) if succeeded else None
        if record.state.is_final and not record.is_judged:
            self._ended[run_id] = (record.pipeline_name, ended)
        return record.pipeline_name, ended

    def _stale(self, dataset: str, oldest: dt.datetime) -> str:
        try:
            written = last_written(self._workspace.resolve(dataset))
        except OdibiError as error:
            return f"{dataset}: {error.what}"
        if written is None:
            return f"{dataset} is not there"
        if written < oldest:
            return f"{dataset} was last written {written:%Y-%m-%d %H:%M} UTC"
        return ""


def last_written(path: Path) -> dt.datetime | None:
    """When a file, or the newest file in a folder, was written, UTC; None where there is none."""
    times: list[float] = []
    if path.is_dir():
        for folder, _, names in os.walk(path):
            times += [
                status.st_mtime for name in names if (status := _status(Path(folder, name))) is not None
            ]
    elif (status := _status(path)) is not None:
        times.append(status.st_mtime)
    return dt.datetime.fromtimestamp(max(times), dt.UTC) if times else None


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def _since(condition: Awaited, tick: Tick, previous: Tick | None) -> dt.datetime | None:
    if condition.within is not None:
        return tick.time - dt.timedelta(seconds=condition.within)
    return previous.time if previous is not None else None


def _begun(run_id: str) -> dt.datetime | None:
    try:
        return dt.datetime.strptime(run_id[:15], "%Y%m%dT%H%M%S").replace(tzinfo=dt.UTC)
    except ValueError:
        return None
