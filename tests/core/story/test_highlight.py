"""SQL keeps its text, whatever is in it, and gains colours."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odibi_core.story.highlight import highlight_sql


@given(st.text())
def test_the_text_stays_and_only_known_tags_are_added(sql: str) -> None:
    marked = str(highlight_sql(sql))
    plain = re.sub(r'</?b>|<span class="[csqpn]">|</span>', "", marked)
    assert "<" not in plain
    assert html.unescape(plain) == html.unescape(html.escape(sql))


@pytest.mark.parametrize(
    ("sql", "marked"),
    [
        ("select a", "<b>select</b> a"),
        ("selected", "selected"),
        ("'it''s' 'x", '<span class="s">&#39;it&#39;&#39;s&#39;</span> <span class="s">&#39;x</span>'),
        ('"a""b"', '<span class="q">&#34;a&#34;&#34;b&#34;</span>'),
        ("-- from\nx", '<span class="c">-- from</span>\nx'),
        ("/* open", '<span class="c">/* open</span>'),
        ("1.5e3 a1 t.2", '<span class="n">1.5e3</span> a1 t.2'),
        ("{date} ${secret:KEY}", '<span class="p">{date}</span> <span class="p">${secret:KEY}</span>'),
        ("a < b", "a &lt; b"),
    ],
)
def test_each_kind_of_token_is_marked(sql: str, marked: str) -> None:
    assert highlight_sql(sql) == marked
