"""Delta tables that change: their columns, single partitions, their history and their feed of changes."""

from __future__ import annotations

import datetime as dt
from itertools import count
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.core.formats.bench import Bench

from odibi_core.errors import SourceError, TargetError, TransientError
from odibi_core.formats import format_named
from odibi_core.formats.delta_files import is_plain

TICKETS = count(1)
DAYS = (
    "SELECT * FROM (VALUES (1, DATE '2024-01-01', 'a b'), (2, DATE '2024-01-02', NULL), "
    "(3, NULL, 'x/y=1%'), (4, DATE '2024-01-02', 'a b')) AS t (id, day, kind)"
)


def write(bench: Bench, sql: str, mode: str = "append", ticket: str = "", **more: Any) -> Any:
    ticket = ticket or f"run/{next(TICKETS)}"
    return bench.write(bench.folder / "t", sql, mode, ticket=ticket, format_name="delta", **more)


def rows(bench: Bench, **options: Any) -> list[tuple[Any, ...]]:
    return sorted(bench.read(bench.folder / "t", **options).rows, key=str)


def test_new_columns_are_added_where_that_is_asked_for(bench: Bench) -> None:
    write(bench, "SELECT 1 AS id, 'x' AS v")
    with pytest.raises(TargetError, match=r"the table lacks 'w'\n.*set schema_mode to merge"):
        write(bench, "SELECT 2 AS id, 'y' AS v, true AS w")

    write(bench, "SELECT 2 AS id, 'y' AS v, true AS w", schema_mode="merge")
    write(bench, "SELECT 3 AS id", mergeSchema=True)
    write(bench, "SELECT 1 AS id, 'z' AS v, 1.5 AS q", "merge", merge_key=("id",), schema_mode="merge")

    read = bench.read(bench.folder / "t")
    assert read.schema.names == ("id", "v", "w", "q")
    assert sorted((row[0], row[1], row[2]) for row in read.rows) == [
        (1, "z", None),
        (2, "y", True),
        (3, None, None),
    ]


def test_overwriting_keeps_the_columns_unless_they_may_change(bench: Bench) -> None:
    write(bench, "SELECT 1::BIGINT AS id, 'x' AS v")

    write(bench, "SELECT 'y' AS v, 2::SMALLINT AS id", "overwrite")
    assert bench.read(bench.folder / "t").schema.as_dict() == {"id": "BIGINT", "v": "VARCHAR"}
    assert rows(bench) == [(2, "y")]
    with pytest.raises(TargetError, match=r"'id' is VARCHAR, .*\n.*schema_mode: overwrite"):
        write(bench, "SELECT 'k' AS id, 'y' AS v", "overwrite")
    write(bench, "SELECT 3::BIGINT AS id, 'y' AS v, 1 AS n", "overwrite", schema_mode="merge")
    assert rows(bench) == [(3, "y", 1)]
    write(bench, "SELECT 'k' AS id", "overwrite", schema_mode="overwrite")
    assert rows(bench) == [("k",)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"schema_mode": "overwrite"}, "schema_mode: overwrite means nothing with mode 'append'"),
        ({"replaceWhere": "id = 1"}, "replace_where means nothing with mode 'append'"),
        ({"partition_overwrite": "dynamic"}, "partition_overwrite: dynamic means nothing with mode 'append'"),
    ],
)
def test_settings_that_mean_nothing_are_refused(bench: Bench, options: dict[str, Any], message: str) -> None:
    with pytest.raises(TargetError, match=message):
        write(bench, "SELECT 1 AS id", **options)


def test_only_the_partitions_that_the_rows_are_in_are_replaced(bench: Bench) -> None:
    write(bench, DAYS, partition_by=("day", "kind"))

    new = "SELECT * FROM (VALUES (9, DATE '2024-01-02', NULL), (8, NULL, 'x/y=1%')) AS t (id, day, kind)"
    write(bench, new, "overwrite", partitionOverwriteMode="dynamic")

    day = dt.date(2024, 1, 2)
    found = [(1, dt.date(2024, 1, 1), "a b"), (4, day, "a b"), (8, None, "x/y=1%"), (9, day, None)]
    assert rows(bench) == sorted(found, key=str)
    assert write(bench, f"{new} LIMIT 0", "overwrite", partition_overwrite="dynamic").rows == 0
    assert len(rows(bench)) == 4


