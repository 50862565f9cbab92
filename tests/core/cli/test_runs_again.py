"""Runs done again from the command line: what failed, a part, with other parameters, from a checkpoint."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.core.cli.conftest import ODIBI, Answer, environment
from tests.processes import started
from tests.waiting import wait_until

from odibi_core.errors import OdibiError
from odibi_core.events import NodeState
from odibi_core.journal.order import RunOrder, Trigger
from odibi_core.journal.reader import JournalReader
from odibi_core.journal.record import RunRecord, RunState
from odibi_core.journal.runs import list_runs
from odibi_core.run_queue import note_refusal
from odibi_core.workspace import Workspace

Odibi = Callable[..., Answer]

PIPELINE = """\
name: sales
settings: {fail_fast: false, tracking: exact, checkpoint_mode: auto}
parameters:
  smallest: {type: integer, default: 10}
steps:
  - name: read
    layer: bronze
    type: config_op
    value: data/orders.csv
    outputs: {data: orders}
  - name: large
    layer: silver
    type: sql
    value: SELECT * FROM orders WHERE amount > {smallest}
    inputs: {orders: orders}
    outputs: {data: large}
  - name: log
    layer: silver
    type: config_op
    value: out/log.csv
    params: {mode: append}
    inputs: {data: large}
  - name: check
    layer: gold
    type: function
    value: sales_checks.check
    inputs: {large: large}
    outputs: {data: checked}
  - name: note
    layer: gold
    type: config_op
    value: out/note.csv
    params: {mode: append}
    inputs: {data: checked}
"""
FUNCTIONS = """\
import time
from pathlib import Path

def check(large):
    if Path("hang").exists():
        time.sleep(60)
    if Path("broken").exists():
        raise ValueError("the service is away")
    return large
