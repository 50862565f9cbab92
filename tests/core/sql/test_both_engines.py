"""What the dialects part in is translated, or warned of: every case runs on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from pyspark.sql import DataFrame, SparkSession
from tests.core.sql.dialect_cases import CASES, ROWS, Case

from odibi_core.engines.duckdb.session import Session
from odibi_core.engines.operations import Query
from odibi_core.engines.spark.conforming import conformed
from odibi_core.engines.spark.queries import Queries
from odibi_core.engines.spark.staging import duckdb_schema
from odibi_core.parity.comparing import compare_rows
from odibi_core.parity.comparison import column_differences
from odibi_core.schema import Schema
from odibi_core.sql.dialect import translate

pytestmark = pytest.mark.xdist_group("spark")


class Both:
    """The input `t` on both engines.

    Args:
        spark: The session.
        folder: Holds the input, and what DuckDB spills.
    """

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.session = Session(folder)
        self.queries = Queries(spark, "cases")
        self.database = duckdb.connect()
        self.database.execute("SET TimeZone = 'UTC'")
        self.database.execute(f"CREATE TABLE t AS {ROWS}")
        self.database.execute(f"COPY t TO '{folder / 't.parquet'}'")
        self.schema = self._schema("FROM t")
        self.frame: DataFrame = spark.read.parquet((folder / "t.parquet").as_uri())

    def _schema(self, sql: str) -> Schema:
        relation = self.database.sql(sql)
        return Schema.of(zip(relation.columns, map(str, relation.types), strict=True))

    def differences(self, text: str) -> tuple[list[object], tuple[str, ...]]:
        """What differs between the engines, and what was warned of."""
        is_spark, sql = text.startswith("spark:"), text.removeprefix("spark:").strip()
        inputs = {"t": self.schema}
        ours, warnings = sql, tuple[str, ...]()
        if is_spark:
            translation = translate(sql, "spark", "duckdb", inputs=inputs)
            ours, warnings = translation.sql, translation.warnings
        schema = self._schema(ours)
        query = Query(sql, "spark" if is_spark else "duckdb")
        frame, more = self.queries.frame(query, {"t": self.frame}, inputs)
        frame = conformed(frame, schema, self.session)
        found = duckdb_schema(frame, self.session)
        columns = column_differences((schema, found), ("pandas", "spark"))
        rows = compare_rows(
            self.database.sql(ours).to_arrow_table(),
            frame.toArrow(),
            (schema, found),
            tolerance=1e-12,
            examples=5,
        )
        return [*columns, *rows.pairs], (*warnings, *more)


@pytest.fixture(scope="module")
def both(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    made = Both(spark, tmp_path_factory.mktemp("cases"))
    yield made
    made.queries.close()
    made.session.close()
    made.database.close()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_the_dialects_part_without_harm(both: Both, case: Case) -> None:
    for query in case.queries:
        found, warnings = both.differences(query)
        if case.warning:
            assert any(case.warning in warning for warning in warnings), (query, warnings)
        else:
            assert found == [], (query, found)
            assert warnings == (), query


def test_every_letter_has_the_same_forms_on_both_engines(both: Both, tmp_path: Path) -> None:
    letters = tmp_path / "letters.parquet"
    numbers = "range(1, 1114112) AS r(i) WHERE i NOT BETWEEN 55296 AND 57343"
    both.database.execute(f"COPY (SELECT i, chr(i::INTEGER) AS c FROM {numbers}) TO '{letters}'")
    # Of small letters Spark knows some that Unicode has since 16 alone.
    sql = "SELECT i, upper(c) AS a, CASE WHEN i < 7000 THEN lower(c) END AS b, trim(c || c) AS e FROM letters"
    ours = both.database.sql(sql.replace("FROM letters", f"FROM '{letters}'")).to_arrow_table()
    given = both.frame.sparkSession.read.parquet(letters.as_uri())
    schema = Schema.of([("i", "BIGINT"), ("c", "VARCHAR")])
    frame, _ = both.queries.frame(Query(sql, "duckdb"), {"letters": given}, {"letters": schema})
    theirs = frame.orderBy("i").toArrow()
    assert ours.num_rows > 1_000_000
    for column in ours.column_names:
        found, wanted = theirs[column].cast(ours[column].type), ours[column]
        # Millions of Python's own texts are made only to show what differs.
        assert found.equals(wanted) or found.to_pylist() == wanted.to_pylist(), column
