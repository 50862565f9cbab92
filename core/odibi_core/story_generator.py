"""The story of a run: one HTML file that tells what happened, made from its lineage."""

from __future__ import annotations

from pathlib import Path

from odibi_core.errors import OdibiError
from odibi_core.story.lineage import read_lineage
from odibi_core.story.page import render_page
from odibi_core.text_file import write_text_file

STORY_FILE = "story.html"


def story_of(run_dir: Path, copy: Path | None = None) -> Path | None:
    """The story of a run, made now where nobody asked for it yet; None where the run kept no lineage.

    Args:
        run_dir: The run's folder.
        copy: Where it is to be written, in place of there.

    Raises:
        OdibiError: The lineage can't be read, or the story can't be written.
    """
    story, lineage = run_dir / STORY_FILE, run_dir / "lineage.json"
    if story.is_file() and copy is None:
        return story
    return StoryGenerator().generate_story(lineage, copy or story) if lineage.is_file() else None


class StoryGenerator:
    """Makes stories.

    ```python
    tracker.export_lineage("lineage.json")
    StoryGenerator().generate_story("lineage.json", "story.html")
    ```
    """

    def generate_story(
        self, lineage_file: str | Path, output_file: str | Path, title: str | None = None
    ) -> Path:
        """The path of the story that it wrote: one file that opens without a network.

        Args:
            lineage_file: What `Tracker.export_lineage` wrote.
            output_file: The HTML file; a story that is there is replaced, folders that lack are made.
            title: The heading; the pipeline's name where none is given.

        Raises:
            OdibiError: The lineage can't be read, or the story can't be written.
        """
        lineage_path, story_path = Path(lineage_file), Path(output_file)
        lineage = read_lineage(lineage_path)
        if story_path.is_dir() or story_path.resolve() == lineage_path.resolve():
            kind = "a folder" if story_path.is_dir() else "the lineage that it is made from"
            raise OdibiError(
                f"the story can't take the place of {kind}",
                where=str(story_path),
                fix="give the story a name of its own, such as story.html",
            )
        try:
            page = render_page(lineage, title)
        except OdibiError as error:
            error.where = error.where or str(lineage_path)
            raise
        return write_text_file(story_path, page)
