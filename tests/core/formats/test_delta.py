from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable, Field, write_deltalake
from deltalake import Schema as DeltaSchema
from deltalake.schema import PrimitiveType
from tests.core.formats.bench import Bench, Read

from odibi_core.errors import SourceError, TargetError
from odibi_core.formats import format_named
from odibi_core.formats.base import Written

OLD = "SELECT 1::BIGINT AS id, 'old' AS v UNION ALL SELECT 2, 'old'"
NEW = "SELECT 'new' AS v, 2::BIGINT AS id UNION ALL SELECT 'new', 3"


class Table:
    """A Delta table under test."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.path = bench, bench.folder / "table"

    def write(self, sql: str, mode: str = "overwrite", ticket: str = "run/step", **more: Any) -> Written:
        return self.bench.write(self.path, sql, mode, ticket=ticket, format_name="delta", **more)

    def read(self, **options: Any) -> Read:
        return self.bench.read(self.path, format_name="delta", **options)

    def rows(self) -> list[tuple[Any, ...]]:
        return sorted(self.read().rows)


@pytest.fixture
def table(bench: Bench) -> Table:
    return Table(bench)


def test_every_mode_makes_one_commit(table: Table) -> None:
    assert dict(table.write(OLD, ticket="run/1").details) == {"version": 0}
    assert dict(table.write(NEW, "append", ticket="run/2").details) == {"version": 1}
    assert table.rows() == [(1, "old"), (2, "new"), (2, "old"), (3, "new")]

    table.write(OLD, ticket="run/3")
    merged = table.write(NEW, "merge", ticket="run/4", merge_key=("id",))

    assert (merged.rows, dict(merged.details)) == (2, {"updated": 1, "inserted": 1, "version": 3})
    assert table.rows() == [(1, "old"), (2, "new"), (3, "new")]


@pytest.mark.parametrize("mode", ["overwrite", "append", "merge", "error"])
def test_the_same_ticket_writes_once(table: Table, mode: str) -> None:
    for skipped in ("", "this run wrote it already"):
        assert table.write(OLD, mode, merge_key=("id",)).skipped == skipped

    assert table.read().row_count == 2
    assert DeltaTable(str(table.path)).version() == 0


def test_a_ticket_is_remembered_behind_later_ones(table: Table) -> None:
    for ticket in ("run1/a", "run2/a", "run1/b"):
        table.write(NEW, "append", ticket=ticket)

    assert table.write(NEW, "append", ticket="run1/a").skipped
    assert len(table.rows()) == 6


def test_error_and_ignore_keep_what_is_there(table: Table) -> None:
    table.write(OLD, ticket="run/1")

    assert table.write(NEW, "ignore").skipped == "the target exists"
    with pytest.raises(TargetError, match="the folder exists already, and the mode is 'error'"):
        table.write(NEW, "error")


def test_overwriting_may_change_columns_and_partitions(table: Table) -> None:
    table.write(OLD, partition_by=("v",), ticket="run/1")
    with pytest.raises(
        TargetError, match=r"the rows lack 'id', 'v'; the table lacks 'a', 'b'\n.*schema_mode"
    ):
        table.write("SELECT 1 AS a, 2 AS b", partition_by=("b",), ticket="run/2")
    table.write("SELECT 1 AS a, 2 AS b", partition_by=("b",), ticket="run/2", schema_mode="overwrite")
    assert DeltaTable(str(table.path)).metadata().partition_columns == ["b"]

    table.write("SELECT 1 AS x", ticket="run/3", overwriteSchema=True)
    assert table.rows() == [(1,)]
    assert DeltaTable(str(table.path)).metadata().partition_columns == []


def test_partition_values_of_every_kind_come_back(table: Table) -> None:
    values = ["x y/é", None, "😀=1%", "a'b\"c", "007", "?#&"]
    listed = ", ".join(
        "(NULL)" if value is None else f"('{value.replace(chr(39), chr(39) * 2)}')" for value in values
    )

    table.write(f"SELECT row_number() OVER () AS n, p FROM (VALUES {listed}) AS t (p)", partition_by=("p",))

    assert {p for _, p in table.rows()} == set(values)
    assert table.read().row_count == 6


@pytest.mark.parametrize(
    ("type_", "texts"),
    [
        ("TIMESTAMPTZ", ["1969-12-31 23:59:59.123456+00", "2024-01-02 03:04:05+02"]),
        ("TIMESTAMP", ["1969-12-31 23:59:59.123456", "2024-01-02 03:04:05"]),
        ("DECIMAL(10,2)", ["-1.50", "-0.05", "0.05"]),
        ("DOUBLE", ["nan", "-1.5e300", "0.1"]),
        ("BOOLEAN", ["true", "false"]),
    ],
)
def test_partitions_of_every_type_are_read_and_replaced(table: Table, type_: str, texts: list[str]) -> None:
    values = ", ".join(f"({place}, '{text}'::{type_})" for place, text in enumerate(texts))
    sql = f"SELECT n, p, p::VARCHAR AS told FROM (VALUES {values}, (9, NULL)) AS t (n, p)"
    table.write(sql, partition_by=("p",))

    expected = [tuple(row) for row in table.bench.cursor.sql(sql).fetchall()]
    assert sorted(map(str, table.rows())) == sorted(map(str, expected))
    found = table.read()
    assert found.row_count == len(expected)
    if type_.startswith("DECIMAL"):
        # delta-rs reads its own log wrong there.
        with pytest.raises(TargetError, match=r"negative decimal -1\.50 of the partition column 'p'"):
            table.write(sql, ticket="run/2", partition_overwrite="dynamic")
        table.write(sql, "append", ticket="run/3")
        assert table.read().row_count == 2 * len(expected)
        return
    table.write(f"SELECT * REPLACE (n + 10 AS n) FROM ({sql}) WHERE n IN (0, 9)", ticket="run/2",
                partition_overwrite="dynamic")  # fmt: skip
    assert sorted(n for n, *_ in table.rows()) == sorted([10, 19, *range(1, len(texts))])


def test_a_filter_reaches_the_partitions(table: Table) -> None:
    table.write("SELECT range AS a, range % 3 AS p FROM range(9)", partition_by=("p",))
    damaged = next(table.path.glob("p=2/*.parquet"))
    damaged.write_bytes(b"")
    delta = format_named("delta")
    read = delta.scan(str(table.path), delta.read_options(), _context(table.bench))
    for name, view in read.views.items():
        table.bench.cursor.register(name, view)

    assert len(table.bench.cursor.sql(f"SELECT a FROM {read.sql} WHERE p < 2").fetchall()) == 6


def _context(bench: Bench) -> Any:
    from odibi_core.formats.base import ScanContext

    return ScanContext(bench.cursor, bench.folder, tolerant=False, name="scan_filter")


def test_zero_rows_keep_the_columns(table: Table) -> None:
    table.write(f"SELECT * FROM ({OLD}) WHERE false", partition_by=("v",))

    read = table.read()
    assert (read.schema.as_dict(), read.rows, read.row_count) == ({"id": "BIGINT", "v": "VARCHAR"}, [], 0)


def test_types_come_back_or_are_converted_as_said(table: Table) -> None:
    table.write(
        "SELECT 1.10::DECIMAL(9,2) AS d, TIMESTAMP '2024-01-02 03:04:05.123456' AS t, "
        "TIMESTAMPTZ '2024-01-02 03:04:05+02' AS z, 200::UTINYINT AS u, 18446744073709551615::UBIGINT AS b, "
        "'x'::ENUM ('x', 'y') AS e, '\\xff'::BLOB AS y, [{'a': 1::UINTEGER}] AS n, 'nan'::DOUBLE AS f, "
        "sum(1::BIGINT) AS h, DATE '2024-01-02' AS day"
    )

    read = table.read()

    assert read.schema.as_dict() == {
        "d": "DECIMAL(9,2)",
        "t": "TIMESTAMP",
        "z": "TIMESTAMP WITH TIME ZONE",
        "u": "SMALLINT",
        "b": "DECIMAL(20,0)",
        "e": "VARCHAR",
        "y": "BLOB",
        "n": "STRUCT(a BIGINT)[]",
        "f": "DOUBLE",
        "h": "DECIMAL(38,0)",
        "day": "DATE",
    }
    assert str(read.rows[0][4]) == "18446744073709551615"
    assert read.rows[0][6] == b"\xff"


@pytest.mark.parametrize(
    "value", ["TIME '01:02:03'", "INTERVAL 1 DAY", "TIMESTAMP_NS '2024-01-01'", "[TIME '01:02:03']"]
)
def test_types_that_delta_lacks_are_refused(table: Table, value: str) -> None:
    with pytest.raises(TargetError, match=r"column 'v' is of type .*, which Delta can't hold\n.*CAST"):
        table.write(f"SELECT {value} AS v")
    assert not table.path.exists()


def test_rows_that_do_not_fit_are_refused_by_column(table: Table) -> None:
    table.write(OLD, ticket="run/1")
    for mode in ("append", "merge"):
        with pytest.raises(TargetError, match="the rows lack 'v'; the table lacks 'w'"):
            table.write("SELECT 1 AS id, 'x' AS w", mode, merge_key=("id",))
        with pytest.raises(TargetError, match="'id' is VARCHAR, the target's is BIGINT"):
            table.write("SELECT 'a' AS id, 'x' AS v", mode, merge_key=("id",))
    with pytest.raises(TargetError, match="the table is partitioned by nothing, these rows by v"):
        table.write(NEW, "append", partition_by=("v",))
    assert table.rows() == [(1, "old"), (2, "old")]


def test_merging_without_clear_keys_is_refused(table: Table) -> None:
    table.write(OLD, ticket="run/1")
    with pytest.raises(TargetError, match="1 of the new rows has a null in merge_key 'id'"):
        table.write("SELECT NULL::BIGINT AS id, 'x' AS v", "merge", merge_key=("id",))
    with pytest.raises(TargetError, match="2 of the new rows have the same merge_key 'id': 3"):
        table.write(f"{NEW} UNION ALL SELECT 'x', 3", "merge", merge_key=("id",))


def test_any_column_name_is_written_and_merged(table: Table) -> None:
    names = ["a b", 'q"', "x.y", "😀", "select", "c,;{}()=", "é"]
    columns = ", ".join(
        '{} AS "{}"'.format(place, name.replace('"', '""')) for place, name in enumerate(names)
    )

    table.write(f"SELECT {columns}", ticket="run/1", partition_by=("x.y",))
    for name in names:
        table.write(f"SELECT {columns}", "merge", ticket=f"run/{name}", merge_key=(name,))

    assert table.read().schema.names == tuple(names)
    assert table.rows() == [tuple(range(7))]


def test_merging_with_a_backtick_in_a_name_is_refused(table: Table) -> None:
    table.write('SELECT 1 AS "a`b"', ticket="run/1")

    with pytest.raises(TargetError, match="column 'a`b' has a backtick in its name"):
        table.write('SELECT 1 AS "a`b"', "merge", merge_key=("a`b",))


def test_earlier_versions_are_read(table: Table) -> None:
    table.write(OLD, ticket="run/1")
    moment = datetime.now(UTC)
    table.write("SELECT 9::BIGINT AS id, 'x' AS v", ticket="run/2")

    assert table.read(version=0).row_count == 2
    assert table.read(versionAsOf=1).rows == [(9, "x")]
    assert table.read(timestamp=moment).row_count == 2
    with pytest.raises(SourceError, match=r"the table has no version 7\n.*the newest is 1"):
        table.read(version=7)
    with pytest.raises(SourceError, match="the table did not exist at 2000-01-01"):
        table.read(timestamp="2000-01-01T00:00:00Z")


def test_what_is_no_table_is_told(bench: Bench) -> None:
    bench.file("orders/a.csv", "a\n1\n")
    with pytest.raises(SourceError, match="the folder is not a Delta table: it has no _delta_log"):
        bench.read(bench.folder / "orders", format_name="delta")
    with pytest.raises(SourceError, match=r"does not exist\n.*did you mean 'orders'"):
        bench.read(bench.folder / "order", format_name="delta")


def test_a_missing_file_of_the_table_is_told(table: Table) -> None:
    table.write(OLD)
    next(table.path.glob("*.parquet")).unlink()
    delta = format_named("delta")

    with pytest.raises(Exception, match="parquet") as caught:
        table.read()
    told = delta.explain_read_error(caught.value, str(table.path))
    assert isinstance(told, SourceError)
    assert "a file of the table is missing or damaged" in str(told)


def test_a_folder_or_file_of_something_else_is_never_written_into(bench: Bench) -> None:
    bench.file("home/notes.txt", "mine")
    with pytest.raises(TargetError, match="the folder holds other files and is no Delta table"):
        bench.write(bench.folder / "home", OLD, format_name="delta")
    for place in ("home/notes.txt", "home/notes.txt/table"):
        with pytest.raises(TargetError, match=r"notes\.txt: a file stands where a folder should be"):
            bench.write(bench.folder / place, OLD, format_name="delta")


def test_what_the_rows_raise_passes_as_it_was(table: Table) -> None:
    import duckdb

    with pytest.raises(duckdb.Error, match="boom"):
        table.write("SELECT CASE WHEN range > 500000 THEN error('boom')::BIGINT END AS a FROM range(600000)")
    assert not table.path.exists()


def test_malformed_rows_on_their_way_into_a_table_are_known_as_such(table: Table) -> None:
    path = table.bench.file("a.csv", "a,b\n1,2\n3\n")
    csv = format_named("csv")
    reader = f"read_csv('{path}', auto_detect=false, header=true, columns={{'a': 'INT', 'b': 'INT'}})"

    with pytest.raises(Exception, match="CSV Error on Line") as caught:
        table.write(f"SELECT * FROM {reader}")
    assert csv.is_malformed(caught.value)


def test_a_table_written_by_others_is_appended_to(table: Table) -> None:
    import pyarrow as pa

    write_deltalake(str(table.path), pa.table({"id": [1], "v": ["x"]}), partition_by=["v"])
    table.write(NEW, "append")

    assert table.rows() == [(1, "x"), (2, "new"), (3, "new")]


def test_what_a_table_asks_of_its_rows_is_told_where_they_break_it(table: Table) -> None:
    columns = [Field("id", PrimitiveType("long"), nullable=False), Field("v", PrimitiveType("string"))]
    made = DeltaTable.create(str(table.path), DeltaSchema(columns))
    made.alter.add_constraint({"small": "id < 100"})

    with pytest.raises(TargetError, match=r"don't meet .* \('id' is never null, small: id < 100\)"):
        table.write("SELECT 200::BIGINT AS id, 'x' AS v", "append")
    with pytest.raises(TargetError, match=r"don't meet .* \('id' is never null, small: id < 100\)"):
        table.write("SELECT 200::BIGINT AS id, 'x' AS v", "merge", merge_key=("id",))
    table.write("SELECT 20::BIGINT AS id, 'x' AS v", "append")
    assert table.rows() == [(20, "x")]

    made.alter.set_table_properties({"delta.appendOnly": "true"})
    with pytest.raises(TargetError, match=r"the table is append-only(.|\n)*set mode to append"):
        table.write("SELECT 30::BIGINT AS id, 'x' AS v", ticket="run/2")
    assert table.rows() == [(20, "x")]


def test_a_disk_that_is_full_is_told_and_the_table_stays(table: Table) -> None:
    table.write(OLD, ticket="run/1")
    root = Path(__file__).parents[3]
    script = f"""
