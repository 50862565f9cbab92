"""A row of a preview is followed to the rows that made it, and a missing one to the step that lost it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from odibi_core.errors import UnknownNameError
from odibi_core.workspace import Workspace
from odibi_studio.messages import PipelineForm, StepForm
from odibi_studio.services.checking import Checker
from odibi_studio.services.finding import Finder
from odibi_studio.services.following import Follower
from odibi_studio.services.previews import Previewer
from odibi_studio.trace_messages import FindAnswer, Finding, FindRequest, FollowAnswer, FollowRequest

MakeFile = Callable[[str, str | bytes], Path]


@pytest.fixture
def previewer(workspace: Workspace, make_file: MakeFile) -> Iterator[Previewer]:
    make_file(
        "data/orders.csv",
        "id,customer,amount\n1,ann,10\n2,bob,20\n2,bob,20\n3,ann,30\n4,cid,40\n5,,50\n6,ann,\n",
    )
    make_file("data/customers.csv", "customer,city\nann,Rome\nbob,Oslo\ndan,Bonn\n")
    checker = Checker(workspace)
    previewer = Previewer(workspace, checker)
    yield previewer
    previewer.close()
    checker.close()


def read(key: str) -> StepForm:
    return StepForm(
        name=f"read {key}", layer="bronze", type="config_op", value=f"data/{key}.csv", outputs={"data": key}
    )


def sql(key: str, text: str, **inputs: str) -> StepForm:
    return StepForm(
        name=f"make {key}", layer="silver", type="sql", value=text, inputs=inputs, outputs={"data": key}
    )


CHAIN = [
    read("orders"),
    read("customers"),
    sql("clean", "SELECT DISTINCT * FROM o WHERE amount IS NOT NULL AND id < 5", o="orders"),
    sql("joined", "SELECT id, o.customer, amount, city FROM o JOIN c USING (customer)",
        o="clean", c="customers"),
    sql("totals", "SELECT city, sum(amount) AS total, count(*) AS n FROM j GROUP BY city", j="joined"),
]  # fmt: skip


def follow(previewer: Previewer, steps: list[StepForm], dataset: str, **given: Any) -> FollowAnswer:
    request = FollowRequest(
        pipeline=PipelineForm(name="sales", steps=steps), step=steps[-1].name, dataset=dataset, **given
    )
    return Follower(previewer).follow(request)


def find(
    previewer: Previewer, steps: list[StepForm], dataset: str, column: str, value: str | None
) -> FindAnswer:
    request = FindRequest(
        pipeline=PipelineForm(name="sales", steps=steps),
        step=steps[-1].name,
        dataset=dataset,
        column=column,
        value=value,
    )
    return Finder(previewer).find(request)


def test_a_row_is_followed_through_an_aggregate_a_join_and_a_dedupe(previewer: Previewer) -> None:
    answer = follow(previewer, CHAIN, "totals", values=["Oslo", "20", 1])
    assert answer.problem is None
    assert {step.dataset: step.grid.rows for step in answer.steps} == {
        "totals": [["Oslo", "20", 1]],
        "joined": [[2, "bob", 20, "Oslo"]],
        "clean": [[2, "bob", 20]],
        "customers": [["bob", "Oslo"]],
        "orders": [[2, "bob", 20], [2, "bob", 20]],
    }
    assert answer.steps[0].dataset == "totals"
    assert [step.dataset for step in answer.steps if step.is_source] == ["customers", "orders"]
    assert not any(step.why or step.notes for step in answer.steps)


def test_a_row_is_chosen_by_its_place_and_equal_rows_are_counted(previewer: Previewer) -> None:
    steps = [read("orders"), sql("all", "SELECT customer FROM o", o="orders")]
    answer = follow(previewer, steps, "all", row=2)
    assert answer.equal_rows == 2
    assert [step.grid.rows for step in answer.steps] == [[["bob"]], [[2, "bob", 20]]]


def test_a_row_of_an_input_is_followed_too(previewer: Previewer) -> None:
    answer = follow(previewer, CHAIN, "joined", values=[3, "ann", 30, "Rome"])
    assert [step.dataset for step in answer.steps] == ["joined", "clean", "customers", "orders"]


def test_a_row_that_is_not_there_is_a_problem_that_says_so(previewer: Previewer) -> None:
    answer = follow(previewer, CHAIN, "totals", row=99)
    assert answer.problem is not None
    assert "not among those" in answer.problem.what


def test_what_a_function_made_of_which_rows_is_not_told(previewer: Previewer, make_file: MakeFile) -> None:
    make_file("odibi.toml", '[studio]\npreview_functions = true\n[functions]\nallow = ["followed_marks"]\n')
    make_file("followed_marks.py", "def marked(data):\n    return data.assign(mark='new')\n")
    call = StepForm(
        name="mark",
        layer="silver",
        type="function",
        value="followed_marks.marked",
        inputs={"data": "customers"},
        outputs={"data": "marked"},
    )
    steps = [read("customers"), call, sql("shown", "SELECT customer, mark FROM m", m="marked")]
    answer = follow(previewer, steps, "shown", row=0)
    assert answer.problem is None
    assert [step.dataset for step in answer.steps] == ["shown", "marked"]
    assert "Python function" in answer.steps[1].why


def test_what_a_function_says_of_its_columns_is_told_where_its_rows_are_lost(
    previewer: Previewer, make_file: MakeFile
) -> None:
    make_file("odibi.toml", '[studio]\npreview_functions = true\n[functions]\nallow = ["followed_said"]\n')
    make_file(
        "followed_said.py",
        "from odibi_core import column_origins\n\n"
        "@column_origins({'mark': ['city']}, keeps=True)\n"
        "def marked(data):\n    return data.assign(mark=data['city'])\n",
    )
    call = StepForm(
        name="mark",
        layer="silver",
        type="function",
        value="followed_said.marked",
        inputs={"data": "customers"},
        outputs={"data": "marked"},
    )
    answer = follow(previewer, [read("customers"), call], "marked", row=0)
    assert answer.problem is None
    assert answer.steps[0].why.endswith("it says: mark of city; other columns as they come in")


def test_sql_that_draws_by_chance_says_why_it_is_not_followed(previewer: Previewer) -> None:
    steps = [read("customers"), sql("some", "SELECT *, random() > 2 AS r FROM c", c="customers")]
    answer = follow(previewer, steps, "some", row=0)
    assert [step.dataset for step in answer.steps] == ["some"]
    assert "by chance" in answer.steps[0].why


def test_what_duckdb_does_not_take_rewritten_says_that_it_is_not_followed(previewer: Previewer) -> None:
    steps = [read("customers"), sql("packed", "SELECT c FROM c", c="customers")]
    answer = follow(previewer, steps, "packed", row=0)
    assert answer.problem is None
    assert answer.steps[0].why


@pytest.mark.parametrize(
    ("value", "conclusion"),
    [
        ("5", "make clean dropped id = 5: WHERE id < 5"),
        ("6", "make clean dropped id = 6: WHERE NOT amount IS NULL"),
        ("4", "make joined dropped id = 4: JOIN c USING (customer)"),
        ("2", "1 row of joined has id = 2"),
        ("77", "no row of the sources has id = 77"),
    ],
)
def test_a_missing_key_names_the_step_that_dropped_it(
    previewer: Previewer, value: str, conclusion: str
) -> None:
    answer = find(previewer, CHAIN[:-1], "joined", "id", value)
    assert answer.problem is None
    assert answer.conclusion == conclusion


def test_each_step_on_the_way_says_what_went_in_and_came_out(previewer: Previewer) -> None:
    answer = find(previewer, CHAIN, "totals", "city", "Bonn")
    assert answer.finding is Finding.DROPPED
    assert [(step.step, step.rows_in, step.rows_out, step.is_dropped) for step in answer.steps] == [
        ("read customers", 0, 1, False),
        ("make joined", 1, 0, True),
    ]
    assert answer.steps[-1].grid.rows == [["dan", "Bonn"]]
    assert answer.steps[-1].cause == "JOIN c USING (customer)"


def test_a_value_that_a_step_changes_is_said_to_be_changed(previewer: Previewer) -> None:
    steps = [read("customers"), sql("loud", "SELECT upper(customer) AS customer FROM c", c="customers")]
    answer = find(previewer, steps, "loud", "customer", "dan")
    assert answer.finding is Finding.CHANGED
    assert find(previewer, steps, "loud", "customer", "DAN").finding is Finding.THERE


def test_rows_without_a_value_are_found_by_null(previewer: Previewer) -> None:
    answer = find(previewer, CHAIN[:-1], "joined", "customer", None)
    assert answer.conclusion == "make clean dropped customer = NULL: WHERE id < 5"


def test_an_unknown_dataset_is_refused(previewer: Previewer) -> None:
    with pytest.raises(UnknownNameError, match="total"):
        follow(previewer, CHAIN, "total", row=0)


def test_a_row_of_a_runs_sample_is_known_by_its_values(previewer: Previewer) -> None:
    text = (
        "SELECT id, TIMESTAMP '2026-01-31 10:00:00' AS at, id / 3 AS share, repeat('x', 300) AS long FROM o"
    )
    steps = [read("orders"), sql("moments", text, o="orders")]
    # As a run's lineage writes them: moments by ISO 8601, long texts cut.
    kept = [3, "2026-01-31T10:00:00", 1, "x" * 199 + "…"]
    answer = follow(previewer, steps, "moments", values=kept)
    assert answer.problem is None
    assert [step.grid.rows[0][0] for step in answer.steps] == [3, 3]


def test_a_row_with_the_time_of_day_is_known_by_its_place(previewer: Previewer) -> None:
    steps = [read("orders"), sql("stamped", "SELECT id, current_timestamp AS at FROM o", o="orders")]
    answer = follow(previewer, steps, "stamped", row=4, values=[4, "2020-01-01 00:00:00+00:00"])
    assert answer.problem is None
    assert [step.grid.rows[0][0] for step in answer.steps] == [4, 4]
    assert answer.steps[1].is_source
    other = follow(previewer, steps, "stamped", row=5, values=[4, "2020-01-01 00:00:00+00:00"])
    assert other.problem is not None


def test_what_was_lost_in_a_function_is_not_blamed_on_anyone(
    previewer: Previewer, make_file: MakeFile
) -> None:
    make_file("odibi.toml", '[studio]\npreview_functions = true\n[functions]\nallow = ["followed_cuts"]\n')
    make_file("followed_cuts.py", "def cut(data):\n    return data[data['city'] != 'Bonn']\n")
    call = StepForm(
        name="cut",
        layer="silver",
        type="function",
        value="followed_cuts.cut",
        inputs={"data": "customers"},
        outputs={"data": "some"},
    )
    steps = [read("customers"), call, sql("shown", "SELECT customer FROM s WHERE city = 'Rome'", s="some")]
    answer = find(previewer, steps, "shown", "customer", "dan")
    assert answer.finding is Finding.UNKNOWN
    assert answer.conclusion.startswith("what cut made of customer = dan can't be told: a Python function")
    # Behind the function it is followed again.
    answer = find(previewer, steps, "shown", "customer", "bob")
    assert answer.conclusion == "make shown dropped customer = bob: WHERE city = 'Rome'"
