"""Files with odd values, names and shapes, that both engines are to read alike."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable, write_deltalake

Made = tuple[str, str]
"""Format and path, within the folder that a maker is given, of what it made there."""
Maker = Callable[[Path], Made]

QUERIES = {
    "nulls alone": "SELECT NULL::INTEGER AS a, NULL::VARCHAR AS b",
    "nested": "SELECT {'x': 1, 'y': {'z': [1, NULL]}} AS s, [[1], []] AS l, MAP {'k': 1} AS m, "
    "[{'a': 1, 'b': NULL::VARCHAR}] AS ls UNION ALL SELECT NULL, NULL, NULL, NULL",
    "empty lists and maps": "SELECT []::INT[] AS l, MAP {}::MAP(VARCHAR, INT) AS m",
    "long decimals": "SELECT repeat('9', 38)::DECIMAL(38, 0) AS a, "
    "('0.' || repeat('0', 37) || '1')::DECIMAL(38, 38) AS b, -99.99::DECIMAL(4, 2) AS c",
    "moments": "SELECT TIMESTAMP '2024-01-01 12:00:00.123456' AS a, "
    "TIMESTAMPTZ '2024-01-01 12:00:00+05' AS b",
    "other units": "SELECT '2024-01-01 12:00:00'::TIMESTAMP_S AS a, "
    "'2024-01-01 12:00:00.5'::TIMESTAMP_MS AS b",
    "nanoseconds": "SELECT '2024-01-01 12:00:00.123456789'::TIMESTAMP_NS AS a",
    "old moments": "SELECT TIMESTAMP '1500-01-01 12:00:00' AS a, TIMESTAMP '0001-01-01' AS b, "
    "TIMESTAMP '9999-12-31 23:59:59.999999' AS c, TIMESTAMPTZ '1800-01-01 00:00:00+00' AS d",
    "old days": "SELECT DATE '1500-01-01' AS a, DATE '0001-01-01' AS b, DATE '1582-10-10' AS c",
    "far days": "SELECT DATE '12000-01-01' AS a, DATE '-0044-03-15' AS b, 'infinity'::DATE AS c",
    "odd floats": "SELECT unnest(['nan', 'inf', '-inf', '-0.0', '1e308', '5e-324'])::DOUBLE AS a",
    "bytes": "SELECT '\\x00\\xFF'::BLOB AS a, ''::BLOB AS b, NULL::BLOB AS c",
    "texts": "SELECT '' AS a, NULL::VARCHAR AS b, '😀 ü \"q\" ''s' AS c, chr(0) || 'x' || chr(10) AS d",
    "names": 'SELECT 1 AS "a b", 2 AS "q""x", 3 AS "back`t", 4 AS "Ünï", 5 AS "😀", 6 AS "a.b", '
    '7 AS "select", 8 AS "x;y", 9 AS "{}", 10 AS "a,b", 11 AS "(p)", 12 AS "="',
    "no rows": "SELECT 1 AS a, 'x' AS b WHERE false",
    "types that Spark lacks": "SELECT TIME '10:00:00' AS t, 5::UTINYINT AS a, 18446744073709551615 AS b, "
    "'a'::ENUM('a', 'b') AS e, 5::HUGEINT AS h",
}
FOLDERS: Mapping[str, tuple[str, ...]] = {
    "numbers in names of folders": ("k=1", "k=2"),
    "texts in names of folders": ("k=x", "k=y z"),
    "nothing in names of folders": ("k=x", "k=__HIVE_DEFAULT_PARTITION__"),
    "slashes in names of folders": ("k=a%2Fb", "k=c%20d"),
    "letters spelled by bytes": ("k=50%25", "k=%C3%BC"),
    "letters beyond ASCII": ("k=ü", "k=😀"),
    "days in names of folders": ("k=2024-01-01", "k=2024-02-01"),
    "moments in names of folders": ("k=2024-01-01 10%3A00%3A00", "k=2024-02-01 00%3A00%3A00"),
    "zeros before numbers": ("k=01", "k=02"),
    "numbers and texts": ("k=1", "k=x"),
    "an empty name": ("k=", "k=x"),
    "two levels": ("k=1/m=x", "k=2/m=y"),
    "a name that the file has too": ("a=1", "a=2"),
    "a name of another case than the file's": ("A=1", "A=2"),
    "fractions in names of folders": ("k=1.5", "k=2.5"),
    "truth in names of folders": ("k=true", "k=false"),
}
EVOLVED: Mapping[str, tuple[pa.Table, pa.Table]] = {
    "a column more": (pa.table({"a": [1]}), pa.table({"a": [2], "b": ["x"]})),
    "a column less": (pa.table({"a": [1], "b": ["x"]}), pa.table({"a": [2]})),
    "another order": (pa.table({"a": [1], "b": [2]}), pa.table({"b": [3], "a": [4]})),
    "a wider type": (pa.table({"a": pa.array([1], pa.int32())}), pa.table({"a": [2**40]})),
    "a fraction": (pa.table({"a": pa.array([1], pa.int32())}), pa.table({"a": [2.5]})),
    "a text": (pa.table({"a": [1]}), pa.table({"a": ["x"]})),
    "another case": (pa.table({"a": [1]}), pa.table({"A": [2]})),
    "a field more": (pa.table({"s": [{"x": 1}]}), pa.table({"s": [{"x": 2, "y": 3}]})),
    "a zone": (
        pa.table({"a": pa.array([1], pa.timestamp("us"))}),
        pa.table({"a": pa.array([2], pa.timestamp("us", "UTC"))}),
    ),
    "an empty file first": (pa.table({"a": pa.array([], pa.int64())}), pa.table({"a": [2]})),
}
ARROW: Mapping[str, tuple[pa.Table, dict[str, Any]]] = {
    "INT96": (
        pa.table({"t": pa.array([dt.datetime(2024, 1, 1, 12), None], pa.timestamp("us"))}),
        {"use_deprecated_int96_timestamps": True},
    ),
    "names that differ in case": (pa.table({"a": [1], "A": [2]}), {}),
    "a type of nulls": (pa.table({"a": pa.array([None], pa.null()), "b": [1]}), {}),
    "large types": (
        pa.table({"a": pa.array(["x"], pa.large_string()), "b": pa.array([[1]], pa.large_list(pa.int32()))}),
        {},
    ),
    "another zone": (pa.table({"a": pa.array([1], pa.timestamp("us", "Europe/Berlin"))}), {}),
    "decimals as whole numbers": (
        pa.table({"a": pa.array([Decimal("1.5")], pa.decimal128(5, 1))}),
        {"store_decimal_as_integer": True},
    ),
}
DELTA: Mapping[str, tuple[list[pa.Table], list[str]]] = {
    "Delta, evolved": ([pa.table({"a": [1]}), pa.table({"a": [2], "b": ["x"]})], []),
    "Delta, odd texts in folders": ([pa.table({"a": [1, 2, 3, 4], "k": ["x", "a/b", "c d", None]})], ["k"]),
    "Delta, letters in folders": ([pa.table({"a": [1, 2], "the key": ["ü", "50%"]})], ["the key"]),
    "Delta, days in folders": ([pa.table({"a": [1, 2], "k": [dt.date(2024, 1, 1), None]})], ["k"]),
    "Delta, moments in folders": ([pa.table({"a": [1], "k": [dt.datetime(2024, 1, 1, 10, 5, 6, 7)]})], ["k"]),
    "Delta, decimals in folders": (
        [pa.table({"a": [1], "k": pa.array([Decimal("1.50")], pa.decimal128(9, 2))})],
        ["k"],
    ),
    "Delta, no rows": ([pa.table({"a": pa.array([], pa.int64())})], []),
}
LINES: Mapping[str, list[str]] = {
    "json, nulls alone": ['{"a": null}', '{"a": null}'],
    "json, nested": ['{"s": {"x": 1, "y": [1, null]}, "l": [1, 2]}', '{"s": null, "l": []}'],
    "json, long numbers": ['{"a": 123456789012345678901234567890}'],
    "json, fractions": ['{"a": 1.10}', '{"a": 2}', '{"a": 1e3}', '{"a": -0.0}'],
    "json, days": ['{"d": "1500-01-01"}', '{"d": "0001-01-01"}', '{"d": "9999-12-31"}'],
    "json, zeros first": ['{"a": "01"}', '{"a": "02"}'],
    "json, empty texts": ['{"a": ""}', '{"a": null}', '{"a": " "}'],
    "json, escapes": ['{"a": "\\u00fc\\ud83d\\ude00 \\n\\t\\" \\\\"}'],
    "json, another order": ['{"a": 1, "b": 2}', '{"b": 3, "a": 4}'],
    "json, truth and texts": ['{"b": true}', '{"b": "x"}'],
    "json, late keys": [*(json.dumps({"a": number}) for number in range(2_500)), '{"a": 1, "z": 2}'],
    "json, late texts": [*(json.dumps({"a": number}) for number in range(2_500)), '{"a": "x"}'],
}


def _of_query(sql: str) -> Maker:
    def make(folder: Path) -> Made:
        duckdb.execute(f"COPY ({sql}) TO '{folder / 'a.parquet'}' (FORMAT parquet)")
        return "parquet", "a.parquet"

    return make


def _of_tables(tables: tuple[pa.Table, ...], folders: tuple[str, ...] = ()) -> Maker:
    def make(folder: Path) -> Made:
        for number, table in enumerate(tables):
            place = folder / "rows" / (folders[number] if folders else "")
            place.mkdir(parents=True, exist_ok=True)
            pq.write_table(table, place / f"{number}.parquet")
        return "parquet", "rows"

    return make


def _of_arrow(table: pa.Table, options: Mapping[str, Any]) -> Maker:
    def make(folder: Path) -> Made:
        pq.write_table(table, folder / "a.parquet", **options)
        return "parquet", "a.parquet"

    return make


def _of_delta(tables: list[pa.Table], by: list[str]) -> Maker:
    def make(folder: Path) -> Made:
        for number, table in enumerate(tables):
            evolves: Literal["merge"] | None = "merge" if number else None
            place = str(folder / "t")
            write_deltalake(place, table, mode="append", partition_by=by or None, schema_mode=evolves)
        return "delta", "t"

    return make


def _of_deleted(folder: Path) -> Made:
    write_deltalake(str(folder / "t"), pa.table({"a": list(range(10))}))
    DeltaTable(str(folder / "t")).delete("a < 3")
    return "delta", "t"


def _of_lines(lines: list[str]) -> Maker:
    def make(folder: Path) -> Made:
        (folder / "a.json").write_text("\n".join(lines) + "\n")
        return "json", "a.json"

    return make


MAKERS: Mapping[str, Maker] = {
    **{name: _of_query(sql) for name, sql in QUERIES.items()},
    **{
        name: _of_tables((pa.table({"a": [1]}), pa.table({"a": [2]})), folders)
        for name, folders in FOLDERS.items()
    },
    **{name: _of_tables(tables) for name, tables in EVOLVED.items()},
    **{name: _of_arrow(*made) for name, made in ARROW.items()},
    **{name: _of_delta(*made) for name, made in DELTA.items()},
    "Delta, deleted rows": _of_deleted,
    **{name: _of_lines(lines) for name, lines in LINES.items()},
}
