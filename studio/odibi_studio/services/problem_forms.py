"""Problems as the designer shows them: at a field, under a word of the SQL, with texts that mend them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence

from odibi_core.errors import Problem
from odibi_core.parameters import placed_in_sql
from odibi_core.plan.rendering import Values
from odibi_core.sql_values import Placed
from odibi_core.step import Step, StepType
from odibi_studio.messages import ProblemForm, Severity, Span
from odibi_studio.recipes.names import sql_name

_LITERAL = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_NEAR = re.compile(rf"did you mean ((?:{_LITERAL})(?: of [^?]*)?)\?")
_CANDIDATE = re.compile(rf"(?:^| or )({_LITERAL})")
_NAMED = re.compile(_LITERAL)
_PLACEHOLDER = re.compile(r"the placeholder (\{\w+\})")
_PIECE = re.compile(r'"(?:[^"]|"")*"|`(?:[^`]|``)*`|\'(?:[^\']|\'\')*\'|[^\W\d]\w*|\d[\w.]*')


def problem_forms(problems: Iterable[Problem], steps: Sequence[Step], values: Values) -> list[ProblemForm]:
    """The problems as messages.

    Args:
        problems: What the core found.
        steps: The steps as they were declared.
        values: What their placeholders were filled with.
    """
    declared = {step.name: step for step in steps}
    return [_form(problem, declared.get(problem.step), values) for problem in problems]


def text_span(text: str, start: int, end: int) -> Span:
    """The place in a text of the characters from `start` to before `end`."""
    line, column = _place(text, start)
    end_line, end_column = _place(text, end)
    return Span(line=line, column=column, end_line=end_line, end_column=end_column)


def word_span(text: str, line: int, column: int, *, named: str = "") -> Span:
    """The place of the word at a line and column; of the name `named`, where it is a part of that word.

    Args:
        text: The text.
        line: From 1.
        column: From 1.
        named: A name that the problem is about, such as the column of `orders.amuont`.
    """
    start, end = _word(text, _offset(text, line, column), named)
    return text_span(text, start, end)


def near_names(fix: str) -> list[str]:
    """The names that a hint proposes: "did you mean 'a' or 'b'?" has two."""
    found = _NEAR.search(fix)
    if found is None:
        return []
    return [str(ast.literal_eval(candidate)) for candidate in _CANDIDATE.findall(found[1])]


def _form(problem: Problem, step: Step | None, values: Values) -> ProblemForm:
    field = problem.field.partition(",")[0]
    near = near_names(problem.fix)
    span = None
    if step is not None and field == "value" and isinstance(step.value, str):
        if placeholder := _PLACEHOLDER.match(problem.what):
            at = step.value.find(placeholder[1])
            span = text_span(step.value, at, at + len(placeholder[1])) if at >= 0 else None
            near = [f"{{{name}}}" for name in near]
        elif problem.line is not None and problem.column is not None:
            span, near = _in_sql(problem, step, values, near)
        elif step.type == StepType.SQL:
            near = [sql_name(name) for name in near]
    return ProblemForm(
        what=problem.what,
        step=problem.step,
        field=field,
        fix=problem.fix,
        severity=Severity(problem.severity.value),
        span=span,
        suggestions=near,
    )


def _in_sql(problem: Problem, step: Step, values: Values, near: list[str]) -> tuple[Span, list[str]]:
    assert problem.line is not None
    assert problem.column is not None
    sql: str = step.value
    placed = placed_in_sql(sql, values.resolve)
    offset = _offset(_filled(sql, placed), problem.line, problem.column)
    offset, whole = _before_filling(offset, placed)
    if whole is not None:
        return text_span(sql, whole.start, whole.end), []
    named = _NAMED.search(problem.what)
    name = str(ast.literal_eval(named[0])) if named else ""
    start, end = _word(sql, offset, name)
    is_function = problem.what.startswith("there is no function")
    texts = near if is_function else [sql_name(candidate) for candidate in near]
    if sql[start:end].startswith('"') and "single quotes" in problem.fix:
        texts.append("'" + name.replace("'", "''") + "'")
    return text_span(sql, start, end), texts


def _filled(sql: str, placed: Sequence[Placed]) -> str:
    parts, end = [], 0
    for each in placed:
        parts += [sql[end : each.start], each.text]
        end = each.end
    return "".join([*parts, sql[end:]])


def _before_filling(offset: int, placed: Sequence[Placed]) -> tuple[int, Placed | None]:
    """Where a character of the filled text was before; with the placeholder, where it came from one."""
    longer = 0
    for each in placed:
        start = each.start + longer
        if offset < start:
            break
        if offset < start + len(each.text):
            return each.start, each
        longer += len(each.text) - (each.end - each.start)
    return offset - longer, None


def _word(text: str, offset: int, named: str) -> tuple[int, int]:
    piece = _PIECE.match(text, offset)
    if piece is None:
        return offset, min(offset + 1, len(text))
    while named and _bare(piece[0]) != named.casefold() and text[piece.end() : piece.end() + 1] == ".":
        following = _PIECE.match(text, piece.end() + 1)
        if following is None:
            break
        piece = following
    return piece.span()


def _bare(word: str) -> str:
    quote = word[0]
    return (word[1:-1].replace(quote * 2, quote) if quote in "\"`'" else word).casefold()


def _offset(text: str, line: int, column: int) -> int:
    lines = text.split("\n")
    before = sum(len(each) + 1 for each in lines[: line - 1])
    return min(before + column - 1, len(text))


def _place(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1