def test_rows_that_meet_a_condition_are_replaced(bench: Bench) -> None:
    write(bench, DAYS, partition_by=("day",))

    write(
        bench,
        "SELECT 7 AS id, DATE '2024-01-02' AS day, 'k' AS kind",
        "overwrite",
        replaceWhere="id in (2, 7)",
    )
    assert sorted(row[0] for row in rows(bench)) == [1, 3, 4, 7]
    with pytest.raises(TargetError, match=r"asks of its rows \(replace_where is id = 7\)"):
        write(
            bench,
            "SELECT 5 AS id, DATE '2024-01-02' AS day, 'k' AS kind",
            "overwrite",
            replace_where="id = 7",
        )


def test_a_table_is_read_as_it_was(bench: Bench) -> None:
    for value in (1, 2):
        write(bench, f"SELECT {value} AS id", "overwrite")
    history = DeltaTable(str(bench.folder / "t")).history()
    first = dt.datetime.fromtimestamp(history[-1]["timestamp"] / 1000, dt.UTC)

    assert rows(bench, version=0) == rows(bench, timestampAsOf=first) == [(1,)]
    assert rows(bench, timestamp=first.replace(tzinfo=None)) == [(1,)]
    with pytest.raises(SourceError, match=r"the table has no version 7\n.*newest is 1"):
        rows(bench, version=7)
    with pytest.raises(SourceError, match="did not exist at 2001"):
        rows(bench, timestamp="2001-01-01")
    with pytest.raises(ValidationError, match="exclude each other"):
        format_named("delta").read_options(version=1, timestamp="2024-01-01")


def test_the_feed_tells_every_change(bench: Bench) -> None:
    write(bench, "SELECT 1 AS id, 'x' AS v UNION ALL SELECT 2, 'y'", change_feed=True)
    write(bench, "SELECT 2 AS id, 'z' AS v UNION ALL SELECT 3, 'n'", "merge", merge_key=("id",))
    write(bench, "SELECT 4 AS id, 'o' AS v", "overwrite")

    feed = bench.read(bench.folder / "t", readChangeFeed=True)

    assert feed.schema.names == ("id", "v", "_change_type", "_commit_version", "_commit_timestamp")
    assert sorted((row[3], row[2], row[0], row[1]) for row in feed.rows) == [
        (0, "insert", 1, "x"),
        (0, "insert", 2, "y"),
        (1, "insert", 3, "n"),
        (1, "update_postimage", 2, "z"),
        (1, "update_preimage", 2, "y"),
        (2, "delete", 1, "x"),
        (2, "delete", 2, "z"),
        (2, "delete", 3, "n"),
        (2, "insert", 4, "o"),
    ]
    later = bench.read(bench.folder / "t", change_feed=True, startingVersion=1, endingVersion=1)
    assert {row[3] for row in later.rows} == {1}
    delta = format_named("delta")
    options = delta.read_options(change_feed=True)
    assert delta.probe(str(bench.folder / "t"), options, bench.cursor) == feed.schema


def test_a_table_begins_to_keep_its_changes_later(bench: Bench) -> None:
    write(bench, "SELECT 1 AS id")
    with pytest.raises(SourceError, match=r"changes can't be read: .*\n.*change_feed: true"):
        bench.read(bench.folder / "t", change_feed=True)

    write(bench, "SELECT 2 AS id", enableChangeDataFeed=True)

    assert [row[:2] for row in rows(bench, change_feed=True)] == [(2, "insert")]
    with pytest.raises(ValidationError, match="needs change_feed: true"):
        format_named("delta").read_options(starting_version=1)


def test_a_condition_that_a_table_checks_is_checked(bench: Bench) -> None:
    write(bench, "SELECT 1 AS id")
    table = DeltaTable(str(bench.folder / "t"))
    assert is_plain(table)
    table.alter.add_constraint({"positive": "id > 0"})
    assert not is_plain(table)

    with pytest.raises(TargetError):
        write(bench, "SELECT -1 AS id")
    write(bench, "SELECT 2 AS id")
    assert rows(bench) == [(1,), (2,)]


def test_a_write_that_fails_leaves_no_file_behind(bench: Bench) -> None:
    write(bench, DAYS, partition_by=("kind",))
    before = sorted(path for path in (bench.folder / "t").rglob("*.parquet"))
    with pytest.raises(Exception, match="boom"):
        write(
            bench,
            f"SELECT CASE WHEN id > 3 THEN error('boom')::INTEGER ELSE id END AS id, day, kind FROM ({DAYS})",
        )

    assert sorted(path for path in (bench.folder / "t").rglob("*.parquet")) == before


