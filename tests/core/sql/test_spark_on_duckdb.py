"""Every translation is proved by running it: DuckDB must give the value that Spark documents."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from odibi_core.schema import Schema
from odibi_core.sql.dialect import translate


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(
            """CREATE TABLE people AS FROM (VALUES
                (1, 'Ann', 'a', 10, DATE '2024-01-31', 2.5, [1, 2]),
                (2, 'Bo', 'a', NULL, DATE '2024-02-29', -1.5, []),
                (3, NULL, 'b', 30, NULL, NULL, NULL),
                (4, 'Cy', 'b', 40, DATE '2023-12-31', 9.99, [3])
            ) AS t(id, name, team, score, born, weight, tags)"""
        )
        yield connection


SCHEMA = Schema.of(
    {
        "id": "INTEGER",
        "name": "VARCHAR",
        "team": "VARCHAR",
        "score": "INTEGER",
        "born": "DATE",
        "weight": "DOUBLE",
        "tags": "INTEGER[]",
    }
)


def run(database: duckdb.DuckDBPyConnection, spark: str) -> list[Any]:
    sql = translate(spark, "spark", "duckdb", inputs={"people": SCHEMA}).sql
    return [row[0] if len(row) == 1 else row for row in database.execute(sql).fetchall()]


D, T = dt.date, dt.datetime

VALUES: list[tuple[str, Any]] = [
    # Names of types, literals, identifiers
    ("CAST(12 AS STRING)", "12"),
    ("CAST('12' AS LONG)", 12),
    ("CAST('1' AS BYTE) + CAST('2' AS SHORT)", 3),
    ("CAST(2.7 AS INT)", 2),
    ("CAST(-2.7D AS BIGINT)", -2),
    ("CAST('3' AS INT)", 3),
    ("CAST(TRUE AS INT)", 1),
    ("TRY_CAST('x' AS INT)", None),
    ("CAST('2024-01-05 10:00:00' AS TIMESTAMP)", T(2024, 1, 5, 10)),
    ("TIMESTAMP '2024-01-05 10:00:00'", T(2024, 1, 5, 10)),
    ('"a text"', "a text"),
    (r"'it\'s'", "it's"),
    (r"'a\tb'", "a\tb"),
    (r"r'\d'", r"\d"),
    ("1L + 1", 2),
    ("1.5BD", Decimal("1.5")),
    # Nulls and choices
    ("NVL(NULL, 2)", 2),
    ("NVL2(NULL, 1, 2)", 2),
    ("NVL2(0, 1, 2)", 1),
    ("IFNULL(NULL, 'x')", "x"),
    ("IF(1 > 2, 'a', 'b')", "b"),
    ("NULL <=> NULL", True),
    ("1 <=> NULL", False),
    ("GREATEST(1, NULL, 3)", 3),
    ("LEAST(NULL, 2)", 2),
    ("ISNULL(NULL) AND ISNOTNULL(1)", True),
    ("NANVL(CAST('NaN' AS DOUBLE), 5)", 5),
    ("DECODE(2, 1, 'one', 2, 'two')", "two"),
    # Dates: patterns
    ("DATE_FORMAT('2024-01-05', 'yyyy-MM-dd')", "2024-01-05"),
    ("DATE_FORMAT('2024-01-05 09:03:07.123456', 'd/M/yy HH:mm:ss.SSS')", "5/1/24 09:03:07.123"),
    ("DATE_FORMAT('2024-01-05', 'EEEE, MMMM d')", "Friday, January 5"),
    ("DATE_FORMAT('2024-01-05', 'E MMM')", "Fri Jan"),
    ("DATE_FORMAT('2024-01-05 15:00:00', \"yyyy'T'hh a\")", "2024T03 PM"),
    ("DATE_FORMAT('2024-02-05', 'DDD % D')", "036 % 36"),
    ("TO_DATE('2024-01-05')", D(2024, 1, 5)),
    ("TO_DATE('05/01/2024', 'dd/MM/yyyy')", D(2024, 1, 5)),
    ("TO_DATE('5-Jan-2024', 'd-MMM-yyyy')", D(2024, 1, 5)),
    ("TO_TIMESTAMP('05.01.2024 13:45', 'dd.MM.yyyy HH:mm')", T(2024, 1, 5, 13, 45)),
    ("TO_TIMESTAMP('2024-01-05 01:02:03')", T(2024, 1, 5, 1, 2, 3)),
    ("TRY_TO_TIMESTAMP('x', 'yyyy')", None),
    # Dates: arithmetic
    ("DATE(TIMESTAMP '2024-01-05 10:00:00')", D(2024, 1, 5)),
    ("DATE_ADD('2016-07-30', 1)", D(2016, 7, 31)),
    ("DATE_SUB('2016-07-30', 1)", D(2016, 7, 29)),
    ("DATE_ADD(DATE '2024-01-01', 2 - 1)", D(2024, 1, 2)),
    ("ADD_MONTHS('2016-08-31', 1)", D(2016, 9, 30)),
    ("ADD_MONTHS('2016-02-29', 1)", D(2016, 3, 29)),
    ("MONTHS_BETWEEN('1997-02-28 10:30:00', '1996-10-30')", 3.94959677),
    ("MONTHS_BETWEEN('2024-02-29', '2024-01-31')", 1.0),
    ("DATEDIFF('2009-07-31', '2009-07-30')", 1),
    ("DATEDIFF('2009-07-30', '2009-07-31')", -1),
    ("DATEDIFF(MONTH, DATE '2024-01-31', DATE '2024-03-01')", 1),
    ("TIMESTAMPDIFF(HOUR, '2024-01-01 00:59:00', '2024-01-01 02:00:00')", 1),
    ("DATEADD(MONTH, 1, DATE '2024-01-31')", D(2024, 2, 29)),
    ("TRUNC('2019-08-04', 'week')", D(2019, 7, 29)),
    ("TRUNC('2019-08-04', 'MM')", D(2019, 8, 1)),
    ("TRUNC('2009-02-12', 'YEAR')", D(2009, 1, 1)),
    ("TRUNC('2019-08-04', 'quarter')", D(2019, 7, 1)),
    ("DATE_TRUNC('HOUR', '2015-03-05T09:32:05.359')", T(2015, 3, 5, 9)),
    ("DATE_TRUNC('MM', DATE '2015-03-05')", T(2015, 3, 1)),
    ("LAST_DAY('2009-01-12')", D(2009, 1, 31)),
    ("NEXT_DAY('2015-01-14', 'TU')", D(2015, 1, 20)),
    ("NEXT_DAY('2015-01-14', 'Wednesday')", D(2015, 1, 21)),
    ("DAYOFWEEK('2009-07-30')", 5),
    ("DAYOFWEEK('2024-01-07')", 1),
    ("WEEKDAY('2009-07-30')", 3),
    ("WEEKOFYEAR('2008-02-20')", 8),
    ("DAYOFYEAR('2016-04-09')", 100),
    ("YEAR('2016-07-30') * 10000 + MONTH('2016-07-30') * 100 + DAY('2016-07-30')", 20160730),
    ("QUARTER('2016-08-31')", 3),
    ("HOUR('2009-07-30 12:58:59') + MINUTE('2009-07-30 12:58:59') + SECOND('2009-07-30 12:58:59')", 129),
    ("EXTRACT(DOW FROM DATE '2024-01-07')", 1),
    ("EXTRACT(DAYOFWEEK_ISO FROM DATE '2024-01-07')", 7),
    ("EXTRACT(SECONDS FROM TIMESTAMP '2019-10-01 00:00:01.000001')", Decimal("1.000001")),
    ("DATE_PART('YEAR', TIMESTAMP '2019-08-12 01:00:00')", 2019),
    ("DATE '2024-01-31' + INTERVAL 1 MONTH", D(2024, 2, 29)),
    ("TIMESTAMP '2024-01-31 10:00:00' + INTERVAL 2 HOURS", T(2024, 1, 31, 12)),
    ("UNIX_TIMESTAMP('2016-04-08', 'yyyy-MM-dd')", 1460073600),
    ("UNIX_TIMESTAMP('1970-01-01 00:01:00')", 60),
    ("FROM_UNIXTIME(0, 'yyyy-MM-dd HH:mm:ss')", "1970-01-01 00:00:00"),
    ("FROM_UNIXTIME(86400)", "1970-01-02 00:00:00"),
    ("TIMESTAMP_SECONDS(1230219000)", T(2008, 12, 25, 15, 30)),
    ("DATE_FROM_UNIX_DATE(1)", D(1970, 1, 2)),
    ("UNIX_DATE(DATE '1970-01-02')", 1),
    ("FROM_UTC_TIMESTAMP('2016-08-31', 'Asia/Seoul')", T(2016, 8, 31, 9)),
    ("TO_UTC_TIMESTAMP('2016-08-31', 'Asia/Seoul')", T(2016, 8, 30, 15)),
    ("MAKE_DATE(2013, 7, 15)", D(2013, 7, 15)),
    ("MONTHNAME('2008-02-20')", "Feb"),
    # Text
    ("CONCAT('a', NULL)", None),
    ("CONCAT('a', 1, 'b')", "a1b"),
    ("CONCAT_WS(' ', 'Spark', NULL, 'SQL')", "Spark SQL"),
    ("SUBSTRING('Spark SQL', 5, 1)", "k"),
    ("SUBSTRING('Spark SQL', 0, 3)", "Spa"),
    ("SUBSTR('Spark SQL', -3)", "SQL"),
    ("SUBSTRING('Spark SQL' FROM 5 FOR 1)", "k"),
    ("INSTR('SparkSQL', 'SQL')", 6),
    ("LOCATE('bar', 'foobarbar')", 4),
    ("LOCATE('bar', 'foobarbar', 5)", 7),
    ("REGEXP_EXTRACT('100-200', '(\\\\d+)-(\\\\d+)')", "100"),
    ("REGEXP_EXTRACT('100-200', '(\\\\d+)-(\\\\d+)', 2)", "200"),
    ("REGEXP_EXTRACT('abc', '(x)')", ""),
    ("REGEXP_EXTRACT_ALL('100-200, 300-400', '(\\\\d+)-(\\\\d+)', 1)", ["100", "300"]),
    ("REGEXP_REPLACE('100-200', '(\\\\d+)', 'num')", "num-num"),
    ("REGEXP_REPLACE('a1', '([a-z])(\\\\d)', '$2$1')", "1a"),
    ("'Spark' RLIKE 'p.r'", True),
    ("REGEXP_LIKE('Spark', '^S')", True),
    ("'a_b' LIKE 'a\\\\_b'", True),
    ("'axb' LIKE 'a\\\\_b'", False),
    ("SPLIT('oneAtwoBthreeC', '[ABC]')", ["one", "two", "three", ""]),
    ("SPLIT('a|b', '\\\\|')", ["a", "b"]),
    ("SUBSTRING_INDEX('www.apache.org', '.', 2)", "www.apache"),
    ("SUBSTRING_INDEX('www.apache.org', '.', -1)", "org"),
    ("INITCAP('sPark sql')", "Spark Sql"),
    ("LPAD('hi', 5)", "   hi"),
    ("RPAD('hi', 4, '?')", "hi??"),
    ("REPLACE('ABCabc', 'abc')", "ABC"),
    ("FORMAT_NUMBER(12332.123456, 4)", "12,332.1235"),
    ("FORMAT_STRING('%s is %d', 'x', 1)", "x is 1"),
    ("STARTSWITH('Spark', 'Sp') AND ENDSWITH('Spark', 'rk') AND CONTAINS('Spark', 'par')", True),
    ("TRANSLATE('AaBbCc', 'abc', '123')", "A1B2C3"),
    ("BASE64('Spark SQL')", "U3BhcmsgU1FM"),
    ("MD5('Spark')", "8cde774d6f7333752ed72cacddb05126"),
    ("SHA2('Spark', 256)", "529bc3b07127ecb7e53a4dcf1991d9152c24537d919178022b2c42657f79a26b"),
    ("SHA('Spark')", "85f5955f4b27a9a4c2aab6ffe5d7189fc298b92c"),
    ("LENGTH('Spark') + CHAR_LENGTH('SQL')", 8),
    ("UCASE('a') || LCASE('B')", "Ab"),
    ("TRIM(BOTH 'x' FROM 'xax')", "a"),
    ("SPACE(2) || 'a'", "  a"),
    # Numbers
    ("LOG(10, 100)", 2.0),
    ("LOG(EXP(1.0D))", 1.0),
    ("LOG10(1000)", 3.0),
    ("LOG2(8)", 3.0),
    ("7 / 2", 3.5),
    ("7 DIV 2", 3),
    ("-7 DIV 2", -3),
    ("7.9D DIV 2", 3),
    ("MOD(-7, 3)", -1),
    ("-7 % 3", -1),
    ("PMOD(-7, 3)", 2),
    ("PMOD(10, 3)", 1),
    ("ROUND(2.5)", Decimal(3)),
    ("BROUND(2.5, 0)", Decimal(2)),
    ("BROUND(25, -1)", 20),
    ("CEIL(-0.1)", 0),
    ("FLOOR(-0.1D)", -1),
    ("SHIFTLEFT(2, 1) + SHIFTRIGHT(4, 1)", 6),
    ("3 ^ 5", 6),
    ("TRY_DIVIDE(1, 0)", None),
    ("HEX(17)", "11"),
    ("BIN(13)", "1101"),
    ("SIGN(40)", 1),
    # Lists, structs, maps
    ("SIZE(ARRAY('b', 'd', 'c', 'a'))", 4),
    ("SIZE(MAP('a', 1, 'b', 2))", 2),
    ("ARRAY(1, 2, 3)[0]", 1),
    ("ELEMENT_AT(ARRAY(1, 2, 3), 2)", 2),
    ("ELEMENT_AT(ARRAY(1, 2, 3), -1)", 3),
    ("ELEMENT_AT(MAP(1, 'a', 2, 'b'), 2)", "b"),
    ("MAP('a', 1)['a']", 1),
    ("MAP(1, 'one', 2, 'two')[1]", "one"),
    ("MAP_KEYS(MAP('a', 1))", ["a"]),
    ("ARRAY_CONTAINS(ARRAY(1, 2), 2)", True),
    ("STRUCT(1 AS a, 'b' AS b)", {"a": 1, "b": "b"}),
    ("NAMED_STRUCT('a', 1, 'b', 2).b", 2),
    ("SEQUENCE(1, 5)", [1, 2, 3, 4, 5]),
    ("SEQUENCE(5, 1)", [5, 4, 3, 2, 1]),
    ("SEQUENCE(1, 5, 2)", [1, 3, 5]),
    ("SLICE(ARRAY(1, 2, 3, 4), 2, 2)", [2, 3]),
    ("SLICE(ARRAY(1, 2, 3, 4), -2, 2)", [3, 4]),
    ("SORT_ARRAY(ARRAY('b', NULL, 'a'))", [None, "a", "b"]),
    ("ARRAY_SORT(ARRAY('b', NULL, 'a'))", ["a", "b", None]),
    ("ARRAY_DISTINCT(ARRAY(3, 1, 3, NULL, 1))", [3, 1, None]),
    ("ARRAY_POSITION(ARRAY(3, 2, 1), 1)", 3),
    ("ARRAY_POSITION(ARRAY(3, 2, 1), 9)", 0),
    ("ARRAY_JOIN(ARRAY('a', NULL, 'b'), ' ')", "a b"),
    ("ARRAY_JOIN(ARRAY('a', NULL, 'b'), ' ', ',')", "a , b"),
    ("ARRAY_MAX(ARRAY(1, 20, NULL, 3))", 20),
    ("ARRAY_REPEAT('x', 2)", ["x", "x"]),
    ("ARRAY_REMOVE(ARRAY(1, 2, 3, 3), 3)", [1, 2]),
    ("ARRAYS_OVERLAP(ARRAY(1, 2), ARRAY(2, 3))", True),
    ("TRANSFORM(ARRAY(1, 2, 3), x -> x + 1)", [2, 3, 4]),
    ("TRANSFORM(ARRAY(1, 2, 3), (x, i) -> x + i)", [1, 3, 5]),
    ("FILTER(ARRAY(1, 2, 3), x -> x % 2 = 1)", [1, 3]),
    ("FILTER(ARRAY(0, 2, 3), (x, i) -> x > i)", [2, 3]),
    ("AGGREGATE(ARRAY(1, 2, 3), 10, (acc, x) -> acc + x)", 16),
    ("EXISTS(ARRAY(1, 2, 3), x -> x % 2 = 0)", True),
    ("FORALL(ARRAY(1, 2, 3), x -> x > 0)", True),
    ("FLATTEN(ARRAY(ARRAY(1, 2), ARRAY(3)))", [1, 2, 3]),
    # JSON
    ("GET_JSON_OBJECT('{\"a\": {\"b\": 1}}', '$.a.b')", "1"),
    ("FROM_JSON('{\"a\": 1, \"b\": 0.8}', 'a INT, b DOUBLE')", {"a": 1, "b": 0.8}),
    ("FROM_JSON('[1, 2]', 'ARRAY<INT>')", [1, 2]),
    ("FROM_JSON('{broken', 'a INT')", None),
    ("TO_JSON(NAMED_STRUCT('a', 1))", '{"a":1}'),
]


@pytest.mark.parametrize(("expression", "expected"), VALUES, ids=[text for text, _ in VALUES])
def test_an_expression_gives_the_value_that_spark_documents(
    database: duckdb.DuckDBPyConnection, expression: str, expected: Any
) -> None:
    (value,) = run(database, f"SELECT {expression} AS value")
    if isinstance(expected, float):
        assert math.isclose(value, expected, rel_tol=1e-9)
    else:
        assert value == expected
        assert isinstance(value, dt.datetime) == isinstance(expected, dt.datetime)


QUERIES: list[tuple[str, list[Any]]] = [
    # Sorting: nulls first ascending, last descending
    ("SELECT score FROM people ORDER BY score", [None, 10, 30, 40]),
    ("SELECT score FROM people ORDER BY score DESC", [40, 30, 10, None]),
    ("SELECT score FROM people SORT BY score", [None, 10, 30, 40]),
    ("SELECT id FROM people ORDER BY name, id", [3, 1, 2, 4]),
    (
        "SELECT id, ROW_NUMBER() OVER (PARTITION BY team ORDER BY score) AS n FROM people ORDER BY id",
        [(1, 2), (2, 1), (3, 1), (4, 2)],
    ),
    # Identifiers, stars, limits
    ("SELECT `name` FROM `people` WHERE `id` = 1", ["Ann"]),
    ('SELECT id FROM people WHERE name = "Bo"', [2]),
    ("SELECT * EXCEPT (name, team, score, born, weight, tags) FROM people ORDER BY id LIMIT 2", [1, 2]),
    ("SELECT id FROM people ORDER BY id LIMIT 1 OFFSET 2", [3]),
    ("SELECT /*+ BROADCAST(people) */ id FROM people WHERE id = 1", [1]),
    ("SELECT a + b FROM VALUES (1, 2), (3, 4) AS t(a, b)", [3, 7]),
    ("SELECT 1 AS a MINUS SELECT 1", []),
    # Aggregates
    ("SELECT COLLECT_LIST(score) FROM people", [[10, 30, 40]]),
    ("SELECT COLLECT_LIST(score) FROM people WHERE id > 9", [[]]),
    ("SELECT ARRAY_SORT(COLLECT_SET(team)) FROM people", [["a", "b"]]),
    ("SELECT COLLECT_LIST(id) FILTER (WHERE score > 10) FROM people", [[3, 4]]),
    ("SELECT COLLECT_LIST(id) OVER (ORDER BY id) FROM people WHERE id < 3 ORDER BY id", [[1], [1, 2]]),
    ("SELECT FIRST(score) FROM (SELECT * FROM people ORDER BY score)", [None]),
    ("SELECT FIRST(score, TRUE) FROM (SELECT * FROM people ORDER BY score)", [10]),
    ("SELECT FIRST(score) IGNORE NULLS FROM (SELECT * FROM people ORDER BY score)", [10]),
    ("SELECT LAST(score, TRUE) FROM (SELECT * FROM people ORDER BY score DESC)", [10]),
    ("SELECT LAST(score) FROM (SELECT * FROM people ORDER BY score DESC)", [None]),
    (
        "SELECT LAST_VALUE(score) IGNORE NULLS OVER (ORDER BY id) FROM people ORDER BY id",
        [10, 10, 30, 40],
    ),
    (
        "SELECT FIRST(score, TRUE) OVER (ORDER BY id DESC) FROM people ORDER BY id",
        [40, 40, 40, 40],
    ),
    ("SELECT PERCENTILE(id, 0.5) FROM people", [2.5]),
    ("SELECT PERCENTILE_APPROX(id, 0.5) FROM people", [2]),
    ("SELECT PERCENTILE_APPROX(id, 0.5, 100) FROM people", [2]),
    ("SELECT APPROX_PERCENTILE(id, ARRAY(0.25, 0.75)) FROM people", [[1, 3]]),
    ("SELECT COUNT_IF(score > 10) FROM people", [2]),
    ("SELECT EVERY(id > 0) AND SOME(id > 3) FROM people", [True]),
    ("SELECT COUNT(DISTINCT team, score) FROM people", [3]),
    ("SELECT MAX_BY(name, id) FROM people", ["Cy"]),
    ("SELECT SUM(CAST(weight AS INT)) FROM people", [10]),
    ("SELECT team, COUNT(*) FROM people GROUP BY ALL ORDER BY team", [("a", 2), ("b", 2)]),
    (
        "SELECT team, SUM(score) AS s FROM people GROUP BY team WITH ROLLUP ORDER BY team",
        [(None, 80), ("a", 10), ("b", 70)],
    ),
    (
        "SELECT team, GROUPING(team) AS g FROM people GROUP BY CUBE (team) ORDER BY g, team",
        [("a", 0), ("b", 0), (None, 1)],
    ),
    # Rows out of lists
    ("SELECT EXPLODE(tags) AS tag FROM people ORDER BY tag", [1, 2, 3]),
    (
        "SELECT id, EXPLODE_OUTER(tags) AS tag FROM people ORDER BY id, tag",
        [(1, 1), (1, 2), (2, None), (3, None), (4, 3)],
    ),
    ("SELECT POSEXPLODE(tags) FROM people WHERE id = 1", [(0, 1), (1, 2)]),
    (
        "SELECT id, tag FROM people LATERAL VIEW EXPLODE(tags) t AS tag ORDER BY id, tag",
        [(1, 1), (1, 2), (4, 3)],
    ),
    (
        "SELECT id, tag FROM people LATERAL VIEW OUTER EXPLODE(tags) t AS tag ORDER BY id, tag",
        [(1, 1), (1, 2), (2, None), (3, None), (4, 3)],
    ),
    (
        "SELECT id, place, tag FROM people LATERAL VIEW POSEXPLODE(tags) t AS place, tag ORDER BY id, place",
        [(1, 0, 1), (1, 1, 2), (4, 0, 3)],
    ),
    (
        "SELECT tag, twice FROM people LATERAL VIEW EXPLODE(tags) t AS tag "
        "LATERAL VIEW EXPLODE(ARRAY(tag, tag * 2)) u AS twice WHERE id = 4 ORDER BY twice",
        [(3, 3), (3, 6)],
    ),
    ("SELECT EXPLODE(MAP('a', 1)) AS (k, v)", [("a", 1)]),
    ("SELECT k, v FROM people LATERAL VIEW EXPLODE(MAP('a', id)) m AS k, v WHERE id = 2", [("a", 2)]),
    ("SELECT INLINE(ARRAY(STRUCT(1 AS a, 'x' AS b)))", [(1, "x")]),
    # Joins and pivots
    ("SELECT id FROM people a LEFT SEMI JOIN (SELECT 2 AS other) b ON a.id = b.other", [2]),
    ("SELECT id FROM people a LEFT ANTI JOIN (SELECT 2 AS other) b ON a.id = b.other ORDER BY id", [1, 3, 4]),
    (
        "SELECT * FROM (SELECT team, score FROM people) PIVOT (SUM(score) FOR team IN ('a', 'b'))",
        [(10, 70)],
    ),
    (
        "SELECT a_total, a_n FROM (SELECT team, score FROM people) "
        "PIVOT (SUM(score) AS total, COUNT(score) AS n FOR team IN ('a'))",
        [(10, 1)],
    ),
    ("SELECT id FROM people QUALIFY ROW_NUMBER() OVER (ORDER BY id DESC) = 1", [4]),
    ("WITH x AS (SELECT id FROM people) SELECT COUNT(*) FROM x WHERE EXISTS (SELECT 1 FROM people)", [4]),
    ("SELECT born + INTERVAL 1 MONTH FROM people WHERE id = 1", [D(2024, 2, 29)]),
    ("SELECT CAST(weight / 2 AS INT) FROM people WHERE id = 4", [4]),
]


@pytest.mark.parametrize(("query", "expected"), QUERIES, ids=[text for text, _ in QUERIES])
def test_a_query_gives_the_rows_that_spark_documents(
    database: duckdb.DuckDBPyConnection, query: str, expected: list[Any]
) -> None:
    assert run(database, query) == expected


@pytest.mark.parametrize("now", ["CURRENT_TIMESTAMP()", "CURRENT_TIMESTAMP", "NOW()"])
def test_the_present_moment_is_a_timestamp_with_or_without_parentheses(
    database: duckdb.DuckDBPyConnection, now: str
) -> None:
    (value,) = run(database, f"SELECT {now} AS at")
    assert abs(value - dt.datetime.now(dt.UTC)) < dt.timedelta(hours=1)


@pytest.mark.parametrize("today", ["CURRENT_DATE()", "CURRENT_DATE", "CURDATE()"])
def test_the_present_day_is_a_date(database: duckdb.DuckDBPyConnection, today: str) -> None:
    (value,) = run(database, f"SELECT {today} AS day")
    assert type(value) is dt.date


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("CAST('abc' AS INT)", "Could not convert string 'abc'"),
        ("TO_DATE('31/02/2024', 'dd/MM/yyyy')", "Date out of range"),
        ("1 / (SELECT 0)", "Division by zero"),
        ("1 DIV (SELECT 0)", "Division by zero"),
    ],
)
def test_what_is_an_error_in_spark_is_no_null_on_duckdb(
    database: duckdb.DuckDBPyConnection, expression: str, message: str
) -> None:
    with pytest.raises(duckdb.Error, match=message):
        run(database, f"SELECT {expression}")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("SELECT COUNT(*), SUM(score), team FROM people GROUP BY team", ["count(1)", "sum(score)", "team"]),
        ("SELECT DATE_FORMAT(born, 'yyyy') FROM people", ["date_format(born, yyyy)"]),
        ("SELECT EXPLODE(tags) FROM people", ["col"]),
        ("SELECT POSEXPLODE(tags) FROM people", ["pos", "col"]),
        ("SELECT id + 1 FROM people", ["(id + 1)"]),
        ("SELECT p.id, p.* FROM (SELECT id FROM people) p", ["id", "id"]),
    ],
)
def test_columns_without_a_name_get_the_name_that_spark_gives(
    database: duckdb.DuckDBPyConnection, query: str, names: list[str]
) -> None:
    assert database.sql(translate(query, "spark", "duckdb").sql).columns == names
