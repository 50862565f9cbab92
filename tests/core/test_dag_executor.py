"""How a run goes: order, retries, time limits, failures and cancelling."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from tests.conftest import Run

from odibi_core.errors import FunctionError, SqlError, StepTimeoutError, TransientError
from odibi_core.event_bus import EventBus
from odibi_core.journal.runs import list_runs
from odibi_core.orchestrator import Orchestrator
from odibi_core.step import Step
from odibi_core.testing import EventRecorder, function_step, ingest_step, sql_step, store_step
from odibi_core.workspace import Workspace

MakeFile = Callable[[str, str | bytes], Path]

HEAVY_SQL = (
    "SELECT count(*) AS n FROM range(100000000) a, range(100000000) b WHERE (a.range * b.range) % 7 = 3"
)


def one() -> pd.DataFrame:
    return pd.DataFrame({"n": [1]})


class Flaky:
    """A function that fails a few times, then gives a row."""

    def __init__(self, error: Exception, failures: int) -> None:
        self.error, self.failures, self.calls = error, failures, 0

    def __call__(self) -> pd.DataFrame:
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error
        return one()


class Hanging:
    """A function that runs until the test lets it go."""

    def __init__(self) -> None:
        self.entered, self.release = threading.Event(), threading.Event()

    def __call__(self) -> pd.DataFrame:
        self.entered.set()
        self.release.wait(60)
        return one()


@pytest.fixture
def hanging() -> Any:
    function = Hanging()
    yield function
    function.release.set()


@pytest.fixture
def bus() -> EventBus:
    return EventBus()


@pytest.fixture
def recorder(bus: EventBus) -> EventRecorder:
    return EventRecorder(bus)


def test_a_step_runs_after_those_that_it_needs_whatever_their_order(
    run: Run, bus: EventBus, recorder: EventRecorder
) -> None:
    steps = [
        sql_step("end", "SELECT * FROM middle", "middle"),
        sql_step("middle", "SELECT * FROM start", "start"),
        sql_step("start", "SELECT 1 AS n"),
    ]
    assert run(steps, event_bus=bus, tracking="exact").success
    assert recorder.names("node_start") == ["start", "middle", "end"]
    assert recorder.names("node_complete") == ["start", "middle", "end"]


def test_independent_steps_run_at_the_same_time(run: Run) -> None:
    both = threading.Barrier(2, timeout=30)

    def meet() -> pd.DataFrame:
        both.wait()
        return one()

    steps = [function_step("left", meet), function_step("right", meet)]
    result = run(steps, distributed=True, distributed_max_workers=2)
    assert result.success, result.errors


def test_functions_get_and_give_every_kind_of_frame(run: Run) -> None:
    def from_pandas(numbers: pd.DataFrame) -> pd.DataFrame:
        return numbers.assign(double=numbers["n"] * 2)

    def from_polars(doubled: pl.DataFrame) -> pl.DataFrame:
        return doubled.with_columns(triple=pl.col("n") * 3)

    def from_arrow(tripled: pa.Table) -> pa.Table:
        return tripled.slice(1)

    steps = [
        sql_step("numbers", "SELECT range AS n FROM range(3)"),
        function_step("doubled", from_pandas, "numbers"),
        function_step("tripled", from_polars, "doubled"),
        function_step("cut", from_arrow, "tripled"),
        sql_step("last", "SELECT sum(triple)::BIGINT AS total FROM cut", "cut"),
    ]
    for tracking in ("exact", "fused"):
        result = run(steps, tracking=tracking)
        assert result.success, result.errors
        assert isinstance(result.data_map["cut"], pd.DataFrame)
        assert result.data_map["cut"].to_dict("list") == {"n": [1, 2], "double": [2, 4], "triple": [3, 6]}
        assert result.data_map["last"]["total"].tolist() == [9]
        assert result.data_map.dataset("tripled").polars()["triple"].to_list() == [0, 3, 6]


def test_a_function_gives_several_datasets(run: Run) -> None:
    def split(numbers: pd.DataFrame) -> dict[str, pd.DataFrame]:
        return {"even": numbers[numbers.n % 2 == 0], "odd": numbers[numbers.n % 2 == 1]}

    steps = [
        sql_step("numbers", "SELECT range AS n FROM range(5)"),
        function_step("split", split, "numbers", outputs=("even", "odd")),
        sql_step("sum", "SELECT (SELECT sum(n) FROM even) - (SELECT sum(n) FROM odd) AS d", "even", "odd"),
    ]
    result = run(steps)
    assert result.success, result.errors
    assert result.data_map["even"]["n"].tolist() == [0, 2, 4]
    assert int(result.data_map["sum"]["d"][0]) == 2


def test_a_fan_out_is_computed_once(run: Run) -> None:
    calls: list[int] = []

    def once() -> pd.DataFrame:
        calls.append(1)
        return one()

    steps = [
        function_step("source", once),
        sql_step("random", "SELECT random() AS r FROM source", "source"),
        sql_step("left", "SELECT * FROM random", "random"),
        sql_step("right", "SELECT * FROM random", "random"),
        Step(
            "transform",
            "both",
            "sql",
            "",
            "SELECT l.r = g.r AS same FROM l, g",
            inputs={"l": "left", "g": "right"},
            outputs={"data": "both"},
        ),
    ]
    result = run(steps, tracking="fused")
    assert result.success, result.errors
    assert calls == [1]
    assert result.data_map["both"]["same"].tolist() == [True]


@pytest.mark.parametrize("tracking", ["exact", "fused"])
def test_a_chain_of_300_steps_runs(run: Run, tracking: str) -> None:
    steps = [sql_step("s0", "SELECT range AS n FROM range(10)")]
    steps += [sql_step(f"s{i}", f"SELECT n + 1 AS n FROM s{i - 1}", f"s{i - 1}") for i in range(1, 301)]
    result = run(steps, tracking=tracking, keeps_data=False)
    assert result.success, result.errors
    assert result.data_map["s300"]["n"].tolist() == list(range(300, 310))
    assert result.nodes_executed == 301


def test_a_chain_stays_in_one_thread_that_is_not_the_one_that_listens(run: Run) -> None:
    threads = []

    def note(rows: pd.DataFrame | None = None) -> pd.DataFrame:
        threads.append(threading.current_thread())
        return one()

    steps = [function_step("s0", note)]
    for number in range(1, 9):
        step = function_step(f"s{number}", note)
        step.inputs = {"rows": f"s{number - 1}"}
        steps.append(step)
    assert run(steps).success
    assert len(threads) == 9
    assert len(set(threads)) == 1
    assert threading.current_thread() not in threads


def test_what_goes_wrong_between_two_steps_reaches_the_caller(run: Run, workspace: Workspace) -> None:
    class Bus(EventBus):
        def emit(self, event_type: str, **keys: Any) -> None:
            if keys.get("step_name") == "second":
                raise LookupError("a mistake of the executor")
            super().emit(event_type, **keys)

    steps = [function_step("first", one), function_step("second", one), function_step("third", one)]
    with pytest.raises(LookupError, match="a mistake of the executor"):
        run(steps, event_bus=Bus())
    (record,) = list_runs(workspace.runs)
    assert record.state == "failed"


@pytest.mark.parametrize("tracking", ["exact", "fused"])
def test_a_pivot_runs_anywhere_in_a_chain(run: Run, tracking: str) -> None:
    steps = [
        sql_step("sales", "FROM (VALUES ('a', 'x', 1), ('a', 'y', 2), ('b', 'x', 3)) v(shop, kind, n)"),
        sql_step("few", "SELECT * FROM sales WHERE n < 10", "sales"),
        sql_step("wide", "PIVOT few ON kind USING sum(n)::BIGINT GROUP BY shop ORDER BY shop", "few"),
        sql_step("named", "SELECT shop, x, y FROM wide", "wide"),
        sql_step("inner", "SELECT * FROM (PIVOT sales ON kind USING count(*)) ORDER BY ALL", "sales"),
        Step("t", "last", "sql", "", "SELECT count(*) AS c FROM i", {}, {"i": "inner"}, {"data": "last"}),
    ]
    result = run(steps, tracking=tracking)
    assert result.success, result.errors
    assert result.data_map["named"].fillna(0).values.tolist() == [["a", 1, 2], ["b", 3, 0]]
    assert result.data_map["last"]["c"].tolist() == [3]


class TestRetries:
    @pytest.mark.parametrize(
        "error", [OSError("disk away"), ConnectionError("gone"), TimeoutError("slow"), RuntimeError("busy")]
    )
    def test_what_may_pass_is_tried_again(
        self, run: Run, bus: EventBus, recorder: EventRecorder, error: Exception
    ) -> None:
        flaky = Flaky(error, 2)
        result = run([function_step("flaky", flaky)], max_retries=2, retry_delay=0.001, event_bus=bus)
        assert result.success, result.errors
        assert flaky.calls == 3
        retries = recorder.of("node_retry")
        assert [event["retry_count"] for event in retries] == [1, 2]
        assert str(error) in retries[0]["error_message"]
        assert result.tracker is not None
        assert result.tracker.step_executions[0]["retry_count"] == 2

    @pytest.mark.parametrize(
        "error", [TypeError("t"), KeyError("k"), ValueError("v"), NameError("n"), AttributeError("a")]
    )
    def test_a_programming_error_is_not_tried_again(self, run: Run, error: Exception) -> None:
        flaky = Flaky(error, 1)
        result = run([function_step("flaky", flaky)], max_retries=3, retry_delay=0.001)
        assert not result.success
        assert flaky.calls == 1
        assert isinstance(result.errors["flaky"], FunctionError)

    def test_a_mistake_in_sql_is_not_tried_again(
        self, run: Run, bus: EventBus, recorder: EventRecorder
    ) -> None:
        steps = [function_step("one", one), sql_step("bad", "SELECT missing FROM one", "one")]
        result = run(steps, max_retries=3, retry_delay=0.001, event_bus=bus)
        assert recorder.of("node_retry") == []
        assert isinstance(result.errors["bad"], SqlError)

    def test_the_last_error_is_told_when_no_retry_is_left(self, run: Run) -> None:
        result = run([function_step("flaky", Flaky(OSError("away"), 9))], max_retries=1, retry_delay=0.001)
        error = result.errors["flaky"]
        assert isinstance(error, TransientError)
        assert "away" in str(error)
        assert "flaky" in str(error)

    def test_a_step_has_settings_of_its_own(self, run: Run) -> None:
        never, often = Flaky(OSError("away"), 9), Flaky(OSError("away"), 3)
        steps = [
            function_step("never", never, max_retries=0),
            function_step("often", often, max_retries=3, retry_delay=0.001),
        ]
        result = run(steps, max_retries=1, retry_delay=60, fail_fast=False)
        assert (never.calls, often.calls) == (1, 4)
        assert result.failed_nodes == ["never"]

    def test_waits_double_with_backoff(self, run: Run, bus: EventBus, recorder: EventRecorder) -> None:
        flaky = Flaky(OSError("away"), 3)
        run(
            [function_step("flaky", flaky)],
            max_retries=3,
            retry_delay=0.01,
            retry_backoff=True,
            event_bus=bus,
        )
        delays = [event["delay_s"] for event in recorder.of("node_retry")]
        for delay, base in zip(delays, (0.01, 0.02, 0.04), strict=True):
            assert base <= delay <= base * 1.1 + 0.001

    def test_a_run_that_waits_for_a_retry_can_be_cancelled(
        self, workspace: Workspace, bus: EventBus, recorder: EventRecorder
    ) -> None:
        steps = [function_step("flaky", Flaky(OSError("away"), 9), max_retries=5, retry_delay=600)]
        orchestrator = Orchestrator(steps, workspace=workspace, event_bus=bus)
        results: list[Any] = []
        thread = threading.Thread(target=lambda: results.append(orchestrator.execute()))
        thread.start()
        recorder.wait_for("node_retry")
        orchestrator.cancel()
        thread.join(30)
        assert results[0].state == "cancelled"
        assert results[0].skipped_nodes == ["flaky"]


class TestTimeLimits:
    def test_sql_ends_at_its_time_limit(self, run: Run) -> None:
        result = run([sql_step("heavy", HEAVY_SQL, timeout_s=0.2)])
        error = result.errors["heavy"]
        assert isinstance(error, StepTimeoutError)
        assert str(error).startswith(
            "step 'heavy', params.timeout_s: the step was stopped after its time limit"
        )
        assert result.failed_nodes == ["heavy"]

    def test_a_function_that_hangs_is_given_up(self, run: Run, hanging: Hanging) -> None:
        steps = [
            function_step("hangs", hanging, timeout_s=0.2),
            function_step("works", one),
            sql_step("needs", "SELECT * FROM hangs", "hangs"),
        ]
        result = run(steps, fail_fast=False)
        assert isinstance(result.errors["hangs"], StepTimeoutError)
        assert result.successful_nodes == ["works"]
        assert result.skipped_nodes == ["needs"]

    def test_a_function_that_hangs_after_another_step_is_given_up(self, run: Run, hanging: Hanging) -> None:
        def hang(first: pd.DataFrame) -> pd.DataFrame:
            return hanging()

        steps = [function_step("first", one), function_step("hangs", hang, "first", timeout_s=0.2)]
        result = run(steps)
        assert isinstance(result.errors["hangs"], StepTimeoutError)
        assert result.successful_nodes == ["first"]

    def test_a_step_that_ends_in_time_is_not_bothered(self, run: Run) -> None:
        assert run([sql_step("quick", "SELECT 1 AS n", timeout_s=60)]).success

    def test_a_time_limit_is_not_a_reason_to_try_again(self, run: Run, hanging: Hanging) -> None:
        result = run([function_step("hangs", hanging, timeout_s=0.1, max_retries=3, retry_delay=0.001)])
        assert result.failed_nodes == ["hangs"]


class TestFailures:
    def test_the_first_failure_ends_the_run(self, run: Run, bus: EventBus, recorder: EventRecorder) -> None:
        steps = [
            function_step("fails", Flaky(ValueError("no"), 9)),
            sql_step("needs", "SELECT * FROM fails", "fails"),
            function_step("other", one),
        ]
        result = run(steps, event_bus=bus)
        assert result.failed_nodes == ["fails"]
        assert sorted(result.skipped_nodes) == ["needs", "other"]
        reasons = {event["step_name"]: event["reason"] for event in recorder.of("node_skipped")}
        assert reasons == {
            "needs": "it needs 'fails', which failed",
            "other": "the run ended when 'fails' failed",
        }

    def test_other_branches_go_on_without_fail_fast(
        self, run: Run, bus: EventBus, recorder: EventRecorder
    ) -> None:
        steps = [
            function_step("fails", Flaky(ValueError("no"), 9)),
            sql_step("needs", "SELECT * FROM fails", "fails"),
            sql_step("far", "SELECT * FROM needs", "needs"),
            function_step("other", one),
            sql_step("behind", "SELECT * FROM other", "other"),
        ]
        result = run(steps, event_bus=bus, fail_fast=False)
        assert result.failed_nodes == ["fails"]
        assert sorted(result.successful_nodes) == ["behind", "other"]
        reasons = {event["step_name"]: event["reason"] for event in recorder.of("node_skipped")}
        assert reasons == {
            "needs": "it needs 'fails', which failed",
            "far": "it needs 'fails', which failed",
        }
        assert not result.success

    def test_a_failure_in_a_fused_region_is_told_of_the_step_at_fault(
        self, run: Run, make_file: MakeFile
    ) -> None:
        make_file("a.csv", "n,t\n1,x\n2,y\n")
        steps = [
            ingest_step("a", "a.csv"),
            sql_step("b", "SELECT n, CAST(t AS INTEGER) AS t FROM a", "a"),
            sql_step("c", "SELECT n, t + 1 AS t FROM b", "b"),
            store_step("d", "out.csv", "c"),
        ]
        result = run(steps, tracking="fused")
        assert result.failed_nodes == ["b"]
        assert "the text 'x' in the column" in result.errors["b"].what
        assert sorted(result.skipped_nodes) == ["a", "c", "d"]

    def test_a_failure_stops_what_runs_beside_it(self, run: Run, hanging: Hanging) -> None:
        def fail_when_the_other_runs() -> pd.DataFrame:
            hanging.entered.wait(30)
            raise ValueError("no")

        steps = [function_step("hangs", hanging), function_step("fails", fail_when_the_other_runs)]
        result = run(steps, distributed=True, distributed_max_workers=2)
        assert result.failed_nodes == ["fails"]
        assert result.skipped_nodes == ["hangs"]
        assert result.state == "failed"

    def test_stopping_what_has_just_ended_does_no_harm(self, run: Run) -> None:
        def fail() -> pd.DataFrame:
            raise ValueError("no")

        steps = [function_step(f"f{number}", fail if number % 6 == 5 else one) for number in range(60)]
        for _ in range(10):
            result = run(steps, distributed=True, distributed_max_workers=6)
            assert result.state == "failed"


class TestCancelling:
    def _cancel(
        self,
        workspace: Workspace,
        steps: list[Step],
        when: Callable[[EventRecorder], object],
        **settings: Any,
    ) -> tuple[Any, EventRecorder]:
        bus = EventBus()
        recorder = EventRecorder(bus)
        orchestrator = Orchestrator(steps, workspace=workspace, event_bus=bus, **settings)
        results: list[Any] = []
        thread = threading.Thread(target=lambda: results.append(orchestrator.execute()))
        thread.start()
        when(recorder)
        orchestrator.cancel("somebody changed their mind")
        # It takes two seconds at the most; a busy machine may take longer. No step here ends by itself.
        thread.join(30)
        (result,) = results
        assert result.state == "cancelled"
        assert not result.success
        assert recorder.of("run_cancelled")[0]["reason"] == "somebody changed their mind"
        return result, recorder

    def test_a_heavy_query_stops(self, workspace: Workspace) -> None:
        steps = [sql_step("heavy", HEAVY_SQL), sql_step("next", "SELECT * FROM heavy", "heavy")]
        result, recorder = self._cancel(
            workspace, steps, lambda recorder: recorder.wait_for("node_start", "heavy"), tracking="exact"
        )
        assert sorted(recorder.names("node_cancelled")) == ["heavy", "next"]
        assert result.skipped_nodes == ["heavy", "next"]

    def test_a_function_that_does_not_listen_is_left_behind(
        self, workspace: Workspace, hanging: Hanging
    ) -> None:
        result, _ = self._cancel(
            workspace, [function_step("hangs", hanging)], lambda _: hanging.entered.wait(30)
        )
        assert result.skipped_nodes == ["hangs"]

    @pytest.mark.parametrize("tracking", ["exact", "fused"])
    @pytest.mark.parametrize(
        "target", ["out.csv", "out.json", "out.parquet", "folder", "table.delta", "parts.parquet"]
    )
    def test_a_write_leaves_nothing_partial(self, workspace: Workspace, target: str, tracking: str) -> None:
        params: dict[str, Any] = {"format": "parquet"} if target == "folder" else {}
        if target == "parts.parquet":
            params["partitionBy"] = ["part"]
        rows = "SELECT i, i % 2 AS part, sha256(i::VARCHAR) AS hash FROM range(200000000) t(i)"
        steps = [sql_step("rows", rows), store_step("saved", f"out/{target}", "rows", **params)]
        step = "rows" if tracking == "exact" else "saved"
        self._cancel(
            workspace, steps, lambda recorder: recorder.wait_for("node_start", step), tracking=tracking
        )
        out = workspace.root / "out"
        assert [path.name for path in out.rglob("*")] == [] if out.exists() else True

    def test_steps_that_were_done_stay_done(self, workspace: Workspace, hanging: Hanging) -> None:
        steps = [function_step("first", one), function_step("hangs", hanging)]
        result, _ = self._cancel(workspace, steps, lambda _: hanging.entered.wait(30))
        assert result.successful_nodes == ["first"]
        assert result.data_map["first"]["n"].tolist() == [1]

    def test_a_run_that_is_still_planned_stops_before_its_first_step(self, workspace: Workspace) -> None:
        def secret(_name: str) -> str:
            orchestrator.cancel("too early")
            return "value"

        steps = [sql_step("one", "SELECT '${secret:TOKEN}' AS t")]
        orchestrator = Orchestrator(steps, workspace=workspace, secrets=secret)
        with orchestrator.execute() as result:
            assert (result.state, result.skipped_nodes) == ("cancelled", ["one"])

    def test_without_a_run_it_does_nothing(self, workspace: Workspace) -> None:
        orchestrator = Orchestrator([function_step("one", one)], workspace=workspace)
        orchestrator.cancel()
        assert orchestrator.execute().success
