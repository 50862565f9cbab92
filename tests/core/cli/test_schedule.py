"""`odibi schedule`."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.core.cli.conftest import ODIBI, Answer, environment
from tests.processes import started
from tests.waiting import wait_until

from odibi_core.cli.exit_codes import ExitCode
from odibi_core.journal.record import RunState
from odibi_core.journal.runs import list_runs
from odibi_core.orchestrator import Orchestrator
from odibi_core.pipeline import Pipeline
from odibi_core.testing import sql_step

Odibi = Callable[..., Answer]


def test_a_schedule_is_added_listed_paused_resumed_and_removed(odibi: Odibi, shop: Path) -> None:
    added = odibi("schedule", "add", "nightly", "shop", "--cron", "0 2 * * *", "--time-zone", "Europe/Vienna")
    assert added.code == 0
    assert "It ticks next at " in added.out
    text = (shop / "schedules" / "nightly.yaml").read_text()
    assert text == 'pipeline: shop\ncron: "0 2 * * *"\ntime_zone: Europe/Vienna\n'
    listed = odibi("schedule", "list").out
    assert "nightly   shop      0 2 * * * (Europe/Vienna)" in listed
    assert "02:00:00 CE" in listed
    assert len(odibi("schedule", "next", "nightly", "-n", "3").out.splitlines()) == 3
    assert "is paused" in odibi("schedule", "pause", "nightly").out
    assert "was paused already" in odibi("schedule", "pause", "nightly").out
    assert "paused" in odibi("schedule", "list").out
    assert "ticks again" in odibi("schedule", "resume", "nightly").out
    assert "was not paused" in odibi("schedule", "resume", "nightly").out
    assert "has not ticked yet" in odibi("schedule", "ticks", "nightly").err
    assert odibi("schedule", "remove", "nightly").code == 0
    assert "There is no schedule yet" in odibi("schedule", "list").err


def test_what_is_wrong_is_told_and_nothing_is_written(odibi: Odibi, shop: Path) -> None:
    for arguments, code, says in [
        (("add", "n", "shop"), ExitCode.USAGE, "it never ticks: give cron, every or watch"),
        (("add", "n", "shop", "--cron", "0 2 * *"), ExitCode.USAGE, "has 4 fields, not 5"),
        (("add", "n", "shop", "--every", "soon"), ExitCode.USAGE, "every: 'soon' is no span of time"),
        (("add", "n", "shp", "--every", "1h"), ExitCode.USAGE, "did you mean 'shop'"),
        (("add", "n", "shop", "--every", "1h", "--after", "shp"), ExitCode.USAGE, "did you mean 'shop'"),
        (("add", "../n", "shop", "--every", "1h"), ExitCode.INVALID, "can't be the name of a schedule"),
        (("next", "nothing"), ExitCode.USAGE, "the schedule 'nothing' is not known"),
        (("remove", "nothing"), ExitCode.USAGE, "the schedule 'nothing' is not known"),
        (("pause", "nothing"), ExitCode.USAGE, "the schedule 'nothing' is not known"),
    ]:
        answer = odibi("schedule", *arguments)
        assert (answer.code, says in answer.err) == (code, True), answer
    assert not (shop / "schedules").exists()


def test_a_file_that_is_wrong_is_listed_with_its_mistake(odibi: Odibi, shop: Path) -> None:
    (shop / "schedules").mkdir()
    (shop / "schedules" / "n.yaml").write_text("pipeline: shop\ncorn: 0 2 * * *\n")
    answer = odibi("schedule", "list")
    assert "its file is wrong" in answer.out
    assert "n.yaml:2:1: there is no setting 'corn' here" in answer.err


def test_a_schedule_of_a_pipeline_that_there_is_not_is_listed_with_what_is_wrong(
    odibi: Odibi, shop: Path
) -> None:
    (shop / "schedules").mkdir(exist_ok=True)
    (shop / "schedules" / "nightly.yaml").write_text("pipeline: shpo\ncron: 0 2 * * *\n")
    answer = odibi("schedule", "list")
    assert "nightly" in answer.out
    assert "pipeline 'shpo' is not known" in answer.err
    assert "nightly.yaml, pipeline" in answer.err
    assert "did you mean 'shop'" in answer.err


def test_a_schedule_that_waits_for_a_pipeline_that_nobody_runs_is_listed_with_what_is_wrong(
    odibi: Odibi, shop: Path
) -> None:
    (shop / "schedules").mkdir(exist_ok=True)
    timing = "pipeline: shop\ncron: 0 2 * * *\nafter: [{pipeline: shpo}, {dataset: data, within: 1d}]\n"
    (shop / "schedules" / "nightly.yaml").write_text(timing)
    answer = odibi("schedule", "list")
    assert "nightly.yaml, after[0].pipeline: pipeline 'shpo' is not known" in answer.err
    assert "did you mean 'shop'" in answer.err
    steps = [sql_step("one", "SELECT 1 AS one")]
    with Orchestrator(Pipeline("shpo", steps), workspace=shop).execute() as run:
        assert run.success, run.errors
    assert odibi("schedule", "list").err == ""


def test_days_are_filled_and_shown_before_that(odibi: Odibi, shop: Path) -> None:
    odibi("schedule", "add", "n", "shop", "--cron", "0 2 * * *", "--time-zone", "UTC")
    days = ("backfill", "n", "--from", "2026-01-01", "--to", "2026-01-02")
    shown = odibi("schedule", *days, "--dry-run")
    assert shown.out == "Thu 2026-01-01 02:00:00 UTC\nFri 2026-01-02 02:00:00 UTC\n"
    assert "2 of 2 were put into the queue" in odibi("schedule", *days).out
    runs = shop / ".odibi" / "runs"
    wait_until(lambda: [one.state for one in list_runs(runs)] == [RunState.SUCCESS] * 2)
    assert {one.parameters["date"] for one in list_runs(runs)} == {"2026-01-01", "2026-01-02"}
    assert "0 of 2 were put into the queue" in odibi("schedule", *days).out
    assert odibi("schedule", "ticks", "n").out.count("started") == 2


def test_the_scheduler_runs_until_it_is_told_to_end_and_takes_up_new_files(shop: Path, odibi: Odibi) -> None:
    runs = shop / ".odibi" / "runs"
    with started(
        [ODIBI, "schedule", "run"],
        cwd=shop,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr is not None
        assert "The scheduler runs with 0 schedules" in process.stderr.readline()
        odibi("schedule", "add", "n", "shop", "--every", "1s", "--overlap", "skip")
        wait_until(lambda: any(one.state is RunState.SUCCESS for one in list_runs(runs)))
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "has begun" in errors
    assert errors.endswith("The scheduler has ended.\n")
    wait_until(lambda: all(one.state.is_final for one in list_runs(runs)))
