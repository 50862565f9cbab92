"""Avro: types both ways, other tools' files, and the quick way against the careful one."""

from __future__ import annotations

import datetime as dt
import uuid
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.core.formats.bench import Bench

from odibi_core.errors import SourceError, TargetError
from odibi_core.formats.avro_blocks import CHUNK_BYTES, read_head
from odibi_core.formats.avro_rows import _decode, read_batches
from odibi_core.formats.avro_schema import read_columns


def foreign(
    path: Path, fields: list[dict[str, Any]], rows: list[dict[str, Any]], codec: str = "null"
) -> Path:
    """A file that another tool wrote."""
    with path.open("wb") as file:
        schema = fastavro.parse_schema({"type": "record", "name": "thing", "fields": fields})
        fastavro.writer(file, schema, rows)
    return path


def test_other_tools_read_what_was_written(bench: Bench) -> None:
    path = bench.folder / "a.avro"
    bench.write(path, "SELECT 1 AS id, 1.50::DECIMAL(9,2) AS d, [1, NULL] AS l, DATE '2024-01-02' AS day")

    with path.open("rb") as file:
        assert list(fastavro.reader(file)) == [
            {
                "id": 1,
                "d": pa.scalar("1.50").cast(pa.decimal128(9, 2)).as_py(),
                "l": [1, None],
                "day": dt.date(2024, 1, 2),
            }
        ]


def test_types_of_other_tools_become_columns(bench: Bench) -> None:
    noon = dt.datetime(2024, 1, 2, 12, tzinfo=dt.UTC)
    key = uuid.uuid4()
    fields: list[dict[str, Any]] = [
        {"name": "ms", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "t", "type": {"type": "int", "logicalType": "time-millis"}},
        {"name": "u", "type": ["null", {"type": "string", "logicalType": "uuid"}]},
        {"name": "e", "type": {"type": "enum", "name": "kind", "symbols": ["A", "B"]}},
        {"name": "again", "type": "kind"},
        {"name": "f", "type": {"type": "fixed", "name": "two", "size": 2}},
        {"name": "m", "type": {"type": "map", "values": "long"}},
        {"name": "n", "type": ["int", "double", "null"]},
        {"name": "one", "type": ["string"]},
        {"name": "late", "type": ["long", "null"]},
    ]
    row: dict[str, Any] = {
        "ms": noon,
        "t": dt.time(1, 2, 3, 4000),
        "u": key,
        "e": "B",
        "again": "A",
        "f": b"\x01\x02",
        "m": {"k": 5},
        "n": 7,
        "one": "x",
        "late": None,
    }
    path = foreign(bench.folder / "a.avro", fields, [row])

    read = bench.read(path)

    assert read.rows == [(noon, dt.time(1, 2, 3, 4000), key, "B", "A", b"\x01\x02", {"k": 5}, 7.0, "x", None)]
    assert read.schema.as_dict()["u"] == "UUID"


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (["string", "long"], "the field 'v' may be of several types: string, long"),
        (
            {"type": "bytes", "logicalType": "decimal", "precision": 50},
            "the field 'v' is a decimal of 50 digits",
        ),
    ],
)
def test_a_type_that_no_column_has_is_told(bench: Bench, kind: Any, reason: str) -> None:
    path = foreign(bench.folder / "a.avro", [{"name": "v", "type": kind}], [])

    with pytest.raises(SourceError, match=f"a.avro: {reason}"):
        bench.read(path)


