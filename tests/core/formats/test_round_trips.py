"""What is written is what is read, whatever the values and names are."""

from __future__ import annotations

import math
import uuid
from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.core.formats.bench import Bench

from odibi_core.schema import quote

FORMATS = ("csv", "json", "parquet", "delta", "avro", "orc")
# A text of one surrogate is none; Delta's and Parquet's readers stop at no other character.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
nasty = st.sampled_from(
    [
        "",
        " ",
        "NULL",
        "NA",
        "nan",
        '"',
        "'",
        ",",
        ";",
        "\t",
        "\n",
        "\r",
        "\r\n",
        "a\r",
        "\\",
        '\\"',
        "#",
        "\x00",
        "\ufeff",
        "😀",
    ]
)
rows_of_texts = st.lists(st.tuples(texts | nasty | st.none(), texts | nasty), min_size=1, max_size=6)

READ_AS_IS: dict[str, dict[str, Any]] = {
    "csv": {
        "quoted_nulls": False,
        "schema": {"a": "VARCHAR", "b": "VARCHAR"},
        "delimiter": ",",
        "header": True,
    },
    "json": {"schema": {"a": "VARCHAR", "b": "VARCHAR"}},
    "parquet": {},
    "delta": {},
    "avro": {},
    "orc": {},
}


def write_and_read(bench: Bench, name: str, data: pa.Table, **read: Any) -> list[tuple[Any, ...]]:
    bench.cursor.register("given", data)
    path = bench.folder / f"t.{name}"
    bench.write(path, "SELECT * FROM given", format_name=name, ticket=f"run/{uuid.uuid4()}")
    return bench.read(path, format_name=name, **read).rows


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=rows_of_texts)
def test_every_text_comes_back(bench: Bench, name: str, rows: list[tuple[str | None, str]]) -> None:
    data = pa.table({"a": pa.array([a for a, _ in rows], pa.string()), "b": [b for _, b in rows]})

    assert write_and_read(bench, name, data, **READ_AS_IS[name]) == rows


@pytest.mark.parametrize("name", ["csv", "json", "parquet"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(old=rows_of_texts, new=rows_of_texts)
def test_every_text_survives_an_append(
    bench: Bench, name: str, old: list[tuple[str | None, str]], new: list[tuple[str | None, str]]
) -> None:
    path = bench.folder / f"appended.{name}"
    for mode, rows in (("overwrite", old), ("append", new)):
        data = pa.table({"a": pa.array([a for a, _ in rows], pa.string()), "b": [b for _, b in rows]})
        bench.cursor.register("given", data)
        bench.write(path, "SELECT * FROM given", mode, ticket=f"{mode}/{uuid.uuid4()}")

    assert bench.read(path, **READ_AS_IS[name]).rows == [*old, *new]


NAMES = [
    "a b",
    'q"uote',
    "x.y",
    "😀",
    "select",
    "semi;colon",
    "com,ma",
    "new\nline",
    "tab\t",
    "é",
    "'",
    "$1",
    "%s",
    "{x}",
    "-- x",
]


@pytest.mark.parametrize("name", FORMATS)
def test_every_column_name_comes_back(bench: Bench, name: str) -> None:
    columns = ", ".join(f"{place} AS {quote(column)}" for place, column in enumerate(NAMES))
    path = bench.folder / f"t.{name}"

    bench.write(path, f"SELECT {columns}", format_name=name)
    read = bench.read(path, format_name=name)

    assert read.schema.names == tuple(NAMES)
    assert read.rows == [tuple(range(len(NAMES)))]


@pytest.mark.parametrize("name", ["parquet", "delta", "avro"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {
                "f": st.floats() | st.none(),
                "i": st.integers(-(2**63), 2**63 - 1) | st.none(),
                "y": st.binary(max_size=10) | st.none(),
                "n": st.lists(st.fixed_dictionaries({"k": texts}), max_size=3) | st.none(),
                "t": st.datetimes(min_value=datetime(1900, 1, 1)) | st.none(),
            }
        ),
        min_size=1,
        max_size=5,
    )
)
def test_every_value_comes_back(bench: Bench, name: str, rows: list[dict[str, Any]]) -> None:
    schema = pa.schema(
        {
            "f": pa.float64(),
            "i": pa.int64(),
            "y": pa.binary(),
            "n": pa.list_(pa.struct({"k": pa.string()})),
            "t": pa.timestamp("us"),
        }
    )

    read = write_and_read(bench, name, pa.Table.from_pylist(rows, schema))

    assert [_comparable(row) for row in read] == [
        _comparable(tuple(row[name] for name in schema.names)) for row in rows
    ]


def _comparable(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple("nan" if isinstance(value, float) and math.isnan(value) else value for value in row)


def test_csv_gives_back_numbers_dates_and_bytes_with_a_schema(bench: Bench) -> None:
    path = bench.folder / "t.csv"
    values = (
        "'nan'::DOUBLE AS f, '-inf'::DOUBLE AS g, 170141183460469231731687303715884105727::HUGEINT AS h, "
        "1.10::DECIMAL(9,2) AS d, TIMESTAMPTZ '2024-01-02 03:04:05.123456+02' AS z, '\\xff\\x00'::BLOB AS y, "
        "[1, NULL] AS l, {'a': 'x,y'} AS s, TIME '01:02:03' AS t, true AS b"
    )
    bench.write(path, f"SELECT {values}")
    types = dict(zip("fghdzylstb", (str(t) for t in bench.cursor.sql(f"SELECT {values}").types), strict=True))

    read = bench.read(path, schema=types)

    assert [_comparable(row) for row in read.rows] == [
        _comparable(row) for row in bench.cursor.sql(f"SELECT {values}").fetchall()
    ]
    assert read.schema.as_dict() == types


def test_json_gives_back_numbers_dates_and_nested_values(bench: Bench) -> None:
    path = bench.folder / "t.json"
    values = (
        "9223372036854775807 AS i, 1.1::DOUBLE AS f, true AS b, DATE '2024-01-02' AS d, "
        "TIMESTAMP '2024-01-02 03:04:05.123456' AS t, TIMESTAMPTZ '2024-01-02 03:04:05+02' AS z, "
        "[{'a': [1::BIGINT, NULL], 'b': 'x'}] AS n"
    )
    bench.write(path, f"SELECT {values}")

    assert bench.read(path).rows == bench.cursor.sql(f"SELECT {values}").fetchall()
