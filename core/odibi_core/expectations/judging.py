"""Whether an expectation is met, by what was measured and what is known of past runs."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any

from odibi_core.durations import spell_duration
from odibi_core.errors import did_you_mean
from odibi_core.expectations.model import (
    AllowedValues,
    Condition,
    Consequence,
    DriftPolicy,
    Expectation,
    ExpectedSchema,
    ForeignKey,
    Freshness,
    NotNull,
    Pattern,
    Range,
    RowCount,
    RowExpectation,
    SchemaDrift,
    Unique,
)
from odibi_core.expectations.types import COMMON, spelled
from odibi_core.late_dataclass import dataclass
from odibi_core.schema import Schema
from odibi_core.shares import spell_share


@dataclass(frozen=True, slots=True)
class GoodRun:
    """What a step's output was in a run that succeeded.

    Attributes:
        run_id: The run.
        row_count: Rows of the output.
        schema: Its columns.
    """

    run_id: str
    row_count: int
    schema: Schema


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of an expectation.

    Attributes:
        what: What is not as expected, as a sentence without a full stop; "" where all is well.
        consequence: What becomes of the run; None where nothing does.
        fix: How to mend it.
        observed: Further figures, by name.
    """

    what: str = ""
    consequence: Consequence | None = None
    fix: str = ""
    observed: Mapping[str, Any] | None = None


def judge_rows(expectation: RowExpectation, rows: int, offending: int) -> Finding:
    """What to say of an expectation about rows."""
    tolerance = expectation.tolerance
    observed = {"tolerance": tolerance} if tolerance else None
    consequence = expectation.consequence_of(rows, offending)
    if consequence is None:
        return Finding(observed=observed)
    some = f"{offending:,} of {rows:,} rows" if rows > 1 else "the only row"
    what = f"{some} {_broken(expectation, 's' if offending == 1 else '')}"
    if expectation.description:
        what += f" ({expectation.description})"
    if tolerance:
        is_tolerated = expectation.is_tolerated(rows, offending)
        what += f", {'within' if is_tolerated else 'more than'} the {spell_share(tolerance)} that may"
    is_query = isinstance(expectation, Condition) and expectation.query is not None
    is_aside = is_query or expectation.consequence is Consequence.QUARANTINE
    aside = "" if is_aside else ", set them aside with severity: quarantine"
    fix = f"mend the rows where they come from{aside}, or change the expectation"
    return Finding(what, consequence, fix, observed)


def judge_count(expectation: RowCount, rows: int, past: Sequence[GoodRun]) -> Finding:
    """What to say of the number of rows, by bounds and by past runs, the latest first."""
    count = f"there are {rows:,} rows" if rows != 1 else "there is 1 row"
    fix = "look at what the step reads, or change the expectation"
    if expectation.min is not None and rows < expectation.min:
        return _broken_table(expectation, f"{count}, fewer than {expectation.min:,}", fix)
    if expectation.max is not None and rows > expectation.max:
        return _broken_table(expectation, f"{count}, more than {expectation.max:,}", fix)
    if expectation.history is None:
        return Finding()
    counts = [run.row_count for run in past[: expectation.history]]
    if not counts:
        return Finding(observed={"good_runs": 0})
    usual = median(counts)
    observed = {"good_runs": len(counts), "median": usual}
    if abs(rows - usual) <= usual * expectation.tolerance:
        return Finding(observed=observed)
    runs = "the last good run" if len(counts) == 1 else f"the last {len(counts)} good runs"
    usually = f"{usual:,.0f}" if len(counts) == 1 else f"{usual:,g} as the median"
    what = f"{count}, and {runs} had {usually}: more than {spell_share(expectation.tolerance)} away"
    return _broken_table(expectation, what, fix, observed)


def judge_age(expectation: Freshness, latest: Any, moment: dt.datetime) -> Finding:
    """What to say of the latest moment in a column."""
    fix = "look why nothing newer came, or change the expectation"
    if latest is None:
        return _broken_table(expectation, f"there is no moment in {expectation.column!r}", fix)
    seconds = (moment - _as_moment(latest)).total_seconds()
    observed = {"latest": latest.isoformat(), "age_s": round(seconds)}
    if seconds <= expectation.max_age:
        return Finding(observed=observed)
    shown = latest.isoformat(sep=" ") if isinstance(latest, dt.datetime) else str(latest)
    age, most = spell_duration(seconds), spell_duration(expectation.max_age)
    what = f"the latest {expectation.column!r} is {shown}, which is {age} old: more than {most}"
    return _broken_table(expectation, what, fix, observed)


