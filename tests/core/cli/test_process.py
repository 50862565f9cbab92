"""The installed command, as a shell sees it: signals, pipes, terminals, and what it loads."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.core.cli.conftest import ODIBI, Answer, environment
from tests.core.cli.test_run import rewrite
from tests.processes import started

from odibi_core.events import NodeState
from odibi_core.journal import JournalReader, RunState, follow, list_runs

Process = Callable[..., Answer]

SLOW_SQL = "SELECT count(*) AS amount FROM range(100000000) a, range(100000000) b, orders WHERE a.range < 0"
SLOW_FUNCTION = "import time\n\ndef wait(orders):\n    time.sleep(60)\n    return orders\n"
HEAVY = ("pandas", "_duckdb", "networkx", "pydantic", "pyarrow", "polars", "rich", "jinja2", "sqlglot")


def slow_sql(shop: Path) -> None:
    """Have the step `large` compute for hours."""
    rewrite(shop, "SELECT * FROM orders WHERE amount > 10", SLOW_SQL)


def slow_function(shop: Path) -> None:
    """Have the step `large` sleep for a minute."""
    (shop / "transforms.py").write_text(SLOW_FUNCTION)
    rewrite(
        shop,
        "type: sql\n    value: SELECT * FROM orders WHERE amount > 10",
        "type: function\n    value: transforms.wait",
    )


def wait_for_step(shop: Path, run: subprocess.Popen[str], step: str) -> Path:
    """The folder of the run, as soon as the step has started."""
    runs = shop / ".odibi" / "runs"
    deadline = time.monotonic() + 60
    while not (runs.is_dir() and any(runs.iterdir())):
        assert run.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    (run_dir,) = runs.iterdir()
    for event in follow(run_dir, poll_s=0.01):
        if (event["event_type"], event.get("step_name")) == ("node_start", step):
            break
    return run_dir


@pytest.mark.parametrize("slow", [slow_sql, slow_function])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_a_run_cleanly(
    shop: Path, slow: Callable[[Path], None], number: signal.Signals, code: int
) -> None:
    slow(shop)
    command = [ODIBI, "run", "shop", "--json"]
    with started(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        run_dir = wait_for_step(shop, run, "large")
        run.send_signal(number)
        out, err = run.communicate(timeout=60)
    told = json.loads(out)
    assert (run.returncode, told["exit_code"], told["state"]) == (code, code, "cancelled")
    assert f"{number.name} was received" in err
    assert "Traceback" not in err
    assert JournalReader(run_dir).record().state == "cancelled"
    assert not (shop / "out").exists()
    assert list((shop / ".odibi" / "scratch").iterdir()) == []


def test_a_preview_can_be_interrupted(shop: Path) -> None:
    slow_function(shop)
    (shop / "transforms.py").write_text(
        SLOW_FUNCTION.replace("    time.sleep", "    open('begun', 'w').close()\n    time.sleep")
    )
    command = [ODIBI, "preview", "large", "-p", "shop"]
    with started(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as preview:
        while not (shop / "begun").exists():
            assert preview.poll() is None
            time.sleep(0.01)
        preview.send_signal(signal.SIGINT)
        _, err = preview.communicate(timeout=60)
    assert preview.returncode == 130
    assert "Traceback" not in err
    assert list((shop / ".odibi" / "scratch").iterdir()) == []


def on_a_terminal(command: list[str], **variables: str) -> tuple[int, str]:
    """The exit code of a command at a terminal of 200 columns, and everything that the terminal got."""
    leader, follower = pty.openpty()
    size = (50).to_bytes(2, sys.byteorder) + (200).to_bytes(2, sys.byteorder) + bytes(4)
    import fcntl
    import termios

    fcntl.ioctl(follower, termios.TIOCSWINSZ, size)
    program = subprocess.Popen(
        command, env=environment(**variables), stdin=follower, stdout=follower, stderr=follower
    )
    os.close(follower)
    pieces = []
    while True:
        try:
            piece = os.read(leader, 65536)
        except OSError:
            break
        if not piece:
            break
        pieces.append(piece)
    os.close(leader)
    return program.wait(), b"".join(pieces).decode()


def test_a_terminal_shows_the_progress_of_a_run(shop: Path) -> None:
    (shop / "transforms.py").write_text(SLOW_FUNCTION.replace("60", "0.5"))
    slow_function_text = "type: function\n    value: transforms.wait"
    rewrite(shop, "type: sql\n    value: SELECT * FROM orders WHERE amount > 10", slow_function_text)
    code, shown = on_a_terminal([ODIBI, "run", "shop"])
    assert code == 0
    assert "1/4" in shown
    assert "3 rows, " in shown
    assert "large" in shown.partition("shop ")[0]
    assert "\x1b[32msucceeded\x1b[0m" in shown


@pytest.mark.parametrize("variables", [{"CI": "true"}, {"TERM": "dumb"}])
def test_a_terminal_of_ci_shows_no_bar(shop: Path, variables: dict[str, str]) -> None:
    code, shown = on_a_terminal([ODIBI, "run", "shop"], **variables)
    assert code == 0
    assert "/4" not in shown
    assert "shop " in shown


def test_no_color_is_honoured(shop: Path) -> None:
    code, shown = on_a_terminal([ODIBI, "run", "shop"], NO_COLOR="1")
    assert code == 0
    assert "\x1b[3" not in shown
    assert "shop succeeded in" in shown


def test_a_narrow_terminal_says_how_many_columns_it_left_out(shop: Path) -> None:
    columns = ", ".join(f"amount AS a_long_name_of_a_column_{n}" for n in range(20))
    rewrite(shop, "SELECT * FROM orders", f"SELECT {columns} FROM orders")
    code, shown = on_a_terminal([ODIBI, "preview", "large", "-p", "shop"])
    assert code == 0
    assert "columns more did not fit" in shown
    assert max(len(line) for line in shown.splitlines()) <= 210


@pytest.mark.parametrize("args", [["run", "shop", "-v"], ["plan", "shop"], ["doctor"], ["--help"]])
def test_what_is_piped_has_no_escape_codes(process: Process, args: list[str]) -> None:
    answer = process(*args)
    assert answer.code == 0
    assert "\x1b" not in answer.out + answer.err


def test_a_reader_that_goes_away_changes_nothing_of_a_run(shop: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [ODIBI, "run", "shop"],
        env=environment(),
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")
    assert (shop / "out" / "large.csv").is_file()


def test_a_full_disk_behind_standard_output_is_said(shop: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [ODIBI, "plan", "shop"],
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert "the answer can't be written: no space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_names_survive_a_terminal_that_knows_ascii_only(process: Process, shop: Path) -> None:
    rewrite(shop, "name: large", "name: größer 🧺")
    answer = process("run", "shop", "--json", PYTHONIOENCODING="ascii")
    assert answer.code == 0
    assert json.loads(answer.out)["steps"][1]["name"] == "größer 🧺"
    assert "gr\\xf6\\xdfer" in process("run", "shop", "-v", PYTHONIOENCODING="ascii").err


def test_a_mistake_of_ours_is_kept_in_a_file_and_not_shown(process: Process, shop: Path) -> None:
    (shop / "sitecustomize.py").write_text(
        "import odibi_core.plan.planner as planner\n"
        "def broken(*_): raise KeyError('out of order')\n"
        "planner.Survey = broken\n"
    )
    answer = process("plan", "shop", PYTHONPATH=str(shop))
    assert answer.code == 70
    assert "something went wrong inside odibi: KeyError: 'out of order'" in answer.err
    assert "Traceback" not in answer.err
    (kept,) = (shop / ".odibi" / "crashes").iterdir()
    assert str(kept) in answer.err
    assert "Traceback" in kept.read_text()


def test_help_loads_nothing_heavy(shop: Path) -> None:
    code = (
        "import sys\nfrom odibi_core.cli.app import run_command\nrun_command(['--help'])\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_shell_can_complete_pipelines(process: Process) -> None:
    answer = process(COMP_WORDS="odibi run s", COMP_CWORD="2", _ODIBI_COMPLETE="bash_complete")
    assert answer.out.splitlines() == ["plain,shop"]


def test_a_run_that_breaks_off_by_a_mistake_of_ours_stands_as_failed_with_what_went_wrong(
    process: Process, shop: Path
) -> None:
    (shop / "sitecustomize.py").write_text(
        "import odibi_core.dag_executor as executor\n"
        "def broken(*_): raise KeyError('out of order')\n"
        "executor.DAGExecutor._take_report = broken\n"
    )
    answer = process("run", "shop", PYTHONPATH=f"{shop}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    assert answer.code == 70
    (record,) = list_runs(shop / ".odibi" / "runs")
    assert (record.state, record.is_judged) == (RunState.FAILED, False)
    assert record.error_message == "something went wrong inside odibi: KeyError: 'out of order'"
    assert not [step for step in record.steps.values() if step.state is NodeState.RUNNING]
    lineage = json.loads((record.run_dir / "lineage.json").read_bytes())
    assert lineage["state"] == "failed"
    assert "running" not in [step["status"] for step in lineage["steps"]]


def test_a_run_that_breaks_off_before_it_begins_stands_as_failed(process: Process, shop: Path) -> None:
    (shop / "sitecustomize.py").write_text(
        "import odibi_core.memory as memory\n"
        "def broken(*_): raise KeyError('out of order')\n"
        "memory.Prospect.open = broken\n"
    )
    assert (
        process("run", "shop", PYTHONPATH=f"{shop}{os.pathsep}{os.environ.get('PYTHONPATH', '')}").code == 70
    )
    (record,) = list_runs(shop / ".odibi" / "runs")
    assert (record.state, record.is_judged, record.pipeline_name) == (RunState.FAILED, False, "shop")
    assert record.error_message == "something went wrong inside odibi: KeyError: 'out of order'"
    assert record.asked_time
