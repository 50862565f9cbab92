"""The truth as a person types: every port's columns and every mistake at once, none of them invented."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from odibi_core.orchestrator import Orchestrator
from odibi_core.workspace import Workspace
from odibi_studio.messages import (
    CheckAnswer,
    CheckRequest,
    ParameterForm,
    PipelineForm,
    ProblemForm,
    Span,
    StepForm,
)
from odibi_studio.services.checking import Checker
from odibi_studio.services.documents import core_pipeline

MakeFile = Callable[[str, str | bytes], Path]

READ = StepForm(
    name="read", layer="bronze", type="config_op", value="data/orders.csv", outputs={"data": "orders"}
)


def sql(text: str, *, name: str = "clean", source: str = "orders", **fields: Any) -> StepForm:
    given: dict[str, Any] = {"type": "sql", "inputs": {"rows": source}, "outputs": {"data": name}, **fields}
    return StepForm(name=name, layer="silver", value=text, **given)


def write(path: str, *, source: str = "clean", **params: Any) -> StepForm:
    return StepForm(
        name=f"write {path}",
        layer="gold",
        type="config_op",
        value=path,
        params=params,
        inputs={"rows": source},
    )


@pytest.fixture
def checker(workspace: Workspace, make_file: MakeFile) -> Iterator[Checker]:
    make_file("data/orders.csv", "id,customer,amount,day\n1,Ann,2.5,2025-01-31\n2,Bo,4,2025-02-01\n")
    checker = Checker(workspace)
    yield checker
    checker.close()


def check(checker: Checker, *steps: StepForm, **fields: Any) -> CheckAnswer:
    return checker.check(
        CheckRequest(revision=7, pipeline=PipelineForm(name="sales", steps=list(steps), **fields))
    )


def only(answer: CheckAnswer) -> ProblemForm:
    (problem,) = answer.problems
    return problem


def test_every_port_has_its_columns(checker: Checker) -> None:
    answer = check(checker, READ, sql("SELECT id, amount * 2 AS twice FROM rows"), write("out/clean.parquet"))
    assert answer.revision == 7
    assert answer.problems == []
    columns = answer.steps["clean"].outputs["data"]
    assert columns is not None
    assert [(column.name, column.type) for column in columns] == [("id", "BIGINT"), ("twice", "DOUBLE")]
    assert answer.steps["clean"].inputs["rows"] == answer.steps["read"].outputs["data"]
    assert answer.steps["write out/clean.parquet"].inputs["rows"] == columns
    assert [truth.kind for truth in answer.steps.values()] == ["ingest", "transform", "store"]
    assert answer.steps["clean"].why


def test_a_typo_is_marked_under_the_word_with_what_would_mend_it(checker: Checker) -> None:
    problem = only(check(checker, READ, sql("SELECT id,\n       amuont FROM rows")))
    assert problem.what == "there is no column 'amuont'"
    assert (problem.step, problem.field) == ("clean", "value")
    assert problem.span == Span(line=2, column=8, end_line=2, end_column=14)
    assert problem.suggestions == ["amount"]


def test_a_qualified_typo_is_marked_behind_its_dot(checker: Checker) -> None:
    problem = only(check(checker, READ, sql("SELECT r.amuont FROM rows r")))
    assert problem.span == Span(line=1, column=10, end_line=1, end_column=16)
    assert problem.suggestions == ["amount"]


def test_a_near_name_is_quoted_where_sql_wants_it(checker: Checker, make_file: MakeFile) -> None:
    make_file("data/orders.csv", "id,unit price\n1,2.5\n")
    problem = only(check(checker, READ, sql('SELECT "unit prise" FROM rows')))
    assert problem.span == Span(line=1, column=8, end_line=1, end_column=20)
    assert problem.suggestions == ['"unit price"', "'unit prise'"]


def test_a_text_in_the_wrong_quotes_is_offered_in_the_right_ones(checker: Checker) -> None:
    problem = only(check(checker, READ, sql('SELECT id FROM rows WHERE customer = "Zoe"')))
    assert problem.suggestions[-1] == "'Zoe'"


def test_a_function_and_an_input_have_near_names_too(checker: Checker) -> None:
    answer = check(checker, READ, sql("SELECT uper(customer) FROM rows"), sql("FROM row", name="more"))
    assert [problem.suggestions for problem in answer.problems] == [["upper"], ["rows"]]


def test_a_place_is_the_one_that_the_person_wrote_and_not_of_the_filled_text(checker: Checker) -> None:
    parameters = {"since": ParameterForm(type="date", default="2025-01-01")}
    text = "SELECT id FROM rows\nWHERE day > {since} AND amuont > 3"
    problem = only(check(checker, READ, sql(text), parameters=parameters))
    assert problem.span == Span(line=2, column=25, end_line=2, end_column=31)


def test_an_unknown_placeholder_is_marked_with_its_braces(checker: Checker) -> None:
    parameters = {"since": ParameterForm(type="date", default="2025-01-01")}
    problem = only(
        check(checker, READ, sql("SELECT id FROM rows\nWHERE day > {sinse}"), parameters=parameters)
    )
    assert problem.span == Span(line=2, column=13, end_line=2, end_column=20)
    assert problem.suggestions == ["{since}"]


def test_everything_wrong_is_told_at_once(checker: Checker) -> None:
    answer = check(
        checker,
        StepForm(name="", layer="bronze", type="sql", value="SELECT 1"),
        READ.model_copy(update={"params": {"delimeter": ";"}}),
        READ.model_copy(
            update={"name": "read again", "outputs": {"data": "more"}, "params": {"header": True}}
        ),
        sql("SELECT idd FROM rows", name="typo", source="more"),
        sql("SELECT 1 FROM rows", name="one", source="two"),
        sql("SELECT 1 FROM rows", name="two", source="one"),
        sql("SELECT 1 FROM rows", name="lost", source="nothing"),
        settings={"max_retrys": 3},
        parameters={"day": ParameterForm(type="dat"), "count": ParameterForm(type="integer", default="x")},
    )
    told = {(problem.step, problem.field) for problem in answer.problems}
    assert told == {
        ("", "name"),
        ("read", "params.delimeter"),
        ("typo", "value"),
        ("one", "inputs"),
        ("", "settings.max_retrys"),
        ("", "parameters.day.type"),
        ("", "parameters.count"),
    }


def test_a_missing_input_is_told_once_every_step_has_its_form(checker: Checker) -> None:
    problem = only(check(checker, READ, sql("SELECT 1 AS one FROM rows", source="order")))
    assert (problem.field, problem.suggestions) == ("inputs.rows", ["orders"])


def test_a_step_outside_a_circle_keeps_its_columns(checker: Checker) -> None:
    answer = check(
        checker,
        READ,
        sql("SELECT id FROM rows"),
        sql("SELECT 1 AS x FROM rows", name="one", source="two"),
        sql("SELECT 1 AS x FROM rows", name="two", source="one"),
    )
    assert answer.steps["clean"].outputs["data"]
    assert answer.steps["one"].outputs["data"] is None
    assert "in a circle" in only(answer).what


def test_a_changed_file_changes_the_columns(checker: Checker, make_file: MakeFile) -> None:
    before = check(checker, READ).steps["read"].outputs["data"]
    make_file("data/orders.csv", "id,other\n1,2\n")
    after = check(checker, READ).steps["read"].outputs["data"]
    assert before is not None
    assert after is not None
    assert [column.name for column in after] == ["id", "other"]
    assert before != after


def test_what_a_translation_changes_is_a_note_and_no_problem(checker: Checker) -> None:
    answer = check(checker, READ, sql("SELECT hash(id) AS h FROM rows WHERE id <=> 1"))
    assert answer.problems == []
    assert answer.steps["clean"].notes == ["HASH: DuckDB hashes by another algorithm"]


def test_a_wrong_odibi_toml_is_a_problem_like_others(checker: Checker, make_file: MakeFile) -> None:
    make_file("odibi.toml", "nam = 'shop'\n")
    problem = only(check(checker, READ, sql("SELECT id FROM rows")))
    assert problem.what == "odibi.toml, line 1: there is no setting 'nam'"


SOUND: list[tuple[StepForm, ...]] = [
    (READ, sql("SELECT * FROM rows"), write("out/a.parquet")),
    (READ, sql("SELECT customer, sum(amount) AS s FROM rows GROUP BY 1"), write("out/a.csv")),
    (READ, sql("SELECT NVL(customer, '') AS c, DATE_FORMAT(day, 'yyyy') AS y FROM rows")),
    (READ, sql("PIVOT rows ON customer USING sum(amount)")),
    (READ, sql("SELECT id, '{{x}}' AS braces FROM rows WHERE day >= {date} - 1000")),
    (READ, sql("FROM rows"), write("out/d", format="delta", mode="merge", merge_key=["id"])),
    (READ, sql("FROM rows"), write("out/p", format="parquet", partitionBy="customer")),
]
BROKEN: list[tuple[StepForm, ...]] = [
    (READ.model_copy(update={"value": "data/order.csv"}),),
    (READ.model_copy(update={"params": {"source_type": "parquet"}}),),
    (READ.model_copy(update={"params": {"schema": {"id": "NUMBRE"}}}),),
    (READ.model_copy(update={"params": {"encoding": "latin-99"}}),),
    (READ, sql("SELECT amuont FROM rows")),
    (READ, sql("SELECT customer + 1 AS x FROM rows")),
    (READ, sql("SELECT customer, sum(amount) AS s FROM rows")),
    (READ, sql("SELECT id, id FROM rows")),
    (READ, sql("SELECT * FROM 'data/orders.csv'")),
    (READ, sql("DROP TABLE rows")),
    (READ, sql("SELECT 1; SELECT 2")),
    (READ, sql("SELECT {missing} AS x FROM rows")),
    (READ, sql("SELECT * FROM rows JOIN other USING (id)")),
    (READ, sql("SELECT id FROM rows", source="nothing")),
    (READ, sql("FROM rows"), write("out/a.parquet", mode="merge")),
    (READ, sql("FROM rows"), write("out/a.unknown")),
    (READ, sql("FROM rows"), write("data/orders.csv")),
    (READ, sql("FROM rows"), write("out/d", format="delta", mode="merge", merge_key=["idd"])),
    (READ, sql("FROM rows"), write("out/p", format="parquet", partitionBy="customr")),
    (READ, sql("FROM rows"), write("out/a.csv"), write("./out/a.csv")),
    (READ, sql("no.such.function", type="function")),
]


def runs(pipeline: PipelineForm, workspace: Workspace) -> bool:
    """Whether a run of the pipeline, planned and carried out by the core alone, succeeds."""
    from odibi_core.errors import OdibiError

    try:
        with Orchestrator(core_pipeline(pipeline), workspace=workspace).execute() as result:
            return bool(result.success)
    except OdibiError:
        return False


@pytest.mark.parametrize("steps", SOUND)
def test_where_nothing_is_told_a_run_succeeds(
    steps: tuple[StepForm, ...], checker: Checker, workspace: Workspace
) -> None:
    pipeline = PipelineForm(name="sales", steps=list(steps))
    assert checker.check(CheckRequest(revision=1, pipeline=pipeline)).problems == []
    assert runs(pipeline, workspace)


@pytest.mark.parametrize("steps", BROKEN)
def test_where_something_is_told_a_run_fails(
    steps: tuple[StepForm, ...], checker: Checker, workspace: Workspace
) -> None:
    pipeline = PipelineForm(name="sales", steps=list(steps))
    assert checker.check(CheckRequest(revision=1, pipeline=pipeline)).problems != []
    assert not runs(pipeline, workspace)


def recipe(name: str, settings: dict[str, Any], *, source: str = "orders") -> StepForm:
    return sql("", name="form", source=source, metadata={"recipe": {"name": name, "settings": settings}})


def test_a_form_that_makes_no_sql_yet_says_what_it_waits_for_at_its_field(checker: Checker) -> None:
    answer = check(checker, READ, recipe("filter", {"conditions": [{"operator": "equals", "value": "4"}]}))
    assert told(answer) == [
        ("form", "metadata.recipe.settings.conditions.0.column", "Conditions 1, Column: the field is empty")
    ]


def test_a_form_without_an_input_asks_for_one(checker: Checker) -> None:
    form = StepForm(
        name="form",
        layer="silver",
        type="sql",
        outputs={"data": "form"},
        metadata=recipe("filter", {}).metadata,
    )
    answer = check(checker, READ, form)
    assert ("form", "inputs", "the step takes one input, and has none") in told(answer)
    assert all("SQL text" not in what for _, _, what in told(answer))


def test_a_form_of_another_studio_is_a_step_without_sql(checker: Checker) -> None:
    assert told(check(checker, READ, recipe("of tomorrow", {}))) == [
        ("form", "value", "the value must be the SQL text")
    ]


def told(answer: CheckAnswer) -> list[tuple[str, str, str]]:
    return [(problem.step, problem.field, problem.what) for problem in answer.problems]
