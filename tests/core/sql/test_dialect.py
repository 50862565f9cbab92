"""Which dialect a text is taken for, and what is said where the dialects part."""

from __future__ import annotations

import re

import duckdb
import pytest
import sqlglot
from tests.core.sql.dialect_cases import REFUSED, ROWS, Refused

from odibi_core.errors import SqlError
from odibi_core.schema import Schema
from odibi_core.sql.binding import Binder
from odibi_core.sql.compose import Dialect
from odibi_core.sql.dialect import NativeSql, Translation, native_sql, translate

INPUTS = {"t": Schema.of({"id": "BIGINT", "name": "VARCHAR", "x": "DOUBLE", "l": "INTEGER[]", "d": "DATE"})}


def native(sql: str, dialect: str = "auto") -> NativeSql:
    binder = Binder()

    def binds(text: str) -> SqlError | None:
        try:
            binder.bind(text, INPUTS)
        except SqlError as error:
            return error
        return None

    try:
        return native_sql(sql, dialect, binds=binds, inputs=INPUTS)
    finally:
        binder.close()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id FROM t",
        "SELECT list_transform(l, lambda y: y + 1) AS m FROM t",
        "SELECT regexp_replace(name, 'a', 'b') AS r, dayofweek(d) AS w, log(x) AS g FROM t",
        "FROM t SELECT * EXCLUDE (id)",
    ],
)
def test_what_duckdb_takes_stays_as_it_is(sql: str) -> None:
    assert native(sql) == NativeSql(sql, Dialect.DUCKDB)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT CURRENT_TIMESTAMP() AS at FROM t",
        "SELECT NVL(name, 'x') AS n FROM t",
        "SELECT DATE_FORMAT(d, 'yyyy') AS y FROM t",
        "SELECT id FROM t LATERAL VIEW EXPLODE(l) e AS y",
        "SELECT id <=> 1 AS same FROM t",
        r"SELECT 'it\'s' AS s FROM t",
        'SELECT NVL(name, "unknown") AS n FROM t',
        "SELECT TRANSFORM(l, y -> y + 1) AS m FROM t",
        "SELECT id FROM t WHERE name RLIKE 'a'",
        "SELECT id FROM t DISTRIBUTE BY id",
        "SELECT TRUNC(d, 'MM') AS m FROM t",
    ],
)
def test_what_only_spark_takes_is_translated(sql: str) -> None:
    result = native(sql)
    assert result.error is None
    assert result.dialect is Dialect.SPARK
    assert result.sql != sql


def test_a_text_said_to_be_spark_is_translated_although_duckdb_takes_it() -> None:
    assert native("SELECT DAYOFWEEK(d) AS w FROM t", "spark").sql != "SELECT DAYOFWEEK(d) AS w FROM t"


def test_a_text_said_to_be_duckdb_is_never_translated() -> None:
    result = native("SELECT NVL(name, 'x') AS n FROM t", "duckdb")
    assert result.error is not None
    assert "no function 'nvl'" in result.error.what


def test_a_wrong_name_in_double_quotes_does_not_become_a_text_by_way_of_spark() -> None:
    result = native('SELECT "nmae" FROM t')
    assert result.error is not None
    assert "no column 'nmae'" in result.error.what


def test_a_text_that_neither_takes_has_the_error_of_the_engine() -> None:
    result = native("SELECT id FROM t WERE id")
    assert result.error is not None
    assert "after 'WERE'" in result.error.what
    assert result.error.line == 1


def test_a_text_that_is_clearly_spark_has_the_error_of_the_translation() -> None:
    result = native("SELECT NVL(nmae, 'x') AS n FROM t")
    assert result.error is not None
    assert "no column 'nmae'" in result.error.what
    assert result.error.line is None


def test_on_spark_duckdb_text_is_the_one_to_translate() -> None:
    def binds(sql: str) -> SqlError | None:
        try:
            sqlglot.parse_one(sql, dialect="spark")
        except sqlglot.ParseError as error:
            return SqlError(str(error))
        return None

    result = native_sql("SELECT * EXCLUDE (id) FROM t", "duckdb", engine="spark", binds=binds)
    assert result.sql == "SELECT * EXCEPT (id) FROM t"


