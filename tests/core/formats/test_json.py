from __future__ import annotations

import datetime as dt
import gzip
import math
from decimal import Decimal

import pytest
from tests.core.formats.bench import Bench

from odibi_core.errors import SourceError, TargetError
from odibi_core.formats import format_named


def test_nested_values_stay_nested(bench: Bench) -> None:
    path = bench.file("a.json", '{"id":1,"n":{"x":[1,2],"y":null}}\n{"id":2,"n":{"x":[],"y":"z"}}\n')

    read = bench.read(path)

    assert read.schema.as_dict() == {"id": "BIGINT", "n": "STRUCT(x BIGINT[], y VARCHAR)"}
    assert read.rows == [(1, {"x": [1, 2], "y": None}), (2, {"x": [], "y": "z"})]


@pytest.mark.parametrize(
    "content",
    [
        '{"a":1}\n{"a":2}\n',
        '{"a":1}\r\n\r\n{"a":2}',
        '[{"a":1},{"a":2}]',
        '\n[\n {"a":\n1},{"a":2}\n]',
        '{"a":1}{\n"a":2}',
    ],
)
def test_lines_arrays_and_objects_are_told_apart(bench: Bench, content: str) -> None:
    assert bench.read(bench.file("a.json", content)).rows == [(1,), (2,)]


def test_probing_gives_the_schema_of_the_scan(bench: Bench) -> None:
    json = format_named("json")
    for name, content in (("a.json", '{"a":1}\nbad\n{"b":"x"}\n'), ("b.json", '[{"a":1},{"b":"x"}]')):
        path = bench.file(name, content)
        probed = json.probe(str(path), json.read_options(), bench.cursor)
        assert probed.as_dict() == {"a": "BIGINT", "b": "VARCHAR"}


def test_a_key_far_down_is_not_missed(bench: Bench) -> None:
    lines = ['{"a":1}'] * 30_000 + ['{"a":1,"late":true}']
    path = bench.file("a.json", "\n".join(lines))

    assert bench.read(path).schema.names == ("a", "late")


def test_malformed_lines_are_set_aside_with_their_numbers(bench: Bench) -> None:
    path = bench.file("a.json", b'{"a":1}\n\n{"a":2,\n[1]\n5\nfoo\n{"a":"\xff"}\n{"a":"\\ud800"}\n{"a":3}\n')

    read = bench.read_carefully(path)

    assert read.rows == [(1,), (3,)]
    assert [(row.line, row.reason) for row in read.rejected] == [
        (3, "it is not JSON at column 8: Expecting property name enclosed in double quotes"),
        (4, "it is not an object"),
        (5, "it is not an object"),
        (6, "it is not JSON at column 1: Expecting value"),
        (7, "the text is not in the encoding that is read; say which it is, such as encoding: latin-1"),
        (8, "the text is not in the encoding that is read; say which it is, such as encoding: latin-1"),
    ]
    assert read.rejected[4].text == '{"a":"\\xff"}'


def test_values_of_another_type_are_set_aside(bench: Bench) -> None:
    path = bench.file("a.json", '{"k":1}\n{"k":"x"}\n{"k":[1]}\n{"k":null}\n{}\n{"k":"7"}\n')

    read = bench.read_carefully(path, schema={"k": "BIGINT"})

    assert read.rows == [(1,), (None,), (None,), (7,)]
    assert [(row.line, row.column, row.reason, row.text) for row in read.rejected] == [
        (2, "k", '"x" is not of type BIGINT', '{"k":"x"}'),
        (3, "k", "[1] is not of type BIGINT", '{"k":[1]}'),
    ]


def test_nested_values_of_another_type_are_set_aside(bench: Bench) -> None:
    path = bench.file("a.json", '{"k":{"a":[1]}}\n{"k":{"a":[1,"q"]}}\n{"k":{"b":1}}\n{"k":5}\n')

    read = bench.read_carefully(path, schema={"k": "STRUCT(a INT[])"})

    assert read.rows == [({"a": [1]},), ({"a": None},)]
    assert [row.line for row in read.rejected] == [2, 4]


