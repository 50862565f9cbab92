"""Functions in worker processes: what crosses, what goes wrong, and who dies of it."""

from __future__ import annotations

import datetime as dt
import importlib
import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tests.processes import started

from odibi_core.errors import (
    FunctionError,
    RunCancelledError,
    StepTimeoutError,
    TransientError,
    WorkerLostError,
)
from odibi_core.workers import ProcessPool


@pytest.fixture
def functions(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(Path(__file__).parent)
    return importlib.import_module("functions_of_workers")


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[ProcessPool]:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with ProcessPool(1, scratch) as pool:
        yield pool
    assert list(scratch.iterdir()) == []


@pytest.fixture
def call_sign(tmp_path: Path) -> Path:
    """A named pipe on which a function at work says who it is."""
    path = tmp_path / "call-sign"
    os.mkfifo(path)
    return path


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until_dead(pid: int) -> None:
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    ended, _, _ = select.select([process], [], [], 30)
    os.close(process)
    assert ended, f"process {pid} is still alive"


def test_a_million_rows_come_back_as_they_went_with_their_types(pool: ProcessPool, functions: Any) -> None:
    rows = 1_000_000
    table = pa.table(
        {
            "big": pa.array([2**53 + 1, None], pa.int64()).take(pa.array([n % 2 for n in range(rows)])),
            "price": pa.array([Decimal("12.50"), None], pa.decimal128(18, 2)).take(
                pa.array([n % 2 for n in range(rows)])
            ),
            "number": pa.array(range(rows), pa.uint32()),
            "day": pa.array([dt.date(2026, 1, 31)] * rows),
            "at": pa.array([dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)] * rows, pa.timestamp("us", "UTC")),
            "city": pa.array(["Rome", "Oslo, ", ""] * (rows // 3) + [None]).dictionary_encode(),
            "tags": pa.array([["a", None], []] * (rows // 2), pa.list_(pa.string())),
        }
    )
    assert pool.run(functions.keep, {"data": table}, {})["data"].equals(table)


def test_pandas_functions_lose_nothing_either(pool: ProcessPool, functions: Any) -> None:
    table = pa.table({"big": pa.array([2**53 + 1, None]), "text": ["a", None], "n": [1, 2]})
    returned = pool.run(functions.keep_pandas, {"data": table}, {})["data"]
    assert returned.to_pydict() == table.to_pydict()
    assert returned.schema.field("big").type == pa.int64()


def test_no_rows_and_no_inputs_are_fine(pool: ProcessPool, functions: Any) -> None:
    empty = pa.table({"n": pa.array([], pa.int32())})
    assert pool.run(functions.keep, {"data": empty}, {})["data"].schema == empty.schema
    assert pool.run(functions.pid, {}, {})["data"].num_rows == 1


def test_several_inputs_and_outputs_go_by_name(pool: ProcessPool, functions: Any) -> None:
    inputs = {"orders": pa.table({"a": [1, 2]}), "rates": pa.table({"b": [3]})}
    returned = pool.run(functions.split, inputs, {}, outputs=["good", "bad"])
    assert {name: table.to_pydict() for name, table in returned.items()} == {
        "good": {"a": [1, 2]},
        "bad": {"b": [3]},
    }


def test_params_keep_their_types(pool: ProcessPool, functions: Any) -> None:
    params = {
        "day": dt.date(2026, 1, 31),
        "at": dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC),
        "hour": dt.time(12),
        "limit": Decimal("1.10"),
        "pair": (1, "a"),
        "names": {1: "one", "two": [None, True, 2.5]},
        "only": {3},
        "nothing": None,
    }
    returned = pool.run(functions.typed, {}, params)["data"].to_pydict()
    assert dict(zip(returned["name"], returned["value"], strict=True)) == {
        name: repr(value) for name, value in params.items()
    }


def test_a_param_that_cannot_cross_is_named(pool: ProcessPool, functions: Any) -> None:
    with pytest.raises(FunctionError, match="the param 'lock' of the function 'typed' can't go to a worker"):
        pool.run(functions.typed, {}, {"lock": threading.Lock()})


def test_a_worker_stays_warm_and_returns_to_its_folder(
    pool: ProcessPool, functions: Any, tmp_path: Path
) -> None:
    first = pool.run(functions.pid, {}, {"folder": str(tmp_path)})["data"].to_pylist()[0]
    second = pool.run(functions.pid, {}, {})["data"].to_pylist()[0]
    assert first["pid"] == second["pid"] != os.getpid()
    assert (first["folder"], second["folder"]) == (str(tmp_path), str(Path.cwd()))


def test_sixteen_tasks_share_two_workers(functions: Any) -> None:
    with ProcessPool(2) as pool, ThreadPoolExecutor(16) as threads:
        futures = [
            threads.submit(pool.run, functions.double, {"data": pa.table({"n": [number]})}, {})
            for number in range(16)
        ]
        rows = [future.result()["data"].to_pylist()[0] for future in futures]
    assert [row["n"] for row in rows] == [2 * number for number in range(16)]
    assert len({row["pid"] for row in rows}) <= 2


def test_prints_go_to_stderr_and_never_into_the_protocol(
    pool: ProcessPool, functions: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    assert pool.run(functions.prints, {}, {})["data"].num_rows == 1
    printed = capfd.readouterr()
    assert "a word from the function" in printed.err
    assert printed.out == ""


def test_an_exception_comes_back_with_its_line(pool: ProcessPool, functions: Any) -> None:
    with pytest.raises(FunctionError, match=r"'steps\.fails' raised KeyError: 'no_such_column'") as caught:
        pool.run(functions.fails, {"data": pa.table({"no_such_columns": [1]})}, {}, name="steps.fails")
    line = functions.fails.__code__.co_firstlineno + 1
    assert caught.value.where == f"{functions.__file__}:{line}"
    assert caught.value.fix == "did you mean 'no_such_columns'?"


def test_transient_errors_stay_transient(pool: ProcessPool, functions: Any) -> None:
    with pytest.raises(TransientError, match="ConnectionResetError: the other side hung up"):
        pool.run(functions.breaks, {}, {})
    with pytest.raises(TransientError, match="too many requests") as caught:
        pool.run(functions.waits, {}, {})
    assert caught.value.retry_after_s == 7


def test_a_result_that_is_no_table_is_told(pool: ProcessPool, functions: Any) -> None:
    with pytest.raises(FunctionError, match="a column of no single type"):
        pool.run(functions.mixed, {}, {})


def test_wrong_arguments_are_told(pool: ProcessPool, functions: Any) -> None:
    with pytest.raises(FunctionError, match="has no argument 'limit'"):
        pool.run(functions.keep, {"data": pa.table({"a": [1]})}, {"limit": 1})


def test_functions_inside_classes_can_be_found(pool: ProcessPool, functions: Any) -> None:
    table = pa.table({"a": [1]})
    assert pool.run(functions.Cleaner.clean, {"data": table}, {})["data"].equals(table)


def test_a_function_that_only_this_process_knows_is_refused(pool: ProcessPool) -> None:
    def inner() -> None: ...

    script: dict[str, Any] = {"__name__": "__main__"}
    exec("def step(): ...", script)
    for function, reason in (
        (lambda: None, "a lambda"),
        (inner, "inside another"),
        (script["step"], "script"),
    ):
        with pytest.raises(FunctionError, match=reason) as caught:
            pool.run(function, {}, {})
        assert "put it into a module" in caught.value.fix


def test_a_killed_worker_fails_its_own_task_only(functions: Any, call_sign: Path) -> None:
    with ProcessPool(2) as pool, ThreadPoolExecutor(9) as threads:
        doomed = threads.submit(pool.run, functions.never_ends, {}, {"signal": str(call_sign)})
        worker = int(call_sign.read_text())
        others = [
            threads.submit(pool.run, functions.double, {"data": pa.table({"n": [number]})}, {})
            for number in range(8)
        ]
        os.kill(worker, signal.SIGKILL)
        with pytest.raises(WorkerLostError, match=r"signal 9 \(SIGKILL\): probably out of memory"):
            doomed.result()
        assert [future.result()["data"]["n"][0].as_py() for future in others] == [0, 2, 4, 6, 8, 10, 12, 14]


def test_a_worker_that_ends_itself_says_how_and_is_replaced(pool: ProcessPool, functions: Any) -> None:
    before = pool.run(functions.pid, {}, {})["data"]["pid"][0].as_py()
    with pytest.raises(WorkerLostError, match="ended with exit code 3"):
        pool.run(functions.exits, {}, {"code": 3})
    assert pool.run(functions.pid, {}, {})["data"]["pid"][0].as_py() != before


def test_a_worker_that_died_while_idle_costs_nobody_a_task(pool: ProcessPool, functions: Any) -> None:
    worker = pool.run(functions.pid, {}, {})["data"]["pid"][0].as_py()
    os.kill(worker, signal.SIGKILL)
    os.waitid(os.P_PID, worker, os.WEXITED | os.WNOWAIT)
    assert pool.run(functions.pid, {}, {})["data"]["pid"][0].as_py() != worker


def test_a_task_is_stopped_at_its_time_limit(pool: ProcessPool, functions: Any) -> None:
    worker = pool.run(functions.pid, {}, {})["data"]["pid"][0].as_py()
    with pytest.raises(StepTimeoutError, match=r"stopped at its time limit of 0\.5 s"):
        pool.run(functions.never_ends, {}, {}, timeout_s=0.5)
    assert not is_alive(worker)
    assert pool.run(functions.pid, {}, {})["data"].num_rows == 1


def test_a_cancelled_task_ends_with_everything_it_started(
    pool: ProcessPool, functions: Any, call_sign: Path
) -> None:
    cancelled = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(
            pool.run, functions.never_ends_with_a_child, {}, {"signal": str(call_sign)}, cancelled=cancelled
        )
        grandchild = int(call_sign.read_text())
        cancelled.set()
        with pytest.raises(RunCancelledError):
            running.result()
    wait_until_dead(grandchild)


def test_a_task_that_waits_for_a_worker_can_be_cancelled(
    pool: ProcessPool, functions: Any, call_sign: Path
) -> None:
    cancelled, never = threading.Event(), threading.Event()
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(
            pool.run, functions.never_ends, {}, {"signal": str(call_sign)}, cancelled=never
        )
        call_sign.read_text()
        waiting = threads.submit(pool.run, functions.pid, {}, {}, cancelled=cancelled)
        cancelled.set()
        with pytest.raises(RunCancelledError):
            waiting.result()
        never.set()
        with pytest.raises(RunCancelledError):
            first.result()


def test_closing_the_pool_cancels_what_runs(functions: Any, call_sign: Path) -> None:
    pool = ProcessPool(1)
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(pool.run, functions.never_ends, {}, {"signal": str(call_sign)})
        worker = int(call_sign.read_text())
        pool.close()
        with pytest.raises(RunCancelledError):
            running.result()
    assert not is_alive(worker)
    with pytest.raises(RunCancelledError):
        pool.run(functions.pid, {}, {})
    pool.close()


def test_workers_die_with_a_parent_that_is_killed(tmp_path: Path, call_sign: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import functions_of_workers, sys\n"
        "from odibi_core.workers import ProcessPool\n"
        "pool = ProcessPool(1, scratch=sys.argv[2])\n"
        "pool.run(functions_of_workers.never_ends, {}, {'signal': sys.argv[1]})\n"
    )
    path = ":".join([str(Path(__file__).parent), *sys.path])
    command = [sys.executable, str(script), str(call_sign), str(tmp_path)]
    with started(command, env={"PYTHONPATH": path}) as parent:
        worker = int(call_sign.read_text())
        assert is_alive(worker)
        parent.kill()
    wait_until_dead(worker)
