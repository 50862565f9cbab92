"""Capitals, small letters and blanks as Spark runs them: in a form that is longer than people like to read.

Most texts have letters of one byte each. For these Spark's own functions give what DuckDB's give, and fast.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from odibi_core.sql.spark_texts import SHOWN
from odibi_core.sql.templates import Warn, fill

if TYPE_CHECKING:
    from sqlglot import exp

_ONE_BYTE_EACH = "OCTET_LENGTH($1) = LENGTH($1)"
# Spark makes no code of its own for a step that has a function of one letter in it.
_CAPITALS = f"CASE WHEN {_ONE_BYTE_EACH} THEN UPPER($1) ELSE TRANSLATE($1, $2, $3) END"
_EITHER = f"CASE WHEN {_ONE_BYTE_EACH} THEN $2 ELSE $3 END"
_PLANES_WITH_CAPITALS = 0x20000


def in_full(tree: exp.Expr, warn: Warn) -> exp.Expr:
    """The tree as it is to run. `tree` is changed."""
    from sqlglot import exp

    shown = (node for node in tree.find_all(exp.Case, exp.Lower, exp.Trim) if node.meta.get(SHOWN))
    # What is within others first, so that these take it as it is then.
    for node in reversed(list(shown)):
        full = _full(node, warn)
        if node is tree:
            return full
        if full is not node:
            node.replace(full)
    return tree


def _full(node: exp.Expr, warn: Warn) -> exp.Expr:
    from sqlglot import exp

    if isinstance(node, exp.Case):
        tables = [exp.Literal.string(letters) for letters in _letters()]
        text = node.args["ifs"][0].this.this
        return fill(_CAPITALS, [text, *tables], warn, dialect="databricks")
    plain = node.copy()
    if isinstance(node, exp.Lower):
        text = node.this.this
        plain.set("this", text.copy())
    else:
        text = node.this
        plain.set("expression", None)
    # What is no column would be computed several times.
    is_column = isinstance(text, exp.Column)
    return fill(_EITHER, [text, plain, node.copy()], warn, dialect="databricks") if is_column else node


@cache
def _letters() -> tuple[str, str]:
    """All letters that have a capital of one letter, and these."""
    letters = [letter for letter in map(chr, range(_PLANES_WITH_CAPITALS)) if _capital(letter) != letter]
    return "".join(letters), "".join(map(_capital, letters))


def _capital(letter: str) -> str:
    """What DuckDB makes of a letter; a test compares all of them."""
    if letter == "ß":
        return "ẞ"
    return next((made for made in (letter.upper(), letter.title()) if len(made) == 1), letter)
