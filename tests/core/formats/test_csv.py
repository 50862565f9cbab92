from __future__ import annotations

import datetime as dt
import gzip
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pydantic import ValidationError
from tests.core.formats.bench import Bench

from odibi_core.errors import SourceError, TargetError
from odibi_core.formats.base import ScanContext
from odibi_core.formats.csv_options import CsvReadOptions
from odibi_core.formats.registry import format_named
from odibi_core.nodes.registry import compile_step
from odibi_core.testing import ingest_step


@pytest.mark.parametrize(("delimiter", "text"), [(",", "a,b"), (";", "a;b"), ("\t", "a\tb"), ("|", "a|b")])
def test_the_delimiter_is_found_out(bench: Bench, delimiter: str, text: str) -> None:
    path = bench.file("a.csv", f"{text}\n1{delimiter}x\n2{delimiter}y\n")

    read = bench.read(path)

    assert read.schema.as_dict() == {"a": "BIGINT", "b": "VARCHAR"}
    assert read.rows == [(1, "x"), (2, "y")]


def test_types_are_found_out(bench: Bench) -> None:
    path = bench.file(
        "a.csv",
        "i,f,b,d,t,z,code,big,text\n"
        "1,1.5,true,31/12/2024,2024-01-02 03:04:05,2024-01-02T03:04:05+02:00,007,123456789012345678901,a\n",
    )

    read = bench.read(path)

    assert read.schema.as_dict() == {
        "i": "BIGINT",
        "f": "DOUBLE",
        "b": "BOOLEAN",
        "d": "DATE",
        "t": "TIMESTAMP",
        "z": "TIMESTAMP WITH TIME ZONE",
        "code": "VARCHAR",
        "big": "HUGEINT",
        "text": "VARCHAR",
    }
    assert read.rows[0][3] == dt.date(2024, 12, 31)


def test_probing_gives_the_schema_of_the_scan(bench: Bench) -> None:
    from odibi_core.formats import format_named

    path = bench.file("a.csv", "a,b\n1,x\n")
    csv = format_named("csv")

    assert csv.probe(str(path), csv.read_options(), bench.cursor) == bench.read(path).schema


def test_dirty_rows_in_the_head_do_not_confuse_the_types(bench: Bench) -> None:
    path = bench.file("a.csv", 'id,name,amount\n1,"Bo, b",2.5\n2,Cy\n3,Di,5,6\n4,Ed,7\n')

    assert bench.read_carefully(path).schema.as_dict() == {
        "id": "BIGINT",
        "name": "VARCHAR",
        "amount": "DOUBLE",
    }


def test_a_schema_says_the_types_of_some_columns(bench: Bench) -> None:
    path = bench.file("a.csv", "zip,n,m\n1234,1,2\n")

    read = bench.read(path, schema={"zip": "string", "m": "decimal(9,2)"})

    assert read.schema.as_dict() == {"zip": "VARCHAR", "n": "BIGINT", "m": "DECIMAL(9,2)"}


def test_a_schema_with_an_unknown_column_names_the_near_one(bench: Bench) -> None:
    path = bench.file("a.csv", "amount,b\n1,2\n")

    with pytest.raises(SourceError, match=r"does not have: 'amont'\n.*did you mean 'amount'"):
        bench.read(path, schema={"amont": "DOUBLE"})


@pytest.mark.parametrize("type_", ["intt", "INT) FROM x --", ""])
def test_a_schema_with_an_unknown_type_is_refused(bench: Bench, type_: str) -> None:
    path = bench.file("a.csv", "a,b\n1,2\n")

    with pytest.raises(SourceError, match=r"schema, column 'a': the type .* is not known"):
        bench.read(path, schema={"a": type_})


def test_without_a_header_columns_are_numbered_or_named(bench: Bench) -> None:
    path = bench.file("a.csv", "1,x\n2,y\n")

    assert bench.read(path).schema.names == ("column0", "column1")
    assert bench.read(path, header=False, columns=["n", "v"]).rows == [(1, "x"), (2, "y")]
    assert bench.read(path, header=False, schema={"n": "INT", "v": "VARCHAR"}).schema.names == ("n", "v")


