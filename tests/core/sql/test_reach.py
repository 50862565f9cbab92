"""What reads its inputs alone is known by its words; what could open a file never passes for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odibi_core import late_duckdb
from odibi_core.schema import Schema
from odibi_core.sql import spare
from odibi_core.sql.binding import Binder
from odibi_core.sql.compose import SqlStep
from odibi_core.sql.reach import reads_inputs_alone

INPUTS = ["bronze", "a b"]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM bronze WHERE amount > 100",
        "SELECT *, amount * 0.1 AS tax FROM Bronze",
        'FROM "a b" SELECT id, upper(name)',
        "SELECT status, COUNT(*) AS n, AVG(age) AS age FROM bronze GROUP BY status ORDER BY 1, n",
        "SELECT * EXCLUDE (rn) FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY id, x ORDER BY y) AS rn "
        "FROM bronze) WHERE rn = 1",
        'SELECT b.id FROM bronze b JOIN "a b" x ON b.id = x.id AND x.n IN (1, 2)',
        "SELECT * FROM bronze, \"a b\" WHERE 'from x.csv' = name",
        'SELECT * FROM bronze UNION ALL FROM "a b"',
        "SELECT CASE WHEN (a = 1) THEN 'it''s' ELSE b::DECIMAL(10, 2) END FROM bronze",
    ],
)
def test_plain_queries_are_known(sql: str) -> None:
    assert reads_inputs_alone(sql, INPUTS)


REACHING = [
    "FROM 'x.csv'",
    'FROM "x.csv"',
    'FROM "X.CSV" SELECT *',
    "FROM bronze, 'x.csv'",
    "FROM bronze b, bronze c, 'x.csv'",
    "FROM bronze JOIN 'x.csv' ON true",
    "FROM bronze SEMI JOIN 'x.csv' USING (id)",
    "FROM bronze POSITIONAL JOIN 'x.csv'",
    "FROM read_csv('x.csv')",
    "FROM (FROM 'x.csv')",
    "FROM ('x.csv')",
    "FROM (bronze JOIN 'x.csv' ON true)",
    "SELECT (FROM 'x.csv' LIMIT 1) FROM bronze",
    "SELECT * FROM bronze WHERE id IN (FROM 'x.csv')",
    "SELECT * FROM bronze WHERE EXISTS (TABLE 'x.csv')",
    "SELECT * FROM bronze WHERE id IN (SELECT id FROM 'x.csv')",
    "FROM bronze UNION ALL FROM 'x.csv'",
    'FROM bronze UNION ALL TABLE "x.csv"',
    "WITH x AS (FROM 'x.csv') FROM bronze, x",
    "FROM bronze SELECT id, (SELECT count(*) FROM 'x.csv')",
    "FROM bronze, LATERAL (FROM 'x.csv')",
    "FROM query('FROM ''x.csv''')",
    "FROM query_table('x.csv')",
    "FROM read_text('x.csv')",
    "DESCRIBE 'x.csv'",
    "SUMMARIZE 'x.csv'",
    "PIVOT 'x.csv' ON id IN (1)",
    "SELECT $$'$$, * FROM 'x.csv' --' FROM bronze",
    "SELECT e'\\'', * FROM 'x.csv' --' FROM bronze",
    "SELECT 1 /* /* */ ' */, * FROM 'x.csv' --' FROM bronze",
    "SELECT 1 -- it's \n, * FROM 'x.csv' --' FROM bronze",
    "SELECT id FROM bronze -- \r , 'x.csv'",
    "SELECT 1FROM 'x.csv'",
    'SELECT*FROM"x.csv"',
    'FROM memory.main."x.csv"',
    'FROM bronze."x.csv"',
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a file that queries could read."""
    (tmp_path / "x.csv").write_text("id,name\n1,a\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def databases(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[duckdb.DuckDBPyConnection, duckdb.DuckDBPyConnection]]:
    """A database that finds a file x.csv, and one that may read none."""
    folder = tmp_path_factory.mktemp("reach")
    (folder / "x.csv").write_text("id,name\n1,a\n")
    free = duckdb.connect(config={"file_search_path": str(folder)})
    shut = duckdb.connect(config={"enable_external_access": "false"})
    assert columns_or_error(free, "FROM 'x.csv'") == "['id', 'name']"
    assert columns_or_error(shut, "FROM 'x.csv'") != "['id', 'name']"
    yield free, shut
    free.close()
    shut.close()


@pytest.mark.parametrize("sql", REACHING)
def test_what_could_read_a_file_is_never_taken_for_plain(sql: str) -> None:
    assert not reads_inputs_alone(sql, INPUTS)


PIECES = r"""
select * from bronze 'x.csv' "x.csv" x , ( ) join using(id) ' " id where union all table as 1 $$ e'\' -- /*
*/ read_text exists order by semi in
"""


@given(st.lists(st.sampled_from([*PIECES.split(), "\n"]), min_size=2, max_size=9))
def test_whatever_passes_for_plain_binds_alike_where_no_file_can_be_read(
    databases: tuple[duckdb.DuckDBPyConnection, duckdb.DuckDBPyConnection], pieces: list[str]
) -> None:
    sql = " ".join(pieces)
    if reads_inputs_alone(sql, ["bronze"]):
        free, shut = databases
        assert columns_or_error(free, sql) == columns_or_error(shut, sql)


def columns_or_error(database: duckdb.DuckDBPyConnection, sql: str) -> str:
    """What binding tells: most texts that chance makes are no SQL at all."""
    try:
        return str(database.sql(f"WITH bronze AS (SELECT 1 AS id) {sql}").columns)
    except Exception as error:  # noqa: BLE001 - errors are compared
        return str(error)


STEPS = [
    SqlStep("large", "SELECT * FROM bronze WHERE id > 1", {"bronze": "raw"}, "large"),
    SqlStep("doubled", "SELECT id * 2 AS id FROM large", {"large": "large"}, "doubled"),
]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """One item for each database that is opened."""
    monkeypatch.setattr(spare, "_SPARE", [])
    opened: list[object] = []
    connect = late_duckdb.connect

    def counting(*arguments: object, **settings: object) -> object:
        opened.append(settings)
        return connect(*arguments, **settings)  # type: ignore[arg-type]

    monkeypatch.setattr(late_duckdb, "connect", counting)
    return opened


def test_plain_steps_are_bound_once_on_the_database_of_the_run(opened: list[object]) -> None:
    binder, known = Binder(borrows=True), {"raw": Schema.of({"id": "INTEGER"})}
    for _ in range(2):
        bound = binder.bind_all(STEPS, known)
        assert [bound[name].schema for name in ("large", "doubled")] == [Schema.of({"id": "INTEGER"})] * 2
        with spare.take_database({}) as database:
            used = database.execute(
                "SELECT name, value FROM duckdb_settings() WHERE name LIKE 'auto%_known_extensions' "
                "OR name = 'python_enable_replacements'"
            ).fetchall()
            assert {value for _, value in used} == {"true"}
    # The second time, a database of its own, beside the one that was taken here.
    assert len(opened) == 3
    binder.close()


@pytest.mark.parametrize(
    "sql", ["FROM 'x.csv'", "SELECT nothing FROM large", "SELECT x::INET AS x FROM large"]
)
def test_what_is_not_plain_is_told_as_ever(folder: Path, opened: list[object], sql: str) -> None:
    steps = [*STEPS, SqlStep("odd", sql, {"large": "large"}, "odd")]
    known = {"raw": Schema.of({"id": "INTEGER"})}
    borrowing, own = Binder(borrows=True), Binder()
    told = [binder.bind_all(steps, known)["odd"] for binder in (borrowing, own)]
    assert str(told[0].error) == str(told[1].error) != "None"
    borrowing.close()
    own.close()
