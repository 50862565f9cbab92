"""SELECTs that only compute columns of one input and filter its rows: most steps are no more than that."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from odibi_core.sql.statement import Statement

_FORM = re.compile(
    r"\s*SELECT\b(?P<columns>.*?)\bFROM\s+(?P<input>\w+)(?P<filter>\s+WHERE\b.*|\s*)",
    re.IGNORECASE | re.DOTALL,
)
_HIDDEN = re.compile(r"'[^']*'|\"[^\"]*\"")
# Only a table has a `rowid`: no author can mean it.
_HIDES_MORE = re.compile(r"[\\`$]|--|/\*|\browid\b", re.IGNORECASE)
_DOES_MORE = re.compile(
    r"\b(?:SELECT|FROM|JOIN|UNION|INTERSECT|EXCEPT|WITH|DISTINCT|OVER|GROUP|HAVING|QUALIFY|WINDOW|ORDER|LIMIT"
    r"|OFFSET|SAMPLE|PIVOT|UNPIVOT|VALUES|TABLE|UNNEST)\b",
    re.IGNORECASE,
)


class PlainSelect(NamedTuple):
    """A SELECT that computes columns of one input, and may filter its rows.

    Attributes:
        before: Its text up to the name of the input.
        behind: Its text from there on.
    """

    before: str
    behind: str

    def over(self, relation: str) -> str:
        """The same over a relation, given by its quoted name."""
        # The input's name stays as it was written: DuckDB refuses `FROM some` as it does `AS some`.
        return f"{self.before}{relation} AS {self.behind}"


# The plan and the run each ask for the same text.
@lru_cache(maxsize=4_096)
def plain_select(statement: Statement, alias: str) -> PlainSelect | None:
    """The statement where it is a plain SELECT over the input of that alias; None where it may do more."""
    text = statement.text
    if _HIDES_MORE.search(text):
        return None
    # As long as it was: what is found stands at the same place in the text.
    bare = _HIDDEN.sub(_blanks, text)
    found = _FORM.fullmatch(bare)
    if found is None or found["input"].lower() != alias.lower():
        return None
    if _DOES_MORE.search(found["columns"]) or _DOES_MORE.search(found["filter"]):
        return None
    start = found.start("input")
    return PlainSelect(text[:start], text[start:])


def _blanks(hidden: re.Match[str]) -> str:
    return "0" * len(hidden[0])
