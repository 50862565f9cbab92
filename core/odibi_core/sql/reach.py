"""Whether a SELECT surely reads its inputs and nothing else, told by its words alone.

DuckDB opens files, and Python's variables, when it binds a query that names them. What surely names none can
be bound in any database.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from odibi_core.sql.analysis import ROW_WISE

_SUMMARIZING = """
    count sum avg min max first last any_value median mode stddev stddev_samp stddev_pop variance var_samp
    var_pop string_agg list array_agg bool_and bool_or arg_min arg_max min_by max_by count_if quantile_cont
    row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value
"""
_BEFORE_PARENTHESES = """
    from join on using over filter where having qualify select distinct limit between columns
"""
_OTHER_SOURCES = """
    with table values describe summarize show pivot unpivot pivot_wider pivot_longer lateral
"""
_NEXT_CLAUSES = """
    where group having qualify order limit offset window select union intersect except
"""
_PLAIN = ROW_WISE | frozenset(f"{_SUMMARIZING} {_BEFORE_PARENTHESES}".split())
_UNSURE = frozenset(_OTHER_SOURCES.split())
_CLAUSES = frozenset(_NEXT_CLAUSES.split())
_HARD_TO_READ = ("$", "\\", "`", "/*", "--", "\r")
"""What may hide words, or show such as are hidden, if it is not read exactly as DuckDB reads it."""

_PIECE = r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|[^\W\d]\w*|\S"""


def reads_inputs_alone(sql: str, inputs: Collection[str]) -> bool:
    """Whether the text surely reads no table but its inputs, and calls nothing that could read a file.

    False may only mean that it can't be told by looking at the words.
    """
    if any(mark in sql for mark in _HARD_TO_READ):
        return False
    tokens = [*re.findall(_PIECE, sql), "", ""]
    words = [token.casefold() if token[:1].isidentifier() else "" for token in tokens]
    known = {alias.casefold() for alias in inputs}
    if not _UNSURE.isdisjoint(words):
        return False
    for position, word in enumerate(words[:-2]):
        is_called = tokens[position + 1] == "("
        if is_called and (tokens[position][0] == '"' or (word and word not in _PLAIN)):
            return False
        if word in ("from", "join") and not all(
            _is_input(tokens[at : at + 3], known) for at in _sources(tokens, words, position)
        ):
            return False
    return True


def _sources(tokens: list[str], words: list[str], position: int) -> list[int]:
    """Where the names of tables stand behind FROM or JOIN: the next, and those behind commas."""
    depth, found = 0, [position + 1]
    for at in range(position + 1, len(tokens) - 2):
        if tokens[at] in ("(", "[", "{"):
            depth += 1
        elif tokens[at] in (")", "]", "}"):
            depth -= 1
        if depth < 0 or (depth == 0 and words[at] in _CLAUSES):
            break
        if depth == 0 and tokens[at] == ",":
            found.append(at + 1)
    return found


def _is_input(tokens: list[str], known: Collection[str]) -> bool:
    """Whether what begins with the first of three tokens is an input, or a query in parentheses."""
    name, after = tokens[0], tokens[1] if len(tokens) > 1 else ""
    if name == "(":
        return after.casefold() in ("select", "from")
    if name[:1] == '"':
        name = name[1:-1].replace('""', '"')
    return name.casefold() in known and after not in ("(", ".")
