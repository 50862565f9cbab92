"""The story of a run: one HTML file that tells what happened, made from its lineage."""

from __future__ import annotations

import secrets
from pathlib import Path

from odibi_core.errors import OdibiError
from odibi_core.story.lineage import read_lineage
from odibi_core.story.page import render_page


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
        try:
            page = render_page(lineage, title)
        except OdibiError as error:
            error.where = error.where or str(lineage_path)
            raise
        if story_path.resolve() == lineage_path.resolve():
            raise OdibiError(
                "the story would replace the lineage that it is made from",
                where=str(story_path),
                fix="give the story a name of its own, such as story.html",
            )
        _write(story_path, page)
        return story_path


def _write(path: Path, page: str) -> None:
    """Write beside the target, then rename: a reader sees the old story or the new one, never half of one."""
    try:
        if path.is_dir():
            raise IsADirectoryError(0, "it is a folder", str(path))
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.tmp")
        try:
            # A name may hold half of a surrogate pair, which UTF-8 can't: it is shown as its escape.
            draft.write_bytes(page.encode("utf-8", errors="backslashreplace"))
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise OdibiError(
            f"the story can't be written: {error.strerror or error}",
            where=str(path),
            fix="give the path of an HTML file in a folder that you may write to",
        ) from error