"""


@pytest.fixture
def sales(shop: Path) -> Path:
    """The current folder: a workspace whose pipeline fails at `check` as long as a file `broken` is there."""
    (shop / "odibi.toml").write_text('[functions]\nallow = ["sales_checks"]\n')
    (shop / "sales_checks.py").write_text(FUNCTIONS)
    (shop / "pipelines" / "sales.yaml").write_text(PIPELINE)
    (shop / "broken").touch()
    return shop


def rows(path: str) -> list[str]:
    return Path(path).read_text().splitlines()[1:]


def latest(folder: Path) -> RunRecord:
    return JournalReader(list_runs(folder / ".odibi" / "runs", 1)[0].run_dir).record()


def asked_again(odibi: Odibi, folder: Path, *args: str) -> RunRecord:
    """The run that a command put into the queue, once it has ended."""
    answer = odibi("runs", *args)
    assert answer.code == 0, answer.err
    found = re.match(r"(\S+) was put into the queue", answer.out)
    assert found
    run_dir = folder / ".odibi" / "runs" / found[1]
    wait_until(lambda: JournalReader(run_dir).record().state.is_final)
    return JournalReader(run_dir).record()


def states(record: RunRecord) -> dict[str, NodeState]:
    return {name: step.state for name, step in record.steps.items()}


def test_only_what_failed_is_done_again_and_nothing_is_appended_twice(odibi: Odibi, sales: Path) -> None:
    assert odibi("run", "sales").code == 1
    (sales / "broken").unlink()
    again = asked_again(odibi, sales, "rerun", "--failed")
    assert again.state is RunState.SUCCESS
    assert set(again.steps) == {"read", "large", "check", "note"}
    assert rows("out/log.csv") == rows("out/note.csv") == ["2,20", "3,30"]


def test_what_did_not_fail_comes_from_the_cache_where_it_is_there(odibi: Odibi, sales: Path) -> None:
    odibi("run", "sales", "--cache")
    (sales / "broken").unlink()
    again = asked_again(odibi, sales, "rerun", "--failed")
    assert states(again) == {
        "read": NodeState.CACHED,
        "large": NodeState.CACHED,
        "check": NodeState.SUCCESS,
        "note": NodeState.SUCCESS,
    }


def test_a_part_of_a_run_is_done_again_with_other_parameters(odibi: Odibi, sales: Path) -> None:
    odibi("run", "sales")
    again = asked_again(odibi, sales, "rerun", "--to", "large", "--param", "smallest=25")
    assert states(again) == {"read": NodeState.SUCCESS, "large": NodeState.SUCCESS}
    assert (again.parameters["smallest"], again.steps["large"].row_count) == (25, 1)
    (sales / "broken").unlink()
    again = asked_again(odibi, sales, "rerun", "--from", "check")
    assert set(again.steps) == {"read", "large", "check", "note"}
    assert again.parameters["smallest"] == 25


def test_a_part_takes_what_an_earlier_run_left(odibi: Odibi, sales: Path) -> None:
    odibi("run", "sales", "--cache")
    (sales / "broken").unlink()
    assert odibi("run", "sales", "--cache", "--from", "check").code == 0
    assert states(latest(sales)) == {
        "read": NodeState.CACHED,
        "large": NodeState.CACHED,
        "check": NodeState.SUCCESS,
        "note": NodeState.SUCCESS,
    }


def test_a_run_is_resumed_from_its_checkpoint(odibi: Odibi, sales: Path) -> None:
    odibi("run", "sales", "--checkpoints")
    (sales / "broken").unlink()
    (sales / "data" / "orders.csv").write_text("id,amount\n9,90\n")
    again = asked_again(odibi, sales, "resume")
    assert again.state is RunState.SUCCESS
    assert states(again)["large"] is NodeState.CACHED
    assert rows("out/log.csv") == rows("out/note.csv") == ["2,20", "3,30"]
    answer = odibi("runs", "resume")
    assert (answer.code, "the run succeeded: nothing is left to do" in answer.err) == (1, True)


def test_a_killed_run_is_resumed(odibi: Odibi, sales: Path) -> None:
    (sales / "hang").touch()
    with started(
        [ODIBI, "run", "sales", "--checkpoints"], env=environment(), stdout=subprocess.DEVNULL
    ) as process:
        wait_until(lambda: list_runs(sales / ".odibi" / "runs", 1))
        wait_until(lambda: (step := latest(sales).steps.get("check")) and step.state is NodeState.RUNNING)
        os.kill(process.pid, signal.SIGKILL)
    wait_until(lambda: latest(sales).state is RunState.LOST)
    lost = latest(sales)
    assert f"odibi runs resume {lost.run_id}" in odibi("runs", "show").out
    (sales / "hang").unlink()
    (sales / "broken").unlink()
    again = asked_again(odibi, sales, "resume", lost.run_id)
    assert again.state is RunState.SUCCESS
    assert rows("out/log.csv") == rows("out/note.csv") == ["2,20", "3,30"]


def test_what_can_not_be_resumed_says_why(odibi: Odibi, sales: Path) -> None:
    odibi("run", "sales")
    answer = odibi("runs", "resume")
    assert answer.code == 1
    assert "the run saved no checkpoints" in answer.err
    assert "--failed" in answer.err
    odibi("run", "sales", "--checkpoints")
    first = latest(sales).run_id
    odibi("run", "sales", "--checkpoints")
    answer = odibi("runs", "resume", first)
    assert answer.code == 1
    assert f"another run of the pipeline has begun since, {latest(sales).run_id}" in answer.err


def test_what_can_not_be_done_again_says_why(odibi: Odibi, sales: Path) -> None:
    (sales / "broken").unlink()
    odibi("run", "sales")
    answer = odibi("runs", "rerun", "--failed")
    assert answer.code == 1
    assert "every step of the run succeeded" in answer.err
    answer = odibi("runs", "rerun", "--from", "chekc")
    assert (answer.code, "did you mean 'check'?" in answer.err) == (2, True)
    assert odibi("runs", "rerun", "--failed", "--to", "large").code == 2
    answer = odibi("runs", "rerun", "--param", "smalest=2")
    assert (answer.code, "did you mean 'smallest'?" in answer.err) == (2, True)
    answer = odibi("runs", "rerun", "--param", "smallest=few")
    assert (answer.code, "smallest" in answer.err) == (2, True)
    assert len(list_runs(sales / ".odibi" / "runs")) == 1


def test_a_run_that_was_refused_in_its_turn_says_why(odibi: Odibi, sales: Path) -> None:
    order = RunOrder(pipeline="sales", trigger=Trigger.SCHEDULE)
    run_id = note_refusal(Workspace.find(sales), order, OdibiError("its room is taken", fix="make room"))
    for command in ("show", "follow"):
        told = odibi("runs", command, run_id).out
        assert "Why: its room is taken" in told
        assert "To mend it: make room" in told