def test_columns_rename_a_header(bench: Bench) -> None:
    path = bench.file("a.csv", "a,a\n1,2\n")

    assert bench.read(path, header=True, columns=["x", "y"]).rows == [(1, 2)]


def test_columns_of_another_number_are_refused(bench: Bench) -> None:
    with pytest.raises(SourceError, match="`columns` has 1 names, the file 2 columns"):
        bench.read(bench.file("a.csv", "a,b\n1,2\n"), columns=["x"])


@pytest.mark.parametrize(("header", "named"), [("id,x,id", "'id'"), ("id,ID", "'id' and 'ID'")])
def test_duplicate_columns_are_refused_by_name(bench: Bench, header: str, named: str) -> None:
    with pytest.raises(SourceError, match=f"two columns have the name {named}.*\n.*`columns`") as caught:
        bench.read(bench.file("a.csv", f"{header}\n1,2,3\n"))
    assert "a.csv" in str(caught.value)


def test_a_header_may_be_quoted(bench: Bench) -> None:
    path = bench.file("a.csv", '"a, b","say ""hi""",c\n1,2,"x"\n')

    read = bench.read(path)

    assert read.schema.as_dict() == {"a, b": "BIGINT", 'say "hi"': "BIGINT", "c": "VARCHAR"}
    assert read.rows == [(1, 2, "x")]


def test_columns_without_a_name_are_numbered(bench: Bench) -> None:
    assert bench.read(bench.file("a.csv", ",a\n0,1\n"), header=True).schema.names == ("column0", "a")


def test_a_wrong_delimiter_is_told_with_the_right_one(bench: Bench) -> None:
    path = bench.file("a.csv", "a,b\n1,2\n3,4\n")

    with pytest.raises(
        SourceError,
        match=r"delimiter ';' the file has one column, 'a,b', and with ',' several\n.*delimiter ','",
    ):
        bench.read(path, delimiter=";")


def test_a_single_column_with_commas_in_it_can_be_named(bench: Bench) -> None:
    path = bench.file("a.csv", "a,b\n1,2\n")

    assert bench.read(path, delimiter=";", columns=["note"], header=False).rows == [("a,b",), ("1,2",)]


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff"])
def test_an_empty_file_is_told(bench: Bench, content: str) -> None:
    with pytest.raises(SourceError, match=r"a\.csv: the file is empty"):
        bench.read(bench.file("a.csv", content))


def test_a_header_alone_is_zero_rows(bench: Bench) -> None:
    read = bench.read(bench.file("a.csv", "id,name\n"), schema={"id": "BIGINT"})

    assert read.schema.as_dict() == {"id": "BIGINT", "name": "VARCHAR"}
    assert read.rows == []


def test_a_missing_file_names_the_near_one(bench: Bench) -> None:
    bench.file("orders.csv", "a\n1\n")

    with pytest.raises(SourceError, match=r"does not exist\n.*did you mean 'orders.csv'"):
        bench.read(bench.folder / "order.csv")
    with pytest.raises(SourceError, match="nor does its folder"):
        bench.read(bench.folder / "nowhere" / "orders.csv")


def test_a_pattern_that_matches_nothing_is_told(bench: Bench) -> None:
    with pytest.raises(SourceError, match="no file matches the pattern"):
        bench.read(f"{bench.folder}/*.csv")


@pytest.mark.parametrize(
    ("codec", "said"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("utf-16", ""),
        ("utf-16-le", "utf-16-le"),
        ("cp1252", "cp1252"),
        ("iso8859-15", "ISO-8859-15"),
        ("cp1252", "Windows-1252"),
    ],
)
def test_encodings_are_read(bench: Bench, codec: str, said: str) -> None:
    path = bench.file("a.csv", "name,n\nZoë €,1\n".encode(codec))

    read = bench.read(path, encoding=said)

    assert read.schema.names == ("name", "n")
    assert read.rows == [("Zoë €", 1)]


