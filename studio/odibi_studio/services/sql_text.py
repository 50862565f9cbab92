"""A SQL text in another form: laid out, or in the other dialect."""

from __future__ import annotations

import re

from odibi_core.errors import SqlError
from odibi_core.schema import Schema
from odibi_core.sql.dialect import translate
from odibi_core.sql.statement import read_statement
from odibi_studio.messages import ProblemForm, SqlAnswer, SqlRequest
from odibi_studio.services.problem_forms import text_span, word_span

_PLACEHOLDER = re.compile(r"\{\{[A-Za-z_]\w*\}\}|\$\{(?:secret|env):[^}\s]*\}|\{[A-Za-z_]\w*\}")


def format_sql(request: SqlRequest) -> SqlAnswer:
    """The text laid out, its comments kept; as it is where it can't be read."""
    import sqlglot
    from sqlglot.errors import SqlglotError

    sql = request.sql
    hidden = _Placeholders(sql)
    try:
        tree = sqlglot.parse_one(hidden.text, dialect=request.dialect)
        made = tree.sql(
            dialect=request.dialect, pretty=True, indent=4, pad=4, normalize_functions=False, comments=True
        )
        is_same = sqlglot.parse_one(made, dialect=request.dialect) == tree
    except SqlglotError as error:
        return SqlAnswer(sql=sql, problem=_unreadable(error, sql))
    if not is_same:
        return SqlAnswer(sql=sql, warnings=["the text is left as it is: laying it out would change it"])
    return SqlAnswer(sql=hidden.shown(made))


def translate_sql(request: SqlRequest) -> SqlAnswer:
    """The text in the dialect that is wanted, with what may come out otherwise."""
    sql = request.sql
    source = "duckdb" if request.dialect == "spark" else "spark"
    hidden = _Placeholders(sql)
    try:
        read_statement(sql)
        inputs = {
            alias: None if columns is None else Schema.of((each.name, each.type) for each in columns)
            for alias, columns in request.inputs.items()
        }
        found = translate(hidden.text, source, request.dialect, inputs=inputs)
    except SqlError as error:
        span = None
        if error.line is not None and error.column is not None:
            span = word_span(sql, error.line, error.column)
        problem = ProblemForm(what=error.what, field="value", fix=error.fix, span=span)
        return SqlAnswer(sql=sql, problem=problem)
    return SqlAnswer(sql=hidden.shown(found.sql), warnings=list(found.warnings))


class _Placeholders:
    """A text whose placeholders are names of the same length, so that places in it stay what they are.

    Attributes:
        text: The text without placeholders.
    """

    def __init__(self, sql: str) -> None:
        self._originals: dict[str, str] = {}
        self._taken = sql
        self.text = _PLACEHOLDER.sub(self._name, sql)

    def shown(self, text: str) -> str:
        """A text made of it, with the placeholders back in their places."""
        for name, original in self._originals.items():
            text = text.replace(name, original)
        return text

    def _name(self, match: re.Match[str]) -> str:
        number, name = 0, ""
        while not name or name in self._originals or name in self._taken:
            number += 1
            name = f"p{len(self._originals)}x{number}".ljust(len(match[0]), "_")
        self._originals[name] = match[0]
        return name


def _unreadable(error: Exception, sql: str) -> ProblemForm:
    facts = getattr(error, "errors", None) or [{}]
    first = facts[0]
    line, column, word = first.get("line"), first.get("col"), first.get("highlight") or ""
    what = f"SQL can't go on with {word!r} here" if word else "the SQL can't be read"
    span = None
    if line and column:
        # The parser counts to the end of the word.
        begin = max(1, column - len(word) + 1) if word else column
        span = word_span(sql, line, begin)
    elif sql:
        span = text_span(sql, 0, len(sql))
    return ProblemForm(what=what, field="value", fix="look at what stands just before it", span=span)
