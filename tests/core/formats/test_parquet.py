from __future__ import annotations

import pyarrow.parquet as pq
import pytest
from tests.core.formats.bench import Bench

from odibi_core.errors import SourceError, TargetError
from odibi_core.formats import format_named


def test_the_row_count_comes_from_the_metadata(bench: Bench) -> None:
    for number in range(3):
        bench.write(bench.folder / "in" / f"{number}.parquet", f"SELECT range AS a FROM range({number})")

    read = bench.read(f"{bench.folder}/in/*.parquet")

    assert read.row_count == len(read.rows) == 3


def test_probing_gives_the_schema_of_the_scan(bench: Bench) -> None:
    path = bench.folder / "a.parquet"
    bench.write(path, "SELECT 1 AS a, [1.5] AS b")
    parquet = format_named("parquet")

    assert parquet.probe(str(path), parquet.read_options(), bench.cursor) == bench.read(path).schema


def test_files_are_united_by_name(bench: Bench) -> None:
    bench.write(bench.folder / "in" / "1.parquet", "SELECT 1 AS a, 'x' AS b")
    bench.write(bench.folder / "in" / "2.parquet", "SELECT 'y' AS b, 2 AS a, true AS c")

    assert bench.read(bench.folder / "in").rows == [(1, "x", None), (2, "y", True)]


def test_partitions_come_back_with_their_types(bench: Bench) -> None:
    folder = bench.folder / "table"
    rows = (
        "SELECT * FROM (VALUES (1, 'x y/é', DATE '2024-01-01', 7), (2, NULL, NULL, NULL), "
        "(3, '', DATE '2024-01-02', 8), (4, '😀=1%', DATE '2024-01-02', 8)) AS t (a, p, d, n)"
    )

    bench.write(folder, rows, partition_by=("p", "d", "n"), format_name="parquet")
    read = bench.read(folder)

    assert read.schema.as_dict() == {"a": "INTEGER", "d": "DATE", "n": "BIGINT", "p": "VARCHAR"}
    assert sorted((a, p) for a, _, _, p in read.rows) == [(1, "x y/é"), (2, None), (3, ""), (4, "😀=1%")]


def test_codes_with_leading_zeros_stay_text(bench: Bench) -> None:
    bench.write(bench.folder / "t", "SELECT 1 AS a, '007' AS p", partition_by=("p",), format_name="parquet")

    assert bench.read(bench.folder / "t").rows == [(1, "007")]


def test_zero_rows_keep_the_columns(bench: Bench) -> None:
    none = "SELECT 1 AS a, 'x' AS p WHERE false"
    bench.write(bench.folder / "a.parquet", none)
    bench.write(bench.folder / "t", none, partition_by=("p",), format_name="parquet")

    for source in (bench.folder / "a.parquet", bench.folder / "t"):
        read = bench.read(source)
        assert (read.schema.names, read.rows, read.row_count) == (("a", "p"), [], 0)


@pytest.mark.parametrize("damage", ["empty", "text", "cut", "middle"])
def test_a_damaged_file_is_told(bench: Bench, damage: str) -> None:
    path = bench.folder / "a.parquet"
    bench.write(path, "SELECT range AS a FROM range(1000)", compression="none")
    whole = path.read_bytes()
    content = {
        "empty": b"",
        "text": b"id,name\n1,x, and more than a few bytes",
        "cut": whole[: len(whole) // 2],
        "middle": whole[:4] + b"\xff" * 60 + whole[64:],
    }
    path.write_bytes(content[damage])

    with pytest.raises(
        SourceError, match=r"a\.parquet: the file is not Parquet, or it is cut off or damaged"
    ):
        bench.read_carefully(path)


def test_the_compression_and_row_groups_are_as_said(bench: Bench) -> None:
    rows = "SELECT range AS a FROM range(10000)"
    bench.write(bench.folder / "a.parquet", rows)
    bench.write(bench.folder / "b.parquet", rows, compression="zstd", row_group_size=2048)

    assert pq.ParquetFile(bench.folder / "a.parquet").metadata.row_group(0).column(0).compression == "SNAPPY"
    metadata = pq.ParquetFile(bench.folder / "b.parquet").metadata
    assert metadata.row_group(0).column(0).compression == "ZSTD"
    assert metadata.num_row_groups == 5


@pytest.mark.parametrize("format_name", ["parquet", "delta"])
def test_every_tool_knows_the_encodings(bench: Bench, format_name: str) -> None:
    place = bench.folder / ("a.parquet" if format_name == "parquet" else "table")
    rows = "SELECT range AS a, range / 7 AS b, 'n' || range AS c FROM range(20000)"
    bench.write(place, rows, format_name=format_name)
    (file,) = [place] if place.is_file() else place.glob("*.parquet")
    group = pq.ParquetFile(file).metadata.row_group(0)
    used = {encoding for number in range(3) for encoding in group.column(number).encodings}
    # Of the newer ones, Spark can't read BYTE_STREAM_SPLIT.
    assert used <= {"PLAIN", "RLE", "PLAIN_DICTIONARY", "RLE_DICTIONARY"}


def test_a_sum_of_integers_keeps_its_digits(bench: Bench) -> None:
    path = bench.folder / "a.parquet"
    bench.write(path, "SELECT sum(v) AS s FROM (SELECT 9223372036854775807 AS v FROM range(3))")

    assert [str(value) for (value,) in bench.read(path).rows] == ["27670116110564327421"]
    bench.write(path, "SELECT sum(1) AS s", "append", ticket="run/2")
    assert bench.read(path).row_count == 2


@pytest.mark.parametrize("value", ["INTERVAL 1 DAY", "[INTERVAL 1 DAY]", "union_value(a := 1)"])
def test_types_that_parquet_lacks_are_refused(bench: Bench, value: str) -> None:
    with pytest.raises(TargetError, match=r"column 'v' is of type .*can't hold without loss\n.*CAST"):
        bench.write(bench.folder / "a.parquet", f"SELECT {value} AS v")


def test_appending_another_type_names_the_column(bench: Bench) -> None:
    path = bench.folder / "a.parquet"
    bench.write(path, "SELECT 1::INTEGER AS id, 'x' AS v")

    with pytest.raises(TargetError, match="'id' is VARCHAR, the target's is INTEGER"):
        bench.write(path, "SELECT 'a' AS id, 'x' AS v", "append", ticket="run/2")
    bench.write(path, "SELECT 2::SMALLINT AS id, NULL AS v", "append", ticket="run/3")
    assert bench.read(path).rows == [(1, "x"), (2, None)]