def test_failing_names_the_first_line(bench: Bench) -> None:
    path = bench.file("a.json", '{"a":1}\nx\n')

    with pytest.raises(SourceError, match="1 of 2 rows can't be read; the first is line 2: it is not JSON"):
        bench.read_carefully(path, on_bad_rows="fail")


def test_a_malformed_array_is_told_with_line_and_column(bench: Bench) -> None:
    with pytest.raises(SourceError, match=r"a\.json: line 2, column 6 is not JSON"):
        bench.read_carefully(bench.file("a.json", '[{"a":1},\n{"a":x}]'))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "the file is empty"),
        ("  \n", "the file is empty"),
        ("[]", "the list is empty"),
        ("[{}]", "no object has a key, so that nothing says its columns"),
        ("{}", "no object has a key"),
        ("{}\n{}\n", "no object has a key"),
        ("[1,2]", "no list of objects"),
        ('[{"a":1},{"":2}]', "an object has a key that is empty"),
        ("1\n2\n", "no line can be read; line 1: it is not an object"),
        ('{"":1}\n{"":2}\n', "no line can be read; line 1: it has a key that is empty"),
        ('{"a":1,"A":2}\n', "two keys differ only by case"),
    ],
)
def test_what_has_no_columns_is_told(bench: Bench, content: str, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        bench.read_carefully(bench.file("a.json", content))


def test_one_column_of_text_never_holds_whole_records(bench: Bench) -> None:
    path = bench.file("a.json", '{"a":"x"}\n5\n{"a":"y"}\n')
    read = bench.read_carefully(path, schema={"a": "VARCHAR"})
    assert read.rows == [("x",), ("y",)]
    assert [row.line for row in read.rejected] == [2]


def test_a_key_that_is_empty_is_passed_over_where_the_columns_are_named(bench: Bench) -> None:
    path = bench.file("a.json", '{"a":1}\n{"a":2,"":3}\n')
    assert bench.read_carefully(path, schema={"a": "BIGINT"}).rows == [(1,), (2,)]
    path.write_text('{"a":1}\n{"a":2,"":3}\nnope\n')
    read = bench.read_carefully(path, schema={"a": "BIGINT"})
    assert (read.rows, [row.line for row in read.rejected]) == ([(1,), (2,)], [3])


def test_an_empty_file_with_a_schema_is_zero_rows(bench: Bench) -> None:
    bench.write(bench.folder / "a.json", "SELECT 1 AS a WHERE false")

    read = bench.read(bench.folder / "a.json", schema={"a": "INTEGER"})

    assert (read.schema.as_dict(), read.rows) == ({"a": "INTEGER"}, [])


def test_encodings_and_packed_files_are_read(bench: Bench) -> None:
    bench.file("a.json", '{"a":"é"}\n'.encode("utf-16"))
    bench.file("b.json", '{"a":"é"}\n'.encode("latin-1"))
    bench.file("c.json.gz", gzip.compress('{"a":"é"}\n'.encode()))

    assert bench.read(bench.folder / "a.json").rows == [("é",)]
    assert bench.read(bench.folder / "b.json", encoding="latin-1").rows == [("é",)]
    assert bench.read(bench.folder / "c.json.gz").rows == [("é",)]


def test_lines_and_arrays_of_a_folder_are_united(bench: Bench) -> None:
    bench.file("in/a.json", '{"a":1}\n')
    bench.file("in/b.json", '[{"a":2.5,"b":"x"}]')

    read = bench.read(bench.folder / "in", format_name="json")

    assert read.schema.as_dict() == {"a": "DOUBLE", "b": "VARCHAR"}
    assert read.rows == [(1.0, None), (2.5, "x")]


def test_lines_or_one_array_are_written(bench: Bench) -> None:
    bench.write(bench.folder / "a.json", "SELECT 1 AS a, {'x': [1.5]} AS s UNION ALL SELECT 2, NULL")
    bench.write(bench.folder / "b.json", "SELECT 1 AS a", lines=False)

    assert (bench.folder / "a.json").read_text() == '{"a":1,"s":{"x":[1.5]}}\n{"a":2,"s":null}\n'
    assert bench.read(bench.folder / "b.json").rows == [(1,)]
    assert (bench.folder / "b.json").read_text().startswith("[")


@pytest.mark.parametrize(
    "value",
    [
        "'nan'::DOUBLE",
        "'-inf'::FLOAT",
        "['nan'::DOUBLE]",
        "{'x': {'y': 'inf'::FLOAT}}",
        "MAP {'k': 'nan'::DOUBLE}",
    ],
)
def test_numbers_that_json_lacks_are_refused(bench: Bench, value: str) -> None:
    path = bench.folder / "a.json"
    with pytest.raises(TargetError, match=r"column 'v' holds NaN or infinity.*\n.*null or text"):
        bench.write(path, f"SELECT 1 AS id, {value} AS v")
    assert not path.exists()


def test_appending_and_merging_keep_old_values_as_they_were(bench: Bench) -> None:
    path = bench.file("a.json", '{"id":1,"v":12345678901234567890123}\n{"id":2,"v":"2024-01-01"}\n')

    bench.write(path, "SELECT 3 AS id, {'x': 1} AS v", "append", ticket="run/1")
    bench.write(path, "SELECT 2 AS id, {'x': 2} AS v", "merge", merge_key=("id",), ticket="run/2")

    assert path.read_text() == (
        '{"id":1,"v":12345678901234567890123}\n{"id":2,"v":{"x":2}}\n{"id":3,"v":{"x":1}}\n'
    )


def test_appending_to_an_array_keeps_it_one(bench: Bench) -> None:
    path = bench.folder / "a.json.gz"
    bench.write(path, "SELECT 1 AS a", lines=False)
    bench.write(path, "SELECT 2 AS a", "append", ticket="run/2", lines=False)

    assert bench.read(path).rows == [(1,), (2,)]
    assert gzip.decompress(path.read_bytes()).startswith(b"[")


def test_appending_to_what_is_no_json_is_told(bench: Bench) -> None:
    path = bench.file("a.json", "[1,")

    with pytest.raises(TargetError, match="the file that is there can't be read: line 1, column 4"):
        bench.write(path, "SELECT 1 AS a", "append")


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("BIGINT", "1.5"),
        ("BIGINT", "-0.25"),
        ("INTEGER", "2147483648"),
        ("DECIMAL(10,2)", "1.239"),
        ("DATE", '"2024-01-01 10:00"'),
        ("TIMESTAMP", '"2024-01-01 10:00:00.1234567"'),
        ("TIMESTAMP", '"2024-01-01T10:00:00+02:00"'),
        ("DECIMAL(38,10)", "0.1234567890123456"),
        ("DOUBLE", "1e400"),
        ("FLOAT", "-1e39"),
        ("BIGINT[]", "[1,2.5]"),
        ("BIGINT[2]", "[1,2.5]"),
        ("DECIMAL(10,2)[][]", "[[1.25],[1.125]]"),
        ("STRUCT(n INTEGER, due DATE)", '{"n":1,"due":"2024-01-01 10:00"}'),
        ("STRUCT(a STRUCT(n INTEGER)[])", '{"a":[{"n":1},{"n":0.5}]}'),
        ("MAP(VARCHAR, SMALLINT)", '{"a":1,"b":70000}'),
        ("DOUBLE[]", "[1.0,1e400]"),
    ],
)
def test_a_value_that_a_declared_type_would_change_is_set_aside(bench: Bench, type_: str, value: str) -> None:
    path = bench.file("a.json", f'{{"id":1,"v":null}}\n{{"id":2,"v":{value}}}\n{{"id":3}}\n')

    read = bench.read_carefully(path, schema={"id": "BIGINT", "v": type_})

    assert read.rows == [(1, None), (3, None)]
    assert [(row.line, row.column, row.reason) for row in read.rejected] == [
        (2, "v", f"{value} is not of type {type_}")
    ]


