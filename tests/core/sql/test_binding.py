"""Columns are known, and mistakes told, before any data is touched."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from odibi_core.errors import SqlError
from odibi_core.schema import Schema
from odibi_core.sql.binding import Binder
from odibi_core.sql.compose import Dialect, SqlStep

BRONZE = Schema.of({"id": "BIGINT", "name": "VARCHAR", "born": "DATE", "amount €": "DOUBLE"})
SILVER = Schema.of({"id": "BIGINT", "city": "VARCHAR"})
INPUTS = {"bronze": BRONZE, "silver": SILVER}


@pytest.fixture
def binder() -> Iterator[Binder]:
    binder = Binder()
    yield binder
    binder.close()


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ("SELECT id, upper(name) AS name FROM bronze", {"id": "BIGINT", "name": "VARCHAR"}),
        ("FROM silver", {"id": "BIGINT", "city": "VARCHAR"}),
        ("WITH x AS (FROM bronze) SELECT max(born) AS last FROM x", {"last": "DATE"}),
        ('SELECT "amount €" * 2 AS twice FROM bronze;', {"twice": "DOUBLE"}),
        ("SELECT * FROM bronze JOIN silver USING (id)", {**BRONZE.as_dict(), "city": "VARCHAR"}),
        ("SELECT {'a': id, 'b c': name} AS s FROM bronze", {"s": 'STRUCT(a BIGINT, "b c" VARCHAR)'}),
        ("SELECT [1.5] AS l, MAP {'a': 1} AS m", {"l": "DECIMAL(2,1)[]", "m": "MAP(VARCHAR, INTEGER)"}),
        ("PIVOT silver ON city IN ('Rome') USING sum(id)", {"Rome": "HUGEINT"}),
        ("DESCRIBE silver", None),
        ("SELECT id AS x, id AS x_1 FROM silver", {"x": "BIGINT", "x_1": "BIGINT"}),
    ],
)
def test_the_columns_of_a_select_are_known(binder: Binder, sql: str, columns: dict[str, str] | None) -> None:
    schema = binder.bind(sql, INPUTS)
    assert schema is not None
    assert columns is None or schema.as_dict() == columns


@pytest.mark.parametrize(
    "type_",
    [
        "ENUM('a', 'b')",
        "DECIMAL(38,10)",
        "TIMESTAMP WITH TIME ZONE",
        "INTEGER[3]",
        "UNION(a INTEGER, b VARCHAR)",
        "STRUCT(a INTEGER, b VARCHAR)[]",
        "BLOB",
        "UUID",
        "INTERVAL",
        "JSON",
        "HUGEINT",
        "TIME",
        '"NULL"',
    ],
)
def test_a_type_of_any_kind_passes_through(binder: Binder, type_: str) -> None:
    assert binder.bind("SELECT * FROM t", {"t": Schema.of({"x": type_})}) == Schema.of({"x": type_})


@pytest.mark.parametrize("name", ["select", "a b", 'say "hi"', "x.y", "🙂", "it's", "new\nline"])
def test_inputs_and_columns_of_any_name_are_bound(binder: Binder, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    schema = Schema.of({name: "INTEGER"})
    assert binder.bind(f"SELECT {quoted} FROM {quoted}", {name: schema}) == schema


def test_a_pivot_whose_columns_depend_on_the_data_has_unknown_columns(binder: Binder) -> None:
    assert binder.bind("PIVOT silver ON city USING sum(id)", INPUTS) is None


def test_a_pivot_whose_columns_depend_on_the_data_is_checked_all_the_same(binder: Binder) -> None:
    with pytest.raises(SqlError, match="there is no column 'town'"):
        binder.bind("PIVOT silver ON town USING sum(id)", INPUTS)


@pytest.mark.parametrize(
    ("sql", "message", "place"),
    [
        ("SELECT naem FROM bronze", "no column 'naem'(.|\n)*did you mean 'name' of 'bronze'", (1, 8)),
        ("SELECT\n  '🙂é', b.naem\nFROM bronze b", "no column 'naem' in 'b'", (2, 9)),
        ("SELECT zz FROM silver", "no column 'zz'(.|\n)*'silver' has the columns id, city", (1, 8)),
        ("SELECT * EXCLUDE (zz) FROM silver", "no column 'zz'", (1, 19)),
        ('SELECT id FROM silver WHERE city = "Rome"', "single quotes: 'Rome'", (1, 36)),
        (
            "SELECT * FROM bronz",
            "no input 'bronz': the step has the inputs 'bronze', 'silver'(.|\n)*did you mean 'bronze'",
            (1, 15),
        ),
        ("SELECT * FROM gold", "no input 'gold'(.|\n)*add 'gold' to the step's inputs", (1, 15)),
        ("SELECT x.id FROM bronze", "'x' is none of the tables of this query", (1, 8)),
        ("SELECT id FROM bronze, silver", "'id' is in more than one table(.|\n)*bronze.id", (1, 8)),
        (
            "SELECT id + name FROM bronze",
            "BIGINT and VARCHAR can't go together with \\+(.|\n)*TRY_CAST",
            (1, 11),
        ),
        ("SELECT name > 5 FROM bronze", "VARCHAR and INTEGER can't be compared", (1, 8)),
        (
            "SELECT substr(born, 1) FROM bronze",
            "substr can't take \\(DATE, INTEGER\\)(.|\n)*it takes substr",
            (1, 8),
        ),
        ("SELECT florr(1.5)", "no function 'florr'(.|\n)*'floor'", (1, 8)),
        (
            "SELECT sum(id), name FROM bronze",
            "'name' is neither grouped nor aggregated(.|\n)*GROUP BY",
            (1, 17),
        ),
        (
            "SELECT id FROM bronze WHERE sum(id) > 1",
            "an aggregate can't stand in WHERE(.|\n)*HAVING",
            (1, 29),
        ),
        ("SELECT CAST(id AS TXT) FROM bronze", "no type 'TXT'", (1, 19)),
        ("SELECT id FROM bronze UNION SELECT id, city FROM silver", "different numbers of columns", None),
        ("SELECT * FROM bronze JOIN silver USING (name)", "'name' on both sides(.|\n)*ON", None),
        ("SELECT ? FROM bronze", "parameter mark", None),
        ("SELECT id FROM bronze WERE id > 1", "SQL can't go on with 'id' after 'WERE'", (1, 28)),
        ("SELECT id FROM", "the SQL stops after 'FROM'", (1, 11)),
    ],
)
def test_a_mistake_is_told_in_words_with_its_place(
    binder: Binder, sql: str, message: str, place: tuple[int, int] | None
) -> None:
    with pytest.raises(SqlError, match=message) as caught:
        binder.bind(sql, INPUTS)
    if place is not None:
        assert (caught.value.line, caught.value.column) == place
        assert caught.value.where == f"line {place[0]}, column {place[1]}"


@pytest.mark.parametrize(
    "source",
    [
        "read_csv('/etc/passwd')",
        "'/etc/passwd.csv'",
        "'x.parquet'",
        "read_text('/etc/hosts')",
        "glob('*')",
        "read_parquet('s3://bucket/x')",
        "read_json('https://example.com/x.json')",
    ],
)
def test_a_step_that_reads_a_file_is_told_to_ingest_it(binder: Binder, source: str) -> None:
    with pytest.raises(SqlError, match=r"a SQL step reads its inputs only(.|\n)*add an ingest step"):
        binder.bind(f"SELECT * FROM {source}", {})


@pytest.mark.parametrize(
    "sql",
    [
        "WITH x AS (INSERT INTO silver VALUES (1, 'a') RETURNING *) SELECT * FROM x",
        "WITH x AS (DELETE FROM silver RETURNING *) SELECT * FROM x",
        "WITH x AS (UPDATE silver SET id = 1 RETURNING *) SELECT * FROM x",
    ],
)
def test_a_step_that_writes_inside_a_select_is_refused(binder: Binder, sql: str) -> None:
    with pytest.raises(SqlError, match="a SQL step only reads its inputs"):
        binder.bind(sql, INPUTS)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT b.id, s.id FROM bronze b JOIN silver s ON b.id = s.id",
        "WITH x AS (FROM bronze) SELECT x.id, s.ID FROM x, silver s",
        "SELECT * FROM bronze b JOIN silver s ON b.id = s.id",
    ],
)
def test_two_columns_of_one_name_are_reported(binder: Binder, sql: str) -> None:
    with pytest.raises(SqlError, match=r"comes? out more than once(.|\n)*USING \(id\)"):
        binder.bind(sql, INPUTS)


def test_inputs_that_differ_in_case_alone_are_reported(binder: Binder) -> None:
    with pytest.raises(SqlError, match="'Bronze' and 'bronze' are one name"):
        binder.bind("SELECT 1", {"Bronze": BRONZE, "bronze": BRONZE})


def test_an_input_without_columns_is_reported(binder: Binder) -> None:
    with pytest.raises(SqlError, match="the input 'empty' has no columns"):
        binder.bind("SELECT 1", {"empty": Schema()})


def test_variables_of_the_program_are_no_tables(binder: Binder) -> None:
    secret_frame = [1, 2, 3]
    with pytest.raises(SqlError, match="no input 'secret_frame'"):
        binder.bind("SELECT * FROM secret_frame", INPUTS)
    assert secret_frame


def step(name: str, sql: str, *inputs: str, dialect: Dialect = Dialect.AUTO) -> SqlStep:
    return SqlStep(name, sql, {key: key for key in inputs}, name, dialect)


def test_a_long_chain_is_bound(binder: Binder) -> None:
    steps = [
        SqlStep(f"s{n}", f"SELECT *, {n} AS c{n} FROM data", {"data": f"k{n - 1}"}, f"k{n}")
        for n in range(1, 101)
    ]
    bound = binder.bind_all(steps, {"k0": SILVER})
    schema = bound["s100"].schema
    assert schema is not None
    assert schema.names[:3] == ("id", "city", "c1")
    assert len(schema) == 102


def test_a_fan_out_is_bound(binder: Binder) -> None:
    steps = [
        SqlStep(f"s{n}", f"SELECT id + {n} AS n FROM silver", {"silver": "k"}, f"k{n}") for n in range(50)
    ]
    bound = binder.bind_all(steps, {"k": SILVER})
    assert {result.schema for result in bound.values()} == {Schema.of({"n": "BIGINT"})}


def test_every_failing_step_is_reported_and_those_behind_it_are_not(binder: Binder) -> None:
    bound = binder.bind_all(
        [
            step("good", "SELECT id FROM silver", "silver"),
            step("bad", "SELECT nope FROM silver", "silver"),
            step("behind", "SELECT nope FROM bad", "bad"),
            step("also_bad", "SELECT cty FROM silver", "silver"),
            step("behind_and_bad", "SELECT FROM WHERE", "bad"),
            step("empty", "  ", "silver"),
            step("good_too", "SELECT id AS n FROM good", "good"),
        ],
        {"silver": SILVER},
    )
    errors = {name: result.error.what for name, result in bound.items() if result.error}
    assert list(errors) == ["bad", "also_bad", "behind_and_bad", "empty"]
    assert bound["behind"].schema is None
    assert bound["good_too"].schema == Schema.of({"n": "BIGINT"})


def test_a_step_sees_its_own_inputs_only(binder: Binder) -> None:
    bound = binder.bind_all(
        [
            step("a", "SELECT id FROM silver", "silver"),
            step("b", "SELECT * FROM a"),
            step("c", "SELECT 1 AS x"),
        ],
        {"silver": SILVER},
    )
    assert bound["b"].error is not None
    assert "the step has no inputs" in bound["b"].error.what
    assert bound["c"].schema == Schema.of({"x": "INTEGER"})


def test_duplicate_columns_are_found_among_many_steps(binder: Binder) -> None:
    bound = binder.bind_all(
        [
            step("one", "SELECT 1 AS x"),
            step("twice", "SELECT a.id, b.id FROM silver a, silver b", "silver"),
            step("fine", "SELECT 1 AS x, 2 AS x_1"),
        ],
        {"silver": SILVER},
    )
    assert bound["twice"].error is not None
    assert "'id' comes out more than once" in bound["twice"].error.what
    assert bound["fine"].error is None


def test_an_unknown_input_leaves_the_columns_unknown(binder: Binder) -> None:
    bound = binder.bind_all([step("a", "SELECT anything FROM frame", "frame")], {"frame": None})
    assert bound["a"].schema is None
    assert bound["a"].error is None


def test_spark_text_among_duckdb_text_is_translated(binder: Binder) -> None:
    bound = binder.bind_all(
        [
            step("native", "SELECT id, city FROM silver", "silver"),
            step(
                "spark", "SELECT *, CURRENT_TIMESTAMP() AS at, NVL(city, 'x') AS town FROM silver", "silver"
            ),
            step("said", "SELECT DAYOFWEEK('2024-01-07') AS d", dialect=Dialect.SPARK),
            step("after", "SELECT at, town FROM spark", "spark"),
        ],
        {"silver": SILVER},
    )
    assert [result.error for result in bound.values()] == [None] * 4
    assert bound["native"].sql == "SELECT id, city FROM silver"
    assert "()" not in bound["spark"].sql
    assert bound["after"].schema == Schema.of({"at": "TIMESTAMP WITH TIME ZONE", "town": "VARCHAR"})


def test_threads_may_share_a_binder(binder: Binder) -> None:
    schemas: list[Schema | None] = []
    threads = [
        threading.Thread(target=lambda: schemas.append(binder.bind("SELECT id FROM silver", INPUTS)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert schemas == [Schema.of({"id": "BIGINT"})] * 8


def test_sql_that_duckdb_takes_as_it_is_loads_no_parser() -> None:
    code = (
        "import sys; from odibi_core.sql.binding import Binder; from odibi_core.sql.compose import SqlStep\n"
        "from odibi_core.sql.analysis import is_row_preserving\n"
        "assert '_duckdb' not in sys.modules\n"
        "bound = Binder().bind_all([SqlStep('a', 'SELECT 1 AS x', {}, 'a')], {})\n"
        "assert bound['a'].schema and is_row_preserving('SELECT x FROM t', ['t'])\n"
        "assert 'sqlglot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
