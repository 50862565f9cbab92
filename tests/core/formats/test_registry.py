from __future__ import annotations

from pathlib import Path

import pytest
from tests.core.formats.bench import Bench

from odibi_core.errors import UnknownNameError
from odibi_core.formats import format_named, format_names, format_of, registry
from odibi_core.formats.csv import CsvFormat


def test_the_built_in_formats_are_there() -> None:
    assert {"csv", "json", "parquet", "delta"} <= set(format_names())


def test_a_format_is_made_once() -> None:
    assert format_named("csv") is format_named("csv")
    assert isinstance(format_named("csv"), CsvFormat)


def test_an_unknown_format_names_the_near_one() -> None:
    with pytest.raises(UnknownNameError, match=r"'parqet' is not known\n.*did you mean 'parquet'"):
        format_named("parqet")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a.csv", "csv"),
        ("A.CSV.GZ", "csv"),
        ("a.tsv", "csv"),
        ("a.json", "json"),
        ("a.ndjson.zst", "json"),
        ("x.y/a.jsonl", "json"),
        ("a.parquet", "parquet"),
        ("folder/*.parquet", "parquet"),
    ],
)
def test_the_extension_implies_the_format(path: str, name: str) -> None:
    assert format_of(path).name == name


@pytest.mark.parametrize("name", registry._ENDINGS)
def test_the_endings_that_are_known_beforehand_are_those_of_the_format(name: str) -> None:
    assert registry._ENDINGS[name] == format_named(name).extensions


def test_a_folder_implies_the_format_of_what_is_in_it(bench: Bench) -> None:
    bench.write(bench.folder / "table", "SELECT 1 AS a", format_name="delta")
    bench.write(bench.folder / "parts", "SELECT 1 AS a, 2 AS b", format_name="parquet", partition_by=("b",))

    assert format_of(bench.folder / "table").name == "delta"
    assert format_of(bench.folder / "parts").name == "parquet"


def test_a_path_that_implies_nothing_says_how_to_name_the_format(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"say it with `format`.*avro, csv, delta, .*parquet"):
        format_of(tmp_path / "data.xyz")


@pytest.mark.parametrize("name", format_names())
def test_every_setting_of_a_format_explains_itself(name: str) -> None:
    fmt = format_named(name)
    for model in (fmt.read_options, fmt.write_options):
        for field, info in model.model_fields.items():
            assert info.description, f"{model.__name__}.{field}"
