"""No value of CSV is changed without a word: it is read as it is, its column widens, or it is set aside."""

from __future__ import annotations

import datetime as dt
import gzip
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from tests.core.formats.bench import Bench

from odibi_core.errors import SourceError

HEAD = 20_500
"""More rows than types are found out from."""


def late(*values: str, first: str = "7") -> str:
    """A file of one interesting column, whose last rows are not like its head."""
    rows = [f"{number},{first}" for number in range(HEAD)]
    return "\n".join(["id,n", *rows, *(f"{HEAD + place},{value}" for place, value in enumerate(values)), ""])


@pytest.mark.parametrize(
    ("values", "type_", "read"),
    [
        (["1.5"], "DOUBLE", [1.5]),
        (["-0.25", "3"], "DOUBLE", [-0.25, 3.0]),
        (["1e-1"], "DOUBLE", [0.1]),
        (["1.0", "1e3"], "BIGINT", [1, 1000]),
        (["9223372036854775808"], "HUGEINT", [2**63]),
        (["9007199254740993", "1.5"], "DECIMAL(38,1)", [Decimal(9007199254740993), Decimal("1.5")]),
        (["9007199254740993", "1e-1"], "VARCHAR", ["9007199254740993", "1e-1"]),
        (["9007199254740993.5"], "DECIMAL(38,1)", [Decimal("9007199254740993.5")]),
        (["0.30000000000000004", "1.2345678901234567e-10"], "DOUBLE", [0.1 + 0.2, 1.2345678901234567e-10]),
    ],
)
def test_a_column_of_whole_numbers_widens_to_what_comes_later(
    bench: Bench, values: list[str], type_: str, read: list[Any]
) -> None:
    found = bench.read_carefully(bench.file("a.csv", late(*values)))

    assert found.schema.as_dict() == {"id": "BIGINT", "n": type_}
    assert [row[1] for row in found.rows[HEAD:]] == read
    assert [str(row[1]).partition(".")[0] for row in found.rows[:2]] == ["7", "7"]
    assert len(found.rows) == HEAD + len(values)
    assert found.rejected == []


@pytest.mark.parametrize(
    ("first", "value", "type_", "read"),
    [
        ("2024-01-01", "2024-01-02 10:00", "TIMESTAMP", dt.datetime(2024, 1, 2, 10)),
        ("2024-01-01", "2024-01-02 00:00:00", "DATE", dt.date(2024, 1, 2)),
        (
            "2024-01-01 10:00:00",
            "2024-01-01 10:00:00.1234500",
            "TIMESTAMP",
            dt.datetime(2024, 1, 1, 10, 0, 0, 123450),
        ),
    ],
)
def test_a_column_of_moments_widens_to_what_comes_later(
    bench: Bench, first: str, value: str, type_: str, read: object
) -> None:
    found = bench.read_carefully(bench.file("a.csv", late(value, first=first)))

    assert found.schema.as_dict()["n"] == type_
    assert found.rows[-1][1] == read
    assert found.rejected == []


@pytest.mark.parametrize(
    ("first", "type_"), [("2024-01-01 10:00:00", "TIMESTAMP_NS"), ("2024-01-01 10:00:00+00", "VARCHAR")]
)
@pytest.mark.parametrize("is_late", [False, True])
def test_what_is_finer_than_a_microsecond_stays(bench: Bench, first: str, type_: str, is_late: bool) -> None:
    value = first.replace(":00:00", ":00:00.123456789")
    path = bench.file("a.csv", late(value, first=first) if is_late else f"id,n\n1,{value}\n")

    sql, schema = bench.careful_sql(path)

    assert schema.as_dict()["n"] == type_
    assert bench.cursor.sql(f"SELECT max(n)::VARCHAR FROM {sql}").fetchall() == [(value,)]


def test_a_late_word_in_a_column_that_widens_is_set_aside(bench: Bench) -> None:
    found = bench.read_carefully(bench.file("a.csv", late("1.5", "many", "2")))

    assert found.schema.as_dict()["n"] == "DOUBLE"
    assert [row[1] for row in found.rows[HEAD:]] == [1.5, 2.0]
    assert [(row.line, row.column, row.reason, row.text) for row in found.rejected] == [
        (HEAD + 3, "n", "'many' is not a number (DOUBLE)", f"{HEAD + 1},many")
    ]