@pytest.mark.parametrize(
    ("type_", "value", "expected"),
    [
        ("BIGINT", "1.0", 1),
        ("BIGINT", "1e3", 1000),
        ("BIGINT", "9007199254740993", 9007199254740993),
        ("BIGINT", '"12"', 12),
        ("BIGINT", "9007199254740993.0", 9007199254740993),
        ("HUGEINT", "12345678901234567890", 12345678901234567890),
        ("DECIMAL(18,2)", "1234567890123456.78", Decimal("1234567890123456.78")),
        ("DECIMAL(38,20)", "0.12345678901234567890", Decimal("0.12345678901234567890")),
        ("DECIMAL(10,2)", "1.230", Decimal("1.23")),
        ("DECIMAL(38,10)", "123456789012345678.5", Decimal("123456789012345678.5")),
        ("DOUBLE", '"Infinity"', math.inf),
        ("DOUBLE", "-Infinity", -math.inf),
        ("BIGINT[]", "[1.0,null,9007199254740993]", [1, None, 9007199254740993]),
        ("BIGINT[2]", "[1,2]", (1, 2)),
        ("DECIMAL(20,2)[]", "[123456789012345678.25]", [Decimal("123456789012345678.25")]),
        ("STRUCT(n INTEGER, due DATE)", '{"due":"2024-01-02"}', {"n": None, "due": dt.date(2024, 1, 2)}),
        ("STRUCT(a STRUCT(n INTEGER)[])", '{"a":[{"n":1},null]}', {"a": [{"n": 1}, None]}),
        ("MAP(VARCHAR, SMALLINT)", '{"a":1,"b":null}', {"a": 1, "b": None}),
        ("DATE", '"2024-01-02"', dt.date(2024, 1, 2)),
        ("TIMESTAMP", '"2024-01-02T03:04:05.123Z"', dt.datetime(2024, 1, 2, 3, 4, 5, 123000)),
    ],
)
def test_a_value_that_a_declared_type_keeps_is_read(
    bench: Bench, type_: str, value: str, expected: object
) -> None:
    path = bench.file("a.json", f'{{"id":1,"v":{value}}}\n')

    read = bench.read_carefully(path, schema={"id": "BIGINT", "v": type_})

    assert (read.rows, read.rejected) == ([(1, expected)], [])


