"""Numbers, durations and names read as a person would write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odibi_core.story import wording


@pytest.mark.parametrize(
    ("duration_ms", "words"),
    [
        (None, "not measured"),
        (0.0, "0.0 ms"),
        (0.44, "0.4 ms"),
        (12.4, "12 ms"),
        (999.4, "999 ms"),
        (999.6, "1.00 s"),
        (1_421.0, "1.42 s"),
        (59_900.0, "59.9 s"),
        (59_999.0, "1 min 00 s"),
        (125_000.0, "2 min 05 s"),
        (3_840_000.0, "1 h 04 min"),
        (360_000_000.0, "100 h 00 min"),
    ],
)
def test_a_duration_has_the_unit_that_a_person_would_choose(duration_ms: float | None, words: str) -> None:
    assert wording.duration(duration_ms) == words


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [
        (-61, 1_000, "\N{MINUS SIGN}6.1 %"),
        (4, 1_000, "+0.4 %"),
        (1, 1_000_000, "+<0.1 %"),
        (-9_935, 9_938, "\N{MINUS SIGN}99.9 %"),
        (-10, 10, "\N{MINUS SIGN}100.0 %"),
        (2_000, 1, "+200,000.0 %"),
        (5, 0, ""),
    ],
)
def test_a_share_is_signed_and_never_rounds_something_to_everything(
    part: int, whole: int, words: str
) -> None:
    assert wording.per_cent(part, whole) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [(None, ""), (0, "0"), (1_234_567, "1,234,567"), (12_345_678, "12.3 M"), (2 * 10**12, "2.0 T")],
)
def test_a_count_on_an_edge_is_short(number: int | None, words: str) -> None:
    assert wording.short_count(number) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (9_007_199_254_740_993, "9,007,199,254,740,993"),
        (-1234.5, "\N{MINUS SIGN}1,234.5"),
        ("1250340.50", "1,250,340.50"),
        ("n/a", None),
    ],
)
def test_a_number_keeps_every_digit(value: float | str, words: str | None) -> None:
    assert wording.number(value) == words


@pytest.mark.parametrize(("number", "words"), [(0, "0 rows"), (1, "1 row"), (None, "rows not counted")])
def test_rows_agree_with_their_number(number: int | None, words: str) -> None:
    assert wording.rows(number) == words


@pytest.mark.parametrize(
    ("text", "fitted"),
    [
        ("short", "short"),
        ("exactly_10", "exactly_10"),
        ("eleven_char", "eleven_ch…"),
        ("two\nlines", "two lines"),
        ("集計集計集計", "集計集計…"),
        ("e\u0301" * 10, "e\u0301" * 10),
    ],
)
def test_a_name_is_cut_to_the_room_that_it_takes(text: str, fitted: str) -> None:
    assert wording.fit(text, 10) == fitted


@given(st.text(), st.integers(1, 30))
def test_a_fitted_name_is_the_beginning_of_the_name(text: str, width: int) -> None:
    fitted = wording.fit(text, width)
    assert " ".join(text.split()).startswith(fitted.removesuffix("…").rstrip()) or text.startswith(fitted)


@pytest.mark.parametrize(
    ("type_", "is_numeric"), [("DECIMAL(18,2)", True), ("BIGINT", True), ("BIGINT[]", False), ("DATE", False)]
)
def test_numeric_columns_are_known_by_their_type(type_: str, is_numeric: bool) -> None:
    assert wording.is_numeric_type(type_) is is_numeric