def test_a_header_in_another_encoding_is_told(bench: Bench) -> None:
    path = bench.file("a.csv", "id,pr\xe9nom\n1,Ana\n".encode("latin-1"))
    with pytest.raises(
        SourceError, match=r"a\.csv: the name of the column 'pr\\xe9nom' is not in the encoding"
    ):
        bench.read(path)
    assert bench.read(path, encoding="latin-1").schema.names == ("id", "pr\xe9nom")
    assert bench.read(path, columns=["id", "name"], header=True).schema.names == ("id", "name")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 'x,y' AS a, 1::BIGINT AS b",
        "SELECT 'x;y' AS \"a;b\", 'u,v' AS \"c,d\"",
        "SELECT 'x,y' AS a UNION ALL SELECT 'z'",
        "SELECT 'x\ty' AS a, 'z' AS b",
    ],
)
def test_tsv_is_read_as_it_was_written(bench: Bench, query: str) -> None:
    path = bench.folder / "a.tsv"
    bench.write(path, query, delimiter="\t")
    read = bench.read(path)
    assert (read.schema.names, read.rows) == (
        bench.rows(query).schema.names,
        bench.cursor.sql(query).fetchall(),
    )


def test_tsv_with_commas_is_told(bench: Bench) -> None:
    path = bench.file("a.tsv", "id,name\n1,x\n")
    with pytest.raises(
        SourceError, match=r"with the delimiter '\\t' the file has one column.*and with ',' sev"
    ):
        bench.read(path)
    assert bench.read(path, delimiter=",").rows == [(1, "x")]


def test_an_unknown_encoding_names_the_near_one(bench: Bench) -> None:
    with pytest.raises(SourceError, match=r"encoding 'utf9' is not known\n.*'utf8'"):
        bench.read(bench.file("a.csv", "a\n1\n"), encoding="utf9")


def test_packed_files_are_read(bench: Bench) -> None:
    text = b"a,b\n1,x\n"
    bench.file("a.csv.gz", gzip.compress(text))
    with pa.output_stream(str(bench.folder / "a.csv.zst"), compression="zstd") as file:
        file.write(text)

    assert bench.read(bench.folder / "a.csv.gz").rows == [(1, "x")]
    assert bench.read(bench.folder / "a.csv.zst").rows == [(1, "x")]


