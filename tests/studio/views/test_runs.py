"""The pages of runs: what they show of real runs, and what their buttons do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from tests.waiting import let_go, make_waiting_workspace, pipeline_text, wait_until

import odibi_studio.app
from odibi_core.events import NodeState
from odibi_core.journal.record import RunState
from odibi_core.workspace import Workspace
from odibi_studio.run_messages import RunSummary, StartRunRequest, StepRun
from odibi_studio.services.runs.course import Course, Level, LogLine, Made, Vital
from odibi_studio.services.studio import Studio, open_studio
from odibi_studio.views.run_charts import bars, rates, vitals
from odibi_studio.views.run_parts import matching_lines

TIMEOUT_S = 30
ZERO = "2026-11-24T12:00:00.000000+00:00"

Open = Callable[..., AppTest]
End = Callable[[str], None]


@pytest.fixture
def studio(workspace: Workspace) -> Iterator[Studio]:
    """The Studio of a workspace with pipelines that wait, fail and succeed; nothing is left running."""
    make_waiting_workspace(workspace.root, ("one", "two"))
    (workspace.root / "pipelines" / "broken.yaml").write_text(pipeline_text("broken", "fail"))
    studio = open_studio(workspace)
    yield studio
    let_go(workspace.root)
    # One of them runs on Spark, which takes its time to start on a busy machine.
    wait_until(lambda: all(run.state.is_final for run in studio.runs.book.summaries()), timeout_s=240)
    studio.close()


@pytest.fixture
def open_page(studio: Studio) -> Open:
    """Opens a page of the Studio."""

    def open_(name: str, **query: str) -> AppTest:
        page = AppTest.from_file(str(Path(odibi_studio.app.__file__)), default_timeout=TIMEOUT_S)
        page.run()
        page.switch_page(f"{_pages()}/{name}.py")
        for key, value in query.items():
            page.query_params[key] = value
        page.run()
        assert not page.exception
        return page

    return open_


@pytest.fixture
def end(studio: Studio) -> End:
    """Waits until a run has ended, and its reports are made."""

    def wait(run_id: str) -> None:
        wait_until(lambda: studio.runs.watch(run_id).is_over)

    return wait


def _pages() -> str:
    return str(odibi_studio.app.pages_folder())


def shown(page: AppTest) -> str:
    """The texts of the page."""
    parts = [*page.title, *page.markdown, *page.caption, *page.info, *page.error, *page.warning]
    return "\n".join(str(part.value) for part in parts)


def labels(page: AppTest) -> list[str]:
    return [button.label for button in page.button]


def test_where_nothing_ran_the_page_says_how_to_begin(open_page: Open) -> None:
    page = open_page("runs")
    assert "Nothing has run yet" in shown(page)
    assert "Run broken" in labels(page)


def test_runs_are_listed_and_filtered(
    open_page: Open, studio: Studio, workspace: Workspace, end: End
) -> None:
    let_go(workspace.root)
    for name in ("one", "broken"):
        end(studio.runs.start(StartRunRequest(pipeline=name, parameters={"smallest": 7})).run_id)
    page = open_page("runs")
    table = page.dataframe[0].value
    assert list(table["Pipeline"]) == ["broken", "one"]
    assert list(table["State"]) == ["✕ Failed", "✓ Succeeded"]
    assert list(table["Parameters"]) == ["smallest=7", "smallest=7"]
    page.multiselect(key="runs_states").select(RunState.FAILED).run()
    assert list(page.dataframe[0].value["Pipeline"]) == ["broken"]
    page.text_input(key="runs_text").set_value("smallest=8").run()
    assert "No run is like that" in shown(page)


def test_a_run_that_waits_is_taken_out_of_the_queue(open_page: Open, studio: Studio) -> None:
    studio.runs.start(StartRunRequest(pipeline="one"))
    waiting = studio.runs.start(StartRunRequest(pipeline="one")).run_id
    page = open_page("runs")
    page.button(key=f"withdraw_{waiting}").click().run()
    assert studio.runs.summary(waiting).state is RunState.CANCELLED


def test_a_run_that_ended_meanwhile_is_no_traceback_when_it_is_taken_out(
    open_page: Open, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.runs.start(StartRunRequest(pipeline="one"))
    waiting = studio.runs.start(StartRunRequest(pipeline="one")).run_id
    page = open_page("runs")
    cancel = studio.runs.cancel

    def too_late(run_id: str) -> RunSummary:
        # It is over as the press comes in.
        cancel(run_id)
        return cancel(run_id)

    monkeypatch.setattr(studio.runs, "cancel", too_late)
    page.button(key=f"withdraw_{waiting}").click().run()
    assert not page.exception
    assert "The run has ended already: cancelled." in shown(page)


def test_a_run_is_started_by_a_form_with_a_widget_for_each_parameter(
    studio: Studio, workspace: Workspace
) -> None:
    def page_of_form() -> None:
        from odibi_studio.services.studio import current_studio
        from odibi_studio.views.run_form import show_form

        show_form(current_studio(), "two")

    let_go(workspace.root)
    page = AppTest.from_function(page_of_form, default_timeout=TIMEOUT_S).run()
    assert page.selectbox(key="form_pipeline").value == "two"
    page.selectbox(key="form_pipeline").set_value("one").run()
    page.number_input(key="param_one_smallest").set_value(25).run()
    page.selectbox(key="form_to_one").set_value("hold").run()
    assert page.selectbox(key="form_engine").options == ["pandas", "spark"]
    assert page.selectbox(key="form_engine").value is None
    page.selectbox(key="form_engine").set_value("spark").run()
    page.button(key="form_run").click().run()
    assert not page.exception
    (run,) = studio.runs.book.summaries()
    assert (run.pipeline_name, run.parameters) == ("one", {"smallest": 25})
    assert (run.order["end"], run.order["engine"]) == ("hold", "spark")


def test_what_may_be_chosen_is_asked_for_by_a_choice_whatever_its_type(
    studio: Studio, workspace: Workspace
) -> None:
    def page_of_form() -> None:
        from odibi_studio.services.studio import current_studio
        from odibi_studio.views.run_form import show_form

        show_form(current_studio(), "one")

    path = workspace.root / "pipelines" / "one.yaml"
    plain, chosen = "{type: integer, default: 10}", '{type: integer, choices: ["5", 10, 25], default: "10"}'
    text = path.read_text()
    assert plain in text
    path.write_text(text.replace(plain, chosen))
    let_go(workspace.root)
    page = AppTest.from_function(page_of_form, default_timeout=TIMEOUT_S).run()
    asked = page.selectbox(key="param_one_smallest")
    assert (asked.options, asked.value) == (["5", "10", "25"], 10)
    asked.set_value(25).run()
    page.button(key="form_run").click().run()
    assert not page.exception
    (run,) = studio.runs.book.summaries()
    assert run.parameters == {"smallest": 25}


def test_a_run_is_watched_and_cancelled(open_page: Open, studio: Studio, end: End) -> None:
    run_id = studio.runs.start(StartRunRequest(pipeline="one")).run_id
    wait_until(
        lambda: any(
            it.state is NodeState.RUNNING and it.name == "hold" for it in studio.runs.watch(run_id).steps
        )
    )
    page = open_page("run", run=run_id)
    figures = {metric.label: metric.value for metric in page.metric}
    assert (figures["Steps"], figures["Rows made"]) == ("1 of 3", "3")
    page.button(key="cancel_run").click().run()
    end(run_id)
    page = open_page("run", run=run_id)
    assert "Cancelled" in shown(page)
    assert "Run again" in labels(page)


def test_a_failed_run_says_why_and_offers_what_to_do_next(open_page: Open, studio: Studio, end: End) -> None:
    run_id = studio.runs.start(StartRunRequest(pipeline="broken")).run_id
    end(run_id)
    page = open_page("run", run=run_id)
    assert "The run failed at the step **hold**" in shown(page)
    assert "no such month" in shown(page)
    page.button(key="run_from_failure").click().run()
    again = studio.runs.book.summaries()[0]
    assert (again.order["rerun_of"], again.order["steps"]) == (run_id, ["hold", "large"])


def test_a_run_is_done_again_with_other_values_and_a_part_of_its_steps(
    open_page: Open, studio: Studio, workspace: Workspace, end: End
) -> None:
    def page_of_form() -> None:
        from odibi_studio.services.studio import current_studio
        from odibi_studio.views.run_form import show_repeat_form

        runs = current_studio().runs
        show_repeat_form(current_studio(), runs.summary(runs.book.summaries()[-1].run_id))

    let_go(workspace.root)
    run_id = studio.runs.start(StartRunRequest(pipeline="one", parameters={"smallest": 7})).run_id
    end(run_id)
    # What runs is the pipeline as it was then.
    (workspace.root / "pipelines" / "one.yaml").unlink()
    page = open_page("run", run=run_id)
    page.button(key="run_with").click().run()
    assert page.number_input(key=f"param_{run_id}_smallest").value == 7
    page = AppTest.from_function(page_of_form, default_timeout=TIMEOUT_S).run()
    smallest = page.number_input(key=f"param_{run_id}_smallest")
    assert smallest.value == 7
    smallest.set_value(25).run()
    page.selectbox(key=f"repeat_to_{run_id}").set_value("hold").run()
    page.button(key="repeat_run").click().run()
    assert not page.exception
    again = studio.runs.book.summaries()[0]
    assert (again.parameters, again.order["end"]) == ({"smallest": 25}, "hold")
    assert again.order["rerun_of"] == run_id


def test_runs_stay_chosen_where_a_new_one_comes_above_them(
    open_page: Open, studio: Studio, workspace: Workspace, end: End
) -> None:
    let_go(workspace.root)
    end(studio.runs.start(StartRunRequest(pipeline="one")).run_id)
    chosen = studio.runs.start(StartRunRequest(pipeline="broken")).run_id
    end(chosen)
    page = open_page("runs")
    page.session_state["runs_table"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    page.run()
    end(studio.runs.start(StartRunRequest(pipeline="two")).run_id)
    page.run()
    assert page.session_state["runs_table"]["selection"]["rows"] == [1]
    page.button(key="open_run").click().run()
    assert page.query_params["run"] in (chosen, [chosen])


def test_the_parts_of_a_run_that_ended(
    open_page: Open, studio: Studio, workspace: Workspace, end: End
) -> None:
    let_go(workspace.root)
    ids = [
        studio.runs.start(StartRunRequest(pipeline="one", parameters={"smallest": it})).run_id
        for it in (1, 25, 5)
    ]
    for run_id in ids:
        end(run_id)
    page = open_page("run", run=ids[1])
    figures = {metric.label: metric.value for metric in page.metric}
    assert figures["Steps"] == "3 of 3"
    assert "…" not in figures.values()
    part = "run_part"
    page.segmented_control(key=part).set_value("Steps").run()
    assert list(page.dataframe[0].value["Rows"]) == [3, 3, 1]
    page.segmented_control(key=part).set_value("Log").run()
    log = page.dataframe[0].value
    assert list(log.columns) == ["Time", "Level", "Step", "What happened"]
    assert "Is complete" in log["What happened"].str.cat()
    page.segmented_control(key=part).set_value("Data").run()
    assert page.dataframe[-1].value.to_dict("records") == [{"id": 3, "amount": 30}]
    page.segmented_control(key=part).set_value("Story").run()
    assert not page.exception
    page.segmented_control(key=part).set_value("Metrics").run()
    assert '"run_id"' in page.json[0].value
    page.segmented_control(key=part).set_value("Compare").run()
    # The run before this one, and not the newest, is what it is compared with at first.
    assert page.selectbox(key="compare_with").value == ids[0]
    steps = page.dataframe[1].value.set_index("Step")
    assert list(page.dataframe[0].value.iloc[0]) == ["smallest", "1", "25"]
    assert (steps["Rows A"]["large"], steps["Rows B"]["large"]) == (3, 1)
    assert (steps["State A"]["large"], steps["State B"]["large"]) == ("✓ Succeeded", "✓ Succeeded")
    assert "Both ran the same pipeline." in shown(page)


def test_a_run_that_is_not_there_is_a_clear_error(open_page: Open, studio: Studio, end: End) -> None:
    end(studio.runs.start(StartRunRequest(pipeline="broken")).run_id)
    assert "There is no run 'nothing'" in shown(open_page("run", run="nothing"))


def test_the_timeline_has_a_bar_for_each_step_that_started() -> None:
    step = StepRun(
        name="read", layer="x", state=NodeState.SUCCESS, started=ZERO, ended=ZERO.replace("00.0", "02.0"),
        duration_ms=2000, duration_scope="region", row_count=7, retries=0, rejected_rows=0, error="", fix="",
        reason="", warnings=[],
    )  # fmt: skip
    running = step.model_copy(
        update={"name": "wait", "state": NodeState.RUNNING, "ended": "", "duration_ms": None}
    )
    pending = step.model_copy(update={"name": "later", "state": NodeState.PENDING, "started": ""})
    assert bars([step, running, pending], ZERO) == [
        [0, 2, 0, 2, 2000, True, 7],
        [1, 0, 0, None, None, True, 7],
    ]
    watched = step.model_copy(update={"duration_scope": "step", "duration_ms": 500})
    retried = watched.model_copy(update={"retries": 1})
    assert [bar[3] for bar in bars([watched, retried], ZERO)] == [0.5, 2]


def test_rows_per_second_are_spread_over_the_time_that_they_took() -> None:
    course = Course(made=[Made(ZERO.replace("00.0", "02.0"), "read", 100, 1500)])
    assert rates(course, ZERO) == {"rates": [(0, 33), (1, 67), (2, 0)], "rate_width": 1}
    course.vitals.append(Vital(ZERO.replace("00.0", "03.0"), 120.5, 99))
    assert vitals(course, ZERO) == [(3.0, 120.5, 99)]


def test_the_charts_of_a_long_run_have_a_bounded_number_of_points() -> None:
    start = dt.datetime.fromisoformat(ZERO)
    course = Course()
    for second in range(7_200):
        moment = (start + dt.timedelta(seconds=second + 1)).isoformat()
        course.vitals.append(Vital(moment, 100, 50))
        course.made.append(Made(moment, "read", 10, 1000))
    assert len(vitals(course, ZERO)) == 600
    told = rates(course, ZERO)["rates"]
    assert len(told) <= 601
    assert {rate for _, rate in told[:-1]} == {10}


def test_a_log_is_filtered_by_level_and_text() -> None:
    lines = [
        LogLine(ZERO, Level.INFO, "read", "Starts"),
        LogLine(ZERO, Level.ERROR, "save", "Failed: no room"),
    ]
    assert matching_lines(lines, [Level.ERROR], "") == lines[1:]
    assert matching_lines(lines, list(Level), "READ") == lines[:1]
    assert matching_lines(lines, list(Level), "room") == lines[1:]
    assert matching_lines(lines, [], "") == []
