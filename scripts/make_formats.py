"""Write the page of the formats, docs/formats.md: `python scripts/make_formats.py`.

What becomes of each type is tried: a value is written and read in every format.
"""

from __future__ import annotations

import re
import tempfile
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from odibi_core.errors import OdibiError
from odibi_core.formats.base import FileForm, Format, ScanContext, Target, Ticket, WriteMode
from odibi_core.formats.catalog import ABILITIES, describe_formats
from odibi_core.formats.registry import format_named, format_names
from odibi_core.schema import Schema

PAGE = Path(__file__).parents[1] / "docs" / "formats.md"

VALUES: Mapping[str, str] = {
    "BOOLEAN": "true",
    "TINYINT": "(-128)",
    "SMALLINT": "(-32768)",
    "INTEGER": "(-2147483648)",
    "BIGINT": "(-9007199254740)",
    "UTINYINT": "255",
    "USMALLINT": "65535",
    "UINTEGER": "4294967295",
    "UBIGINT": "18446744073709551615",
    "HUGEINT": "12345678901234567890123456789",
    "UHUGEINT": "12345678901234567890123456789",
    "FLOAT": "0.1",
    "DOUBLE": "0.1",
    "DECIMAL": "'1234567890123.45'::DECIMAL(18,2)",
    "VARCHAR": "'naïve, \"so\"'",
    "BLOB": r"'\xFF\x00'::BLOB",
    "DATE": "'2024-02-29'",
    "TIME": "'23:59:58'",
    "TIMESTAMP": "'2024-02-29 23:59:58.123456'",
    "TIMESTAMP WITH TIME ZONE": "'2024-02-29 23:59:58.123456+02'",
    "TIMESTAMP_S": "'2024-02-29 23:59:58'",
    "TIMESTAMP_MS": "'2024-02-29 23:59:58.123'",
    "TIMESTAMP_NS": "'2024-02-29 23:59:58.123456789'",
    "INTERVAL": "'3 days'",
    "UUID": "'4ac7a9e9-607c-4c8a-84f3-843f0191e3fd'",
    "ENUM": "'b'::ENUM('a', 'b')",
    "BIT": "'0101'",
    "JSON": "'{\"a\": [1, null]}'",
    "LIST": "[1::BIGINT, NULL]",
    "STRUCT": "{'a': 1::BIGINT, 'b': 'x'}",
    "MAP": "MAP {'k': 1::BIGINT}",
    "UNION": "union_value(n := 1)",
}
"""Type → a value that is hard for it."""

_WHOLE = ("DECIMAL", "BLOB", "ENUM", "LIST", "STRUCT", "MAP", "UNION")
_TABLE = {"table": "t"}


@dataclass
class _Rows:
    cursor: duckdb.DuckDBPyConnection
    sql: str

    @property
    def schema(self) -> Schema:
        relation = self.cursor.sql(self.sql)
        return Schema.of(zip(relation.columns, map(str, relation.types), strict=True))

    def reader(self, batch_rows: int = 122_880) -> pa.RecordBatchReader:
        return self.cursor.sql(self.sql).to_arrow_reader(batch_rows)

    def ready_files(self, partition_by: tuple[str, ...], form: FileForm) -> None:
        """None: the query alone gives the rows."""


@cache
def conversions() -> dict[str, dict[str, str]]:
    """Type → format → what a value of the type is when it is read again.

    "kept" is the same type and value; "→ TYPE" another type that holds the same value; "≈ TYPE" one whose
    value is not the same any more; "refused" that writing says no.
    """
    found = {name: _tried(format_named(name)) for name in format_names()}
    return {type_: {name: found[name][type_] for name in found} for type_ in VALUES}