def judge_schema(expectation: ExpectedSchema, schema: Schema) -> Finding:
    """What to say of the columns."""
    mistakes = list(schema_mistakes(expectation, schema))
    if not mistakes:
        return Finding()
    fix = "; ".join(dict.fromkeys(fix for _, fix in mistakes if fix))
    return _broken_table(expectation, "; ".join(what for what, _ in mistakes), fix)


def schema_mistakes(expectation: ExpectedSchema, schema: Schema) -> Iterator[tuple[str, str]]:
    """Where the columns are not those that are expected: what, and how to mend it."""
    types = schema.as_dict()
    for column, type_ in expectation.columns.items():
        if column not in types:
            yield f"the column {column!r} is missing", did_you_mean(column, types)
        elif type_ is None or types[column] == type_.upper():
            continue
        elif (wanted := spelled(type_)) is None:
            yield (
                f"there is no type {type_!r}, which {column!r} should be",
                did_you_mean(type_.upper(), COMMON),
            )
        elif types[column] != wanted:
            yield f"{column!r} is {types[column]}, not {wanted}", "cast it in the step"
    more = [name for name in types if name not in expectation.columns]
    if expectation.exact and more:
        shown = ", ".join(repr(name) for name in more)
        yield f"there are columns that nobody expects: {shown}", "leave them out, or expect them too"


def judge_drift(expectation: SchemaDrift, schema: Schema, last: GoodRun | None) -> Finding:
    """What to say of the columns beside those of the last good run."""
    if last is None:
        return Finding(observed={"compared_with": None})
    diff = last.schema.diff(schema)
    observed = {"compared_with": last.run_id, **diff.as_dict()}
    parts = [f"{name!r} is new" for name in diff.added]
    parts += [f"{name!r} is gone" for name in diff.removed]
    parts += [f"{name!r} was {old} and is {new}" for name, (old, new) in diff.changed.items()]
    policy = expectation.on_change
    if not parts or policy is DriftPolicy.IGNORE:
        return Finding(observed=observed)
    if policy is DriftPolicy.EVOLVE:
        if not diff.removed and all(is_wider(old, new) for old, new in diff.changed.values()):
            return Finding(observed=observed)
        policy = DriftPolicy.FAIL
    what = f"the columns are not those of the last good run, {last.run_id}: {', '.join(parts)}"
    fix = "look at the source; to take the new columns once, run with on_change: warn"
    return Finding(what, Consequence(policy.value), fix, observed)


_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")


def is_wider(old: str, new: str) -> bool:
    """Whether every value of the old type is one of the new type too."""
    if old in _WHOLE and new in _WHOLE:
        return _WHOLE.index(old) < _WHOLE.index(new)
    if new == "DOUBLE":
        return old in ("FLOAT", "TINYINT", "SMALLINT", "INTEGER")
    if (was := _DECIMAL.fullmatch(old)) and (now := _DECIMAL.fullmatch(new)):
        digits, more_digits = int(was[1]) - int(was[2]), int(now[1]) - int(now[2])
        return digits <= more_digits and int(was[2]) <= int(now[2])
    return (old, new) in (("DATE", "TIMESTAMP"), ("INTEGER", "BIGINT"))


def _broken(expectation: Expectation, s: str) -> str:
    """What rows do that break it, after "3 rows"."""
    have = "has" if s else "have"
    listed = ", ".join(expectation.looked_at)
    match expectation:
        case NotNull(columns=columns):
            return f"{have} no {listed}" if len(columns) == 1 else f"{have} a null among {listed}"
        case Unique():
            return f"share{s} {listed} with another row"
        case Range():
            return f"{have} {listed} {_outside_words(expectation)}"
        case AllowedValues(values=values):
            shown = ", ".join(map(str, values[:8])) + (", …" if len(values) > 8 else "")
            return f"{have} {listed} that is none of {shown}"
        case Pattern(regex=regex):
            return f"{have} {listed} that does not match {regex}"
        case ForeignKey(references=references):
            return f"{have} {listed} that is not in {references}"
        case Condition(condition=str()):
            return f"break{s} {expectation.subject}"
    return f"{'was' if s else 'were'} found by {expectation.subject}"


def _outside_words(expectation: Range) -> str:
    low, high = expectation.min, expectation.max
    at = "at or " if expectation.strict else ""
    if low is not None and high is not None:
        return f"not between {low} and {high}" + (", these two left out" if expectation.strict else "")
    return f"{at}below {low}" if low is not None else f"{at}above {high}"


def _broken_table(
    expectation: Expectation, what: str, fix: str, observed: Mapping[str, Any] | None = None
) -> Finding:
    if expectation.description:
        what += f" ({expectation.description})"
    return Finding(what, expectation.consequence, fix, observed)


def _as_moment(value: Any) -> dt.datetime:
    if isinstance(value, dt.datetime):
        return value if value.tzinfo is not None else value.replace(tzinfo=dt.UTC)
    return dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC)
