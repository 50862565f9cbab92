"""ORC: types both ways, and what its writer can't do."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest
from pyarrow import orc
from tests.core.formats.bench import Bench

from odibi_core.errors import SourceError, TargetError
from odibi_core.formats import format_named


def test_probing_gives_the_schema_of_the_scan(bench: Bench) -> None:
    path = bench.folder / "a.orc"
    bench.write(
        path, "SELECT 1 AS a, [{'t': TIMESTAMP '2024-01-02 03:04:05.000006'}] AS b, MAP {'k': 1} AS m"
    )
    format_ = format_named("orc")

    read = bench.read(path)

    assert format_.probe(str(path), format_.read_options(), bench.cursor) == read.schema
    assert read.rows == [(1, [{"t": dt.datetime(2024, 1, 2, 3, 4, 5, 6)}], {"k": 1})]
    assert read.row_count == 1


def test_files_are_united_by_name_and_folders_are_columns(bench: Bench) -> None:
    values = "(1, 'a b', DATE '2024-01-02'), (2, NULL, NULL), (3, '', DATE '2024-01-02')"
    rows = f"SELECT * FROM (VALUES {values}) AS t (id, p, d)"
    bench.write(bench.folder / "t", rows, partition_by=("p", "d"), format_name="orc")

    read = bench.read(bench.folder / "t")

    assert read.schema.as_dict() == {"id": "INTEGER", "d": "DATE", "p": "VARCHAR"}
    day = dt.date(2024, 1, 2)
    assert sorted(read.rows) == [(1, day, "a b"), (2, None, None), (3, day, "")]
    bench.write(bench.folder / "u" / "1.orc", "SELECT 1 AS a, 'x' AS b")
    bench.write(bench.folder / "u" / "2.orc", "SELECT 2::BIGINT AS a, true AS c")
    assert bench.read(f"{bench.folder}/u/*.orc").rows == [(1, "x", None), (2, None, True)]


@pytest.mark.parametrize("compression", ["zstd", "zlib", "snappy", "lz4", "none"])
def test_every_compression_is_written_and_read(bench: Bench, compression: str) -> None:
    path = bench.folder / "a.orc"
    bench.write(path, "SELECT range AS id FROM range(3)", compression=compression)

    expected = "UNCOMPRESSED" if compression == "none" else compression.upper()
    assert orc.ORCFile(path).compression == expected
    assert bench.read(path).rows == [(0,), (1,), (2,)]


def test_moments_finer_than_a_microsecond_are_not_cut_without_a_word(bench: Bench) -> None:
    path = bench.folder / "a.orc"
    orc.write_table(pa.table({"t": pa.array([1001], pa.timestamp("ns"))}), path)

    with pytest.raises(SourceError, match=r"finer than a microsecond\n.*nanoseconds to true"):
        bench.read_told(path)
    assert bench.read(path, nanoseconds=True).schema.as_dict() == {"t": "TIMESTAMP_NS"}


@pytest.mark.parametrize("moment", ["TIMESTAMP '1600-01-01'", "[{'t': TIMESTAMPTZ '2300-01-01'}]"])
def test_moments_that_readers_can_not_take_are_refused(bench: Bench, moment: str) -> None:
    with pytest.raises(TargetError, match=r"column 'v' has a moment before 1677 or after 2262"):
        bench.write(bench.folder / "a.orc", f"SELECT {moment} AS v")


@pytest.mark.parametrize("damage", ["empty", "text", "cut", "flipped"])
def test_a_damaged_file_is_told(bench: Bench, damage: str) -> None:
    path = bench.folder / "a.orc"
    bench.write(path, "SELECT range AS a FROM range(1000)")
    whole = path.read_bytes()
    content = {"empty": b"", "text": b"id,name\n1,x, and more than a few bytes", "cut": whole[:-20]}
    content["flipped"] = whole[:60] + bytes(byte ^ 0xFF for byte in whole[60:120]) + whole[120:]
    path.write_bytes(content[damage])

    with pytest.raises(SourceError, match=r"a\.orc: the file is not ORC, or it is cut off or damaged"):
        bench.read_told(path)


@pytest.mark.parametrize("value", ["INTERVAL 1 DAY", "TIME '01:02:03'", "union_value(a := 1)"])
def test_types_that_orc_lacks_are_refused(bench: Bench, value: str) -> None:
    with pytest.raises(TargetError, match=r"column 'v' is of type .*which ORC can't hold\n.*CAST"):
        bench.write(bench.folder / "a.orc", f"SELECT {value} AS v")
