"""Have Jinja make Python code of the story's templates: `python -m scripts.make_story_templates`.

A run then needs no Jinja: `odibi_core.story.rendering` runs the code.
"""

from __future__ import annotations

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from odibi_core.story.wording import pixels

STORY = Path(__file__).parents[1] / "core" / "odibi_core" / "story"
COMPILED = STORY / "compiled.py"
HEAD = '''\
"""The templates of a story as code. Made by scripts/make_story_templates.py: change templates/*.j2."""

# mypy: ignore-errors

from markupsafe import escape

from odibi_core.story.rendering import Macro, Templates, missing

environment = Templates()
'''


def environment() -> Environment:
    """Jinja as the templates are written for it."""
    made = Environment(
        loader=FileSystemLoader(STORY / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["px"] = pixels
    return made


def code() -> str:
    """The code of all templates."""
    jinja = environment()
    parts, roots = [HEAD], []
    for name in jinja.list_templates(extensions=["j2"]):
        text = (STORY / "templates" / name).read_text(encoding="utf-8")
        function = re.sub(r"\W", "_", name.removesuffix(".j2"))
        parts.append(_function(jinja.compile(text, name, name, raw=True), function))
        roots.append(f'    "{name}": {function},')
    return "\n\n".join([*parts, "\n".join(["environment.roots = {", *roots, "}", ""])])


def _function(module: str, name: str) -> str:
    """The one function of the module that Jinja writes, under a name of its own."""
    (found,) = re.findall(r"^def root\(.*?(?=^blocks = )", module, flags=re.MULTILINE | re.DOTALL)
    # Of an undefined value, which the templates do without.
    lines = [
        line for line in found.rstrip().splitlines() if line.strip() != "cond_expr_undefined = Undefined"
    ]
    return "\n".join([lines[0].replace("root", name, 1), *lines[1:], ""])


if __name__ == "__main__":
    COMPILED.write_text(code(), encoding="utf-8")
