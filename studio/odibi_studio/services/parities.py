"""Comparisons of the engines: each a process of its own, with what it asks for and answers in a folder.

The Studio only starts them and reads their files: a comparison goes on when the Studio is closed, and is
there when it is opened again.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from odibi_core.errors import OdibiError, UnknownNameError
from odibi_core.journal.identity import ProcessIdentity
from odibi_core.journal.writer import new_run_id
from odibi_core.text_file import write_text_file
from odibi_core.timestamps import now
from odibi_core.workspace import Workspace

_FOLDER, _ASKED, _ANSWER, _SAID, _STOPPED = "parity", "asked.json", "answer.json", "said.log", "stopped"
_KEPT = 20
_CODE = "from odibi_core.cli import main; main()"


class JobState(StrEnum):
    """Where a comparison stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class ParityJob:
    """A comparison of the engines.

    Attributes:
        id: Its id.
        pipeline: The pipeline's name.
        step: The step that is compared; "" compares all.
        rows: How many rows of each source are taken at the most.
        asked: When it was asked for.
        state: Where it stands.
        phase: What it does, in words.
        answer: What it found (see `Parity.as_dict`); None where it has not ended well.
        error: Why it could not compare.
    """

    id: str
    pipeline: str
    step: str
    rows: int
    asked: str
    state: JobState
    phase: str = ""
    answer: dict[str, Any] | None = None
    error: OdibiError | None = None


class Parities:
    """The comparisons of a workspace.

    Args:
        workspace: Whose pipelines are compared.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._children: list[subprocess.Popen[bytes]] = []

    def start(
        self, pipeline: str, *, step: str = "", rows: int, parameters: dict[str, Any] | None = None
    ) -> str:
        """The id of a new comparison, which runs from now on.

        Raises:
            UnknownNameError: There is no such pipeline.
        """
        path = self._workspace.find_pipeline(pipeline)
        folder = self._folder() / new_run_id()
        folder.mkdir(parents=True)
        command = [sys.executable, "-P", "-c", _CODE, "-w", str(self._workspace.root), "parity", str(path)]
        command += ["--rows", str(rows), "--json", *([f"--step={step}"] if step else [])]
        command += [
            part for name, value in (parameters or {}).items() for part in ("--param", f"{name}={value}")
        ]
        with (folder / _ANSWER).open("wb") as answer, (folder / _SAID).open("wb") as said:
            process = subprocess.Popen(  # noqa: S603 - this interpreter, with arguments that no shell reads
                command, stdin=subprocess.DEVNULL, stdout=answer, stderr=said, start_new_session=True
            )
        self._children = [child for child in self._children if child.poll() is None] + [process]
        identity = ProcessIdentity.of(process.pid)
        asked = {
            "pipeline": pipeline,
            "step": step,
            "rows": rows,
            "asked": now(),
            "process": asdict(identity) if identity else None,
        }
        write_text_file(folder / _ASKED, json.dumps(asked))
        self._forget_old()
        return folder.name

    def jobs(self) -> list[ParityJob]:
        """The comparisons, the newest first."""
        folder = self._folder()
        names = sorted((each.name for each in folder.iterdir()), reverse=True) if folder.is_dir() else []
        found = []
        for name in names:
            with suppress(UnknownNameError):
                found.append(self.job(name))
        return found

    def job(self, job_id: str) -> ParityJob:
        """A comparison as it stands now.

        Raises:
            UnknownNameError: There is none of that id.
        """
        folder = self._folder() / Path(job_id).name
        try:
            asked = json.loads((folder / _ASKED).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise UnknownNameError(f"there is no comparison {job_id!r}", fix="start a new one") from None
        process = asked.pop("process")
        said = _lines(folder / _SAID)
        # Looked at before the answer: who has ended has answered.
        is_alive = self._is_alive(process)
        if is_alive:
            return ParityJob(
                folder.name, **asked, state=JobState.RUNNING, phase=said[-1] if said else "starting …"
            )
        answer = _document(folder / _ANSWER)
        if "steps" in answer:
            return ParityJob(folder.name, **asked, state=JobState.DONE, answer=answer)
        if (folder / _STOPPED).exists():
            return ParityJob(folder.name, **asked, state=JobState.STOPPED)
        return ParityJob(folder.name, **asked, state=JobState.FAILED, error=_told(answer, said))

    def stop(self, job_id: str) -> None:
        """Have a comparison stop; one that has ended stays as it is."""
        folder = self._folder() / Path(job_id).name
        process = json.loads((folder / _ASKED).read_text(encoding="utf-8"))["process"]
        if self._is_alive(process):
            (folder / _STOPPED).touch()
            with suppress(ProcessLookupError):
                os.kill(process["pid"], signal.SIGINT)

    def _is_alive(self, process: dict[str, Any] | None) -> bool:
        for child in self._children:
            child.poll()
        return bool(process and ProcessIdentity(**process).is_alive())

    def _forget_old(self) -> None:
        for job in self.jobs()[_KEPT:]:
            if job.state is not JobState.RUNNING:
                shutil.rmtree(self._folder() / job.id, ignore_errors=True)

    def _folder(self) -> Path:
        return self._workspace.state / _FOLDER


def _document(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _lines(path: Path) -> list[str]:
    try:
        return [
            line for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()
        ]
    except OSError:
        return []


def _told(answer: dict[str, Any], said: list[str]) -> OdibiError:
    """Why there is no comparison."""
    if error := answer.get("error"):
        problems = [f"{problem['place']}: {problem['what']}" for problem in answer.get("problems", ())]
        what = "; ".join([error["message"], *problems[:3]])
        return OdibiError(what, where=error["where"], fix=error["fix"])
    last = f": {said[-1]}" if said else ""
    return OdibiError(f"the comparison ended without an answer{last}", fix="start it again")
