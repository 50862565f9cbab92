"""SQL Server: types, names, pushdown, lost connections; on the server that ODIBI_TEST_SQLSERVER names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from tests.conftest import Run
from tests.core.databases.conftest import Door
from tests.core.databases.test_doors import read, rows_of, saved
from tests.cut_wire import Wire, wire_to
from tests.sqlserver import SqlserverDatabase

from odibi_core.connection_desk import ConnectionDesk
from odibi_core.errors import TransientError
from odibi_core.formats import dialect
from odibi_core.testing import ingest_step, sql_step, store_step
from odibi_core.workspace import Workspace

pytestmark = [pytest.mark.sqlserver, pytest.mark.parametrize("door", ["sqlserver"], indirect=True)]

TYPES = """CREATE TABLE everything (
    ti tinyint, si smallint, i int, bi bigint, yes bit, f4 real, f8 float, price decimal(10,2),
    n numeric(38,0), m money, sm smallmoney, c char(3), v varchar(20), nc nchar(3), nv nvarchar(20),
    nmax nvarchar(max), b varbinary(4), bmax varbinary(max), d date, tm time(6), s smalldatetime, dt datetime,
    dt2 datetime2(6),
    tz datetimeoffset(6), u uniqueidentifier, x xml, anything sql_variant)"""
VALUES = """INSERT INTO everything VALUES (
    255, -3, 1, 9007199254740993, 1, 1.5, 2.5, 12.34, 99999999999999999999999999999999999999,
    922337203685477.5807, -214748.3648, 'ab', 'v', N'日本', N'hörse ✓😀', N'long', 0x00ff, 0x01,
    '2024-02-29', '10:11:12.5', '2024-01-02 03:04', '2024-01-02 03:04:05.123', '2024-01-02 03:04:05.678901',
    '2024-01-02 03:04:05.25 +02:00', '00000000-0000-0000-0000-0000000000ff', '<a>1</a>', 7)"""


@pytest.fixture
def wire(door: Door, sqlserver: SqlserverDatabase) -> Iterator[Wire]:
    """The wire that the connection `shop` goes by."""
    with wire_to(sqlserver.host, sqlserver.port) as wire:
        door.lead(port=wire.port)
        yield wire


def test_every_type_is_read_as_itself(run: Run, door: Door) -> None:
    door.execute(TYPES, VALUES, "INSERT INTO everything (i) VALUES (NULL)")
    result = read(run, "everything")
    row, nulls = rows_of(result)
    found = {
        name: (type_, row[name]) for name, type_ in result.data_map.dataset("rows").schema.as_dict().items()
    }
    assert found == {
        "ti": ("SMALLINT", 255),
        "si": ("SMALLINT", -3),
        "i": ("INTEGER", 1),
        "bi": ("BIGINT", 9007199254740993),
        "yes": ("BOOLEAN", True),
        "f4": ("FLOAT", 1.5),
        "f8": ("DOUBLE", 2.5),
        "price": ("DECIMAL(10,2)", Decimal("12.34")),
        "n": ("DECIMAL(38,0)", Decimal("9" * 38)),
        "m": ("DECIMAL(19,4)", Decimal("922337203685477.5807")),
        "sm": ("DECIMAL(10,4)", Decimal("-214748.3648")),
        "c": ("VARCHAR", "ab "),
        "v": ("VARCHAR", "v"),
        "nc": ("VARCHAR", "日本 "),
        "nv": ("VARCHAR", "hörse ✓😀"),
        "nmax": ("VARCHAR", "long"),
        "b": ("BLOB", b"\x00\xff"),
        "bmax": ("BLOB", b"\x01"),
        "d": ("DATE", dt.date(2024, 2, 29)),
        "tm": ("TIME", dt.time(10, 11, 12, 500000)),
        "s": ("TIMESTAMP", dt.datetime(2024, 1, 2, 3, 4)),
        "dt": ("TIMESTAMP", dt.datetime(2024, 1, 2, 3, 4, 5, 123000)),
        "dt2": ("TIMESTAMP", dt.datetime(2024, 1, 2, 3, 4, 5, 678901)),
        "tz": ("TIMESTAMP WITH TIME ZONE", dt.datetime(2024, 1, 2, 1, 4, 5, 250000, tzinfo=dt.UTC)),
        "u": ("UUID", "00000000-0000-0000-0000-0000000000ff"),
        "x": ("VARCHAR", "<a>1</a>"),
        "anything": ("VARCHAR", "7"),
    }
    assert set(nulls.values()) == {None}
    copied = [ingest_step("rows", "everything", connection="shop")]
    copied.append(store_step("saved", "copy", "rows", connection="shop"))
    written = run(copied)
    assert written.success, written.errors
    assert rows_of(read(run, "copy")) == [row, nulls]
    asked = read(run, "SELECT i, price, m, tz, u FROM everything WHERE i = 99")
    types = ["BIGINT", "DECIMAL(10,2)", "DECIMAL(19,4)", "TIMESTAMP", "UUID"]
    assert list(asked.data_map.dataset("rows").schema.as_dict().values()) == types


def test_names_of_all_kinds_are_kept(run: Run, door: Door) -> None:
    # Babelfish knows no doubled closing bracket, and its catalog no emoji.
    table = '"we[ird ""t.able\' %(x)s:y"'
    columns = ['"c[d ""e"', '"é\'"', '"select"', '"a.b"', '"%(p)s:x"']
    listed = ", ".join(f"{place} AS {name}" for place, name in enumerate(columns))
    first = saved(run, f"SELECT {listed}", table)
    assert first.success, first.errors
    merged = saved(run, f"SELECT {listed}", table, mode="merge", merge_key=['c[d "e', "é'"])
    assert merged.success, merged.errors
    (row,) = rows_of(read(run, table))
    assert list(row) == [name[1:-1].replace('""', '"') for name in columns]
    replaced = saved(run, f"SELECT {listed}, 'new' AS other", table)
    assert replaced.success, replaced.errors
    assert rows_of(read(run, table))[0]["other"] == "new"


def test_tables_and_views_are_listed_and_looked_at(door: Door, workspace: Workspace) -> None:
    if not door.rows("SELECT 1 FROM sys.schemas WHERE name = 'sales'"):
        door.execute("CREATE SCHEMA sales")
    door.execute(
        "CREATE TABLE sales.[Order Lines] (id int, product nvarchar(40))",
        "INSERT INTO sales.[Order Lines] VALUES (1, N'日本茶')",
        "CREATE VIEW dbo.recent AS SELECT id FROM sales.[Order Lines]",
    )
    desk = ConnectionDesk(workspace)
    desk.test("shop")
    found = [(each.schema, each.name, each.kind) for each in desk.tables("shop")]
    assert found == [("dbo", "recent", "view"), ("sales", "Order Lines", "table")]
    assert desk.preview("shop", 'sales."Order Lines"', 5).rows.to_pylist() == [{"id": 1, "product": "日本茶"}]
    door.execute("DROP VIEW dbo.recent")


def test_only_the_columns_and_rows_that_are_needed_come(
    run: Run, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert saved(run, "SELECT range::INTEGER AS id, 'text' AS t, range AS n FROM range(1000)", "t").success
    came: list[tuple[int, list[str]]] = []

    def spied(*args: Any) -> Iterator[pa.RecordBatch]:
        for batch in batches(*args):
            came.append((batch.num_rows, [column.name for column in args[2]]))
            yield batch

    batches = dialect._batches
    monkeypatch.setattr(dialect, "_batches", spied)
    query = "SELECT sum(n) AS s FROM rows WHERE id BETWEEN 10 AND 12 AND t = 'text'"
    result = run([ingest_step("rows", "t", connection="shop"), sql_step("some", query, "rows")])
    assert rows_of(result, "some") == [{"s": 33}]
    assert came[0] == (3, ["id", "t", "n"])
    came.clear()
    query = "SELECT sum(n) AS s FROM rows"
    result = run([ingest_step("rows", "t", connection="shop"), sql_step("some", query, "rows")])
    assert rows_of(result, "some") == [{"s": 499_500}]
    assert came[0] == (1000, ["n"])


def test_a_connection_that_is_lost_may_be_tried_again_and_changes_nothing(
    run: Run, door: Door, wire: Wire, capfd: pytest.CaptureFixture[str]
) -> None:
    made = "SELECT range AS id, repeat('x', 200) AS t FROM range({})"
    assert saved(run, made.format(20_000), "t").success
    steps = [
        ingest_step("rows", "t", connection="shop"),
        sql_step("some", "SELECT count(t) AS n FROM rows", "rows"),
    ]
    wire.cut_received = wire.received + 1_000_000
    lost = run(steps)
    assert wire.was_cut
    assert isinstance(next(iter(lost.errors.values())), TransientError), lost.errors
    wire.cut_received, wire.was_cut = 0, False
    wire.cut_sent = wire.sent + 1_000_000
    lost = saved(run, made.format(20_000), "t", mode="append")
    assert wire.was_cut
    assert isinstance(lost.errors["saved"], TransientError), lost.errors
    assert "Traceback" not in capfd.readouterr().err
    assert door.rows("SELECT count(*) FROM t") == [(20_000,)]
