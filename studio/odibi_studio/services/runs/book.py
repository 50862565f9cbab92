"""The journals of a workspace, held open: asking again reads only what is new."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from odibi_core.design.yaml_form import load_yaml
from odibi_core.errors import OdibiError
from odibi_core.journal.reader import JournalReader
from odibi_core.journal.record import RunRecord
from odibi_core.journal.runs import find_run, run_ids, run_summary
from odibi_core.journal.writer import DESIGN_FILE, ORDERED_FILE
from odibi_core.pipeline import Pipeline
from odibi_studio.services.runs.course import Course
from odibi_studio.services.runs.step_runs import StepRuns

_OPEN_RUNS = 64


@dataclass(slots=True)
class OpenRun:
    """A run that somebody looks at.

    Attributes:
        reader: Reads its journal.
        course: What it went through, as far as the journal was read.
        steps: Tells of its steps.
        lock: Held by whoever reads: the reader's record is one object that changes.
    """

    reader: JournalReader
    course: Course
    steps: StepRuns = field(default_factory=StepRuns)
    lock: threading.Lock = field(default_factory=threading.Lock)
    _pipeline: Pipeline | None = None
    _lineage: dict[str, Any] | None = None

    @property
    def run_dir(self) -> Path:
        """The run's folder."""
        return self.reader.run_dir

    def pipeline(self) -> Pipeline | None:
        """What runs; None where it was not kept, or can't be read."""
        if self._pipeline is None:
            for name in (DESIGN_FILE, ORDERED_FILE):
                if (self.run_dir / name).is_file():
                    try:
                        self._pipeline = load_yaml(self.run_dir / name)
                    except OdibiError:
                        return None
                    # What was ordered may be more than what will run: it is looked at again.
                    return self._pipeline if name == DESIGN_FILE else self._taken()
        return self._pipeline

    def lineage(self) -> dict[str, Any] | None:
        """What each step took and gave, once the run has ended; None before that."""
        if self._lineage is None:
            try:
                self._lineage = json.loads((self.run_dir / "lineage.json").read_bytes())
            except (OSError, ValueError):
                return None
        return self._lineage

    def _taken(self) -> Pipeline | None:
        pipeline, self._pipeline = self._pipeline, None
        return pipeline


class RunBook:
    """The runs of a workspace. Any thread may ask.

    Args:
        runs: The folder of the journals.
    """

    def __init__(self, runs: Path) -> None:
        self.folder = runs
        self._lock = threading.Lock()
        self._open: OrderedDict[str, OpenRun] = OrderedDict()
        self._ended: dict[str, RunRecord] = {}

    def summaries(self) -> list[RunRecord]:
        """Every run without its steps, the newest first."""
        known = run_ids(self.folder)
        with self._lock:
            ended = {run_id: self._ended[run_id] for run_id in known if run_id in self._ended}
        found = []
        for run_id in known:
            record = ended.get(run_id)
            if record is None:
                record = run_summary(self.folder / run_id)
                if record.state.is_final and not record.is_judged:
                    ended[run_id] = record
            found.append(record)
        with self._lock:
            self._ended = ended
        return found

    @contextmanager
    def opened(self, run_id: str) -> Iterator[OpenRun]:
        """A run, for the caller alone.

        Raises:
            UnknownNameError: There is none of that id.
        """
        with self._lock:
            run = self._open.get(run_id)
            if run is None or not run.run_dir.is_dir():
                course = Course()
                run = OpenRun(JournalReader(find_run(self.folder, run_id), course.take), course)
                run_id = run.run_dir.name
            self._open[run_id] = run
            self._open.move_to_end(run_id)
            while len(self._open) > _OPEN_RUNS:
                self._open.popitem(last=False)
        with run.lock:
            yield run