@pytest.mark.parametrize("more", [[], ["many"], ["1.5"], ["123456789012345678901"]])
def test_a_column_of_codes_keeps_the_zeros_that_come_later(bench: Bench, more: list[str]) -> None:
    found = bench.read_carefully(bench.file("a.csv", late("01067", *more, "", first="99974")))

    assert found.schema.as_dict() == {"id": "BIGINT", "n": "VARCHAR"}
    assert [row[1] for row in found.rows[:1]] == ["99974"]
    assert [row[1] for row in found.rows[HEAD:]] == ["01067", *more, None]
    assert found.rejected == []


@pytest.mark.parametrize(
    ("values", "type_", "read"),
    [
        (["123456", "7", "-12345", "+9", " 12345 "], "BIGINT", [123456, 7, -12345, 9, 12345]),
        (["1e4", "1.5e3", "0", "0.0"], "BIGINT", [10000, 1500, 0, 0]),
        (["123.5", "12e-1"], "DOUBLE", [123.5, 1.2]),
        (["9223372036854775808"], "HUGEINT", [2**63]),
        (
            ["12345.00000000000000000001", "1"],
            "DECIMAL(38,20)",
            [Decimal("12345.00000000000000000001"), Decimal(1)],
        ),
    ],
)
def test_other_numbers_in_a_column_of_codes_are_read_as_in_others(
    bench: Bench, values: list[str], type_: str, read: list[Any]
) -> None:
    found = bench.read_carefully(bench.file("a.csv", late(*values, first="12345")))

    assert found.schema.as_dict()["n"] == type_
    assert [row[1] for row in found.rows[HEAD:]] == read


def test_a_declared_number_has_no_zeros_in_front(bench: Bench) -> None:
    path = bench.file("a.csv", late("01067", first="99974"))

    assert bench.read_carefully(path, schema={"n": "BIGINT"}).rows[-1] == (HEAD, 1067)


def test_zeros_are_kept_whichever_file_has_them_and_however_it_is_written(bench: Bench) -> None:
    bench.file("in/1.csv", late(first="99974"))
    bench.file("in/2.csv", late('"01067"', "NA", first="99974"))

    found = bench.read_carefully(f"{bench.folder}/in/*.csv", null_values=["NA"])

    assert found.schema.as_dict()["n"] == "VARCHAR"
    assert [row[1] for row in found.rows[-3:]] == ["99974", "01067", None]


DECLARED = [
    ("BIGINT", "1.5", "'1.5' is not a whole number (BIGINT)"),
    ("BIGINT", "-0.5", "'-0.5' is not a whole number (BIGINT)"),
    ("BIGINT", "1e-1", "'1e-1' is not a whole number (BIGINT)"),
    ("BIGINT", "15e-1", "'15e-1' is not a whole number (BIGINT)"),
    ("BIGINT", "4503599627370497.5", "'4503599627370497.5' is not a whole number (BIGINT)"),
    ("BIGINT", "9223372036854775808", "'9223372036854775808' is out of the range of BIGINT"),
    ("HUGEINT", "1.5", "'1.5' is not a whole number (HUGEINT)"),
    ("INTEGER", "2147483648", "'2147483648' is out of the range of INTEGER"),
    ("INTEGER", "2147483647.4", "'2147483647.4' is not a whole number (INTEGER)"),
    ("UTINYINT", "-1", "'-1' is out of the range of UTINYINT"),
    ("SMALLINT", "0.4", "'0.4' is not a whole number (SMALLINT)"),
    ("DECIMAL(10,2)", "1.239", "'1.239' has more digits than DECIMAL(10,2) keeps"),
    ("DECIMAL(10,2)", "1e-3", "'1e-3' has more digits than DECIMAL(10,2) keeps"),
    ("DECIMAL(10,2)", "123456789.00", "'123456789.00' has more digits than DECIMAL(10,2) keeps"),
    ("DECIMAL(10,2)", "x", "'x' is not a number (DECIMAL(10,2))"),
    ("DECIMAL(18,0)", "1.5", "'1.5' has more digits than DECIMAL(18,0) keeps"),
    ("DATE", "2024-01-01 10:00", "'2024-01-01 10:00' is not a date (DATE): it has a time of day"),
    ("DATE", "2024-01-01T00:00:01", "'2024-01-01T00:00:01' is not a date (DATE): it has a time of day"),
    ("DATE", "2024-01-01x", "'2024-01-01x' is not a date (DATE)"),
    (
        "TIMESTAMP",
        "2024-01-01 10:00:00.1234567",
        "'2024-01-01 10:00:00.1234567' is finer than TIMESTAMP keeps",
    ),
    (
        "TIMESTAMP",
        "2024-01-01 10:00:00+02",
        "'2024-01-01 10:00:00+02' is in another time zone, which TIMESTAMP does not keep",
    ),
    ("TIME", "2024-01-01 10:00", "'2024-01-01 10:00' is not a time of day (TIME)"),
    ("TIMESTAMP_S", "2024-01-01 10:00:00.5", "'2024-01-01 10:00:00.5' is finer than TIMESTAMP_S keeps"),
    (
        "TIMESTAMP_MS",
        "2024-01-01 10:00:00.1239",
        "'2024-01-01 10:00:00.1239' is finer than TIMESTAMP_MS keeps",
    ),
    ("TIME", "10:00:00.1234567", "'10:00:00.1234567' is finer than TIME keeps"),
]


