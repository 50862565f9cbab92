"""`odibi story`."""

from __future__ import annotations

from pathlib import Path

import click

from odibi_core.cli.arguments import run_argument
from odibi_core.cli.session import Session
from odibi_core.errors import OdibiError


@click.command("story", short_help="Say where the story of a run is.")
@run_argument
@click.option("--open", "opens", is_flag=True, help="Open it in the browser.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the story here, to give it to somebody: it is one file, and opens offline.",
)
@click.pass_obj
def command(session: Session, run: str, opens: bool, output: Path | None) -> None:
    """Say where the story of a run is: RUN is its id, the beginning of it, or "latest"."""
    from odibi_core.journal.runs import find_run
    from odibi_core.story_generator import story_of

    run_dir = find_run(session.past_runs(), run)
    story = story_of(run_dir, output)
    if story is None:
        raise OdibiError(
            f"the run {run_dir.name!r} has no story: it has not ended, or was not tracked",
            where=str(run_dir),
            fix=f"see what is known of it: odibi runs show {run_dir.name}",
        )
    session.terminal.line(session.terminal.path(story))
    if opens:
        import webbrowser

        if not webbrowser.open(story.absolute().as_uri()):
            raise OdibiError("no browser could be opened", where=str(story), fix="open the file yourself")
