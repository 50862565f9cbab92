"""The code of the templates is current, and gives what Jinja gives."""

from __future__ import annotations

from pathlib import Path

import pytest
from scripts.make_story_templates import COMPILED, code, environment

from odibi_core.story.compiled import environment as templates
from odibi_core.story.lineage import read_lineage
from odibi_core.story.page import contents

LINEAGES = sorted(Path(__file__).with_name("lineages").glob("*.json"))


def test_the_code_is_what_jinja_makes_of_the_templates() -> None:
    assert COMPILED.read_text(encoding="utf-8") == code(), "run: python -m scripts.make_story_templates"


@pytest.mark.parametrize("file", LINEAGES, ids=lambda file: file.stem)
def test_the_page_is_what_jinja_renders(file: Path) -> None:
    shown = contents(read_lineage(file), "<i>A & B</i>")
    page = templates.render("story.html.j2", shown)
    assert page == environment().get_template("story.html.j2").render(shown)
    assert "&lt;i&gt;A &amp; B&lt;/i&gt;" in page
    assert "<i>A" not in page


def test_a_name_that_the_templates_lack_is_an_error() -> None:
    with pytest.raises(NameError, match="'style_hash'"):
        templates.render("story.html.j2", {})
