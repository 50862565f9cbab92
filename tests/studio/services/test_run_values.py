"""How far two runs differ in their values, and what is said of them."""

from __future__ import annotations

import pytest

from odibi_studio.services.runs.values import Values, shift


def listed(rows: int, nulls: int = 0, **counts: int) -> Values:
    """The values of a column with a few texts."""
    frequent = tuple(sorted(counts.items(), key=lambda pair: -pair[1]))
    return Values(rows, True, nulls, distinct=len(counts), frequent=frequent)


def numbers(rows: int, low: float, high: float, nulls: int = 0) -> Values:
    """Evenly spread numbers."""
    shares = tuple(low + (high - low) * tenth / 10 for tenth in range(11))
    return Values(rows, True, nulls, distinct=rows, low=str(low), high=str(high), shares=shares)


def test_a_few_values_are_apart_by_the_shares_that_moved() -> None:
    assert shift(listed(10, a=5, b=5), listed(20, a=10, b=10)) == 0
    assert shift(listed(10, a=5, b=5), listed(10, a=8, b=2)) == pytest.approx(0.3)
    assert shift(listed(10, a=10), listed(10, b=10)) == 1


def test_nulls_count_as_a_value() -> None:
    assert shift(listed(10, nulls=0, a=10), listed(10, nulls=4, a=6)) == pytest.approx(0.4)
    assert shift(listed(10, nulls=10), listed(10, nulls=10)) == 0


def test_numbers_are_apart_by_the_greatest_difference_of_the_shares_below() -> None:
    assert shift(numbers(100, 0, 100), numbers(1000, 0, 100)) == 0
    assert shift(numbers(100, 0, 100), numbers(100, 50, 150)) == pytest.approx(0.5, abs=0.01)
    assert shift(numbers(100, 0, 10), numbers(100, 20, 30)) == 1
    constant = numbers(100, 7, 7)
    assert shift(constant, constant) == 0


def test_it_is_the_least_that_it_can_be_where_not_every_value_is_known() -> None:
    cut = Values(100, True, 0, distinct=500, frequent=(("a", 50),))
    assert shift(cut, listed(100, a=50, b=50)) == pytest.approx(0)
    assert shift(cut, listed(100, a=90, b=10)) == pytest.approx(0.4)


def test_samples_and_no_rows_tell_nothing_of_the_whole() -> None:
    sample = Values.of_sample([{"a": 1}, {"a": None}, {"a": 1}], "a")
    assert shift(sample, sample) is None
    assert shift(listed(0), listed(10, a=10)) is None
    assert (sample.told(), sample.null_share) == ("1 (2 times), null", None)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (listed(4, a=3, b=1), "a (75%), b (25%)"),
        (listed(2, nulls=2), "only nulls"),
        (listed(0), "no rows"),
        (numbers(100, 0, 100), "0 to 100, half of them below 50"),
        (Values(9, True, 0, distinct=9, low="x", high="z"), "9 different, x to z"),
        (
            Values(9, True, 0, distinct=7_000, is_estimated=True, low="x", high="z"),
            "about 7,000 different, x to z",
        ),
    ],
)
def test_values_are_told_in_few_words(values: Values, told: str) -> None:
    assert values.told() == told
