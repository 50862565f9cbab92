"""SQL with its keywords, texts, numbers and comments marked for colouring."""

from __future__ import annotations

import re

from markupsafe import Markup

_KEYWORDS = (
    "all and anti any array as asc asof at between both by case cast collate create cross cube current "
    "delete desc distinct else end escape except exclude exists extract false fetch filter first "
    "following for from full group grouping having if ilike in inner insert intersect interval into is "
    "isnull join last lateral left like limit natural not notnull null nulls of offset on or order outer "
    "over partition pivot positional preceding qualify range recursive replace right rollup row rows "
    "sample select semi set sets similar some struct summarize table tablesample then to trailing true "
    "try_cast unbounded union unnest unpivot update using values view when where window with within "
)
_KEYWORD_SET = frozenset(_KEYWORDS.split())

_TOKEN = re.compile(
    r"(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))"
    r"|(?P<text>'(?:[^']|'')*(?:'|\Z))"
    r"|(?P<name>\"(?:[^\"]|\"\")*(?:\"|\Z)|`[^`]*(?:`|\Z))"
    r"|(?P<placeholder>\$\{(?:secret|env):[^}\s]*\}|\{\{?[A-Za-z_][A-Za-z0-9_]*\}?\})"
    r"|(?P<number>(?<![\w.])\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.]))"
    r"|(?P<word>[^\W\d]\w*)",
    re.DOTALL,
)


_OPENINGS = {
    "comment": Markup('<span class="c">'),
    "text": Markup('<span class="s">'),
    "name": Markup('<span class="q">'),
    "placeholder": Markup('<span class="p">'),
    "number": Markup('<span class="n">'),
}
_CLOSING = Markup("</span>")
_KEYWORD_OPENING, _KEYWORD_CLOSING = Markup("<b>"), Markup("</b>")


def highlight_sql(sql: str) -> Markup:
    """The SQL as HTML: all of it escaped, keywords in `<b>`, other tokens in a `<span>` with a class."""
    parts: list[str] = []
    position = 0
    for match in _TOKEN.finditer(sql):
        kind, token = match.lastgroup or "", match[0]
        if kind != "word":
            parts += [sql[position : match.start()], _OPENINGS[kind] + token + _CLOSING]
        elif token.casefold() in _KEYWORD_SET:
            parts += [sql[position : match.start()], _KEYWORD_OPENING + token + _KEYWORD_CLOSING]
        else:
            continue
        position = match.end()
    # Joining escapes every part that is not markup already.
    return Markup("").join([*parts, sql[position:]])
