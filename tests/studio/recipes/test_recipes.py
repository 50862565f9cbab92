"""Whatever the names and values are, the SQL of a form binds and gives the rows that the form means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odibi_core.parameters import Reference, render
from odibi_core.schema import Schema, quote
from odibi_core.sql.binding import Binder
from odibi_core.sql.dialect import translate
from odibi_studio.recipes.names import UnfitValueError, sql_name, sql_value
from odibi_studio.recipes.recipe import Input, column_problems
from odibi_studio.recipes.registry import RECIPES, recipe_named

Row = Mapping[str, Any]
Tables = Mapping[str, pl.DataFrame]

ODD = [
    "select",
    "Group",
    "unit price",
    'say "hi"',
    "it's",
    "{date}",
    "{{x}}",
    "a;b",
    "--",
    "/*",
    "📦",
    "ä\n",
    "1",
    "user",
]
NAMES = st.one_of(
    st.sampled_from(ODD),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=8),
).filter(lambda name: name.strip() != "" and "${" not in name and "\\" not in name)
TEXTS = st.one_of(
    st.sampled_from(["", "'", "\\", "\\'", "{date}x", "a{b}", "${env:HOME}", "100%", "é", "x"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
)


def distinct(count: int) -> st.SearchStrategy[list[str]]:
    return st.lists(NAMES, min_size=count, max_size=count, unique_by=duckdb_fold)


def duckdb_fold(name: str) -> str:
    """As DuckDB compares names: without the case of letters, of whatever script."""
    return name.casefold()


def schema_of(frame: pl.DataFrame) -> Schema:
    types = {pl.Int64: "BIGINT", pl.String: "VARCHAR", pl.Float64: "DOUBLE"}
    return Schema.of((name, types[type(kind)]) for name, kind in frame.schema.items())


def made(recipe: str, form: Mapping[str, Any], tables: Tables) -> str:
    """The SQL of a form, after a run has filled in its placeholders."""
    maker = recipe_named(recipe)
    inputs = [Input(name, schema_of(frame)) for name, frame in tables.items()]
    filled = maker.settings.model_validate(form)
    assert list(column_problems(filled, inputs)) == []
    assert list(maker.problems(filled, inputs)) == []

    def resolve(reference: Reference) -> Any:
        raise AssertionError(f"nothing is a placeholder: {reference}")

    sql = render(maker.sql(filled, inputs), resolve, sql=True)
    assert isinstance(sql, str)
    return sql


def rows(recipe: str, form: Mapping[str, Any], tables: Tables) -> list[tuple[Any, ...]]:
    sql = made(recipe, form, tables)
    binder, database = tools()
    assert binder.bind(sql, {name: schema_of(frame) for name, frame in tables.items()}) is not None
    database.begin()
    try:
        for number, (name, frame) in enumerate(tables.items()):
            database.register(f"arrow_{number}", frame.to_arrow())
            database.execute(f"CREATE TABLE {quote(name)} AS FROM arrow_{number}")
        return database.execute(sql).fetchall()
    finally:
        database.rollback()


@cache
def tools() -> tuple[Binder, duckdb.DuckDBPyConnection]:
    """What SQL is bound and run with: made once, for many examples."""
    return Binder(), duckdb.connect(":memory:", config={"threads": "1"})


@given(distinct(2), NAMES, st.lists(st.one_of(st.none(), TEXTS), max_size=6), TEXTS, st.booleans())
@settings(max_examples=40, deadline=None)
def test_a_filter_keeps_what_matches_or_all_the_rest(
    names: list[str], table: str, values: list[str | None], wanted: str, rest: bool
) -> None:
    text, number = names
    frame = pl.DataFrame(
        {text: values, number: list(range(len(values)))}, schema={text: pl.String, number: pl.Int64}
    )
    if wanted.startswith("{") and wanted.endswith("}"):
        wanted += "."
    form: dict[str, Any] = {
        "conditions": [{"column": text, "operator": "equals", "value": wanted}],
        "keep": "rest" if rest else "matching",
    }
    expected = [(value, n) for n, value in enumerate(values) if (value == wanted) != rest]
    assert rows("filter", form, {table: frame}) == expected


@given(distinct(1), st.lists(st.one_of(st.none(), TEXTS), max_size=6), TEXTS)
@settings(max_examples=40, deadline=None)
def test_text_operators_take_every_text_as_it_is(
    names: list[str], values: list[str | None], wanted: str
) -> None:
    (name,) = names
    if wanted.startswith("{") and wanted.endswith("}"):
        wanted += "."
    frame = pl.DataFrame({name: values}, schema={name: pl.String})
    for operator, matches in (
        ("contains", lambda value: wanted in value),
        ("starts with", lambda value: value.startswith(wanted)),
        ("ends with", lambda value: value.endswith(wanted)),
    ):
        form = {"conditions": [{"column": name, "operator": operator, "value": wanted}]}
        expected = [(value,) for value in values if value is not None and matches(value)]
        assert rows("filter", form, {"rows": frame}) == expected


@given(distinct(3), NAMES)
@settings(max_examples=40, deadline=None)
def test_columns_are_chosen_and_renamed(names: list[str], table: str) -> None:
    first, second, new = names
    frame = pl.DataFrame({first: [1, 2], second: ["a", "b"]})
    form: dict[str, Any] = {"columns": [{"column": second}, {"column": first, "name": new}]}
    assert rows("select", form, {table: frame}) == [("a", 1), ("b", 2)]
    form = {"columns": [{"column": first, "name": new}], "others": "keep"}
    assert rows("select", form, {table: frame}) == [(1, "a"), (2, "b")]


@given(distinct(4), distinct(2), st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), max_size=8))
@settings(max_examples=40, deadline=None)
def test_a_join_finds_each_partner_and_names_no_column_twice(
    names: list[str], tables: list[str], pairs: list[tuple[int, int]]
) -> None:
    key, value, other_key, _ = names
    left = pl.DataFrame([(k, v) for k, v in pairs], schema={key: pl.Int64, value: pl.Int64}, orient="row")
    right = pl.DataFrame({other_key: [1, 2, 7], value: [10, 20, 70]})
    found = {1: 10, 2: 20, 7: 70}
    given_keys = {k for k, _ in pairs}
    matched = [(k, v, found[k]) for k, v in pairs if k in found]
    lonely = [(k, v, None) for k, v in pairs if k not in found]
    strangers = [(k, None, v) for k, v in found.items() if k not in given_keys]
    expected: dict[str, Sequence[tuple[Any, ...]]] = {
        "inner": matched,
        "left": [*matched, *lonely],
        "right": [*matched, *strangers],
        "full": [*matched, *lonely, *strangers],
        "semi": [(k, v) for k, v, _ in matched],
        "anti": [(k, v) for k, v, _ in lonely],
    }
    for how, wanted in expected.items():
        form = {"how": how, "keys": [{"left": key, "right": other_key}]}
        got = rows("join", form, {tables[0]: left, tables[1]: right})
        assert Counter(got) == Counter(wanted)


@given(distinct(2), st.lists(st.tuples(st.one_of(st.none(), TEXTS), st.integers(-50, 50)), max_size=10))
@settings(max_examples=40, deadline=None)
def test_groups_are_summarised(names: list[str], pairs: list[tuple[str | None, int]]) -> None:
    group, value = names
    frame = pl.DataFrame(pairs, schema={group: pl.String, value: pl.Int64}, orient="row")
    functions = ["number of rows", "sum", "minimum", "number of different values"]
    form: dict[str, Any] = {
        "group_by": [group],
        "aggregates": [
            {"function": function, "column": value, "name": f"out {n}"}
            for n, function in enumerate(functions)
        ],
    }
    groups: dict[str | None, list[int]] = {}
    for key, number in pairs:
        groups.setdefault(key, []).append(number)
    expected = {(key, len(each), sum(each), min(each), len(set(each))) for key, each in groups.items()}
    assert set(rows("aggregate", form, {"rows": frame})) == expected


@given(
    distinct(2), st.lists(st.tuples(TEXTS, st.integers(0, 99)), max_size=10, unique_by=lambda pair: pair[1])
)
@settings(max_examples=40, deadline=None)
def test_of_duplicates_the_first_in_the_order_stays(names: list[str], pairs: list[tuple[str, int]]) -> None:
    key, order = names
    frame = pl.DataFrame(pairs, schema={key: pl.String, order: pl.Int64}, orient="row")
    form: dict[str, Any] = {"columns": [key], "keep": [{"column": order, "direction": "descending"}]}
    expected = {(text, max(n for other, n in pairs if other == text)) for text, _ in pairs}
    assert set(rows("dedupe", form, {"rows": frame})) == expected
    ordered = rows("sort", {"keys": [{"column": order}], "limit": 3}, {"rows": frame})
    assert ordered == sorted(pairs, key=lambda pair: pair[1])[:3]


@given(distinct(3), st.lists(NAMES, min_size=1, max_size=3, unique_by=duckdb_fold))
@settings(max_examples=40, deadline=None)
def test_rows_become_columns_and_columns_become_rows(names: list[str], values: list[str]) -> None:
    group, key, value = names
    if {name.casefold() for name in values} & {group.casefold()}:
        values = [f"{name} of {group}" for name in values]
    frame = pl.DataFrame(
        {group: [1] * len(values), key: values, value: list(range(len(values)))},
        schema={group: pl.Int64, key: pl.String, value: pl.Int64},
    )
    form: dict[str, Any] = {"group_by": [group], "names_from": key, "values_from": value, "values": values}
    if not any(name.startswith("{") and name.endswith("}") for name in values):
        assert rows("pivot", form, {"rows": frame}) == [(1, *range(len(values)))]
    wide = pl.DataFrame({group: [1], **{name: [n] for n, name in enumerate(values)}})
    taken = {name.casefold() for name in wide.columns}
    free = [name for name in ("its name", "its value", "one", "two") if name not in taken][:2]
    turned = {"columns": values, "name_column": free[0], "value_column": free[1]}
    got = rows("unpivot", turned, {"rows": wide})
    assert Counter(got) == Counter((1, name, n) for n, name in enumerate(values))


@given(distinct(1), st.lists(st.one_of(st.none(), TEXTS), min_size=1, max_size=6), TEXTS)
@settings(max_examples=40, deadline=None)
def test_gaps_are_filled_with_exactly_what_was_typed(
    names: list[str], values: list[str | None], filler: str
) -> None:
    (name,) = names
    if filler.startswith("{") and filler.endswith("}"):
        filler += "."
    frame = pl.DataFrame({name: values}, schema={name: pl.String})
    form: dict[str, Any] = {"columns": [{"column": name, "value": filler}]}
    got = rows("fill_missing", form, {"rows": frame})
    assert got == [(filler if value is None else value,) for value in values]


@given(distinct(3), st.lists(TEXTS, max_size=6), st.sampled_from([",", "'", "\\", "::", "{a}"]))
@settings(max_examples=40, deadline=None)
def test_a_text_is_split_at_what_stands_between(names: list[str], values: list[str], mark: str) -> None:
    name, one, two = names
    frame = pl.DataFrame({name: values}, schema={name: pl.String})
    form: dict[str, Any] = {"column": name, "delimiter": mark, "names": [one, two]}
    parts = [[*value.split(mark), "", ""][:2] for value in values]
    assert rows("split_text", form, {"rows": frame}) == [
        tuple(part or None for part in each) for each in parts
    ]
    in_rows = rows("split_text", {"column": name, "delimiter": mark, "into": "rows"}, {"rows": frame})
    assert in_rows == [(part,) for value in values for part in value.split(mark)]


def test_a_union_matches_columns_by_name() -> None:
    tables = {"a": pl.DataFrame({"id": [1], "x": ["p"]}), "b": pl.DataFrame({"x": ["q"], "id": [2]})}
    assert Counter(rows("union", {}, tables)) == Counter([(1, "p"), (2, "q")])
    same = {"a": tables["a"], "b": tables["a"], "c": tables["a"]}
    assert rows("union", {"distinct": True}, same) == [(1, "p")]


def test_formulas_add_columns_and_replace_them() -> None:
    frame = pl.DataFrame({"price": [2.0], "quantity": [3]})
    form: dict[str, Any] = {
        "formulas": [
            {"name": "total", "expression": "price * quantity -- before tax"},
            {"name": "price", "expression": "round(price)"},
        ]
    }
    assert rows("formula", form, {"rows": frame}) == [(2.0, 3, 6.0)]


def test_types_are_changed_and_what_can_not_be_becomes_empty() -> None:
    frame = pl.DataFrame({"n": ["1", "x"], "day": ["31/01/2025", "?"]})
    form: dict[str, Any] = {
        "columns": [
            {"column": "n", "type": "BIGINT"},
            {"column": "day", "type": "VARCHAR", "pattern": "%d/%m/%Y"},
        ]
    }
    assert rows("cast", form, {"rows": frame}) == [(1, "2025-01-31 00:00:00"), (None, None)]


def test_means_medians_and_neighbours_fill_gaps() -> None:
    frame = pl.DataFrame({"t": [1, 2, 3, 4], "x": [1.0, None, None, 7.0], "c": ["a", " ", "a", None]})
    form: dict[str, Any]
    for using, expected in (
        ("the mean", [1, 4, 4, 7]),
        ("the median", [1, 4, 4, 7]),
        ("the value before", [1, 1, 1, 7]),
        ("the value after", [1, 7, 7, 7]),
    ):
        form = {"columns": [{"column": "x", "using": using}], "order_by": "t"}
        assert [row[1] for row in sorted(rows("fill_missing", form, {"rows": frame}))] == expected
    form = {
        "columns": [{"column": "c", "using": "the most frequent value"}],
        "blank_is_empty": True,
    }
    assert [row[2] for row in rows("fill_missing", form, {"rows": frame})] == ["a"] * 4


@pytest.mark.parametrize(
    "form", [{"rows": 3}, {"take": "random", "rows": 3, "seed": 1}, {"take": "percent", "percent": 100}]
)
def test_a_sample_has_no_more_rows_than_were_asked_for(form: dict[str, Any]) -> None:
    frame = pl.DataFrame({"id": list(range(10))})
    assert len(rows("sample", form, {"rows": frame})) == (10 if "percent" in form else 3)


@pytest.mark.parametrize(
    ("recipe", "form"),
    [
        ("filter", {"conditions": [{"column": "city", "operator": "does not equal", "value": "x"}]}),
        ("select", {"columns": [{"column": "unit price", "name": "price"}]}),
        ("aggregate", {"group_by": ["city"], "aggregates": [{"function": "sum", "column": "unit price"}]}),
        ("sort", {"keys": [{"column": "city"}]}),
        ("dedupe", {"columns": ["city"], "keep": [{"column": "unit price"}]}),
        ("formula", {"formulas": [{"name": "twice", "expression": '"unit price" * 2'}]}),
        ("pivot", {"names_from": "city", "values_from": "unit price", "values": ["Rome"]}),
        ("sample", {"take": "first"}),
    ],
)
def test_the_sql_is_spark_s_too_after_translation(recipe: str, form: dict[str, Any]) -> None:
    import sqlglot

    frame = pl.DataFrame({"city": ["Rome"], "unit price": [1.5]})
    spark = translate(made(recipe, form, {"rows": frame}), "duckdb", "spark")
    assert spark.warnings == ()
    assert sqlglot.parse_one(spark.sql, dialect="spark")
    assert not any(word in spark.sql for word in ("QUALIFY", "REPLACE", "EXCLUDE"))


@pytest.mark.parametrize("name", ["", "a\0b", "${env:HOME}", "${secret:KEY}", "back\\", 'a\\"b'])
def test_a_name_that_no_sql_of_a_step_can_hold_is_refused(name: str) -> None:
    with pytest.raises(UnfitValueError, match="can't stand in the SQL of a step"):
        sql_name(name)


def test_a_value_must_fit_its_column() -> None:
    assert sql_value("{since}", "DATE") == "{since}"
    assert sql_value(" -2.5 ", "DECIMAL(18,2)") == "-2.5"
    assert sql_value("TRUE", "BOOLEAN") == "TRUE"
    assert sql_value("2025-01-31 12:00", "TIMESTAMP") == "TIMESTAMP '2025-01-31 12:00:00'"
    for text, type_, message in (
        ("1; DROP", "BIGINT", "is not a number"),
        ("31.1.2025", "DATE", "is not a date such as"),
        ("maybe", "BOOLEAN", "neither true nor false"),
    ):
        with pytest.raises(UnfitValueError, match=message):
            sql_value(text, type_)


def test_every_recipe_has_a_form_that_people_can_read() -> None:
    for recipe in RECIPES.values():
        schema = recipe.settings.model_json_schema()
        for part in [schema, *schema.get("$defs", {}).values()]:
            assert all("title" in field or "$ref" in field for field in part.get("properties", {}).values())
        assert recipe.title
        assert recipe.description.endswith(".")
