"""Pipelines to begin with, one for each of the common patterns."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from odibi_core.design.yaml_form import load_yaml
from odibi_core.errors import UnknownNameError
from odibi_core.late_dataclass import dataclass
from odibi_core.pipeline import Pipeline

_NAMES = ("first_csv", "medallion", "streaming", "cloud", "scheduled_batch")


@dataclass(frozen=True, slots=True)
class Template:
    """A pipeline to begin with.

    Attributes:
        name: How it is asked for; also the pipeline's name.
        description: What it does, and what it needs before it can run.
        text: Its YAML, with comments for whoever goes on from here.
    """

    name: str
    description: str
    text: str

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline, a new one each time."""
        return load_yaml(self.text)


@cache
def templates() -> tuple[Template, ...]:
    """All templates, the simplest first."""
    folder = files("odibi_core.design") / "template_files"
    texts = {name: (folder / f"{name}.yaml").read_text("utf-8") for name in _NAMES}
    return tuple(Template(name, load_yaml(text).description, text) for name, text in texts.items())


def find_template(name: str) -> Template:
    """The template of that name.

    Raises:
        UnknownNameError: There is none; the error says the near names.
    """
    for template in templates():
        if template.name == name:
            return template
    raise UnknownNameError.of("template", name, _NAMES)
