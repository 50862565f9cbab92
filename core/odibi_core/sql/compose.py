"""The query of a step, and of a region of steps, with the inputs as common table expressions.

What was tried on DuckDB 2.0.1 decides the form. `WITH "in" AS (FROM relation) SELECT …` leaves the step's own
text at the top, so that its ORDER BY orders the result. A text that begins with its own WITH must not follow
ours in bare parentheses: DuckDB then drops the inner WITH (a name it shadows silently means the outer table);
`FROM (WITH … SELECT …)` is right, and keeps the order too. An input that is used once is inlined, and filters
and columns reach the scan.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from enum import StrEnum

from odibi_core.late_dataclass import dataclass
from odibi_core.schema import quote
from odibi_core.sql.plain_select import plain_select
from odibi_core.sql.statement import Statement, read_statement


class Dialect(StrEnum):
    """Whose SQL a text is."""

    AUTO = "auto"
    DUCKDB = "duckdb"
    SPARK = "spark"


@dataclass(frozen=True, slots=True)
class SqlStep:
    """A SQL step, as far as queries are concerned.

    Attributes:
        name: Names the step in results and errors.
        sql: The text of the step.
        inputs: Alias in the text → dataset key.
        output: The dataset key of what it gives.
        dialect: "duckdb", "spark", or "auto": DuckDB's where DuckDB takes it, else Spark's.
    """

    name: str
    sql: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    output: str = ""
    dialect: Dialect = Dialect.AUTO


def compose(relations: Mapping[str, str], sql: str) -> str:
    """The query of one step.

    The result may stand in parentheses; it ends with a line break, for the text may end with a comment.

    Args:
        relations: Alias → what stands behind FROM: a quoted name, `read_parquet(…)`, a query in parentheses.
        sql: The text of the step.

    Raises:
        SqlError: The text is not one statement that gives rows.
    """
    statement = read_statement(sql)
    if not relations:
        return f"{statement.text}\n"
    if not _shadows(relations):
        return _behind(relations, statement)
    # A relation named like an alias would be taken for the input: the relations get names of their own first.
    names = _free_names(len(relations), relations)
    outer = ", ".join(
        f"{name} AS (FROM {text})" for name, text in zip(names, relations.values(), strict=True)
    )
    inner = _behind(dict(zip(relations, names, strict=True)), statement)
    return f"WITH {outer} FROM (\n{inner})\n"


def compose_region(steps: Sequence[SqlStep], relations: Mapping[str, str], output: str) -> str:
    """One query for neighbouring steps, a common table expression a step.

    A step whose columns depend on the data (`PIVOT … ON` without `IN`) can't be part of a region, only be
    composed alone over tables: DuckDB looks its values up before the query runs, where it knows no other
    common table expression.

    Args:
        steps: In an order in which each comes after those that make its inputs.
        relations: Dataset key → what stands behind FROM, for what comes from outside.
        output: The dataset key whose rows the query gives.

    Raises:
        SqlError: A text is not one statement that gives rows.
        KeyError: An input, or the output, is neither made by a step before nor among `relations`.
    """
    clause, names = region_clause(steps, relations)
    made = dict(zip((step.output for step in steps), names, strict=True))
    return f"{clause} FROM {made[output]}\n"


def region_clause(steps: Sequence[SqlStep], relations: Mapping[str, str]) -> tuple[str, list[str]]:
    """The WITH clause of a region, and the quoted name in it of each step.

    Args and errors are those of `compose_region`.
    """
    made = {step.output for step in steps}
    outside = list(dict.fromkeys(key for step in steps for key in step.inputs.values() if key not in made))
    names = _free_names(len(outside) + len(steps), {alias for step in steps for alias in step.inputs})
    known = dict(zip(outside, names, strict=False))
    ctes = [f"{known[key]} AS (FROM {relations[key]})" for key in outside]
    own = names[len(outside) :]
    for step, name in zip(steps, own, strict=True):
        inputs = {alias: known[key] for alias, key in step.inputs.items()}
        ctes.append(f"{name} AS (\n{_inside(inputs, read_statement(step.sql))})")
        known[step.output] = name
    return f"WITH {', '.join(ctes)}", own


def _inside(relations: Mapping[str, str], statement: Statement) -> str:
    """The query of a step of a region; its relations are names that nobody else uses."""
    if len(relations) == 1:
        ((alias, relation),) = relations.items()
        # One WITH less: to bind it takes DuckDB a third of the time of such a step.
        if (plain := plain_select(statement, alias)) is not None:
            return f"{plain.over(relation)}\n"
    return _behind(relations, statement)


def _behind(relations: Mapping[str, str], statement: Statement) -> str:
    text = f"FROM (\n{statement.text}\n)" if statement.needs_parentheses and relations else statement.text
    if not relations:
        return f"{text}\n"
    inputs = ", ".join(f"{quote(alias)} AS (FROM {relation})" for alias, relation in relations.items())
    return f"WITH {inputs}\n{text}\n"


def _shadows(relations: Mapping[str, str]) -> bool:
    texts = "\n".join(relations.values())
    names = "|".join(re.escape(alias.replace('"', '""')) for alias in relations)
    return re.search(rf"(?<!\w)(?:{names})(?!\w)", texts, re.IGNORECASE) is not None


def _free_names(count: int, aliases: Iterable[str]) -> list[str]:
    prefix, taken = "step ", [alias.casefold() for alias in aliases]
    while any(alias.startswith(prefix) for alias in taken):
        prefix = f"another {prefix}"
    return [quote(f"{prefix}{number}") for number in range(1, count + 1)]
