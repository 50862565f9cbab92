"""SQL with its keywords, texts, numbers and comments marked for colouring."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markupsafe import Markup

_KEYWORDS = frozenset(
    """
    all and anti any array as asc asof at between both by case cast collate create cross cube current
    delete desc distinct else end escape except exclude exists extract false fetch filter first following for
    from full group grouping having if ilike in inner insert intersect interval into is isnull join last
    lateral left like limit natural not notnull null nulls of offset on or order outer over partition pivot
    positional preceding qualify range recursive replace right rollup row rows sample select semi set sets
    similar some struct summarize table tablesample then to trailing true try_cast unbounded union unnest
    unpivot update using values view when where window with within
    """.split()
)

_TOKEN = re.compile(
    r"(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))"
    r"|(?P<text>'(?:[^']|'')*(?:'|\Z))"
    r"|(?P<name>\"(?:[^\"]|\"\")*(?:\"|\Z)|`[^`]*(?:`|\Z))"
    r"|(?P<placeholder>\$\{(?:secret|env):[^}\s]*\}|\{\{?[A-Za-z_][A-Za-z0-9_]*\}?\})"
    r"|(?P<number>(?<![\w.])\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.]))"
    r"|(?P<word>[^\W\d]\w*)",
    re.DOTALL,
)


def highlight_sql(sql: str) -> Markup:
    """The SQL as HTML: everything escaped, and `<span>`s of class `k`, `s`, `n`, `c`, `q`, `p` around tokens."""
    from markupsafe import Markup, escape

    def marked(match: re.Match[str]) -> str:
        kind, token = match.lastgroup, match[0]
        if kind == "word":
            return f"<b>{token}</b>" if token.casefold() in _KEYWORDS else token
        return f'<span class="{_CLASSES[kind or ""]}">{escape(token)}</span>'

    parts, position = [], 0
    for match in _TOKEN.finditer(sql):
        parts += [escape(sql[position : match.start()]), marked(match)]
        position = match.end()
    return Markup("".join([*parts, escape(sql[position:])]))


_CLASSES = {"comment": "c", "text": "s", "name": "q", "placeholder": "p", "number": "n"}
