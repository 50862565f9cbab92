"""What is wrong in one place of a pipeline hides nothing of what is wrong, or known, in another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from odibi_core.errors import Severity
from odibi_core.graph.steps import StepGraph
from odibi_core.parameters import Parameter, ParameterType, Reference, placed_in_sql, render
from odibi_core.pipeline import Pipeline
from odibi_core.plan.planner import Surroundings, Survey
from odibi_core.plan.rendering import Values
from odibi_core.schema import Schema
from odibi_core.step import Step
from odibi_core.workspace import Workspace

MakeFile = Callable[[str, str | bytes], Path]


def sql(name: str, text: str, source: str) -> Step:
    return Step("silver", name, "sql", "", text, inputs={"rows": source}, outputs={"data": name})


def survey(workspace: Workspace, *steps: Step, parameters: dict[str, Parameter] | None = None) -> Survey:
    pipeline = Pipeline("sales", list(steps), parameters or {})
    return Survey(pipeline, Values.for_plan(pipeline.parameters, {}), Surroundings(workspace, ["pandas"]))


def test_a_circle_leaves_the_other_steps_their_columns_and_their_place(
    workspace: Workspace, make_file: MakeFile
) -> None:
    make_file("a.csv", "id\n1\n")
    read = Step("bronze", "read", "config_op", "", "a.csv", outputs={"data": "raw"})
    steps = [
        read,
        sql("clean", "SELECT id FROM rows", "raw"),
        sql("one", "SELECT 1 AS x FROM rows", "two"),
        sql("two", "SELECT 1 AS x FROM rows", "one"),
        sql("behind", "SELECT x FROM rows", "two"),
    ]
    found = survey(workspace, *steps)
    assert [problem.step for problem in found.problems] == ["one"]
    assert found.ports.schemas["clean"] == Schema.of({"id": "BIGINT"})
    assert list(found.plan().steps) == ["read", "clean"]
    assert StepGraph(steps).waves_outside_cycles() == [["read"], ["clean"]]


def test_columns_that_a_write_names_must_be_there(workspace: Workspace, make_file: MakeFile) -> None:
    make_file("a.csv", "id\n1\n")
    read = Step("bronze", "read", "config_op", "", "a.csv", outputs={"data": "raw"})
    params = {"format": "delta", "mode": "merge", "merge_key": ["idd"], "partitionBy": "id"}
    write = Step("store", "save", "config_op", "", "out", params, {"data": "raw"})
    (problem,) = survey(workspace, read, write).problems
    assert (problem.field, problem.fix) == ("params.merge_key", "did you mean 'id'?")


def test_wrong_parameters_are_told_with_everything_else(workspace: Workspace) -> None:
    parameters = {
        "count": Parameter("count", ParameterType.INTEGER, "many"),
        "kind": Parameter("kind", "choise"),  # type: ignore[arg-type]
    }
    step = Step("silver", "make", "sql", "", "SELEC {count}", outputs={"data": "made"})
    found = survey(workspace, step, parameters=parameters)
    assert {(problem.step, problem.field.partition(",")[0]) for problem in found.problems} == {
        ("", "parameters.count"),
        ("", "parameters.kind.type"),
        ("make", "value"),
    }


def test_a_choice_that_is_not_of_the_type_and_a_default_that_is_no_choice_are_told(
    workspace: Workspace,
) -> None:
    parameters = {
        "count": Parameter("count", ParameterType.INTEGER, choices=(1, "many")),
        "region": Parameter("region", default="b", choices=("a",)),
    }
    step = Step("silver", "make", "sql", "", "SELECT {count} AS n, {region} AS r", outputs={"data": "made"})
    told = {
        (problem.field, problem.what) for problem in survey(workspace, step, parameters=parameters).problems
    }
    assert told == {
        ("parameters.count.choices", "a choice: 'many' is not a whole number such as 12"),
        ("parameters.region", "the default: 'b' is not one of 'a'"),
    }


def test_what_was_put_in_the_place_of_placeholders_is_known() -> None:
    text = "SELECT '{{a}}', {b} -- {b}\nFROM x WHERE y = '{b}'"

    def resolve(_: Reference) -> str:
        return "it's"

    placed = placed_in_sql(text, resolve)
    assert [text[each.start : each.end] for each in placed] == ["{{a}}", "{b}", "{b}"]
    filled, end = "", 0
    for each in placed:
        filled += text[end : each.start] + each.text
        end = each.end
    assert filled + text[end:] == render(text, resolve, sql=True)


def test_what_spark_has_no_word_for_is_an_error_of_the_step_before_the_run(
    workspace: Workspace, make_file: MakeFile
) -> None:
    make_file("a.csv", "id,d\n1,2.5\n")
    read = Step("bronze", "read", "config_op", "", "a.csv", outputs={"data": "raw"})
    frame = "SELECT sum(id) OVER (ORDER BY d GROUPS 1 PRECEDING) AS s FROM rows"
    steps = [read, sql("frame", frame, "raw"), sql("told", "SELECT d::VARCHAR AS s FROM rows", "raw")]
    assert survey(workspace, *steps).problems == []
    on_spark = Pipeline("sales", steps, engine="spark")
    values = Values.for_plan({}, {})
    first, second = Survey(on_spark, values, Surroundings(workspace, ["pandas", "spark"])).problems
    assert (first.step, first.field, first.severity) == ("frame", "value", Severity.ERROR)
    assert first.what == "on Spark there is no GROUPS frame"
    assert "dense_rank()" in first.fix
    assert "engine: pandas" in first.fix
    assert (second.step, second.severity) == ("told", Severity.WARNING)
    assert "differ as text" in second.what
    on_spark.steps[1] = replace(on_spark.steps[1], engine="pandas")
    left = Survey(on_spark, values, Surroundings(workspace, ["pandas", "spark"])).problems
    assert [problem.step for problem in left] == ["told"]


def test_of_columns_that_only_a_run_tells_a_refusal_of_spark_is_no_error_yet(workspace: Workspace) -> None:
    made = Step("bronze", "make", "function", "", "json.loads", outputs={"data": "raw"})
    step = sql("slice", "SELECT x[2:3] AS y FROM rows", "raw")
    pipeline = Pipeline("sales", [made, step], engine="spark")
    found = Survey(pipeline, Values.for_plan({}, {}), Surroundings(workspace, ["spark"])).problems
    told = [problem for problem in found if problem.step == "slice"]
    assert [problem.severity for problem in told] == [Severity.WARNING]
    assert "of unknown type" in told[0].what