@pytest.mark.parametrize(
    ("spark", "warning"),
    [
        ("SELECT HASH(name) FROM t", "HASH: DuckDB hashes by another algorithm"),
        ("SELECT MONOTONICALLY_INCREASING_ID() FROM t", "depend on Spark's partitions"),
        ("SELECT CAST(y AS INT) FROM u", "CAST\\(y AS INT\\): DuckDB rounds a fraction"),
        ("SELECT y + INTERVAL 1 DAY FROM u", "DuckDB gives a TIMESTAMP where Spark gives a DATE"),
        ("SELECT DATE_FORMAT(d, 'Q') FROM t", "the date pattern 'Q': DuckDB has no counterpart of 'Q'"),
        ("SELECT DATE_FORMAT(d, name) FROM t", "a date pattern that is not a literal"),
        ("SELECT REGEXP_REPLACE(name, '(?<=a)b', '') FROM t", "regular expression"),
        ("SELECT RAND(42)", "take no seed"),
        ("SELECT SKEWNESS(x) FROM t", "of the population"),
        ("SELECT TO_JSON(STRUCT(name)) FROM t", "null fields"),
        ("SELECT SPLIT(name, ',', 2) FROM t", "takes no limit"),
        ("SELECT SHA2(name, 512) FROM t", "256 only"),
        ("SELECT FROM_UNIXTIME(id) FROM t", "in UTC"),
    ],
)
def test_what_can_not_be_translated_faithfully_is_said(spark: str, warning: str) -> None:
    (text,) = translate(spark, "spark", "duckdb", inputs=INPUTS).warnings
    assert re.search(warning, text)


@pytest.mark.parametrize(
    "spark",
    ["SELECT CAST(id AS INT), CAST(name AS INT), CAST(x AS INT) FROM t", "SELECT d + INTERVAL 1 DAY FROM t"],
)
def test_known_types_leave_nothing_to_warn_of(spark: str) -> None:
    assert translate(spark, "spark", "duckdb", inputs=INPUTS).warnings == ()


