"""The pipelines that are published as forms, for people who build none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from odibi_core.design.yaml_form import load_yaml
from odibi_core.errors import OdibiError, UnknownNameError
from odibi_core.pipeline import Pipeline
from odibi_core.workspace import Workspace

SETTING = "published"


@dataclass(frozen=True, slots=True)
class PublishedForm:
    """A pipeline that anyone may fill in and run.

    Attributes:
        name: The name in pipelines/.
        pipeline: The pipeline, as its file is now.
    """

    name: str
    pipeline: Pipeline

    @property
    def title(self) -> str:
        """Its name in words."""
        words = self.pipeline.name.replace("_", " ").strip()
        return words[:1].upper() + words[1:]


class Forms:
    """The forms of a workspace.

    Args:
        workspace: Whose pipelines.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def all(self) -> list[PublishedForm]:
        """Every form, by name; files that can't be read are told of in the gallery."""
        return list(self._found(self._workspace.pipelines()))

    def find(self, name: str) -> PublishedForm:
        """The form of that name.

        Raises:
            UnknownNameError: No pipeline of that name is published.
        """
        forms = {form.name: form for form in self.all()}
        if name not in forms:
            raise UnknownNameError.of("form", name, forms)
        return forms[name]

    def _found(self, files: list[Path]) -> Iterator[PublishedForm]:
        for path in files:
            try:
                pipeline = load_yaml(path)
            except OdibiError:
                continue
            if pipeline.settings.get(SETTING) is True:
                yield PublishedForm(path.stem, pipeline)