def test_a_packed_file_that_is_cut_off_is_told(bench: Bench) -> None:
    packed = gzip.compress(b"a,b\n" + bytes(str(list(range(5000))), "ascii"))
    path = bench.file("a.csv.gz", packed[: len(packed) // 2])

    with pytest.raises(SourceError, match=r"a\.csv\.gz: .*(gzip|cut off)"):
        bench.read(path)


def test_null_values_and_quoted_nulls(bench: Bench) -> None:
    path = bench.file("a.csv", 'n,t\nNA,NULL\n,""\n3,x\n')

    assert bench.read(path, null_values=["NA", "NULL"]).rows == [(None, None), (None, None), (3, "x")]
    assert bench.read(path, null_values="NA", quoted_nulls=False).rows == [
        (None, "NULL"),
        (None, ""),
        (3, "x"),
    ]


def test_decimal_commas_and_formats(bench: Bench) -> None:
    path = bench.file("a.csv", "d;t;n\n02.01.2024;02.01.2024 03:04;1,5\n")

    read = bench.read(path, decimal_separator=",", date_format="%d.%m.%Y", timestamp_format="%d.%m.%Y %H:%M")

    assert read.rows == [(dt.date(2024, 1, 2), dt.datetime(2024, 1, 2, 3, 4), 1.5)]


def test_lines_before_the_header_and_comments_are_passed_over(bench: Bench) -> None:
    path = bench.file("a.csv", "report\nof today, noon\n# made by hand\n\na,b\n1,2\n# end\n3,4\n")

    assert bench.read(path, skip=2, comment="#").rows == [(1, 2), (3, 4)]


def test_a_text_that_is_not_quoted_may_hold_quotes(bench: Bench) -> None:
    assert bench.read(bench.file("a.csv", 'a,b\nsay "hi",1\n')).rows == [('say "hi"', 1)]
    assert bench.read(bench.file("b.csv", "a,b\n'x,y',1\n"), quote="'").rows == [("x,y", 1)]
    assert bench.read(bench.file("c.csv", 'a,b\n"x\\"y",1\n'), escape="\\").rows == [('x"y', 1)]


def test_several_files_are_united_by_name(bench: Bench) -> None:
    bench.file("in/1.csv", "a,b\n1,x\n")
    bench.file("in/2.csv", "b,a,c\ny,2,true\n")
    bench.file("in/empty.csv", "")

    for source in (bench.folder / "in", f"{bench.folder}/in/*.csv"):
        read = bench.read(source, format_name="csv")
        assert read.schema.as_dict() == {"a": "BIGINT", "b": "VARCHAR", "c": "BOOLEAN"}
        assert read.rows == [(1, "x", None), (2, "y", True)]


def test_a_type_holds_for_all_files(bench: Bench) -> None:
    bench.file("in/1.csv", "a\n1\n")
    bench.file("in/2.csv", "a\n1.5\n")

    assert bench.read(bench.folder / "in", format_name="csv").rows == [(1.0,), (1.5,)]


def test_names_of_files_are_no_patterns(bench: Bench) -> None:
    bench.file("a[1].csv", "a\n1\n")
    bench.file("a1.csv", "a\n2\n")
    bench.file("it's *.csv", "a\n3\n")

    assert bench.read(bench.folder / "a[1].csv").rows == [(1,)]
    assert bench.read(bench.folder / "it's *.csv").rows == [(3,)]


def test_partition_folders_become_columns(bench: Bench) -> None:
    bench.file("in/year=2024/code=007/a.csv", "v\n1\n")
    bench.file("in/year=2025/code=__HIVE_DEFAULT_PARTITION__/a.csv", "v\n2\n")

    read = bench.read(bench.folder / "in", format_name="csv")

    assert read.schema.as_dict() == {"v": "BIGINT", "code": "VARCHAR", "year": "BIGINT"}
    assert sorted(read.rows) == [(1, "007", 2024), (2, None, 2025)]


def test_a_folder_above_the_source_is_no_partition(bench: Bench) -> None:
    path = bench.file("x=1/a.csv", "v\n1\n")

    assert bench.read(path).schema.names == ("v",)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, 'a,b,d\n1,"x,y",2024-01-02\n,"",\n'),
        ({"header": False}, '1,"x,y",2024-01-02\n,"",\n'),
        ({"delimiter": ";"}, 'a;b;d\n1;x,y;2024-01-02\n;"";\n'),
        ({"null_text": "NA"}, 'a,b,d\n1,"x,y",2024-01-02\nNA,,NA\n'),
        ({"date_format": "%d/%m/%Y"}, 'a,b,d\n1,"x,y",02/01/2024\n,"",\n'),
        ({"line_end": "\r\n"}, 'a,b,d\r\n1,"x,y",2024-01-02\r\n,"",\r\n'),
        ({"quote_all": True}, '"a","b","d"\n"1","x,y","2024-01-02"\n,"",\n'),
    ],
)
def test_the_text_is_written_as_the_options_say(bench: Bench, options: dict[str, Any], text: str) -> None:
    path = bench.folder / "a.csv"
    rows = "SELECT 1 AS a, 'x,y' AS b, DATE '2024-01-02' AS d UNION ALL SELECT NULL, '', NULL"

    bench.write(path, rows, **options)

    assert path.read_bytes().decode() == text


@pytest.mark.parametrize(("name", "magic"), [("a.csv.gz", b"\x1f\x8b"), ("a.csv.zst", b"\x28\xb5\x2f\xfd")])
def test_the_ending_packs_the_file(bench: Bench, name: str, magic: bytes) -> None:
    bench.write(bench.folder / name, "SELECT 1 AS a")

    assert (bench.folder / name).read_bytes().startswith(magic)
    assert bench.read(bench.folder / name).rows == [(1,)]


def test_a_compression_against_the_ending_is_refused(bench: Bench) -> None:
    with pytest.raises(TargetError, match=r"the compression is 'gzip', and the name 'a.csv' says 'none'"):
        bench.write(bench.folder / "a.csv", "SELECT 1 AS a", compression="gzip")


def test_appending_keeps_every_text_as_it_was(bench: Bench) -> None:
    path = bench.file("a.csv", 'id,t\n01,""\n2,\n3,"a ""q"", b"\n')

    bench.write(path, "SELECT NULL AS t, 4 AS id", "append")

    assert path.read_text() == 'id,t\n01,""\n2,\n3,"a ""q"", b"\n4,\n'