@pytest.mark.parametrize("codec", ["snappy", "deflate", "zstd", "bzip2", "xz", "none"])
def test_every_codec_is_written_and_read(bench: Bench, codec: str) -> None:
    path = bench.folder / "a.avro"
    bench.write(path, "SELECT range AS id, 'x' || range AS v FROM range(3)", compression=codec)

    assert read_head(str(path)).codec == {"zstd": "zstandard", "none": "null"}.get(codec, codec)
    assert bench.read(path).rows == [(0, "x0"), (1, "x1"), (2, "x2")]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            st.integers(-(2**63), 2**63 - 1) | st.none(),
            st.floats(allow_nan=False) | st.none(),
            texts | st.none(),
            st.binary(max_size=8) | st.none(),
            st.booleans() | st.none(),
            st.dates() | st.none(),
            st.datetimes(timezones=st.just(dt.UTC)) | st.none(),
            st.times() | st.none(),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_the_quick_way_gives_what_the_careful_one_does(bench: Bench, rows: list[tuple[Any, ...]]) -> None:
    path = bench.folder / "a.avro"
    kinds = [pa.int64(), pa.float64(), pa.string(), pa.binary(), pa.bool_(), pa.date32()]
    kinds += [pa.timestamp("us", "UTC"), pa.time64("us")]
    data = {f"c{place}": pa.array([row[place] for row in rows], kind) for place, kind in enumerate(kinds)}
    bench.cursor.register("given", pa.table(data))
    bench.write(path, "FROM given")

    head = read_head(str(path))
    columns = read_columns(head.schema, str(path))
    quick = pa.Table.from_batches(read_batches(str(path), head, columns))
    careful = pa.Table.from_batches([_decode(path.read_bytes(), columns)])

    assert quick.equals(careful)
    assert [tuple(row.values()) for row in careful.to_pylist()] == rows


def test_a_large_file_passes_in_pieces(bench: Bench) -> None:
    path = bench.folder / "a.avro"
    bench.write(path, "SELECT range AS id, md5(range::VARCHAR) AS v FROM range(300000)", compression="none")
    head = read_head(str(path))

    sizes = [batch.num_rows for batch in read_batches(str(path), head, read_columns(head.schema, str(path)))]

    assert path.stat().st_size > 2 * CHUNK_BYTES
    assert len(sizes) > 2
    assert bench.read(path).row_count == sum(sizes) == 300_000


def test_files_are_united_by_name_and_folders_are_columns(bench: Bench) -> None:
    values = "(1, 'a b', DATE '2024-01-02'), (2, NULL, NULL), (3, '', DATE '2024-01-02')"
    rows = f"SELECT * FROM (VALUES {values}) AS t (id, p, d)"
    bench.write(bench.folder / "t", rows, partition_by=("p", "d"), format_name="avro")

    read = bench.read(bench.folder / "t")

    assert read.schema.as_dict() == {"id": "INTEGER", "d": "DATE", "p": "VARCHAR"}
    day = dt.date(2024, 1, 2)
    assert sorted(read.rows) == [(1, day, "a b"), (2, None, None), (3, day, "")]
    bench.write(bench.folder / "u" / "1.avro", "SELECT 1 AS a, 'x' AS b")
    bench.write(bench.folder / "u" / "2.avro", "SELECT 2::BIGINT AS a, true AS c")
    assert bench.read(f"{bench.folder}/u/*.avro").rows == [(1, "x", None), (2, None, True)]


@pytest.mark.parametrize("damage", ["empty", "text", "cut", "middle"])
def test_a_damaged_file_is_told(bench: Bench, damage: str) -> None:
    path = bench.folder / "a.avro"
    bench.write(path, "SELECT range AS a FROM range(1000)")
    whole = path.read_bytes()
    content = {
        "empty": b"",
        "text": b"id,name\n1,x, and more than a few bytes",
        "cut": whole[:-100],
        "middle": whole[:-500] + b"\xff" * 60 + whole[-440:],
    }
    path.write_bytes(content[damage])

    with pytest.raises(SourceError, match=r"a\.avro: the file is (not Avro, or it is )?cut off or damaged"):
        bench.read_carefully(path)


def test_names_that_avro_does_not_allow_come_back(bench: Bench) -> None:
    path = bench.folder / "a.avro"
    bench.write(path, 'SELECT 1 AS "a b", 2 AS "a_b", 3 AS "1"')

    with path.open("rb") as file:
        assert list(fastavro.reader(file)) == [{"a_b": 1, "a_b_2": 2, "_1": 3}]
    assert bench.read(path).schema.names == ("a b", "a_b", "1")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("INTERVAL 1 DAY", "is of type INTERVAL, which Avro can't hold"),
        ("MAP {1: 'a'}", "has a map whose keys are no texts"),
        ("{'a b': 1}", "has a field 'a b' inside it, a name that Avro doesn't allow"),
        ("[DATE '12024-01-01']", "the rows hold a value that Avro can't"),
    ],
)
def test_what_avro_can_not_hold_is_refused(bench: Bench, value: str, reason: str) -> None:
    with pytest.raises(TargetError, match=reason):
        bench.write(bench.folder / "a.avro", f"SELECT {value} AS v")
    assert not list(bench.folder.iterdir())
