"""Expectations that fit what a step makes now: a beginning, for a person to look over."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from odibi_core.late_dataclass import dataclass
from odibi_core.pipeline import Pipeline
from odibi_core.preview import preview_step
from odibi_core.schema import Schema, literal, quote
from odibi_core.secret_store import Redactor, Secrets
from odibi_core.workspace import Workspace

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

ROWS = 100_000
_FEW_VALUES = 12
_OFTEN = 5
"""A value that is one of a set comes at least so often on average."""
_ENOUGH = 20
"""Of fewer rows nobody can say what shape all have."""
_NAMES_A_ROW = re.compile(r"(^|_)(id|key|code|uuid|number|no|email|isbn|sku)$", re.IGNORECASE)
_NAMES_NOW = re.compile(r"(updated|created|modified|loaded|ingested|event|received)", re.IGNORECASE)
_NUMBER = re.compile(r"U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(.*\)")
_PATTERNS = (
    r"[^@\s]+@[^@\s]+\.[^@\s]+",
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    r"\d{4}-\d{2}-\d{2}",
    r"https?://\S+",
)


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """A column of a step's output, in figures.

    Attributes:
        name: The column.
        type: Its type.
        nulls: Rows without a value.
        distinct: Different values.
        low: The lowest value, as text; None where there is none.
        high: The highest value, as text.
        values: All values, most frequent first, where they are few; else empty.
        pattern: A regular expression that all texts match, or "".
    """

    name: str
    type: str
    nulls: int
    distinct: int
    low: str | None
    high: str | None
    values: tuple[Any, ...] = ()
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What fits a step's output now.

    Attributes:
        step: The step.
        rows: Rows that were looked at.
        is_whole: Whether these are all.
        columns: Its columns in figures.
        expectations: What may stand under `expectations` of the step.
    """

    step: str
    rows: int
    is_whole: bool
    columns: tuple[ColumnProfile, ...]
    expectations: tuple[dict[str, Any], ...]


def suggest_expectations(
    pipeline: Pipeline,
    step: str,
    *,
    workspace: Workspace,
    rows: int = ROWS,
    parameters: Mapping[str, Any] | None = None,
    secrets: Secrets | None = None,
    allowed_functions: Sequence[str] | None = None,
    redactor: Redactor | None = None,
) -> Suggestion:
    """Expectations that fit the first rows that a step makes. What it needs runs; nothing is written.

    Args:
        pipeline: The pipeline.
        step: The step's name.
        workspace: What paths are relative to.
        rows: How many rows are looked at, at the most.
        parameters: Values of the run's parameters.
        secrets: Name → value, or a callable that gives a name's value.
        allowed_functions: Prefixes of dotted paths that function steps may import; None allows all.
        redactor: Learns the secrets that were used.

    Raises:
        OdibiError: As `preview_step`.
    """
    preview = preview_step(
        pipeline,
        step,
        rows=rows,
        workspace=workspace,
        parameters=parameters,
        secrets=secrets,
        allowed_functions=allowed_functions,
        redactor=redactor,
    )
    return suggest_for_rows(step, preview.rows, preview.schema, is_whole=not preview.has_more)


def suggest_for_rows(step: str, rows: pa.Table, schema: Schema, *, is_whole: bool) -> Suggestion:
    """Expectations that fit some rows.

    Args:
        step: The step that makes them.
        rows: The rows.
        schema: Their columns, as DuckDB names the types.
        is_whole: Whether these are all that it makes.
    """
    from odibi_core import late_duckdb as duckdb

    with duckdb.connect(":memory:", config={"python_enable_replacements": "false"}) as database:
        database.execute("SET TimeZone = 'UTC'")
        database.register("data", rows)
        columns = tuple(_profile(database, name, type_) for name, type_ in schema)
    count = rows.num_rows
    expectations = tuple(_suggested(columns, count, schema)) if count else ()
    return Suggestion(step, count, is_whole, columns, expectations)


def _profile(database: DuckDBPyConnection, name: str, type_: str) -> ColumnProfile:
    column = quote(name)
    nulls, distinct, low, high = database.execute(
        f"SELECT count(*) - count({column}), count(DISTINCT {column}), min({column})::VARCHAR, "
        f"max({column})::VARCHAR FROM data"
    ).fetchall()[0]
    values: tuple[Any, ...] = ()
    pattern = ""
    if type_ == "VARCHAR" and 0 < distinct <= _FEW_VALUES:
        found = database.execute(
            f"SELECT {column} FROM data WHERE {column} IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1"
        ).fetchall()
        values = tuple(row[0] for row in found)
    elif type_ == "VARCHAR" and distinct >= _ENOUGH:
        pattern = _pattern(database, column)
    return ColumnProfile(name, type_, nulls, distinct, low, high, values, pattern)


def _pattern(database: DuckDBPyConnection, column: str) -> str:
    """A known pattern that all values match, or the one shape that all of them have."""
    for known in _PATTERNS:
        if _all_match(database, column, known):
            return known
    shapes = database.execute(
        f"SELECT DISTINCT regexp_replace(regexp_replace(regexp_replace({column}, '[0-9]', '9', 'g'), "
        f"'[A-Z]', 'A', 'g'), '[a-z]', 'a', 'g') FROM data WHERE {column} IS NOT NULL LIMIT 2"
    ).fetchall()
    if len(shapes) != 1 or "9" not in shapes[0][0]:
        return ""
    parts = []
    for run in re.finditer(r"(.)\1*", shapes[0][0], re.DOTALL):
        letter, length = run[1], len(run[0])
        kind = {"9": r"\d", "A": "[A-Z]", "a": "[a-z]"}.get(letter, re.escape(letter))
        parts.append(kind if length == 1 else f"{kind}{{{length}}}")
    return "".join(parts)


def _all_match(database: DuckDBPyConnection, column: str, pattern: str) -> bool:
    (row,) = database.execute(
        f"SELECT bool_and(regexp_full_match({column}, {literal(pattern)})) FROM data"
    ).fetchall()
    return bool(row[0])


def _suggested(columns: Sequence[ColumnProfile], rows: int, schema: Schema) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = [{"check": "schema", "columns": schema.as_dict()}]
    filled = [column.name for column in columns if not column.nulls]
    if filled:
        made.append({"check": "not_null", "columns": filled})
    made += [
        {"check": "unique", "columns": [column.name]}
        for column in columns
        if column.distinct == rows - column.nulls > 1 and _NAMES_A_ROW.search(column.name)
    ]
    for column in columns:
        if column.values and rows - column.nulls >= _OFTEN * column.distinct:
            made.append({"check": "set", "column": column.name, "values": list(column.values)})
        elif column.pattern:
            made.append({"check": "pattern", "column": column.name, "regex": column.pattern})
        elif _NAMES_A_ROW.search(column.name):
            continue
        elif _NUMBER.fullmatch(column.type) and column.low is not None and not column.low.startswith("-"):
            made.append({"check": "range", "column": column.name, "min": 0})
        elif column.type.startswith("TIMESTAMP") and _NAMES_NOW.search(column.name):
            made.append({"check": "freshness", "column": column.name, "max_age": "2d", "severity": "warn"})
    made.append({"check": "row_count", "min": 1})
    made.append({"check": "row_count", "history": 7, "tolerance": "50%", "severity": "warn"})
    made.append({"check": "schema_drift", "on_change": "warn"})
    return made