@pytest.mark.parametrize(
    ("duckdb_sql", "spark_sql"),
    [
        ("SELECT dayofweek(d) AS w FROM t", "SELECT (DAYOFWEEK(d) - 1) AS w FROM t"),
        ("SELECT isodow(d) AS w FROM t", "SELECT (WEEKDAY(d) + 1) AS w FROM t"),
        ("SELECT extract(dow FROM d) AS w FROM t", "SELECT (DAYOFWEEK(d) - 1) AS w FROM t"),
        ("SELECT regexp_extract(name, 'a') AS r FROM t", "SELECT REGEXP_EXTRACT(name, 'a', 0) AS r FROM t"),
        (
            r"SELECT regexp_replace(name, '(a)', '\1b', 'g') FROM t",
            "SELECT REGEXP_REPLACE(name, '(a)', '$1b') FROM t",
        ),
        ("SELECT regexp_full_match(name, 'a')", "SELECT (name RLIKE CONCAT('^(?:', 'a', ')\\\\z'))"),
        (
            "SELECT log(x) FROM t",
            "SELECT CASE WHEN x > 0 THEN LOG10(x) WHEN x = 0 "
            "THEN CAST('-Infinity' AS DOUBLE) WHEN x < 0 THEN CAST('NaN' AS DOUBLE) END FROM t",
        ),
        ("SELECT l[1], l[-1] FROM t", "SELECT GET(l, 0), TRY_ELEMENT_AT(l, -1) FROM t"),
        ("SELECT len(l), length(name) FROM t", "SELECT SIZE(l), LENGTH(name) FROM t"),
        ("SELECT CAST(x AS INTEGER) FROM t", "SELECT CAST(BROUND(x) AS INT) FROM t"),
        ("SELECT CAST(id AS HUGEINT) FROM t", "SELECT CAST(id AS DECIMAL(38, 0)) FROM t"),
        ("SELECT CAST(d AS TIMESTAMP) FROM t", "SELECT CAST(d AS TIMESTAMP) FROM t"),
        ("SELECT id FROM t ORDER BY id", "SELECT id FROM t ORDER BY id NULLS LAST"),
        ("FROM t SELECT * EXCLUDE (id)", "SELECT * EXCEPT (id) FROM t"),
        ("SELECT strftime(d, '%d/%m/%Y') FROM t", "SELECT DATE_FORMAT(d, 'dd/MM/yyyy') FROM t"),
        ('SELECT "a b" FROM "t"', "SELECT `a b` FROM `t`"),
        ("SELECT quantile_cont(x, 0.5) FROM t", "SELECT PERCENTILE(x, 0.5) FROM t"),
        ("SELECT quantile_disc(x, 0.5) FROM t", "SELECT PERCENTILE_APPROX(x, 0.5) FROM t"),
        ("SELECT list_transform(l, lambda y: y + 1) FROM t", "SELECT TRANSFORM(l, y -> y + 1) FROM t"),
        ("SELECT 7 // 2, round_even(x, 1) FROM t", "SELECT 7 DIV 2, BROUND(x, 1) FROM t"),
        ("SELECT MAP {'k': 1} AS m", "SELECT MAP('k', 1) AS m"),
        ("SELECT name ->> '$.a' FROM t", "SELECT GET_JSON_OBJECT(name, '$.a') FROM t"),
        (
            "SELECT date_diff('day', d, d) FROM t",
            "SELECT DATEDIFF(DAY, CAST(d AS DATE), CAST(d AS DATE)) FROM t",
        ),
        (
            "SELECT * EXCLUDE (l, d) REPLACE (x * 2 AS x) RENAME (id AS key) FROM t",
            "SELECT id AS key, name, x * 2 AS x FROM t",
        ),
        (
            "SELECT t.* REPLACE (1 AS id), u.y FROM t JOIN u ON u.y = t.x",
            "SELECT 1 AS id, t.name, t.x, t.l, t.d, u.y FROM t JOIN u ON u.y = t.x",
        ),
        (
            "SELECT id, x FROM t UNION BY NAME SELECT name, id FROM t",
            "SELECT id, x, NULL AS name FROM (SELECT id, x FROM t) AS _side UNION "
            "SELECT id, NULL AS x, name FROM (SELECT name, id FROM t) AS _side",
        ),
        (
            "SELECT * FROM t QUALIFY row_number() OVER (PARTITION BY id) = 1",
            "SELECT * EXCEPT (_w) FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY id ORDER BY NULL) AS _w "
            "FROM t) AS _t WHERE _w = 1",
        ),
        (
            "SELECT * FROM t USING SAMPLE reservoir(5 ROWS) REPEATABLE (7)",
            "SELECT * FROM (SELECT * FROM t) AS _all ORDER BY RAND(7) LIMIT 5",
        ),
        (
            "SELECT * FROM t USING SAMPLE 10%",
            "SELECT * FROM (SELECT * FROM t) AS _all WHERE RAND() < 10 / 100",
        ),
        (
            "SELECT CAST(try_strptime(name, '%d/%m/%Y') AS DATE) AS day FROM t",
            "SELECT CAST(CAST(TRY_TO_TIMESTAMP(name, 'd/M/yyyy') AS TIMESTAMP_NTZ) AS DATE) AS day FROM t",
        ),
    ],
)
def test_duckdb_text_becomes_spark_text(duckdb_sql: str, spark_sql: str) -> None:
    translation = translate(duckdb_sql, "duckdb", "spark", inputs=INPUTS)
    assert translation == type(translation)(spark_sql)
    sqlglot.parse_one(translation.sql, dialect="spark")


