from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from odibi_core.journal.lease import AlreadyRunningError, held_leases, hold_lease

HOLD = """
import sys
from pathlib import Path
from odibi_core.journal.lease import hold_lease
with hold_lease(Path(sys.argv[1]), "orders", "run-1"):
    print("held", flush=True)
    sys.stdin.read()
"""


def start_holder(state: Path) -> subprocess.Popen[str]:
    """A process that holds the lease of the pipeline `orders` as the run `run-1`."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(state)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


def test_a_second_run_of_a_pipeline_is_an_error_that_names_the_first(tmp_path: Path) -> None:
    with (
        hold_lease(tmp_path, "orders", "run-1"),
        pytest.raises(AlreadyRunningError) as caught,
        hold_lease(tmp_path, "orders", "run-2"),
    ):
        pass
    assert "the pipeline is running already, as the run run-1" in str(caught.value)
    assert "--wait" in caught.value.fix
    assert "--together" in caught.value.fix
    assert "odibi runs cancel run-1" in caught.value.fix


def test_other_pipelines_and_allowed_runs_go_on_beside_it(tmp_path: Path) -> None:
    with (
        hold_lease(tmp_path, "orders", "run-1"),
        hold_lease(tmp_path, "orders", "run-2", together=True),
        hold_lease(tmp_path, "a/b", "run-3"),
    ):
        assert sorted(held_leases(tmp_path)) == ["run-1", "run-2", "run-3"]
    assert held_leases(tmp_path) == {}


def test_a_run_that_was_allowed_beside_another_keeps_others_out_once_that_has_ended(tmp_path: Path) -> None:
    with (
        hold_lease(tmp_path, "orders", "run-2", together=True),
        pytest.raises(AlreadyRunningError, match="run-2"),
        hold_lease(tmp_path, "orders", "run-3"),
    ):
        pass


def test_a_lease_ends_with_a_process_that_is_killed(tmp_path: Path) -> None:
    with start_holder(tmp_path) as holder:
        with pytest.raises(AlreadyRunningError), hold_lease(tmp_path, "orders", "run-2"):
            pass
        holder.kill()
        holder.wait()
    with hold_lease(tmp_path, "orders", "run-2"):
        assert list(held_leases(tmp_path)) == ["run-2"]


def test_who_waits_gets_the_lease_when_the_other_ends(tmp_path: Path) -> None:
    with start_holder(tmp_path) as holder:
        assert holder.stdin is not None
        told = []

        def on_wait(run_id: str) -> None:
            told.append(run_id)
            assert holder.stdin is not None
            holder.stdin.close()

        with hold_lease(tmp_path, "orders", "run-2", wait=True, on_wait=on_wait):
            assert told == ["run-1"]
        holder.stdin = None
