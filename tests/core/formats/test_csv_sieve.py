"""Every row of a malformed file is either read or set aside, and where it stands is told rightly."""

from __future__ import annotations

import random

import duckdb
import pytest
from tests.core.formats.bench import Bench

from odibi_core.errors import SourceError
from odibi_core.formats import format_named


def test_each_kind_of_malformed_row_is_told_in_words(bench: Bench) -> None:
    path = bench.file(
        "a.csv",
        b"id,name,amount\n"
        b"1,Ann,2.5\n"
        b"2,Bo\n"
        b"3,Cy,5,6\n"
        b"x,Di,7\n"
        b'5,"two\nlines",7\n'
        b'6,"open,7\n'
        b"7,\xff\xfe,7\n"
        b'8,"q"q,7\n'
        b"9,Ed,many\n"
        b"10,Flo,8\n",
    )

    read = bench.read_carefully(path, schema={"id": "BIGINT", "amount": "DOUBLE"})

    assert read.rows == [(1, "Ann", 2.5), (5, "two\nlines", 7.0), (10, "Flo", 8.0)]
    assert [(row.line, row.column, row.reason, row.text) for row in read.rejected] == [
        (3, "", "too few fields: 2 in the place of 3", "2,Bo"),
        (4, "", "too many fields: 4 in the place of 3", "3,Cy,5,6"),
        (5, "id", "'x' is not a whole number (BIGINT)", "x,Di,7"),
        (8, "", "text follows a closing quote", '6,"open,7'),
        (
            9,
            "",
            "the text is not in the encoding that is read; say which it is, such as encoding: latin-1",
            "7,\\xff\\xfe,7",
        ),
        (10, "", "text follows a closing quote", '8,"q"q,7'),
        (11, "amount", "'many' is not a number (DOUBLE)", "9,Ed,many"),
    ]
    assert {row.source for row in read.rejected} == {str(path)}


def test_a_quote_that_never_closes_costs_one_line(bench: Bench) -> None:
    lines = [f"{number},name" for number in range(1, 200)]
    lines[49] = '50,"name'
    path = bench.file("a.csv", "id,name\n" + "\n".join(lines) + "\n")

    read = bench.read_carefully(path)

    assert len(read.rows) == 198
    assert [(row.line, row.reason) for row in read.rejected] == [(51, "a quote is opened and never closed")]


def test_a_row_with_two_faults_is_set_aside_once(bench: Bench) -> None:
    read = bench.read_carefully(bench.file("a.csv", "a,b\n1,2\nx,y\n"), schema={"a": "INT", "b": "INT"})

    assert (len(read.rows), len(read.rejected)) == (1, 1)


def test_mixed_line_ends_are_read(bench: Bench) -> None:
    read = bench.read_carefully(bench.file("a.csv", b"a,b\r\n1,2\n3\r4,5\r\n6,7"))

    assert read.rows == [(1, 2), (4, 5), (6, 7)]
    assert [(row.line, row.text) for row in read.rejected] == [(3, "3")]


def test_a_clean_file_read_tolerantly_gives_the_same(bench: Bench) -> None:
    path = bench.file("a.csv", '\ufeffa,b\r\n1,"x\r\ny"\r\n\r\n2,z')

    strict, tolerant = bench.read(path), bench.read(path, tolerant=True)

    assert strict.rows == tolerant.rows
    assert strict.schema == tolerant.schema
    assert tolerant.rejected == []


def test_rows_of_several_files_and_partitions_keep_their_places(bench: Bench) -> None:
    bench.file("in/k=1/a.csv", "a,b\n1,2\n3\n")
    bench.file("in/k=2/b.csv", "b,a\n4,5\n\n6,7,8\n")

    read = bench.read(bench.folder / "in", format_name="csv", tolerant=True)

    assert sorted(read.rows) == [(1, 2, 1), (5, 4, 2)]
    assert [(row.source.rpartition("/")[2], row.line) for row in read.rejected] == [
        ("a.csv", 3),
        ("b.csv", 4),
    ]


