"""What the values of a column were like in a run, and how far two runs differ in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from odibi_core.health.columns import SHARES, axis_text
from odibi_core.story.wording import count

_MOST_NAMED = 5
_COMPARED_AT = 200


@dataclass(frozen=True, slots=True)
class Values:
    """The values of a column in one run.

    Attributes:
        row_count: How many rows this is told of.
        is_whole: Whether these are all rows, rather than the few that the run kept as a sample.
        nulls: How many of them are null.
        distinct: How many different values there are; None where that is not known.
        is_estimated: Whether that is an estimate.
        low: The lowest value as text; None where there is none.
        high: The highest value as text.
        mean: Of numbers; of moments, in seconds since 1970.
        shares: Below which value lie 0, 10, … 100 % of the numbers or moments; empty for others.
        is_moment: Whether `shares` are seconds since 1970.
        frequent: Value → how often it comes, the most frequent first.
    """

    row_count: int
    is_whole: bool
    nulls: int
    distinct: int | None = None
    is_estimated: bool = False
    low: str | None = None
    high: str | None = None
    mean: float | None = None
    shares: tuple[float, ...] = ()
    is_moment: bool = False
    frequent: tuple[tuple[str, int], ...] = ()

    @classmethod
    def of_profile(cls, row_count: int, record: Mapping[str, Any]) -> Values:
        """What the run found out about all rows."""
        return cls(
            row_count,
            True,
            record["nulls"],
            record["distinct"],
            record["is_estimated"],
            record["low"],
            record["high"],
            record["mean"],
            tuple(record["shares"] or ()),
            record["is_moment"],
            tuple((value, times) for value, times in record["frequent"]),
        )

    @classmethod
    def of_sample(cls, rows: list[Mapping[str, Any]], column: str) -> Values:
        """What the rows say that the run kept."""
        counts: dict[str, int] = {}
        for row in rows:
            value = row.get(column)
            if value is not None:
                counts[str(value)] = counts.get(str(value), 0) + 1
        frequent = sorted(counts.items(), key=lambda pair: -pair[1])
        nulls = sum(row.get(column) is None for row in rows)
        return cls(len(rows), False, nulls, frequent=tuple(frequent))

    @property
    def null_share(self) -> float | None:
        """Nulls among the rows, from 0 to 1; None where only a sample is known, or there are no rows."""
        return self.nulls / self.row_count if self.is_whole and self.row_count else None

    @property
    def is_listed(self) -> bool:
        """Whether `frequent` holds every value that there is."""
        return self.distinct is not None and self.distinct == len(self.frequent)

    def told(self) -> str:
        """The values in few words."""
        filled = self.row_count - self.nulls
        if not self.is_whole:
            named = [value if times == 1 else f"{value} ({times} times)" for value, times in self.frequent]
            return ", ".join([*named, *(["null"] if self.nulls else [])])
        if not filled:
            return "only nulls" if self.row_count else "no rows"
        if self.shares and not self.is_listed:
            middle = axis_text(self.shares[5], is_moment=self.is_moment)
            return f"{self.low} to {self.high}, half of them below {middle}"
        named = [f"{value} ({times / filled:.0%})" for value, times in self.frequent[:_MOST_NAMED]]
        if len(self.frequent) > _MOST_NAMED or not self.is_listed:
            about = "about " if self.is_estimated else ""
            different = f"{about}{count(self.distinct or 0)} different"
            return (
                f"{', '.join(named)}, … {different}" if named else f"{different}, {self.low} to {self.high}"
            )
        return ", ".join(named)

    def below(self, value: float) -> float:
        """The share of numbers or moments that lie below a value, as far as `shares` tells."""
        at = [place for place, low in enumerate(self.shares) if low <= value]
        if not at:
            return 0.0
        last = at[-1]
        if last == len(self.shares) - 1:
            return 1.0
        low, high = self.shares[last], self.shares[last + 1]
        return SHARES[last] + (SHARES[last + 1] - SHARES[last]) * (value - low) / (high - low)


def shift(first: Values, second: Values) -> float | None:
    """The share of rows, 0 to 1, that lie elsewhere in the second; None where samples alone are known.

    Of a few values: half of the sum of the differences of their shares. Of numbers and moments: the greatest
    difference between the shares below a value. Nulls count as a value. Where not every value is known, it
    is the least that it can be.
    """
    if not (first.is_whole and second.is_whole and first.row_count and second.row_count):
        return None
    return round(max(_parts(first, second)), 4)


def _parts(first: Values, second: Values) -> Iterator[float]:
    yield abs(first.nulls / first.row_count - second.nulls / second.row_count)
    filled = [it.row_count - it.nulls for it in (first, second)]
    if not all(filled):
        return
    if first.frequent and second.frequent:
        shares = [
            {value: times / of for value, times in it.frequent}
            for it, of in zip((first, second), filled, strict=True)
        ]
        named = {
            value
            for value in {**shares[0], **shares[1]}
            if (value in shares[0] or first.is_listed) and (value in shares[1] or second.is_listed)
        }
        apart = [shares[0].get(value, 0.0) - shares[1].get(value, 0.0) for value in named]
        yield (sum(map(abs, apart)) + abs(sum(apart))) / 2
    elif first.shares and second.shares:
        low = min(first.shares[0], second.shares[0])
        width = max(first.shares[-1], second.shares[-1]) - low
        points = [low + width * at / _COMPARED_AT for at in range(_COMPARED_AT + 1)]
        points += [*first.shares, *second.shares]
        yield max(abs(first.below(point) - second.below(point)) for point in points)
