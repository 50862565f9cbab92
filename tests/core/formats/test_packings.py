"""CSV and JSON in every packing that a library here unpacks."""

from __future__ import annotations

import bz2
import lzma
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from tests.core.formats.bench import Bench

from odibi_core.errors import SourceError, TargetError
from odibi_core.formats import format_named
from odibi_core.formats.registry import format_of


def _lz4(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "lz4") as file:
        file.write(content)
    return bytes(sink.getvalue().to_pybytes())


PACKERS: dict[str, Callable[[bytes], bytes]] = {"bz2": bz2.compress, "xz": lzma.compress, "lz4": _lz4}
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

    with pytest.raises(SourceError, match=rf"{name}\.{ending}: the file is not {ending}, or it is cut off"):
        bench.read(path)


@every_packing
@pytest.mark.parametrize("mode", ["overwrite", "append"])
@pytest.mark.parametrize("kind", ["csv", "json"])
def test_what_is_not_written_is_told(bench: Bench, ending: str, mode: str, kind: str) -> None:
    path = Path(bench.folder, f"a.{kind}.{ending}")
    if mode == "append":
        content = b"a\n1\n" if kind == "csv" else b'{"a":1}\n'
        path.write_bytes(PACKERS[ending](content))
    before = path.read_bytes() if path.exists() else b""

    with pytest.raises(TargetError, match=rf"read but not written packed by {ending}\n.*\.{kind}\.zst"):
        bench.write(path, "SELECT 1 AS a", mode, format_name=kind)

    assert (path.read_bytes() if path.exists() else b"") == before


def test_a_packed_json_array_in_another_encoding_is_probed(bench: Bench) -> None:
    path = bench.file("a.json.xz", lzma.compress('[{"a":"é"}]'.encode("utf-16")))
    json = format_named("json")

    assert json.probe(str(path), json.read_options(), bench.cursor).as_dict() == {"a": "VARCHAR"}
