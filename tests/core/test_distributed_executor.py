"""Functions in worker processes."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.conftest import Run

from odibi_core.distributed_executor import ExecutionBackend
from odibi_core.errors import WorkerLostError
from odibi_core.testing import function_step, sql_step

WORKER = """
import os, signal
from pathlib import Path
import pandas as pd

def pid():
    return pd.DataFrame({"pid": [os.getpid()]})

def double(numbers):
    return numbers.assign(n=numbers["n"] * 2, pid=os.getpid())

def die_once(marker):
    if not Path(marker).exists():
        Path(marker).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return pd.DataFrame({"alive": [True]})
"""


@pytest.fixture
def worker_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "steps_of_workers.py").write_text(WORKER)
    monkeypatch.syspath_prepend(str(tmp_path / "code"))
    return "steps_of_workers"


def settings(**more: Any) -> dict[str, Any]:
    return {
        "distributed": True,
        "execution_backend": ExecutionBackend.PROCESS_POOL,
        "distributed_max_workers": 2,
        **more,
    }


def test_functions_run_in_processes_and_sql_here(run: Run, worker_module: str) -> None:
    steps = [
        sql_step("numbers", "SELECT range AS n FROM range(3)"),
        function_step("doubled", f"{worker_module}.double", "numbers"),
        sql_step("total", "SELECT sum(n)::BIGINT AS s, min(pid) AS pid FROM doubled", "doubled"),
    ]
    result = run(steps, **settings())
    assert result.success, result.errors
    assert result.data_map["total"]["s"].tolist() == [6]
    assert result.data_map["total"]["pid"].tolist() != [os.getpid()]


def test_a_worker_s_death_takes_only_its_own_step(run: Run, worker_module: str, tmp_path: Path) -> None:
    steps = [
        function_step("dies", f"{worker_module}.die_once", marker=str(tmp_path / "died")),
        *(function_step(f"other{number}", f"{worker_module}.pid") for number in range(4)),
    ]
    result = run(steps, **settings(max_retries=1, retry_delay=0.001))
    assert result.success, result.errors
    assert result.tracker is not None
    retries = {step["step_name"]: step["retry_count"] for step in result.tracker.step_executions}
    assert retries == {"dies": 1, "other0": 0, "other1": 0, "other2": 0, "other3": 0}


def test_a_death_without_a_retry_is_explained(run: Run, worker_module: str, tmp_path: Path) -> None:
    steps = [function_step("dies", f"{worker_module}.die_once", marker=str(tmp_path / "died"))]
    error = run(steps, **settings()).errors["dies"]
    assert isinstance(error, WorkerLostError)
    assert signal.Signals.SIGKILL.name in str(error)


def test_a_function_that_can_t_go_to_a_worker_is_explained(run: Run) -> None:
    local = object()

    def here() -> pd.DataFrame:
        return pd.DataFrame({"a": [id(local)]})

    result = run([function_step("here", here)], **settings())
    assert result.failed_nodes == ["here"]
    assert "here" in str(result.errors["here"])


@pytest.mark.parametrize("tracking", ["exact", "fused"])
def test_many_threads_give_what_one_gives(run: Run, tracking: str) -> None:
    steps = [sql_step("s", "SELECT range AS n FROM range(1000)")]
    steps += [sql_step(f"a{i}", f"SELECT n + {i} AS n FROM s WHERE n % {i + 2} = 0", "s") for i in range(16)]
    one = run(steps, tracking=tracking)
    many = run(steps, tracking=tracking, distributed=True, distributed_max_workers=8)
    assert many.success, many.errors
    for key in one.data_map:
        assert one.data_map[key]["n"].tolist() == many.data_map[key]["n"].tolist()