def test_merging_compares_keys_as_values(bench: Bench) -> None:
    path = bench.file("a.csv", "id,d\n01,2024-01-02\n2,\n")

    written = bench.write(
        path, "SELECT 1 AS id, DATE '2025-01-01' AS d UNION ALL SELECT 3, NULL", "merge", merge_key=("id",)
    )

    assert dict(written.details) == {"updated": 1, "inserted": 1}
    assert path.read_text() == "id,d\n1,2025-01-01\n2,\n3,\n"


def test_appending_without_a_header_is_refused(bench: Bench) -> None:
    path = bench.folder / "a.csv"
    bench.write(path, "SELECT 1 AS a", header=False)

    with pytest.raises(TargetError, match="without a header nothing says which columns it has"):
        bench.write(path, "SELECT 1 AS a", "append", header=False, ticket="other/step")


def test_partitions_are_written_packed(bench: Bench, tmp_path: Path) -> None:
    folder = bench.folder / "table"

    bench.write(
        folder,
        "SELECT range AS a, range % 2 AS b FROM range(4)",
        format_name="csv",
        partition_by=("b",),
        compression="gzip",
    )

    assert {path.suffixes[-1] for path in folder.rglob("*.csv*")} == {".gz"}
    assert sorted(bench.read(folder, format_name="csv").rows) == [(0, 0), (1, 1), (2, 0), (3, 1)]


@pytest.mark.parametrize(
    ("text", "options", "value"),
    [
        ('n\n"1,234,567.5"\n', {"thousands_separator": ","}, 1234567.5),
        ("n;m\n1.234.567,5;x\n", {"thousands_separator": ".", "decimal_separator": ","}, 1234567.5),
        ("n\n1 234.25\n", {"thousands_separator": " "}, 1234.25),
    ],
)
def test_numbers_with_groups_of_digits_are_numbers(
    bench: Bench, text: str, options: dict[str, Any], value: float
) -> None:
    read = bench.read(bench.file("a.csv", text), **options)

    assert (read.schema.as_dict()["n"], read.rows[0][0]) == ("DOUBLE", value)


def test_separators_that_are_the_same_are_refused() -> None:
    with pytest.raises(ValidationError, match="thousands_separator and decimal_separator are the same"):
        CsvReadOptions(thousands_separator=".")


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_noticed(bench: Bench, codec: str) -> None:
    path = bench.file("a.csv", "id,name\n1,Zoë\n2,Łukasz\n".encode(codec))

    assert bench.read(path).rows == [(1, "Zoë"), (2, "Łukasz")]


def test_the_file_with_two_columns_of_one_name_is_told(bench: Bench) -> None:
    bench.file("in/1.csv", "a,b\n1,2\n")
    bench.file("in/2.csv", "a,a\n1,2\n")

    with pytest.raises(SourceError, match=r"in/2\.csv: two columns have the name 'a'"):
        bench.read(bench.folder / "in")


@pytest.mark.parametrize(
    ("given", "meant"),
    [("seperator", "delimiter"), ("thousands", "thousands_separator"), ("na_values", "null_values")],
)
def test_names_of_other_tools_lead_to_the_setting(given: str, meant: str) -> None:
    (problem,) = compile_step(ingest_step("d", "a.csv", **{given: ","}), Path()).problems

    assert problem.fix == f"did you mean {meant!r}?"


def test_the_first_rows_are_those_of_the_whole_and_little_is_read_for_them(bench: Bench) -> None:
    long = "x" * 1_500_000
    bench.file("in/1.csv", 'id,note\n1,"a\nb"\n2,\n3,' + long + "\n")
    bench.file("in/2.csv", "note,id\n" + "".join(f"n{number},{number}\n" for number in range(200_000)))
    csv = format_named("csv")
    context = ScanContext(bench.cursor, bench.folder, False, "scan")

    scan = csv.scan(f"{bench.folder}/in", csv.read_options(), context)

    rows = bench.cursor.sql(f"SELECT * FROM {scan.sql} LIMIT 500").fetchall()
    assert bench.cursor.sql(f"SELECT * FROM {scan.head_sql} LIMIT 500").fetchall() == rows
    assert rows[:3] == [(1, "a\nb"), (2, None), (3, long)]
    # DuckDB reads 32 MB ahead; a line may be 2 MB long.
    assert "buffer_size=4194304" in scan.head_sql
    assert "buffer_size" not in scan.sql
