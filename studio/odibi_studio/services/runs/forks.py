"""A past run as a draft: the version that ran, to change a step of it and go on from there."""

from __future__ import annotations

from odibi_core.design.yaml_form import load_yaml
from odibi_core.errors import UnknownNameError
from odibi_core.journal.repeating import kept_text
from odibi_core.journal.runs import find_run, run_summary
from odibi_core.workspace import Workspace
from odibi_studio.messages import Design
from odibi_studio.services.designs import Designs
from odibi_studio.services.documents import Content, layout_text, renamed
from odibi_studio.services.versions import Versions


class Forks:
    """Opens runs as drafts.

    Args:
        workspace: Whose runs.
        designs: Takes the drafts.
        versions: Know how what ran lay on the canvas.
    """

    def __init__(self, workspace: Workspace, designs: Designs, versions: Versions) -> None:
        self._workspace, self._designs, self._versions = workspace, designs, versions

    def open(self, run_id: str) -> Design:
        """A new design that holds the pipeline as it ran.

        Raises:
            UnknownNameError: There is no such run.
            OdibiError: Its pipeline was not kept, or can't be read.
        """
        run_dir = find_run(self._workspace.runs, run_id)
        text = kept_text(run_dir)
        content = Content(text, self._layout(run_dir.name))
        name = self._designs.free_name(f"{load_yaml(text).name}_fork")
        return self._designs.add(renamed(content, name))

    def read(self, run_id: str) -> Design:
        """What ran, as it was then, to be looked at: no design of its own, so its id is empty.

        Raises:
            UnknownNameError: There is no such run.
            OdibiError: Its pipeline was not kept, or can't be read.
        """
        run_dir = find_run(self._workspace.runs, run_id)
        content = Content(kept_text(run_dir), self._layout(run_dir.name))
        order = run_summary(run_dir).order
        return Design(
            id="",
            revision=0,
            version=int(order.get("version", 0)),
            is_changed=False,
            document=content.document,
            path=str(order.get("source", "")),
        )

    def _layout(self, run_id: str) -> str:
        order = run_summary(find_run(self._workspace.runs, run_id)).order
        design_id, number = str(order.get("design_id", "")), int(order.get("version", 0))
        if design_id and number:
            try:
                return layout_text(self._versions.read(design_id, number).layout)
            except UnknownNameError:
                pass  # the design is gone; the browser lays its steps out anew
        return Content("").layout