@pytest.mark.parametrize(
    ("duckdb_sql", "spark_sql"),
    [
        ("FROM t", "SELECT * FROM v1 AS `t`"),
        (
            "SELECT t.id FROM t JOIN T AS o ON t.id = o.id WHERE t.id IN (SELECT id FROM T)",
            "SELECT t.id FROM v1 AS `t` JOIN v1 AS o ON t.id = o.id WHERE t.id IN (SELECT id FROM v1 AS `T`)",
        ),
        ("WITH u AS (FROM t) SELECT id FROM u", "WITH u AS (SELECT * FROM v1 AS `t`) SELECT id FROM u"),
    ],
)
def test_inputs_are_named_by_the_views_that_hold_them(duckdb_sql: str, spark_sql: str) -> None:
    translation = translate(duckdb_sql, "duckdb", "spark", inputs=INPUTS, views={"t": "v1"})
    assert translation == Translation(spark_sql, names_views=True)


@pytest.mark.parametrize(
    "sql", ["WITH t AS (SELECT 1 AS id) SELECT id FROM t", "WITH u AS (WITH T AS (FROM t) FROM T) FROM u, t"]
)
def test_inputs_that_the_query_gives_another_meaning_keep_their_names(sql: str) -> None:
    translation = translate(sql, "duckdb", "spark", inputs=INPUTS, views={"t": "v1"})
    assert not translation.names_views
    assert "v1" not in translation.sql


@pytest.mark.parametrize(
    ("duckdb_sql", "warning"),
    [
        ("SELECT list(id) FILTER (WHERE id > 1) FROM t", "leaves nulls out"),
        ("SELECT CAST(y AS INTEGER) FROM u", "Spark cuts a fraction off"),
    ],
)
def test_what_spark_lacks_is_said(duckdb_sql: str, warning: str) -> None:
    assert any(warning in text for text in translate(duckdb_sql, "duckdb", "spark", inputs=INPUTS).warnings)


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.what)
def test_what_spark_has_no_word_for_is_refused_with_a_way_to_write_it(case: Refused) -> None:
    database = duckdb.connect()
    database.execute(f"CREATE TABLE t AS {ROWS}")
    relation = database.sql("FROM t")
    inputs = {"t": Schema.of(zip(relation.columns, map(str, relation.types), strict=True))}
    for query in case.queries:
        database.sql(query)
        with pytest.raises(SqlError) as caught:
            translate(query, "duckdb", "spark", inputs=inputs)
        assert caught.value.what == f"on Spark there is no {case.what}"
        elsewhere = "have this step run on DuckDB (engine: pandas)"
        assert caught.value.fix == (f"{case.instead}, or {elsewhere}" if case.instead else elsewhere)


def test_a_text_that_the_translator_can_not_read_is_refused_at_its_place() -> None:
    with pytest.raises(SqlError) as caught:
        translate("SELECT id\nFROM t\nWHERE apply(l, lambda x: x) IS NULL", "duckdb", "spark", inputs=INPUTS)
    assert "can't be translated for Spark" in caught.value.what
    assert "engine: pandas" in caught.value.fix
    assert caught.value.line == 3


@pytest.mark.parametrize("name", ["select", "odd name", "Ünï", "a.b", "back`tick", "😀"])
def test_names_that_are_written_out_are_quoted_as_spark_asks(name: str) -> None:
    inputs = {"t": Schema.of({"id": "BIGINT", name: "VARCHAR"})}
    made = translate("SELECT * REPLACE (1 AS id) FROM t", "duckdb", "spark", inputs=inputs).sql
    assert made == f"SELECT 1 AS id, `{name.replace('`', '``')}` FROM t"


def test_a_text_of_the_same_dialect_is_left_alone() -> None:
    assert translate("anything", "duckdb", "duckdb").sql == "anything"


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT FROM WHERE (", "can't be read|can't go on"),
        ("SELECT 1; SELECT 2", "more than one"),
        ("", "empty"),
    ],
)
def test_a_text_that_can_not_be_read_is_an_error_in_words(sql: str, message: str) -> None:
    with pytest.raises(SqlError, match=message):
        translate(sql, "spark", "duckdb")
