"""The text of a SQL step: exactly one statement that gives rows.

What is checked here is what must hold before the text may stand inside another query: strings,
comments, parentheses and semicolons. Whether it is right SQL is DuckDB's to say.
"""

from __future__ import annotations

import re
from functools import lru_cache

from odibi_core.errors import SqlError, did_you_mean
from odibi_core.late_dataclass import dataclass

# Strings, quoted names, dollar quotes and comments hide what is in them; the rest is structure.
_PIECE = re.compile(
    r"""(?P<hidden> (?<![\w$])[eE]'(?:[^'\\]|\\.|'')*'
                  | '(?:[^']|'')*' | "(?:[^"]|"")*" | `(?:[^`]|``)*`
                  | (?<![\w$])\$(?P<tag>(?:[A-Za-z_]\w*)?)\$.*?\$(?P=tag)\$
                  | --[^\n]* )
      | (?P<comment> /\*)
      | (?P<mark> [();])
      | (?P<open> ['"`])""",
    re.VERBOSE | re.DOTALL,
)
_COMMENT_END = re.compile(r"/\*|\*/")
_BLANK = re.compile(r"(?:\s+|--[^\n]*)*")
_WORD = re.compile(r"[A-Za-z_]+|\(")

_READS = frozenset(
    {"SELECT", "FROM", "WITH", "VALUES", "TABLE", "PIVOT", "UNPIVOT", "PIVOT_WIDER", "PIVOT_LONGER"}
    | {"DESCRIBE", "SUMMARIZE", "("}
)
# These may follow `WITH … AS (…)` as they are; the others need parentheses around them.
_STANDS_BEHIND_WITH = frozenset({"SELECT", "FROM", "VALUES", "TABLE"})
_REFUSED = {
    "INSERT": "writes rows",
    "UPDATE": "changes rows",
    "DELETE": "deletes rows",
    "MERGE": "changes rows",
    "TRUNCATE": "deletes rows",
    "COPY": "writes or loads files",
    "EXPORT": "writes files",
    "IMPORT": "loads files",
    "CREATE": "creates something",
    "ALTER": "changes a table",
    "DROP": "deletes something",
    "ATTACH": "opens another database",
    "DETACH": "closes a database",
    "USE": "changes the database in use",
    "INSTALL": "installs an extension",
    "LOAD": "loads an extension",
    "SET": "changes a setting",
    "RESET": "changes a setting",
    "PRAGMA": "changes or asks for a setting",
    "CALL": "calls a procedure",
    "EXPLAIN": "gives a plan, not rows",
    "SHOW": "lists tables, not rows of the inputs",
}


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement that gives rows.

    Attributes:
        text: The statement without what follows its last semicolon; may end with a comment.
        needs_parentheses: Whether it must be put in parentheses to stand behind a WITH clause of ours.
    """

    text: str
    needs_parentheses: bool


# The plan, the region and the count of its rows each ask for the same text.
@lru_cache(maxsize=4_096)
def read_statement(sql: str) -> Statement:
    """The one statement of a step's SQL.

    Raises:
        SqlError: There is none, there are several, or it does something else than give rows.
    """
    end = _statement_end(sql)
    text = sql[:end]
    start = skip_blank(text, 0)
    if start == len(text):
        raise SqlError("the SQL is empty", fix="write a SELECT over the step's inputs")
    word = _WORD.match(text, start)
    first = word.group().upper() if word else ""
    if first not in _READS:
        raise _not_a_select(sql, start, first)
    return Statement(text, first not in _STANDS_BEHIND_WITH)


def place(sql: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of the character at `offset`."""
    before = sql[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def error_at(sql: str, offset: int, what: str, fix: str = "") -> SqlError:
    """An error about the character at `offset` of a step's SQL."""
    line, column = place(sql, offset)
    return SqlError(what, where=f"line {line}, column {column}", fix=fix, line=line, column=column)


def skip_blank(text: str, offset: int) -> int:
    """The offset of the first character that is neither white space nor part of a comment."""
    while True:
        blank = _BLANK.match(text, offset)
        assert blank is not None
        offset = blank.end()
        if not text.startswith("/*", offset):
            return offset
        closed = _comment_end(text, offset + 2)
        if closed is None:
            return offset
        offset = closed


def _statement_end(sql: str) -> int:
    """Where the one statement ends: at a semicolon with nothing behind it, or at the end of the text."""
    depth, opened, offset = 0, 0, 0
    while piece := _PIECE.search(sql, offset):
        offset = piece.end()
        match piece.lastgroup, piece.group():
            case "comment", _:
                closed = _comment_end(sql, offset)
                if closed is None:
                    raise error_at(sql, piece.start(), "the comment /* is never closed", "close it with */")
                offset = closed
            case "open", quote:
                kind = "the text in quotes" if quote == "'" else "the name in quotes"
                raise error_at(sql, piece.start(), f"{kind} is never closed", f"close it with {quote}")
            case "mark", "(":
                depth, opened = depth + 1, piece.start() if depth == 0 else opened
            case "mark", ")":
                depth -= 1
                if depth < 0:
                    raise error_at(sql, piece.start(), "a ) closes what was never opened", "take it out")
            case "mark", ";":
                following = _after_semicolons(sql, offset)
                if following < len(sql):
                    raise error_at(
                        sql,
                        following,
                        "there is more than one statement",
                        "make each statement a step of its own",
                    )
                if depth == 0:
                    return piece.start()
    if depth:
        raise error_at(sql, opened, "a ( is never closed", "close it with )")
    return len(sql)


def _comment_end(sql: str, offset: int) -> int | None:
    # DuckDB's block comments nest.
    depth = 1
    while depth:
        mark = _COMMENT_END.search(sql, offset)
        if mark is None:
            return None
        depth += 1 if mark.group() == "/*" else -1
        offset = mark.end()
    return offset


def _after_semicolons(sql: str, offset: int) -> int:
    while True:
        offset = skip_blank(sql, offset)
        if not sql.startswith(";", offset):
            return offset
        offset += 1


def _not_a_select(sql: str, start: int, first: str) -> SqlError:
    if first not in _REFUSED:
        shown = sql[start:].split(None, 1)[0][:30]
        near = did_you_mean(first, [word for word in _READS if len(word) > 1])
        fix = near if near.startswith("did you mean") else "begin with SELECT, WITH, FROM, VALUES or PIVOT"
        return error_at(sql, start, f"SQL can't begin with {shown!r}", fix)
    return error_at(
        sql,
        start,
        f"a SQL step reads its inputs and gives rows; {first} {_REFUSED[first]}",
        "write a SELECT, and a store step for what is to be written"
        if first in ("INSERT", "COPY", "EXPORT", "CREATE", "UPDATE", "DELETE", "MERGE")
        else "write a SELECT",
    )