@pytest.mark.parametrize(("type_", "value", "reason"), DECLARED)
def test_a_value_that_a_declared_type_would_change_is_set_aside(
    bench: Bench, type_: str, value: str, reason: str
) -> None:
    path = bench.file("a.csv", f"id,n\n1,\n2,{value}\n3,\n")

    found = bench.read_carefully(path, schema={"n": type_})

    assert found.schema.as_dict()["n"] == type_
    assert found.rows == [(1, None), (3, None)]
    assert [(row.line, row.column, row.reason, row.text) for row in found.rejected] == [
        (3, "n", reason, f"2,{value}")
    ]


@pytest.mark.parametrize(
    ("type_", "value", "read"),
    [
        ("BIGINT", "1.0", 1),
        ("BIGINT", "1.", 1),
        ("BIGINT", "1e3", 1000),
        ("BIGINT", "1.5e1", 15),
        ("BIGINT", "10e-1", 1),
        ("BIGINT", "-3", -3),
        ("BIGINT", "+3", 3),
        ("BIGINT", " 4 ", 4),
        ("BIGINT", '"5"', 5),
        ("BIGINT", "007", 7),
        ("BIGINT", "9007199254740993", 9007199254740993),
        ("BIGINT", "-9223372036854775808", -(2**63)),
        ("INTEGER", "2147483647.000", 2147483647),
        ("HUGEINT", "123456789012345678901", 123456789012345678901),
        ("DECIMAL(10,2)", "1.2300", Decimal("1.23")),
        ("DECIMAL(10,2)", "-1.2", Decimal("-1.2")),
        ("DECIMAL(10,2)", "5", Decimal(5)),
        ("DECIMAL(10,2)", "12e1", Decimal(120)),
        (
            "DECIMAL(38,10)",
            "1234567890123456789012345678.0123456789",
            Decimal("1234567890123456789012345678.0123456789"),
        ),
        ("DATE", "2024-01-02", dt.date(2024, 1, 2)),
        ("BIGINT", "0x1F", 31),
        ("BIGINT", "0E+00", 0),
        ("DECIMAL(10,2)", "0E-10", Decimal(0)),
        ("TIMESTAMP", "2024-01-02T03:04:05Z", dt.datetime(2024, 1, 2, 3, 4, 5)),
        ("TIMESTAMP", "2024-01-02 03:04", dt.datetime(2024, 1, 2, 3, 4)),
        ("DATE", "2024/01/02", dt.date(2024, 1, 2)),
        ("DATE", "2024-1-2", dt.date(2024, 1, 2)),
        ("DATE", "2024-01-02 00:00:00", dt.date(2024, 1, 2)),
        ("TIMESTAMP", "2024-01-02", dt.datetime(2024, 1, 2)),
        ("TIMESTAMP", "2024-01-02T03:04:05.123456", dt.datetime(2024, 1, 2, 3, 4, 5, 123456)),
        ("TIMESTAMP", "2024-01-02 03:04:05.123456000", dt.datetime(2024, 1, 2, 3, 4, 5, 123456)),
        ("TIME", "03:04:05.5", dt.time(3, 4, 5, 500000)),
    ],
)
def test_a_value_that_a_declared_type_keeps_is_read(
    bench: Bench, type_: str, value: str, read: object
) -> None:
    path = bench.file("a.csv", f"id,n\n1,{value}\n2,\n")

    found = bench.read_carefully(path, schema={"n": type_})

    assert found.rows == [(1, read), (2, None)]
    assert found.rejected == []
    bench.file("a.csv", f"id,n\n1,{value}\n2,\nmore\n")
    assert bench.read_carefully(path, schema={"n": type_}).rows == [(1, read), (2, None)]