def _tried(format_: Format[Any, Any]) -> dict[str, str]:
    """What becomes of each type in one format; a write that is refused is tried again without that column."""
    values = {
        f"v{place}": (type_, value if type_ in _WHOLE else f"{value}::{type_}")
        for place, (type_, value) in enumerate(VALUES.items())
    }
    fates = dict.fromkeys(VALUES, "refused")
    more = _TABLE if "table" in format_.write_options.model_fields else {}
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(":memory:") as cursor:
        cursor.execute("SET TimeZone = 'UTC'")
        path = Path(folder, f"t{format_.extensions[0]}")
        target = Target(path, WriteMode.OVERWRITE, Ticket("run", "step"))
        while True:
            columns = ", ".join(f"{value} AS {name}" for name, (_, value) in values.items())
            nulls = ", ".join("NULL" for _ in values)
            rows = _Rows(cursor, f"SELECT 1::BIGINT AS k, {columns} UNION ALL SELECT 2, {nulls} ORDER BY k")
            try:
                format_.write(rows, target, format_.write_options(**more))
                break
            except OdibiError as error:
                match = re.search(r"column '(v\d+)'", error.what)
                if match is None:
                    raise
                del values[match[1]]
        context = ScanContext(cursor, Path(folder), False, "scan")
        scan = format_.scan(str(path), format_.read_options(**more), context)
        for name, view in scan.views.items():
            cursor.register(name, view)
        cursor.execute(f"CREATE TABLE read AS SELECT * FROM {scan.sql}")
        types = scan.schema.as_dict()
        for name, (type_, value) in values.items():
            fates[type_] = _compared(cursor, name, value, types[name])
    return fates


def _compared(cursor: duckdb.DuckDBPyConnection, name: str, value: str, found: str) -> str:
    ((kept,),) = cursor.sql(f"SELECT typeof({value})").fetchall()
    same = f"SELECT {name} IS NOT DISTINCT FROM {value} FROM read WHERE k = 1"
    if found == kept:
        return "kept" if cursor.sql(same).fetchall() == [(True,)] else f"≈ {found}"
    try:
        back = f"SELECT TRY_CAST({name} AS {kept}) IS NOT DISTINCT FROM {value} FROM read WHERE k = 1"
        is_same = cursor.sql(back).fetchall() == [(True,)]
    except duckdb.Error:
        texts = f"SELECT {name}::VARCHAR = ({value})::VARCHAR FROM read WHERE k = 1"
        is_same = cursor.sql(texts).fetchall() == [(True,)]
    return f"{'→' if is_same else '≈'} {found}"


HEAD = """\
# Formats

What each format can do, and what becomes of each type in it. This page is made by
`scripts/make_formats.py` from what the formats declare and from values that are really written and read;
a test holds both against each other. The settings of each are in [Settings](settings.md).

`odibi formats` lists them; `odibi_core.formats.describe_formats()` gives the same as data, with a JSON Schema
of the settings.
"""


def page() -> str:
    """The whole page."""
    facts = describe_formats()
    names = [fact["name"] for fact in facts]
    lines = [*HEAD.splitlines(), "", "## What each can do", ""]
    lines += [f"| | {' | '.join(names)} |", f"| --- |{' --- |' * len(names)}"]
    rows: dict[str, list[str]] = {
        "files": [", ".join(f"`{ending}`" for ending in fact["extensions"]) for fact in facts]
    }
    for mode in WriteMode:
        able = [mode.value in fact["abilities"]["modes"] for fact in facts]
        rows[f"mode {mode.value}"] = ["yes" if is_able else "" for is_able in able]
    for ability, words in ABILITIES.items():
        rows[words] = ["yes" if fact["abilities"][ability] else "" for fact in facts]
    rows["compression"] = [", ".join(fact["abilities"]["compressions"]) for fact in facts]
    lines += [f"| {words} | {' | '.join(cells)} |" for words, cells in rows.items()]
    lines += [
        "",
        "Names of packed CSV and JSON files end in `.gz`, `.zst`, `.bz2`, `.xz` or `.lz4`. DuckDB packs the",
        "first two itself; the others are packed as they are written, by one processor, and unpacked to a",
        "copy before they are read. xz makes the smallest files and takes the longest. Spark's machines read",
        "and write gzip and bzip2; files packed otherwise pass through the machine that runs the pipeline.",
    ]
    lines += ["", "## What becomes of each type", ""]
    lines += [
        "`kept`: the same type and value. `→`: another type with the same value; a cast gives the first"
    ]
    lines += ["back. `≈`: the value is not quite the same any more. `refused`: writing says so and names the"]
    lines += [
        "column. CSV, JSON and Excel have few types: what is read is found out from the values, and the"
    ]
    lines += ["setting `schema` gives any other type.", ""]
    lines += [f"| type | {' | '.join(names)} |", f"| --- |{' --- |' * len(names)}"]
    for type_, found in conversions().items():
        lines.append(f"| `{type_}` | {' | '.join(found[name] for name in names)} |")
    for fact in facts:
        lines += ["", f"## {fact['name']}", "", fact["summary"], "", *textwrap.wrap(fact["notes"], 110)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
