"""A preview shows rows of a step and its inputs, over samples whose rows meet, and writes nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from odibi_core.errors import OdibiError, UnknownNameError
from odibi_core.workspace import Workspace
from odibi_studio.messages import (
    ParameterForm,
    PipelineForm,
    PreviewAnswer,
    PreviewRequest,
    ProfileAnswer,
    ProfileRequest,
    Span,
    StepForm,
)
from odibi_studio.services.checking import Checker
from odibi_studio.services.previews import Previewer
from odibi_studio.services.profiles import Profiler
from odibi_studio.services.samples import SAMPLE_ROWS

MakeFile = Callable[[str, str | bytes], Path]


@pytest.fixture
def previewer(workspace: Workspace) -> Iterator[Previewer]:
    checker = Checker(workspace)
    previewer = Previewer(workspace, checker)
    yield previewer
    previewer.close()
    checker.close()


@pytest.fixture
def orders(make_file: MakeFile) -> None:
    make_file("data/orders.csv", "id,city,amount,day\n1,Rome,2.5,2025-01-31\n2,Oslo,4,2025-02-01\n3,,8,\n")


def read(path: str, key: str, **params: Any) -> StepForm:
    return StepForm(
        name=f"read {key}", layer="bronze", type="config_op", value=path, params=params, outputs={"data": key}
    )


def sql(text: str, key: str = "made", **inputs: str) -> StepForm:
    given = inputs or {"rows": "orders"}
    return StepForm(
        name=f"make {key}", layer="silver", type="sql", value=text, inputs=given, outputs={"data": key}
    )


ORDERS = read("data/orders.csv", "orders")


def preview(
    previewer: Previewer, *steps: StepForm, step: str = "", rows: int = 100, **fields: Any
) -> PreviewAnswer:
    parameters = fields.pop("given", {})
    pipeline = PipelineForm(name="sales", steps=list(steps), **fields)
    return previewer.preview(
        PreviewRequest(
            revision=3, pipeline=pipeline, step=step or steps[-1].name, rows=rows, parameters=parameters
        )
    )


@pytest.mark.usefixtures("orders")
def test_rows_of_a_step_stand_beside_those_of_its_inputs(previewer: Previewer) -> None:
    answer = preview(previewer, ORDERS, sql("SELECT id, amount * 2 AS twice FROM rows WHERE id > 1"))
    assert answer.problem is None
    (given,), (made,) = answer.inputs, answer.outputs
    assert (given.port, given.dataset, given.row_count, given.is_sample) == ("rows", "orders", 3, False)
    assert given.rows[2] == [3, None, 8.0, None]
    assert given.rows[0][3] == "2025-01-31"
    assert [(column.name, column.type) for column in made.columns] == [("id", "BIGINT"), ("twice", "DOUBLE")]
    assert made.rows == [[2, 8.0], [3, 16.0]]
    assert made.note == ""


@pytest.mark.usefixtures("orders")
def test_the_count_is_that_of_all_rows_and_not_of_those_shown(previewer: Previewer) -> None:
    (made,) = preview(previewer, ORDERS, sql("FROM rows"), rows=2).outputs
    assert (len(made.rows), made.row_count) == (2, 3)


@pytest.mark.usefixtures("orders")
def test_a_step_that_writes_shows_what_it_would_write_and_writes_nothing(
    previewer: Previewer, workspace: Workspace
) -> None:
    store = StepForm(
        name="save", layer="store", type="config_op", value="out/x.parquet", inputs={"data": "orders"}
    )
    answer = preview(previewer, ORDERS, store)
    assert answer.outputs == []
    assert answer.inputs[0].row_count == 3
    assert not (workspace.root / "out").exists()


def test_a_join_of_large_sources_finds_partners(previewer: Previewer, workspace: Workspace) -> None:
    folder = workspace.root / "data"
    folder.mkdir()
    count = 4 * SAMPLE_ROWS
    left = pl.DataFrame({"order": list(range(count)), "who": list(range(count, 0, -1))})
    right = pl.DataFrame({"Customer Id": list(range(count + 1)), "name": [f"n{n}" for n in range(count + 1)]})
    left.write_parquet(folder / "orders.parquet")
    right.write_csv(folder / "customers.csv")
    answer = preview(
        previewer,
        read("data/orders.parquet", "orders"),
        read("data/customers.csv", "customers"),
        sql('SELECT "Customer Id" AS id, name FROM rows', "people", rows="customers"),
        sql(
            "SELECT o.*, p.name FROM orders o JOIN people p ON o.who = p.id", orders="orders", people="people"
        ),
    )
    assert answer.problem is None
    (made,) = answer.outputs
    assert made.row_count == SAMPLE_ROWS
    assert made.is_sample
    assert made.note == (
        "the first 5,000 rows of data/orders.parquet; "
        "rows of data/customers.csv that find partners by Customer Id"
    )


@pytest.mark.usefixtures("orders")
def test_a_pivot_whose_columns_the_data_decide_is_shown(previewer: Previewer) -> None:
    pivot = sql("PIVOT rows ON city USING sum(amount)", "wide")
    after = sql("SELECT Rome FROM wide", "after", wide="wide")
    answer = preview(previewer, ORDERS, pivot)
    assert answer.problem is None
    assert {column.name for column in answer.outputs[0].columns} >= {"Rome", "Oslo"}
    assert preview(previewer, ORDERS, pivot, after).problem is None


@pytest.mark.usefixtures("orders")
def test_a_text_of_spark_is_translated(previewer: Previewer) -> None:
    (made,) = preview(previewer, ORDERS, sql("SELECT DATE_FORMAT(day, 'yyyy') AS y FROM rows")).outputs
    assert made.rows == [["2025"], ["2025"], [None]]


@pytest.mark.usefixtures("orders")
def test_what_only_the_rows_show_to_be_wrong_is_told_at_the_step(previewer: Previewer) -> None:
    answer = preview(
        previewer,
        ORDERS,
        sql("SELECT CAST(city AS INTEGER) AS n\nFROM rows"),
        sql("FROM made", "x", made="made"),
    )
    assert answer.problem is not None
    assert answer.problem.step == "make made"
    assert "can't be read as a whole number" in answer.problem.what


@pytest.mark.usefixtures("orders")
def test_a_mistake_of_a_step_that_is_not_needed_does_not_matter(previewer: Previewer) -> None:
    wrong = sql("SELECT nothing FROM rows", "wrong")
    assert preview(previewer, ORDERS, wrong, sql("FROM rows")).problem is None
    problem = preview(previewer, ORDERS, wrong).problem
    assert problem is not None
    assert problem.span == Span(line=1, column=8, end_line=1, end_column=15)


def test_a_file_that_is_not_there_is_told_at_its_step(previewer: Previewer) -> None:
    problem = preview(previewer, ORDERS, sql("SELECT 1 AS one FROM rows")).problem
    assert problem is not None
    assert (problem.step, problem.what) == ("read orders", "the file does not exist, nor does its folder")


def test_rows_that_can_not_be_read_are_counted(previewer: Previewer, make_file: MakeFile) -> None:
    make_file("data/orders.csv", "id,amount\n1,2\nx,3\n4,5\n")
    answer = preview(
        previewer, read("data/orders.csv", "orders", schema={"id": "BIGINT", "amount": "BIGINT"})
    )
    assert answer.outputs[0].rows == [[1, 2], [4, 5]]
    assert answer.warnings == ["step 'read orders': 1 rows could not be read and are left out"]


@pytest.mark.usefixtures("orders")
def test_parameters_take_what_is_given_else_their_defaults(previewer: Previewer) -> None:
    steps = (ORDERS, sql("SELECT id FROM rows WHERE id > {least}"))
    declared = {"least": ParameterForm(type="integer", default=1)}
    assert preview(previewer, *steps, parameters=declared).outputs[0].rows == [[2], [3]]
    assert preview(previewer, *steps, parameters=declared, given={"least": "2"}).outputs[0].rows == [[3]]
    problem = preview(previewer, *steps, parameters={"least": ParameterForm(type="integer")}).problem
    assert problem is not None
    assert problem.what == "parameter 'least': a value is needed: the parameter has no default"
    assert problem.fix == "give it a default"


@pytest.mark.usefixtures("orders")
def test_no_environment_and_no_secret_gets_into_sql(
    previewer: Previewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOST_SECRET", "hush-hush")
    text = "SELECT '${env:HOST_SECRET}' AS a, '${secret:HOST_SECRET}' AS b FROM rows LIMIT 1"
    answer = preview(previewer, ORDERS, sql(text))
    assert answer.outputs[0].rows == [["***", "***"]]
    assert len(answer.warnings) == 2
    assert "hush-hush" not in answer.model_dump_json()
    assert os.environ["HOST_SECRET"] == "hush-hush"


@pytest.mark.usefixtures("orders")
def test_a_file_is_out_of_reach_of_previewed_sql(previewer: Previewer, workspace: Workspace) -> None:
    for text in (
        f"FROM '{workspace.root}/data/orders.csv'",
        "SELECT * FROM read_csv('data/orders.csv')",
        "SELECT * FROM duckdb_settings()",
    ):
        answer = preview(previewer, ORDERS, sql(text))
        assert answer.problem is not None
        assert answer.outputs == []


@pytest.mark.usefixtures("orders")
def test_a_changed_file_gives_other_rows(previewer: Previewer, make_file: MakeFile) -> None:
    assert preview(previewer, ORDERS).outputs[0].row_count == 3
    make_file("data/orders.csv", "id\n1\n")
    assert preview(previewer, ORDERS).outputs[0].rows == [[1]]


def test_values_that_json_would_round_or_lacks_come_as_texts(previewer: Previewer) -> None:
    text = (
        "SELECT 9007199254740993 AS big, 1.50::DECIMAL(9,2) AS money, 'nan'::DOUBLE AS odd, [1, 2] AS list,"
        " {'a': DATE '2025-01-01'} AS struct, '\\x00a'::BLOB AS bytes, INTERVAL 2 DAY AS span,"
        " TIMESTAMP '2025-01-01 12:00' AS moment, DATE '290000-01-01' AS far, TRUE AS flag"
    )
    step = StepForm(name="make", layer="silver", type="sql", value=text, outputs={"data": "made"})
    (row,) = preview(previewer, step).outputs[0].rows
    assert row[:3] == ["9007199254740993", "1.50", "nan"]
    assert row[3:6] == [[1, 2], {"a": "2025-01-01"}, "\\x00a"]
    assert row[7] == "2025-01-01 12:00:00"
    assert row[9] is True
    assert isinstance(row[8], str)


FUNCTION = StepForm(
    name="call", layer="silver", type="function", value="preview_rules.twice", inputs={"rows": "orders"},
    outputs={"data": "twice"},
)  # fmt: skip


@pytest.mark.usefixtures("orders")
def test_functions_are_not_called_unless_the_operator_allows_it(
    previewer: Previewer, make_file: MakeFile, monkeypatch: pytest.MonkeyPatch, workspace: Workspace
) -> None:
    make_file("preview_rules.py", "def twice(rows):\n    return rows.assign(id=rows['id'] * 2)\n")
    monkeypatch.syspath_prepend(workspace.root)
    make_file("odibi.toml", '[functions]\nallow = ["preview_rules"]\n')
    steps = (ORDERS, FUNCTION, sql("SELECT id FROM twice", "after", twice="twice"))
    problem = preview(previewer, *steps).problem
    assert problem is not None
    assert problem.step == "call"
    assert problem.fix == "the operator can allow it: preview_functions = true under [studio] in odibi.toml"
    make_file("odibi.toml", '[functions]\nallow = ["preview_rules"]\n[studio]\npreview_functions = true\n')
    answer = preview(previewer, *steps)
    assert answer.problem is None
    assert answer.outputs[0].rows == [[2], [4], [6]]


@pytest.mark.usefixtures("orders")
def test_an_unknown_step_is_refused(previewer: Previewer) -> None:
    with pytest.raises(UnknownNameError):
        preview(previewer, ORDERS, step="raed orders")


def profile(previewer: Previewer, column: str, *steps: StepForm, port: str = "data") -> ProfileAnswer:
    pipeline = PipelineForm(name="sales", steps=list(steps))
    return Profiler(previewer).profile(
        ProfileRequest(pipeline=pipeline, step=steps[-1].name, port=port, column=column)
    )


def test_a_number_has_a_range_a_mean_and_a_histogram(previewer: Previewer, make_file: MakeFile) -> None:
    make_file("data/orders.csv", "n\n" + "\n".join(str(n) for n in range(100)) + "\n")
    made = sql("SELECT n, n // 50 AS half FROM rows UNION ALL SELECT NULL, NULL")
    found = profile(previewer, "n", ORDERS, made)
    assert (found.row_count, found.null_count, found.distinct_count) == (101, 1, 100)
    assert (found.minimum, found.maximum, found.mean) == ("0", "99", "49.5")
    assert [each.count for each in found.histogram] == [5] * 20
    assert (found.histogram[0].low, found.histogram[-1].high) == ("0", "99")
    halves = profile(previewer, "half", ORDERS, made)
    assert [(each.value, each.count) for each in halves.most_frequent] == [("0", 50), ("1", 50), (None, 1)]


@pytest.mark.usefixtures("orders")
def test_texts_and_days_have_what_makes_sense_for_them(previewer: Previewer) -> None:
    city = profile(previewer, "city", ORDERS, sql("FROM rows"), port="rows")
    assert (city.minimum, city.maximum, city.mean, city.histogram) == ("Oslo", "Rome", None, [])
    day = profile(previewer, "day", ORDERS)
    assert (day.minimum, day.maximum, day.mean) == ("2025-01-31", "2025-02-01", "2025-01-31 12:00:00")
    assert sum(each.count for each in day.histogram) == 2
    nested = profile(previewer, "l", ORDERS, sql("SELECT [id] AS l, NULL AS n FROM rows"))
    assert nested.distinct_count == 3
    assert profile(previewer, "n", ORDERS, sql("SELECT NULL AS n FROM rows")).null_count == 3


@pytest.mark.usefixtures("orders")
def test_an_unknown_column_or_a_wrong_step_is_told(previewer: Previewer) -> None:
    with pytest.raises(UnknownNameError, match="cty"):
        profile(previewer, "cty", ORDERS)
    with pytest.raises(OdibiError, match="no column 'x'"):
        profile(previewer, "x", ORDERS, sql("SELECT x FROM rows"))
