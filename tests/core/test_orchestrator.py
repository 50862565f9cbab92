"""The front door: what a run gives back, says and keeps."""

from __future__ import annotations

import json
import shutil
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.conftest import Run
from tests.core.local_service import Answer, Service, local_service

from odibi_core.checkpoint_manager import CheckpointMode
from odibi_core.engine_context import PandasEngineContext
from odibi_core.errors import OdibiError, ParameterError, PipelineInvalidError
from odibi_core.event_bus import EventBus
from odibi_core.metrics_manager import MetricsManager
from odibi_core.orchestrator import Orchestrator
from odibi_core.parameters import Parameter, ParameterType
from odibi_core.pipeline import Pipeline
from odibi_core.step import Step
from odibi_core.testing import EventRecorder, function_step, ingest_step, sql_step, store_step
from odibi_core.tracker import Tracker
from odibi_core.workspace import Workspace

MakeFile = Callable[[str, str | bytes], Path]
TRACKING = pytest.mark.parametrize("tracking", ["exact", "fused"])

RESULT_KEYS = (
    "success nodes_executed failed_nodes successful_nodes skipped_nodes duration_ms run_id tracker metrics "
    "data_map errors"
)


@pytest.fixture
def service(workspace: Workspace) -> Iterator[Service]:
    (workspace.root / "odibi.toml").write_text("[http]\nallow_private = true\n")
    with local_service() as service:
        yield service


def sales() -> list[Step]:
    return [
        sql_step("made", "SELECT range AS n FROM range(3)", layer="bronze"),
        sql_step("cut", "SELECT * FROM made WHERE n > 0", "made", layer="silver"),
        sql_step("sum", "SELECT sum(n)::BIGINT AS s FROM cut", "cut", layer="silver"),
    ]