import resource, signal
from pathlib import Path
from tests.core.formats.bench import Bench, connect
folder = Path({str(table.bench.folder)!r})
bench = Bench(folder, connect(folder / "spill"))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
rows = "SELECT range AS id, md5(range::VARCHAR) AS v FROM range(100000)"
bench.write(folder / "table", rows, format_name="delta")
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=root,
        # A limit on the size of files would also cut off what Python caches of its modules.
        env={"PYTHONPATH": f"{root}:{root / 'core'}", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert f"TargetError: {table.path}: the file grows past the largest size allowed" in done.stderr
    assert table.rows() == [(1, "old"), (2, "old")]


@pytest.mark.parametrize("fails", [True, False])
def test_another_writers_files_survive_a_table_that_can_not_be_created(table: Table, fails: bool) -> None:
    theirs = table.path / "theirs.parquet"

    def value(id_: int) -> str:
        table.path.mkdir(exist_ok=True)
        theirs.write_text("theirs")
        if fails:
            raise ValueError("boom")
        return str(id_)

    table.bench.cursor.create_function("during", value, ["BIGINT"], "VARCHAR", side_effects=True)

    with pytest.raises(Exception, match="boom" if fails else "another writer committed"):
        table.write("SELECT id, during(id) AS v FROM (VALUES (7::BIGINT)) AS t(id)", "append")

    assert list(table.path.iterdir()) == [theirs]
    assert list(table.path.parent.iterdir()) == [table.path]


def test_a_table_that_can_not_be_created_leaves_nothing_behind(table: Table) -> None:
    with pytest.raises(Exception, match="boom"):
        table.write("SELECT range AS id, error('boom')::VARCHAR AS v FROM range(9)")

    assert list(table.path.parent.iterdir()) == []