def test_failing_on_bad_rows_names_the_fraction(bench: Bench) -> None:
    path = bench.file("a.csv", "n,m\n1,1\n1.5,2\n")

    with pytest.raises(SourceError, match=r"1 of 2 rows can't be read; .*column 'n': '1.5' is not a whole"):
        bench.read_carefully(path, schema={"n": "BIGINT"}, on_bad_rows="fail")


def test_decimal_commas_are_no_less_careful(bench: Bench) -> None:
    options: dict[str, Any] = {"delimiter": ";", "decimal_separator": ","}
    path = bench.file("a.csv", "id;n\n1;1\n2;1,5\n3;1.000\n4;2,0\n5;\n")

    found = bench.read_carefully(path, schema={"n": "BIGINT"}, **options)

    assert found.rows == [(1, 1), (4, 2), (5, None)]
    assert [row.reason for row in found.rejected] == [
        "'1,5' is not a whole number (BIGINT)",
        "'1.000' is not a whole number (BIGINT)",
    ]
    money = bench.read_carefully(path, schema={"n": "DECIMAL(9,1)"}, **options)
    assert money.rows == [(1, Decimal(1)), (2, Decimal("1.5")), (4, Decimal(2)), (5, None)]
    text = "id;n\n" + "7;7\n" * HEAD + "8;1,5\n"
    assert bench.read_carefully(bench.file("b.csv", text), **options).rows[-1] == (8, 1.5)


def test_groups_of_digits_are_no_less_careful(bench: Bench) -> None:
    path = bench.file("a.csv", 'id,n\n1,"1,234"\n2,"1,234.5"\n3,7\n')

    found = bench.read_carefully(path, schema={"n": "BIGINT"}, thousands_separator=",")

    assert found.rows == [(1, 1234), (3, 7)]
    assert [row.reason for row in found.rejected] == ["'1,234.5' is not a whole number (BIGINT)"]


def test_packed_files_and_other_encodings_are_no_less_careful(bench: Bench) -> None:
    text = b"id,n\n1,2\n2,1.5\n"
    bench.file("a.csv.gz", gzip.compress(text))
    with pa.output_stream(str(bench.folder / "a.csv.zst"), compression="zstd") as file:
        file.write(text)
    bench.file("a.csv", text.decode().encode("utf-16"))

    for name in ("a.csv.gz", "a.csv.zst", "a.csv"):
        found = bench.read_carefully(bench.folder / name, schema={"n": "BIGINT"})
        assert (found.rows, [row.line for row in found.rejected]) == ([(1, 2)], [3])


def test_the_type_widens_for_all_files(bench: Bench) -> None:
    bench.file("in/1.csv", late())
    bench.file("in/2.csv", late("1.5"))

    found = bench.read_carefully(f"{bench.folder}/in/*.csv")

    assert found.schema.as_dict() == {"id": "BIGINT", "n": "DOUBLE"}
    assert len(found.rows) == 2 * HEAD + 1
    assert found.rows[-1] == (HEAD, 1.5)


def test_partition_columns_of_the_name_of_a_column_are_no_trouble(bench: Bench) -> None:
    bench.file("in/n=5/1.csv", "id,n\n1,1.5\n")

    assert bench.read(bench.folder / "in", format_name="csv").rows == [(1, 5)]
