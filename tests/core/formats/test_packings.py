"""CSV and JSON in every packing, read and written."""

from __future__ import annotations

import bz2
import lzma
import resource
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from tests.core.formats.bench import Bench

from odibi_core.errors import SourceError, TargetError
from odibi_core.formats import format_named
from odibi_core.formats.packing import packed_pipe
from odibi_core.formats.registry import format_of


def _lz4(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "lz4") as file:
        file.write(content)
    return bytes(sink.getvalue().to_pybytes())


PACKERS: dict[str, Callable[[bytes], bytes]] = {"bz2": bz2.compress, "xz": lzma.compress, "lz4": _lz4}
UNPACKERS: dict[str, Callable[[bytes], bytes]] = {
    "bz2": bz2.decompress,
    "xz": lzma.decompress,
    "lz4": lambda content: bytes(pa.CompressedInputStream(pa.BufferReader(content), "lz4").read()),
}
PACKINGS = {"bz2": "bzip2", "xz": "xz", "lz4": "lz4"}
every_packing = pytest.mark.parametrize("ending", sorted(PACKERS))


@every_packing
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "id,name\n1,Zoë\n2,y\n"),
        ("a.jsonl", '{"id":1,"name":"Zoë"}\n{"id":2,"name":"y"}\n'),
        ("a.json", '[{"id":1,"name":"Zoë"},\n{"id":2,"name":"y"}]'),
    ],
)
def test_packed_files_are_read(bench: Bench, ending: str, name: str, content: str) -> None:
    path = bench.file(f"{name}.{ending}", PACKERS[ending](content.encode()))

    found = format_of(path)
    read = bench.read(path)

    assert found.probe(str(path), found.read_options(), bench.cursor) == read.schema
    assert read.schema.as_dict() == {"id": "BIGINT", "name": "VARCHAR"}
    assert read.rows == [(1, "Zoë"), (2, "y")]


@every_packing
def test_bad_rows_of_packed_files_are_set_aside(bench: Bench, ending: str) -> None:
    path = bench.file(f"in/k=1/a.csv.{ending}", PACKERS[ending](b"id,n\n1,2\n2,1.5\n3\n"))

    read = bench.read(bench.folder / "in", format_name="csv", tolerant=True, schema={"n": "BIGINT"})

    assert read.rows == [(1, 2, 1)]
    assert [(row.source, row.line) for row in read.rejected] == [(str(path), 3), (str(path), 4)]


@every_packing
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_a_packed_file_that_is_cut_off_is_told(bench: Bench, ending: str, name: str) -> None:
    packed = PACKERS[ending]("".join(f"{number * 7919},{number}\n" for number in range(9_000)).encode())
    path = bench.file(f"{name}.{ending}", packed[: len(packed) // 2])

    with pytest.raises(
        SourceError, match=rf"{name}\.{ending}: the file is not {PACKINGS[ending]}, or it is cut off"
    ):
        bench.read(path)


@every_packing
@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("a.csv", ["id,name", "1,Zoë", "2,y"]),
        ("a.jsonl", ['{"id":1,"name":"Zoë"}', '{"id":2,"name":"y"}']),
    ],
)
def test_files_are_written_packed_and_changed_as_others(
    bench: Bench, ending: str, name: str, lines: list[str]
) -> None:
    path = bench.folder / f"{name}.{ending}"

    bench.write(path, "SELECT 1 AS id, 'Zoë' AS name UNION ALL SELECT 2, 'y'")
    assert UNPACKERS[ending](path.read_bytes()).decode().splitlines() == lines
    assert bench.write(path, "SELECT 3 AS id, 'z' AS name", "append", ticket="run/more").rows == 1
    assert bench.write(path, "SELECT 3 AS id, 'z' AS name", "append", ticket="run/more").rows == 0
    bench.write(path, "SELECT 2 AS id, 'new' AS name", "merge", ticket="run/merged", merge_key=("id",))

    assert sorted(bench.read(path).rows) == [(1, "Zoë"), (2, "new"), (3, "z")]
    assert [file.name for file in bench.folder.iterdir() if not file.name.startswith(".")] == [path.name]


@every_packing
@pytest.mark.parametrize("kind", ["csv", "json"])
def test_folders_hold_packed_files(bench: Bench, ending: str, kind: str) -> None:
    folder = bench.folder / "t"
    rows = "SELECT range % 3 AS k, range AS id FROM range({})"
    settings: dict[str, Any] = {"format_name": kind, "compression": PACKINGS[ending]}

    bench.write(folder, rows.format(6), partition_by=("k",), **settings)
    bench.write(folder, rows.format(3), "append", ticket="run/more", partition_by=("k",), **settings)

    files = [file for file in folder.rglob("*") if file.is_file()]
    assert len(files) == 6
    for file in files:
        assert file.name.endswith(f".{kind}.{ending}")
        assert UNPACKERS[ending](file.read_bytes())
    read = bench.read(folder, format_name=kind)
    assert sorted(read.rows) == [(0, 0), (0, 0), (1, 1), (1, 1), (2, 2), (2, 2), (3, 0), (4, 1), (5, 2)]


@every_packing
@pytest.mark.parametrize("kind", ["csv", "json"])
def test_a_write_that_fails_leaves_what_was_there(bench: Bench, ending: str, kind: str) -> None:
    path = bench.folder / f"a.{kind}.{ending}"
    bench.write(path, "SELECT 1::BIGINT AS id")
    before = {file: file.read_bytes() for file in bench.folder.iterdir()}

    query = "SELECT CASE WHEN range < 200000 THEN range ELSE error('stop') END AS id FROM range(200001)"
    with pytest.raises(duckdb.Error, match="stop"):
        bench.write(path, query, ticket="run/again")
    with pytest.raises(duckdb.Error, match="nowhere"):
        bench.write(path, "SELECT 1 AS id, nowhere", ticket="run/again")

    assert {file: file.read_bytes() for file in bench.folder.iterdir()} == before


@every_packing
def test_a_full_disk_is_told(bench: Bench, ending: str) -> None:
    path = bench.folder / f"a.csv.{ending}"
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(TargetError) as error:
            bench.write(path, "SELECT hash(range) AS id FROM range(100000)")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))

    assert error.value.where == str(path)
    assert list(bench.folder.iterdir()) == []


def test_a_packing_against_the_name_is_refused_with_the_name_to_take(bench: Bench) -> None:
    with pytest.raises(TargetError, match=r"is 'xz', and the name 'a.csv.gz' says 'gzip'\n.*\.csv\.xz"):
        bench.write(bench.folder / "a.csv.gz", "SELECT 1 AS a", compression="xz")


def test_a_packed_json_array_in_another_encoding_is_probed(bench: Bench) -> None:
    path = bench.file("a.json.xz", lzma.compress('[{"a":"é"}]'.encode("utf-16")))
    json = format_named("json")

    assert json.probe(str(path), json.read_options(), bench.cursor).as_dict() == {"a": "VARCHAR"}


@pytest.mark.parametrize("raised", [ValueError, KeyboardInterrupt])
def test_a_writer_that_is_interrupted_leaves_no_thread_and_no_pipe(
    tmp_path: Path, raised: type[BaseException]
) -> None:
    before = set(threading.enumerate())
    with pytest.raises(raised), packed_pipe(tmp_path / "a.csv.bz2", "bzip2"):
        raise raised
    assert set(threading.enumerate()) <= before
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv.bz2"]
