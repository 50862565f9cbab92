"""Every statement that SQL Server would be asked, which is not here: its words are at least T-SQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
import sqlalchemy.dialects.mssql
import sqlglot
from sqlglot import exp
from tests.core.formats.bench import Bench, connect

from odibi_core.formats import dialect as module
from odibi_core.formats.base import ScanContext, Target, Ticket, WriteMode
from odibi_core.formats.dialect_session import _FIRST, Session
from odibi_core.formats.registry import format_named
from odibi_core.formats.servers import Server

mssql: Any = sa.dialects.mssql
COLUMNS = {
    "id": mssql.BIGINT(),
    "Ünï ]name": mssql.NVARCHAR(40),
    "select": mssql.DECIMAL(12, 3),
    "at": mssql.DATETIME2(6),
    "zoned": mssql.DATETIMEOFFSET(6),
    "kind": mssql.SQL_VARIANT(),
}
ROWS = """SELECT 1::BIGINT AS id, 'é' AS "Ünï ]name", 1.5::DECIMAL(12,3) AS "select",
    TIMESTAMP '2024-01-31 10:00:00' AS at, TIMESTAMPTZ '2024-01-31 10:00:00+00' AS zoned, 'x' AS kind"""
OTHER_ROWS = """SELECT true AS yes, 1::TINYINT AS t, 1::UBIGINT AS u, 1::HUGEINT AS h,
    1.5::FLOAT AS f, 2.5::DOUBLE AS d, DATE '2024-01-31' AS day, TIME '10:00:00' AS noon, 'x'::BLOB AS raw,
    uuid() AS uid, [1, 2] AS l,    {'a': 1} AS s, '{}'::JSON AS j"""


class Answer:
    """What a statement gave: no row, or a count of one."""

    def first(self) -> None:
        """No row."""

    def scalar_one(self) -> int:
        """A count."""
        return 1


class Asked:
    """In the place of a connection: keeps what it is asked."""

    def __init__(self) -> None:
        self.dialect = mssql.mssqlpython.dialect(paramstyle="qmark")
        # As a server of 2022 has told at the first connection.
        self.dialect.server_version_info = (16, 0, 1000, 6)
        self.dialect._setup_version_attributes()
        self.statements: list[str] = []
        self._maker = sa.create_mock_engine("mssql+mssqlpython://", self.execute)

    def execute(self, statement: Any, *_rows: Any) -> Answer:
        text = str(statement.compile(dialect=self.dialect))
        self.statements.append(" ".join(text.replace("__[POSTCOMPILE_", "(").split()))
        return Answer()

    def exec_driver_sql(self, statement: str) -> None:
        self.statements.append(statement)

    def commit(self) -> None:
        """Nothing is kept."""

    def rollback(self) -> None:
        """Nothing is kept."""

    def _run_ddl_visitor(self, visitor: Any, element: Any, **more: Any) -> None:
        self._maker._run_ddl_visitor(visitor, element, **more)


class Told(Session):
    """A session with a database that has one table, or none."""

    has_table = True

    def inspect(self) -> Any:
        return self

    default_schema_name = "dbo"

    def get_view_names(self, _schema: str) -> list[str]:
        return []

    def exists(self, schema: str, table: str) -> bool:
        return self.has_table

    def types(self, schema: str, table: str) -> list[tuple[str, Any]]:
        return list(COLUMNS.items())

    def batches(self, statement: Any) -> Iterator[Any]:
        self.connection.execute(statement)
        return iter(())


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, connect(tmp_path))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    connection: Any = Asked()

    @contextmanager
    def connected(server: Server) -> Iterator[Session]:
        yield Told(connection, server)

    monkeypatch.setattr(module, "connected", connected)
    return connection  # type: ignore[no-any-return]


SERVER = Server("sqlserver", "db", 1433, "erp", "etl", "secret", schema="sales")


def check(statements: list[str]) -> list[str]:
    """The statements, all of which are T-SQL."""
    for statement in statements:
        (parsed,) = sqlglot.parse(statement, read="tsql", error_level=sqlglot.ErrorLevel.RAISE)
        # What sqlglot takes as it stands was looked at by nobody.
        is_known = not isinstance(parsed, exp.Command) or statement == "EXEC sp_rename ?, ?, 'OBJECT'"
        assert is_known, statement
    return statements


@pytest.mark.parametrize(
    ("mode", "has_table", "rows", "holds"),
    [
        ("overwrite", False, OTHER_ROWS, ["CREATE TABLE", "INSERT INTO sales.[Order ]]s]"]),
        ("overwrite", True, ROWS, ["DELETE FROM [sales].[Order ]]s]"]),
        ("overwrite", True, OTHER_ROWS, ["DROP TABLE [sales].", "EXEC sp_rename ?, ?, 'OBJECT'"]),
        ("append", True, ROWS, ["INSERT INTO sales."]),
        (
            "merge",
            True,
            ROWS,
            [
                "INTO [#odibi_new_rows] FROM [sales].[Order ]]s] WHERE 1 = 0 UNION ALL SELECT ",
                "UPDATE sales.",
                "NOT (EXISTS",
            ],
        ),
    ],
)
def test_what_a_write_asks_is_t_sql(
    bench: Bench,
    asked: Asked,
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
    has_table: bool,
    rows: str,
    holds: list[str],
) -> None:
    monkeypatch.setattr(Told, "has_table", has_table)
    format_ = format_named("sqlserver")
    options = format_.write_options(table="Order ]s").at(SERVER)
    key = ("id", "Ünï ]name") if mode == "merge" else ()
    target = Target(Path("db"), WriteMode(mode), Ticket("run", "step"), (), key)

    format_.write(bench.rows(rows), target, options)

    told = "\n".join(check(asked.statements))
    for part in holds:
        assert part in told, told
    assert "odibi_writes" in told


def test_what_a_read_asks_is_t_sql(bench: Bench, asked: Asked) -> None:
    format_ = format_named("sqlserver")
    context = ScanContext(bench.cursor, bench.folder, False, "scan")
    scan = format_.scan("db", format_.read_options(table="Order ]s").at(SERVER), context)
    assert scan.narrow is not None
    where = """"id" BETWEEN 1 AND 5 AND "id" IN (2, 3) AND NOT "select" IS NULL AND "Ünï ]name" = 'it''s'"""
    filters = list(sqlglot.parse_one(f"SELECT 1 WHERE {where}", read="duckdb").args["where"].this.flatten())

    view: Any = scan.narrow(["id", "Ünï ]name", "kind"], filters)
    assert pa.RecordBatchReader.from_stream(view).read_all().num_rows == 0

    (told,) = check(asked.statements)
    for part in ("[Ünï ]]name]", "CAST(", ">= 1", "= 2 OR", "IS NOT NULL", "FROM sales.[Order ]]s]"):
        assert part in told, told


def test_what_a_session_begins_with_is_t_sql() -> None:
    for statement in _FIRST["mssql"]:
        assert statement.startswith("SET LOCK_TIMEOUT ")
        assert statement.split()[-1].isdigit()
