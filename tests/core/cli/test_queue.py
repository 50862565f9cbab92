"""Runs of the command line beside the queue: each hands it on when it ends, however that comes."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.core.cli.conftest import ODIBI, Answer, environment
from tests.processes import started
from tests.waiting import let_go, make_waiting_workspace, wait_until

from odibi_core.events import NodeState
from odibi_core.journal.reader import JournalReader
from odibi_core.journal.record import RunRecord, RunState
from odibi_core.journal.runs import list_runs

Odibi = Callable[..., Answer]
Ending = Callable[[Path, subprocess.Popen[str]], object]

FAILING = "def fail(orders):\n    wait(orders)\n    raise ValueError"


def succeed(root: Path, _run: subprocess.Popen[str]) -> None:
    let_go(root)


def interrupt(root: Path, run: subprocess.Popen[str]) -> None:
    run.send_signal(signal.SIGINT)
    run.wait(60)
    let_go(root)


def terminate(root: Path, run: subprocess.Popen[str]) -> None:
    run.send_signal(signal.SIGTERM)
    run.wait(60)
    let_go(root)


@pytest.fixture
def crowded(shop: Path) -> Path:
    """The current folder: a workspace for one run at once, whose pipelines `one` and `two` have run once.

    From now on their runs wait to be let go; `bad` waits too, and fails then.
    """
    make_waiting_workspace(shop, ("one", "two", "bad"), at_once=1)
    path = shop / "transforms.py"
    path.write_text(path.read_text().replace("def fail(orders):\n    raise ValueError", FAILING))
    bad = shop / "pipelines" / "bad.yaml"
    bad.write_text(bad.read_text().replace("transforms.wait", "transforms.fail"))
    let_go(shop)
    for name in ("one", "two"):
        subprocess.run([ODIBI, "run", name, "-q"], env=environment(), check=True)
    (shop / "go").unlink()
    return shop


@contextmanager
def going(root: Path, name: str) -> Iterator[subprocess.Popen[str]]:
    """A run of the command line, from the step that waits on."""

    def holds() -> bool:
        record = JournalReader(list_runs(root / ".odibi" / "runs", 1)[0].run_dir).record()
        held = record.steps.get("hold")
        return record.pipeline_name == name and held is not None and held.state is NodeState.RUNNING

    command = [ODIBI, "run", name]
    with started(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        wait_until(lambda: holds() or run.poll() is not None)
        assert run.poll() is None
        yield run


def queued(odibi: Odibi, root: Path, name: str) -> Path:
    """The folder of a run of the pipeline that was asked for and waits."""
    (before,) = (one for one in list_runs(root / ".odibi" / "runs") if one.pipeline_name == name)
    return asked_again(odibi, root, before.run_id)


def asked_again(odibi: Odibi, root: Path, run_id: str) -> Path:
    answer = odibi("runs", "rerun", run_id)
    found = re.match(r"(\S+) was put into the queue", answer.out)
    assert found, answer.err
    run_dir = root / ".odibi" / "runs" / found[1]
    assert JournalReader(run_dir).record().state is RunState.QUEUED
    return run_dir


def ended(run_dir: Path) -> RunRecord:
    wait_until(lambda: JournalReader(run_dir).record().state.is_final)
    return JournalReader(run_dir).record()


@pytest.mark.parametrize(
    ("name", "end", "code"),
    [("one", succeed, 0), ("bad", succeed, 1), ("one", interrupt, 130), ("one", terminate, 143)],
)
def test_a_run_of_the_command_line_hands_the_queue_on_when_it_ends(
    odibi: Odibi, crowded: Path, name: str, end: Ending, code: int
) -> None:
    with going(crowded, name) as run:
        waiting = queued(odibi, crowded, "two")
        end(crowded, run)
        run.communicate(timeout=60)
    assert run.returncode == code
    assert ended(waiting).state is RunState.SUCCESS


def test_a_run_that_waits_for_its_own_pipeline_begins_when_that_ends(odibi: Odibi, crowded: Path) -> None:
    (crowded / "odibi.toml").write_text("[runs]\nat_once = 2\n")
    earlier = list_runs(crowded / ".odibi" / "runs")[-1]
    assert earlier.pipeline_name == "one"
    with going(crowded, "one") as run:
        waiting = asked_again(odibi, crowded, earlier.run_id)
        let_go(crowded)
        run.communicate(timeout=60)
    assert ended(waiting).state is RunState.SUCCESS


def test_a_queue_that_can_not_be_handed_on_changes_nothing_of_the_run(odibi: Odibi, crowded: Path) -> None:
    with going(crowded, "one") as run:
        waiting = queued(odibi, crowded, "two")
        settings = (crowded / "odibi.toml").read_text()
        (crowded / "odibi.toml").write_text("[runs]\nat_onec = 1\n")
        let_go(crowded)
        out, err = run.communicate(timeout=60)
    assert (run.returncode, "one succeeded in" in out) == (0, True)
    assert "the queue could not be carried on" in err
    assert "did you mean 'at_once'?" in err
    (crowded / "odibi.toml").write_text(settings)
    odibi("runs", "cancel", waiting.name)


def test_a_run_beside_which_nothing_waits_does_not_load_the_queue(shop: Path) -> None:
    code = (
        "import sys; from odibi_core.cli.app import run_command; run_command(['run', 'shop', '-q']); "
        "print('odibi_core.run_queue' in sys.modules)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