def test_an_overwrite_that_others_came_before_is_not_done(bench: Bench) -> None:
    write(bench, "SELECT 1 AS id")
    path = bench.folder / "t"

    def meanwhile(value: int) -> int:
        other = Bench(bench.folder, bench.cursor.cursor())
        other.write(path, "SELECT 5 AS id", "overwrite", ticket="other/step", format_name="delta")
        return value

    bench.cursor.create_function("meanwhile", meanwhile, ["INTEGER"], "INTEGER", side_effects=True)
    with pytest.raises(TransientError, match="another writer committed"):
        write(bench, "SELECT meanwhile(id) AS id FROM (VALUES (7)) AS t (id)", "overwrite")
    assert rows(bench) == [(5,)]


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=6)
KINDS: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "i": (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    "b": (pa.int16(), st.integers(-(2**15), 2**15 - 1)),
    "f": (pa.float64(), st.floats(allow_nan=False)),
    "s": (pa.string(), texts),
    "d": (pa.decimal128(10, 2), st.decimals(-(10**7), 10**7, places=2)),
    "h": (pa.decimal128(38, 2), st.decimals(-(10**35), 10**35, places=2)),
    "t": (pa.timestamp("us"), st.datetimes(dt.datetime(1, 1, 1))),
    "z": (pa.timestamp("us", "UTC"), st.datetimes(dt.datetime(1700, 1, 1), timezones=st.just(dt.UTC))),
    "y": (pa.date32(), st.dates()),
    "o": (pa.bool_(), st.booleans()),
}


@pytest.mark.parametrize("part", ["", "s", "y", "i"])
@settings(
    max_examples=15,
    phases=[Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_every_value_is_found_by_itself(bench: Bench, part: str, data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(sorted(set(KINDS) - {part})), min_size=1, unique=True))
    names += [part] if part else []
    drawn = st.fixed_dictionaries({name: KINDS[name][1] | st.none() for name in names})
    given_rows = data.draw(st.lists(drawn, min_size=1, max_size=6))
    table = pa.Table.from_pylist(given_rows, pa.schema([(name, KINDS[name][0]) for name in names]))
    bench.cursor.register("given", table)
    for mode in ("overwrite", "append"):
        options = {"schema_mode": "overwrite"} if mode == "overwrite" else {}
        write(bench, "FROM given", mode, partition_by=(part,) if part else (), **options)

    source = bench.source_sql(bench.folder / "t", format_name="delta")
    whole = bench.cursor.sql(f"SELECT {', '.join(names)} FROM {source}").fetchall()
    expected = [tuple(row[name] for name in names) for row in given_rows] * 2
    assert sorted(whole, key=repr) == sorted(expected, key=repr)
    for name in names:
        for value in {row[name] for row in given_rows}:
            same = sum(row[name] == value for row in given_rows) * 2
            test = f"{name} IS NULL" if value is None else f"{name} = $v"
            query = f"SELECT count(*) FROM {source} WHERE {test}"
            found = bench.cursor.execute(query, {"v": value} if value is not None else {}).fetchall()
            assert found == [(same,)], (name, value)


def test_files_are_where_other_tools_look_for_them(bench: Bench) -> None:
    write(bench, DAYS, partition_by=("kind",))
    read = DeltaTable(str(bench.folder / "t")).to_pyarrow_table().to_pylist()

    assert sorted((row["id"], row["kind"]) for row in read) == [
        (1, "a b"),
        (2, None),
        (3, "x/y=1%"),
        (4, "a b"),
    ]


def test_a_log_that_lacks_an_end_of_a_column_hides_no_row(bench: Bench) -> None:
    values = "'-99999999999999999999999999999999999.99'", "'1.25'"
    rows_ = " UNION ALL ".join(f"SELECT {value}::DECIMAL(38,2) AS h, 1 AS b, '?#&' AS p" for value in values)
    table = bench.cursor.sql(rows_).to_arrow_table()
    write_deltalake(bench.folder / "t", table, partition_by=["p"])

    source = bench.source_sql(bench.folder / "t", format_name="delta")

    for value in values:
        query = f"SELECT b, p FROM {source} WHERE h = {value}::DECIMAL(38,2) AND p = '?#&'"
        assert bench.cursor.sql(query).fetchall() == [(1, "?#&")]