class TestResult:
    def test_it_reads_as_a_mapping_and_as_attributes(self, run: Run) -> None:
        result = run(sales())
        for key in RESULT_KEYS.split():
            assert result[key] is getattr(result, key) or result[key] == getattr(result, key)
            assert key in result
        assert set(RESULT_KEYS.split()) <= set(result)
        assert len(dict(result)) == len(result)
        with pytest.raises(KeyError, match="'close' is no part of a result"):
            result["close"]
        with pytest.raises(KeyError, match=r"'cut' is a dataset: it is in data_map\['cut'\]"):
            result["cut"]
        assert result.get("cut") is None
        assert (result.success, result.nodes_executed) == (True, 3)
        assert result.successful_nodes == ["made", "cut", "sum"]
        assert (result.failed_nodes, result.skipped_nodes, result.errors) == ([], [], {})
        assert result.duration_ms > 0
        assert isinstance(result.tracker, Tracker)
        assert isinstance(result.metrics, MetricsManager)

    @TRACKING
    def test_frames_are_made_when_they_are_asked_for(self, run: Run, tracking: str) -> None:
        data = run(sales(), tracking=tracking).data_map
        assert list(data) == ["made", "cut", "sum"]
        assert isinstance(data["cut"], pd.DataFrame)
        assert data["cut"]["n"].tolist() == [1, 2]
        assert data.dataset("cut").schema.as_dict() == {"n": "BIGINT"}
        with pytest.raises(KeyError, match="'cot' is no dataset; did you mean 'cut'"):
            data["cot"]

    def test_looking_whether_a_dataset_is_there_makes_no_frame(
        self, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        data = run(sales()).data_map
        monkeypatch.setattr(type(data.dataset("cut")), "native", None)
        assert ("cut" in data, "cot" in data) == (True, False)

    def test_an_unknown_dataset_has_near_names(self, run: Run) -> None:
        with pytest.raises(Exception, match="did you mean 'cut'"):
            run(sales()).data_map.dataset("cot")

    def test_closing_lets_go_of_the_rows_and_of_the_scratch_folder(
        self, run: Run, workspace: Workspace
    ) -> None:
        with run(sales()) as result:
            assert list(workspace.scratch.iterdir())
        assert not list(workspace.scratch.iterdir())
        with pytest.raises(Exception, match="closed"):
            result.data_map["made"]
        result.close()

    def test_rows_live_as_long_as_their_data_map(self, run: Run, workspace: Workspace) -> None:
        data = Orchestrator(sales(), workspace=workspace).execute().data_map
        assert data["sum"]["s"].tolist() == [3]
        del data
        assert not list(workspace.scratch.iterdir())

    def test_a_step_that_fails_does_not_raise(self, run: Run) -> None:
        result = run([sql_step("bad", "SELECT 1 / 'x' AS n"), sql_step("next", "SELECT * FROM bad", "bad")])
        assert not result.success
        assert result.failed_nodes == ["bad"]
        assert result.skipped_nodes == ["next"]
        assert "step 'bad'" in str(result.errors["bad"])
        assert result.nodes_executed == 0

    def test_without_a_tracker_there_is_none(self, run: Run) -> None:
        result = run(sales(), enable_tracker=False)
        assert result.tracker is None
        assert result.success

    def test_an_orchestrator_runs_again_and_again(self, workspace: Workspace) -> None:
        orchestrator = Orchestrator(sales(), workspace=workspace)
        with orchestrator.execute() as first, orchestrator.execute() as second:
            assert first.run_id != second.run_id
            assert first.data_map["sum"]["s"].tolist() == second.data_map["sum"]["s"].tolist() == [3]
            assert first.tracker is not second.tracker

    def test_data_that_nobody_takes_any_more_is_let_go_of(self, run: Run) -> None:
        result = run(sales(), keeps_data=False, tracking="exact")
        assert result.success, result.errors
        assert result.tracker is not None
        counts = [step["after_snapshot"]["row_count"] for step in result.tracker.step_executions]
        assert counts == [3, 2, 1]
        assert result.data_map["sum"]["s"].tolist() == [3]


class TestEvents:
    @TRACKING
    def test_a_run_is_told_in_order_with_its_keys(self, run: Run, tracking: str) -> None:
        bus = EventBus()
        recorder = EventRecorder(bus)
        result = run(sales(), event_bus=bus, pipeline_name="shop", tracking=tracking)
        types = [event["event_type"] for event in recorder.events]
        assert types[0] == "pipeline_start"
        assert types[-1] == "pipeline_complete"
        for event in recorder.events:
            assert event["pipeline_name"] == "shop"
            assert event["run_id"] == result.run_id
            assert event["timestamp"].endswith(("Z", "+00:00"))
        assert recorder.events[0]["total_steps"] == 3
        assert "start_time" in recorder.events[0]
        start = recorder.of("node_start")[0]
        assert {"step_name", "layer", "start_time"} <= set(start)
        completes = {event["step_name"]: event for event in recorder.of("node_complete")}
        assert {name: event["row_count"] for name, event in completes.items()} == {
            "made": 3,
            "cut": 2,
            "sum": 1,
        }
        assert {name: event["layer_complete"] for name, event in completes.items()} == {
            "made": True,
            "cut": False,
            "sum": True,
        }
        assert {event["status"] for event in completes.values()} == {"success"}
        end = recorder.of("pipeline_complete")[0]
        assert (end["nodes_executed"], end["success_count"]) == (3, 3)
        assert end["duration_ms"] == result.duration_ms

    def test_a_failure_is_told_of_the_step_and_of_the_pipeline(self, run: Run) -> None:
        bus = EventBus()
        recorder = EventRecorder(bus)
        run([sql_step("bad", "SELECT error('no luck') AS n")], event_bus=bus)
        (error,) = recorder.of("node_error")
        assert (error["step_name"], error["layer"], error["retry_count"]) == ("bad", "transform", 0)
        assert "no luck" in error["error_message"]
        (told,) = recorder.of("pipeline_error")
        assert told["failed_step"] == "bad"
        assert told["error_message"] == error["error_message"]
        assert recorder.of("pipeline_complete")[0]["state"] == "failed"

    def test_a_layer_with_a_failure_is_never_complete(self, run: Run) -> None:
        bus = EventBus()
        recorder = EventRecorder(bus)
        steps = [
            sql_step("good", "SELECT 1 AS n", layer="gold"),
            sql_step("bad", "SELECT error('no luck') AS n", layer="gold"),
            sql_step("late", "SELECT * FROM good", "good", layer="gold"),
        ]
        run(steps, event_bus=bus, fail_fast=False)
        assert [event["layer_complete"] for event in recorder.of("node_complete")] == [False, False]

    def test_hooks_get_the_tracker_and_find_the_reports(self, run: Run) -> None:
        bus = EventBus()
        seen: list[Any] = []

        def look(event: dict[str, Any]) -> None:
            folder = run_dir_of(event)
            seen.append((event["tracker"], sorted(path.name for path in folder.iterdir())))

        def run_dir_of(event: dict[str, Any]) -> Path:
            return root / ".odibi" / "runs" / str(event["run_id"])

        bus.register_hook("pipeline_complete", look)
        root = Path(run(sales()).run_dir).parents[2]
        result = run(sales(), event_bus=bus)
        ((tracker, names),) = seen
        assert tracker is result.tracker
        assert {"lineage.json", "metrics.json", "metrics.prom", "story.html", "events.jsonl"} <= set(names)

    def test_hooks_that_raise_or_hang_do_no_harm(self, run: Run, caplog: pytest.LogCaptureFixture) -> None:
        bus = EventBus(hook_timeout_s=0.2)
        release = threading.Event()
        seen: list[str] = []

        def fail(event: dict[str, Any]) -> None:
            raise ValueError("the hook is broken")

        def hang(event: dict[str, Any]) -> None:
            release.wait(60)

        bus.register_hook("node_start", hang)
        bus.register_hook("node_start", fail)
        bus.register_hook("node_complete", lambda event: seen.append(event["step_name"]))
        try:
            result = run(sales(), event_bus=bus, tracking="exact")
        finally:
            release.set()
        assert result.success
        assert seen == ["made", "cut", "sum"]
        assert "the hook is broken" in caplog.text

    def test_a_hook_can_change_nothing(self, run: Run) -> None:
        bus = EventBus()
        bus.register_hook("node_complete", lambda event: event.clear())
        bus.register_hook("pipeline_start", lambda event: event["parameters"].clear())
        result = run(sales(), event_bus=bus, parameters={"a": 1})
        assert result.tracker is not None
        assert result.tracker.lineage()["parameters"] == {"a": 1}


class TestParameters:
    @TRACKING
    def test_they_are_filled_in_where_their_names_stand(
        self, run: Run, tmp_path: Path, tracking: str
    ) -> None:
        steps = [
            sql_step("made", "SELECT {least} AS least, '{who}' AS who, {who} AS also, {date} AS day"),
            store_step("saved", "out/{who}/{date}.csv", "made"),
        ]
        result = run(steps, parameters={"least": 3, "who": "O'Neil", "date": "2026-02-01"}, tracking=tracking)
        assert result.success, result.errors
        assert (tmp_path / "out/O'Neil/2026-02-01.csv").read_text() == (
            "least,who,also,day\n3,O'Neil,O'Neil,2026-02-01\n"
        )

    def test_a_missing_or_unknown_one_stops_the_run_before_it_begins(
        self, run: Run, workspace: Workspace
    ) -> None:
        declared = {"day": Parameter("day", ParameterType.DATE)}
        pipeline = Pipeline("p", [sql_step("a", "SELECT {day} AS d")], declared)
        with pytest.raises(ParameterError, match="a value is needed"):
            run(pipeline)
        with pytest.raises(ParameterError, match="did you mean 'day'"):
            run(pipeline, parameters={"dya": "2026-01-01"})
        with pytest.raises(ParameterError, match="is not a date"):
            run(pipeline, parameters={"day": "soon"})
        assert list(workspace.runs.iterdir()) == []
        assert run(pipeline, parameters={"day": "2026-01-01"}).success

    def test_the_environment_can_be_referred_to(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ODIBI_TEST_REGION", "north")
        result = run([sql_step("a", "SELECT '${env:ODIBI_TEST_REGION}' AS r")])
        assert result.data_map["a"]["r"].tolist() == ["north"]

    def test_a_variable_that_is_not_set_is_named(self, run: Run) -> None:
        with pytest.raises(PipelineInvalidError, match="variable 'ODIBI_TEST_NO_SUCH' is not set") as caught:
            run([sql_step("a", "SELECT '${env:ODIBI_TEST_NO_SUCH}' AS r")])
        assert "step 'a'" in str(caught.value)


SECRET = "s3cr3t-Tok3n/ä&%'x"


TOKEN = {"TOKEN": "tok3n-" + "s3cret"}


class TestSecrets:
    @TRACKING
    @pytest.mark.parametrize("fails", [False, True])
    def test_a_secret_is_used_and_shows_nowhere(
        self, run: Run, service: Service, tracking: str, fails: bool, caplog: pytest.LogCaptureFixture
    ) -> None:
        if fails:
            service.answers[:] = [Answer(400, f"bad token {SECRET}".encode())]
        bus = EventBus()
        recorder = EventRecorder(bus)
        heard: list[str] = []
        bus.register_hook("*", lambda event: heard.append(repr(event)))

        def take(key: str) -> pd.DataFrame:
            return pd.DataFrame({"k": [key]})

        steps = [
            sql_step("made", "SELECT '${secret:TOKEN}' AS token, length(${secret:TOKEN}) AS n"),
            function_step("taken", take, key="${secret:TOKEN}"),
            Step(
                "publish",
                "sent",
                "config_op",
                "",
                service.url,
                {"headers": {"Authorization": "Bearer ${secret:HEADER}"}},
                {"data": "made"},
            ),
        ]
        secrets = {"TOKEN": SECRET, "HEADER": "h34der-s3cret"}
        result = run(steps, secrets=secrets, event_bus=bus, tracking=tracking)
        assert result.success is not fails
        assert service.requests[0].headers["Authorization"] == "Bearer h34der-s3cret"
        assert json.loads(service.requests[0].body) == [{"token": SECRET, "n": len(SECRET)}]
        assert result.tracker is not None
        texts = {
            "errors": "".join(map(str, result.errors.values())),
            "events": repr([event for event in recorder.events if not event["event_type"].startswith("_")]),
            "hooks": "".join(heard),
            "lineage": json.dumps(result.tracker.lineage(), ensure_ascii=False, default=str),
            "executions": repr(result.tracker.step_executions),
            "log": caplog.text,
            **{
                path.name: path.read_text(encoding="utf-8")
                for path in result.run_dir.rglob("*")
                if path.is_file()
            },
        }
        for value in (SECRET, "h34der-s3cret"):
            for name, text in texts.items():
                assert value not in text, name

    def test_they_come_from_a_callable_or_a_context(self, run: Run, workspace: Workspace) -> None:
        steps = [sql_step("a", "SELECT length('${secret:TOKEN}') AS n")]
        assert run(steps, secrets=lambda key: f"{key}!").data_map["a"]["n"].tolist() == [6]
        context = PandasEngineContext(secrets={"TOKEN": "four"}, workspace=workspace)
        assert run(steps, context=context).data_map["a"]["n"].tolist() == [4]

    def test_a_missing_one_is_named_before_anything_runs(self, run: Run, workspace: Workspace) -> None:
        with pytest.raises(PipelineInvalidError, match="TOKNE") as caught:
            run([sql_step("a", "SELECT '${secret:TOKNE}' AS n")], secrets={"TOKEN": SECRET})
        assert "step 'a'" in str(caught.value)
        assert SECRET not in str(caught.value)
        assert list(workspace.runs.iterdir()) == []

    def test_a_mistake_beside_a_secret_does_not_show_it(self, run: Run) -> None:
        with pytest.raises(PipelineInvalidError) as caught:
            run([sql_step("a", "SELECT ${secret:TOKEN} FROMM b")], secrets=TOKEN)
        with pytest.raises(PipelineInvalidError) as cast:
            run(
                [sql_step("a", "SELECT '${secret:TOKEN}'::INTEGER + x AS n")],
                secrets=TOKEN,
            )
        for error in (caught.value, cast.value):
            assert TOKEN["TOKEN"] not in "".join(traceback.format_exception(error))

    def test_an_error_at_run_time_does_not_show_it_even_in_its_cause(self, run: Run) -> None:
        def fail(key: str) -> None:
            raise ValueError(f"bad key {key}")

        steps = [
            function_step("f", fail, key="${secret:TOKEN}"),
            sql_step("s", "SELECT CAST(concat('${secret:TOKEN}', range) AS INTEGER) AS n FROM range(2)"),
        ]
        result = run(steps, secrets=TOKEN, fail_fast=False)
        assert result.failed_nodes == ["f", "s"]
        for error in result.errors.values():
            assert TOKEN["TOKEN"] not in "".join(traceback.format_exception(error))

    def test_planning_needs_none(self, workspace: Workspace) -> None:
        steps = [sql_step("a", "SELECT '${secret:NOBODY_KNOWS}' AS n")]
        assert Orchestrator(steps, workspace=workspace).validate() == []


class TestConnections:
    def test_a_step_checks_one_and_others_read_and_write_inside_it(
        self, workspace: Workspace, run: Run, tmp_path: Path
    ) -> None:
        (tmp_path / "lake").mkdir()
        (tmp_path / "lake" / "a.csv").write_text("n\n1\n")
        (tmp_path / "odibi.toml").write_text('[connections.lake]\nkind = "folder"\npath = "lake"\n')
        steps = [
            Step("connect", "check", "config_op", "", None, {"connection": "lake"}),
            ingest_step("a", "a.csv", connection="lake"),
            store_step("b", "b.csv", "a", connection="lake"),
        ]
        result = run(steps)
        assert result.success, result.errors
        assert (tmp_path / "lake" / "b.csv").read_text() == "n\n1\n"

    def test_an_unknown_one_has_near_names(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "odibi.toml").write_text('[connections.lake]\nkind = "folder"\npath = "lake"\n')
        with pytest.raises(PipelineInvalidError, match=r"no connection 'lakes'\. Did you mean 'lake'"):
            run([ingest_step("a", "a.csv", connection="lakes")])


class TestPublishing:
    @TRACKING
    def test_rows_go_to_a_service_in_batches(self, run: Run, service: Service, tracking: str) -> None:
        steps = [
            sql_step("made", "SELECT range AS n FROM range(5)"),
            Step("publish", "sent", "config_op", "", service.url, {"batch_size": 2}, {"data": "made"}),
        ]
        result = run(steps, tracking=tracking)
        assert result.success, result.errors
        assert [json.loads(request.body) for request in service.requests] == [
            [{"n": 0}, {"n": 1}],
            [{"n": 2}, {"n": 3}],
            [{"n": 4}],
        ]
        assert result.tracker is not None
        assert result.tracker.step_executions[1]["written"]["batches"] == 3

    @TRACKING
    def test_a_busy_service_gets_each_batch_once(self, run: Run, service: Service, tracking: str) -> None:
        service.answers[:] = [Answer(200), Answer(503), Answer(200)]
        steps = [
            sql_step("made", "SELECT range AS n FROM range(4)"),
            Step("publish", "sent", "config_op", "", service.url, {"batch_size": 2}, {"data": "made"}),
        ]
        result = run(steps, tracking=tracking, max_retries=2, retry_delay=0.001)
        assert result.success, result.errors
        bodies = [json.loads(request.body)[0]["n"] for request in service.requests]
        assert bodies == [0, 2, 2]

    def test_a_service_that_refuses_is_quoted(self, run: Run, service: Service) -> None:
        service.answers[:] = [Answer(422, b"n must be text")]
        steps = [
            sql_step("made", "SELECT 1 AS n"),
            Step("publish", "sent", "config_op", "", service.url, {}, {"data": "made"}),
        ]
        error = run(steps, max_retries=3, retry_delay=0.001).errors["sent"]
        assert "n must be text" in str(error)
        assert len(service.requests) == 1


class TestPlanning:
    def test_it_reads_no_rows_and_writes_nothing(
        self, workspace: Workspace, make_file: MakeFile, tmp_path: Path
    ) -> None:
        make_file("a.csv", "n\n1\n")
        steps = [
            ingest_step("a", "a.csv"),
            sql_step("b", "SELECT n * 2.5 AS m FROM a", "a"),
            store_step("c", "o.csv", "b"),
        ]
        orchestrator = Orchestrator(steps, workspace=workspace)
        assert orchestrator.validate() == []
        plan = orchestrator.plan()
        assert plan.waves == (("a",), ("b",), ("c",))
        schema = plan.steps["b"].schemas["data"]
        assert schema is not None
        assert list(schema.names) == ["m"]
        json.dumps(plan.as_dict())
        assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "odibi.toml"]

    @pytest.mark.parametrize(
        ("setting", "message"),
        [
            ({"max_retries": -1}, "settings.max_retries"),
            ({"tracking": "loose"}, "settings.tracking"),
            ({"distributed_max_workers": 0}, "settings.distributed_max_workers"),
            ({"retry_delay": -0.5}, "settings.retry_delay"),
        ],
    )
    def test_a_wrong_setting_is_named(
        self, workspace: Workspace, setting: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(PipelineInvalidError, match=message):
            Orchestrator(sales(), workspace=workspace, **setting).validate()

    def test_a_pipeline_keeps_settings_and_arguments_win(self, workspace: Workspace) -> None:
        pipeline = Pipeline("p", sales(), settings={"tracking": "fused", "max_retires": 1})
        with pytest.raises(PipelineInvalidError, match="Did you mean 'max_retries'"):
            Orchestrator(pipeline, workspace=workspace).validate()
        pipeline.settings.pop("max_retires")
        assert Orchestrator(pipeline, workspace=workspace).plan().tracking == "fused"
        assert Orchestrator(pipeline, workspace=workspace, tracking="exact").plan().tracking == "exact"

    def test_no_steps_are_a_mistake(self, run: Run) -> None:
        with pytest.raises(PipelineInvalidError, match="the pipeline has no steps"):
            run([])


class TestJournal:
    def test_it_holds_the_run(self, run: Run, make_file: MakeFile) -> None:
        make_file("a.csv", "n\n1\nx\n")
        result = run([ingest_step("a", "a.csv", schema={"n": "BIGINT"})], pipeline_name="shop")
        assert result.success, result.errors
        names = {path.name for path in result.run_dir.iterdir()}
        assert {
            "design.yaml",
            "events.jsonl",
            "lineage.json",
            "metrics.json",
            "story.html",
            "rejects",
        } <= names
        lines = [json.loads(line) for line in (result.run_dir / "events.jsonl").read_text().splitlines()]
        assert [line["event_type"] for line in lines] == [
            "pipeline_start",
            "node_start",
            "rows_rejected",
            "node_warning",
            "node_complete",
            "pipeline_complete",
        ]
        assert not any(key.startswith("_") for line in lines for key in line)
        lineage = json.loads((result.run_dir / "lineage.json").read_text())
        assert (lineage["state"], lineage["pipeline_name"]) == ("success", "shop")
        assert lineage["end_time"] is not None

    def test_a_report_that_can_t_be_written_is_told_beside_the_outcome(self, run: Run) -> None:
        bus = EventBus()

        def spoil(event: Any) -> None:
            if event["event_type"] == "pipeline_start":
                folder = root / ".odibi" / "runs" / event["run_id"]
                (folder / "metrics.json").mkdir()

        root = run(sales()).run_dir.parents[2]
        bus.subscribe(spoil)
        result = run(sales(), event_bus=bus)
        assert result.success
        assert any("metrics" in warning for warning in result.warnings)

    def test_a_journal_that_can_t_be_opened_leaves_nothing_behind(
        self, run: Run, workspace: Workspace
    ) -> None:
        (workspace.state / "runs").touch()
        with pytest.raises(OdibiError):
            run(sales())
        assert not list(workspace.scratch.iterdir())

    def test_checkpoints_that_can_t_be_closed_are_told_beside_the_outcome(
        self, run: Run, workspace: Workspace
    ) -> None:
        def spoil() -> pd.DataFrame:
            shutil.rmtree(workspace.root / "kept")
            (workspace.root / "kept").touch()
            return pd.DataFrame({"n": [1]})

        result = run(
            [function_step("spoils", spoil)],
            enable_checkpoints=True,
            checkpoint_dir="kept",
            checkpoint_mode=CheckpointMode.MANUAL,
        )
        assert result.success
        assert any("checkpoints" in warning for warning in result.warnings)
