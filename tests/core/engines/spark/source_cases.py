"""Sources that a cluster reads itself, and those that it leaves to the other engine."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Source:
    """A source.

    Attributes:
        files: Name in the source's folder → what is in it.
        read: What is read of that folder.
        options: The settings for reading.
        format: Of the files.
        is_native: Whether Spark reads it to its end.
    """

    files: Mapping[str, bytes]
    read: str = "rows.csv"
    options: Mapping[str, Any] = field(default_factory=dict)
    format: str = "csv"
    is_native: bool = True


def csv(text: str | bytes, name: str = "rows.csv", **options: Any) -> Source:
    return Source({name: text.encode() if isinstance(text, str) else text}, name, options)


def left_csv(text: str | bytes, **options: Any) -> Source:
    found = csv(text, **options)
    return Source(found.files, found.read, found.options, is_native=False)


def json(text: str, schema: Mapping[str, str] | None = None, *, is_native: bool = True) -> Source:
    options = {"schema": schema} if schema else {}
    return Source({"rows.json": text.encode()}, "rows.json", options, "json", is_native)


PLAIN = (
    "id,name,amount,day,at,yes\n"
    "1,ana,10.5,2024-01-31,2024-01-31 10:20:30,true\n"
    "-2,bo,-0.25,2024-02-29,2024-02-29 00:00:00,false\n"
    "3,,1e3,,,\n"
)

SOURCES: dict[str, Source] = {
    "every type": csv(PLAIN),
    "quoted fields": csv('a,b,c\n1,"x, y","say ""hi"""\n2,"",  spaced \n3,"""",\'q\'\n'),
    "another delimiter": csv("a;b|c;d\n1;x|y;2.5\n2;;3\n", delimiter=";"),
    "no quotes at all": csv('a,b\n1,say "hi"\n2,"\n', quote=""),
    "texts that mean null": csv("a,b\n1,NA\nNA,x\n3,-\n", null_values=["NA", "-"]),
    "lines that end as on Windows": csv("a,b\r\n1,x\r\n2,y\r\n"),
    "a mark of its encoding": csv(b"\xef\xbb\xbfa,b\n1,\xc3\xa9\n"),
    "blank lines": csv("a,b\n1,x\n\n2,y\n\n"),
    "a header that comes again": csv("a,b\nx,y\na,b\nz,w\n"),
    "types that are said": csv(
        "a,b,c,d\n007,1.25,3,12.5\n010,2,4,0.125\n",
        schema={"a": "VARCHAR", "b": "DECIMAL(9,2)", "c": "SMALLINT", "d": "FLOAT"},
    ),
    "names of columns": csv("a,b\n1,x\n", columns=["n", "odd `name`, with.dots"]),
    "odd names": csv('"a b","c.d",`e\n1,2,3\n'),
    "packed": csv(gzip.compress(PLAIN.encode()), name="rows.csv.gz"),
    "a code that has its zero late": left_csv("a,b\n12345,x\n01067,y\n", sample_size=1),
    "packed by bzip2": csv(bz2.compress(PLAIN.encode()), name="rows.csv.bz2"),
    "a folder": Source({"in/1.csv": b"a,b\n1,x\n", "in/2.csv": b"a,b\n2,y\n"}, "in"),
    "folders named by values": Source(
        {
            "in/k=1/day=2024-01-01/1.csv": b"a,b\n1,x\n",
            "in/k=2/day=2024-02-01/1.csv": b"a,b\n2,y\n",
            "in/k=__HIVE_DEFAULT_PARTITION__/day=2024-02-01/1.csv": b"a,b\n3,\n",
        },
        "in",
    ),
    "tabs": Source({"rows.tsv": b"a\tb\n1\tx\n\t\n2\ty z\n"}, "rows.tsv", is_native=False),
    "tabs that are said": left_csv("a\tb\n1\tx\n\t\n2\ty z\n", delimiter="\t"),
    "the character 0": left_csv("a,b\n\0x,1\ny,2\n"),
    "a line break in quotes": left_csv('a,b\n1,"x\ny"\n2,z\n'),
    "a quote in quotes": left_csv('a,b\n1,"x"y\n2,z\n3,w\n'),
    "a quote that opens nothing": left_csv('a,b\n1,x"y\n2,z"w\n'),
    "a row that is too short": left_csv("a,b,c\n1,2,3\n4,5\n"),
    "a row that is too long": left_csv("a,b\n1,2\n3,4,5\n"),
    "a text in a column of numbers": left_csv("a,b\n1,2\n" + "3,4\n" * 50 + "x,5\n", sample_size=10),
    "a fraction in a column of whole numbers": left_csv(
        "a,b\n1,2\n" + "3,4\n" * 50 + "5.5,5\n", sample_size=10
    ),
    "a number that is too large": left_csv("a,b\n1,x\n99999999999999999999,y\n", schema={"a": "BIGINT"}),
    "a day that there is not": left_csv("a,b\n2024-02-30,x\n", schema={"a": "DATE"}),
    "bytes that are no text": left_csv(b"a,b\n1,x\n2,\xff\n"),
    "no header": left_csv("1,x\n2,y\n", header=False),
    "one column": left_csv("a\n1\n\n2\n"),
    "days of another form": left_csv("a,b\n31/01/2024,x\n28/02/2024,y\n", date_format="%d/%m/%Y"),
    "a comma in numbers": left_csv("a;b\n1,5;x\n", decimal_separator=",", delimiter=";"),
    "lines to pass over": left_csv("made today\na,b\n1,x\n", skip=1),
    "quoted texts that are empty": left_csv('a,b\n1,""\n2,\n', quoted_nulls=False),
    "another encoding": left_csv("a,b\n1,é\n".encode("latin-1"), encoding="latin-1"),
    "files of different columns": Source(
        {"in/1.csv": b"a,b\n1,x\n", "in/2.csv": b"b,c\ny,2\n"}, "in", is_native=False
    ),
    "objects": json(
        '{"a": 1, "b": "x", "c": 1.5, "d": true, "e": "2024-01-31", "f": "2024-01-31 10:00:00", "more": 1}\n'
        '\n{"b": null, "c": 2}\n{"a": -3, "c": 1e2, "d": false}\n',
        {"a": "BIGINT", "b": "VARCHAR", "c": "DOUBLE", "d": "BOOLEAN", "e": "DATE", "f": "TIMESTAMP"},
    ),
    "names with dots": json('{"a.b": 1, "c d": "é \\" \\u00e9"}\n', {"a.b": "BIGINT", "c d": "VARCHAR"}),
    "a number in a column of texts": json('{"a": "x"}\n{"a": 1.50}\n', {"a": "VARCHAR"}, is_native=False),
    "a text in a column of whole numbers": json('{"a": 1}\n{"a": "2"}\n', {"a": "BIGINT"}, is_native=False),
    "a fraction as a whole number": json('{"a": 1}\n{"a": 2.5}\n', {"a": "BIGINT"}, is_native=False),
    "an object in an object": json('{"a": {"b": 1}}\n', {"a": "STRUCT(b BIGINT)"}, is_native=False),
    "a line that is no object": json('{"a": 1}\n[2]\n', {"a": "BIGINT"}, is_native=False),
    "two objects in a line": json('{"a": 1} {"a": 2}\n', {"a": "BIGINT"}, is_native=False),
    "two objects and a comma": json('{"a": 1}, {"a": 2}\n', {"a": "BIGINT"}, is_native=False),
    "an object and a comma": json('{"a": 1},\n{"a": 2}\n', {"a": "BIGINT"}, is_native=False),
    "an object and a bracket": json('{"a": 1}\n{"a": 2}]\n', {"a": "BIGINT"}, is_native=False),
    "one array": json('[{"a": 1}, {"a": 2}]', {"a": "BIGINT"}, is_native=False),
    "columns to be found out": json(
        '{"a": 1, "n": null}\n{"a": 2, "b": "x", "c d": 1.5}\n{"b": "2024-01-31"}\n'
    ),
    "types to be found out": json(
        '{"e": "2024-01-31", "f": "2024-01-31 10:00:00", "d": true, "c": 1}\n{"c": 1e2, "d": null}\n'
        '{"f": "2024-01-31T10:00:00.123456"}\n'
    ),
    "a key that comes late": json('{"a": 1}\n' * 2100 + '{"a": 2, "b": "x"}\n', is_native=False),
    "a value that comes late": json('{"a": 1, "b": null}\n' * 2100 + '{"b": "x"}\n', is_native=False),
    "a fraction that comes late": json('{"a": 1}\n' * 2100 + '{"a": 2.5}\n', is_native=False),
    "a late text among days": json('{"a": "2024-01-31"}\n' * 2100 + '{"a": "x"}\n', is_native=False),
    "a key in other letters that comes late": json('{"a": 1}\n' * 2100 + '{"A": 2}\n', is_native=False),
    "long, and as its head": json('{"a": 1, "b": null, "c": "x"}\n' * 2100 + '{"c": "1", "a": 2}\n'),
    "an object in an object to be found out": json('{"a": {"b": 1}}\n', is_native=False),
    "values of several kinds": json('{"a": 1}\n{"a": "x"}\n', is_native=False),
    "a key twice": json('{"a": 1, "a": 2}\n{"a": 3}\n', is_native=False),
    "a key twice where the columns are said": json('{"a": 1, "a": 2}\n', {"a": "BIGINT"}, is_native=False),
    "files with their own keys": Source(
        {"in/1.json": b'{"a": 1}\n', "in/2.json": b'{"b": "x", "a": 2}\n'}, "in", format="json"
    ),
    "a long file before one with its own keys": Source(
        {"in/1.json": b'{"a": 1}\n' * 2100, "in/2.json": b'{"b": "x", "a": 2}\n'}, "in", {}, "json", False
    ),
    "folders of json named by values": Source(
        {"in/k=1/1.json": b'{"a": 1}\n', "in/k=2/1.json": b'{"a": null}\n'}, "in", format="json"
    ),
}  # fmt: skip