def test_a_number_that_no_type_holds_is_set_aside_undeclared(bench: Bench) -> None:
    path = bench.file(
        "a.json", '{"v":1.5,"w":[1]}\n{"v":1e400,"w":[2]}\n{"v":NaN,"w":[3]}\n{"v":2,"w":[4]}\n'
    )

    read = bench.read_carefully(path)

    assert [row[1] for row in read.rows] == [[1], [3], [4]]
    assert [row[0] for row in read.rows[::2]] == [1.5, 2.0]
    assert [(row.line, row.reason) for row in read.rejected] == [(2, "1e400 is not of type DOUBLE")]


def test_a_fraction_inside_an_array_of_objects_is_told(bench: Bench) -> None:
    path = bench.file("a.json", '[{"id":[1]},\n{"id":[1.5]}]\n')

    with pytest.raises(SourceError, match=r"a value would be changed: in column 'id', of type BIGINT"):
        bench.read_told(path, schema={"id": "BIGINT[]"})


def test_a_fraction_in_an_array_of_whole_numbers_is_told(bench: Bench) -> None:
    path = bench.file("a.json", '[{"id":1},\n{"id":1.5}]\n')

    with pytest.raises(SourceError, match=r"a value would be changed: in column 'id', of type BIGINT"):
        bench.read_told(path, schema={"id": "BIGINT"})