def test_other_encodings_keep_their_line_numbers(bench: Bench) -> None:
    read = bench.read_carefully(bench.file("a.csv", "a,b\né,2\nü\n".encode("utf-16")))

    assert read.rows == [("é", 2)]
    assert [(row.line, row.text) for row in read.rejected] == [(3, "ü")]


def test_failing_names_the_first_row(bench: Bench) -> None:
    path = bench.file("a.csv", "a,b\n1,2\n3\n4\n")

    with pytest.raises(SourceError, match="2 of 3 rows can't be read; the first is line 3: too few fields"):
        bench.read_carefully(path, on_bad_rows="fail")


def test_more_bad_rows_than_allowed_fail(bench: Bench) -> None:
    path = bench.file("a.csv", "a,b\n1,2\n3\n4\n")

    assert len(bench.read_carefully(path, max_bad_rows=2).rejected) == 2
    with pytest.raises(SourceError, match="2 of 3 rows can't be read, more than the 1 that max_bad_rows"):
        bench.read_carefully(path, max_bad_rows=1)


def test_a_malformed_header_is_told(bench: Bench) -> None:
    with pytest.raises(SourceError, match="line 1 can't be read: text follows a closing quote"):
        bench.read_carefully(bench.file("a.csv", '"a"x,b\n1,2\n'))


def test_only_errors_about_rows_are_malformed(bench: Bench) -> None:
    csv = format_named("csv")
    with pytest.raises(duckdb.Error) as caught:
        bench.cursor.sql("SELECT error('boom')").fetchall()

    assert not csv.is_malformed(caught.value)
    assert csv.explain_read_error(caught.value, "a.csv") is caught.value


KINDS = {
    "good": b'%d,"a ""b"", c",2',
    "lines": b'%d,"a\nb\r\nc",2',
    "short": b"%d,a",
    "long": b"%d,a,2,3",
    "cast": b"%d,a,x",
    "bytes": b"%d,\xff,2",
    "after": b'%d,"a"b,2',
    "open": b'%d,"a,2',
}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("width", [3, 400])
def test_good_and_rejected_are_all(bench: Bench, seed: int, width: int) -> None:
    chance = random.Random(seed)
    padding = b",1" * (width - 3)
    rows = []
    for number in range(400):
        kind = chance.choice(list(KINDS)) if chance.random() < 0.3 else "good"
        rows.append((kind, KINDS[kind] % number + padding))
    names = ",".join(f"c{place}" for place in range(width)).encode()
    path = bench.file("a.csv", b"\n".join([names, *(row for _, row in rows)]))

    read = bench.read(path, tolerant=True, schema={"c0": "BIGINT", "c2": "BIGINT"})

    good = [number for number, (kind, _) in enumerate(rows) if kind in ("good", "lines")]
    assert [row[0] for row in read.rows] == good
    assert len(read.rejected) == len(rows) - len(good)
    lines, line = [], 2
    for kind, row in rows:
        if kind not in ("good", "lines"):
            lines.append(line)
        line += 1 + row.count(b"\n")
    assert [row.line for row in read.rejected] == lines


def test_strict_reading_never_passes_over_a_malformed_row(bench: Bench) -> None:
    chance = random.Random(7)
    for kind in ("short", "long", "cast", "bytes", "after", "open"):
        rows = [KINDS["good"] % number for number in range(3000)]
        rows[chance.randrange(3000)] = KINDS[kind] % 1
        path = bench.file(f"{kind}.csv", b"\n".join([b"a,b,c", *rows]))
        csv = format_named("csv")
        with pytest.raises(duckdb.Error) as caught:
            bench.read(path, schema={"a": "BIGINT", "c": "BIGINT"})
        assert csv.is_malformed(caught.value)


def test_a_source_that_is_refused_leaves_no_table(bench: Bench) -> None:
    path = bench.file("a.csv", "a\n1\nx\n")

    with pytest.raises(SourceError, match="1 of 2 rows can't be read"):
        bench.read(path, tolerant=True, schema={"a": "BIGINT"}, on_bad_rows="fail")
    assert (
        bench.cursor.sql("SELECT table_name FROM duckdb_tables() WHERE table_name LIKE '%_rows'").fetchall()
        == []
    )
