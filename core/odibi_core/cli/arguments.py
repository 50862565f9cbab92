"""Arguments that several commands take, with their completion."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from odibi_core.cli.session import Session, parse_parameters
from odibi_core.errors import OdibiError

if TYPE_CHECKING:
    from odibi_core.workspace import Workspace


def folder_of(context: click.Context) -> Session:
    """The session whose workspace the arguments typed so far name, for completion."""
    session = Session()
    session.folder = context.find_root().params.get("workspace")
    return session


class NameInWorkspace(click.types.StringParamType):
    """The name of something that the workspace has, completed by what there is.

    Args:
        name: What it is, such as "stream".
        names: Gives those that there are.
        is_path_too: Whether a file may be named in its place.
    """

    def __init__(
        self, name: str, names: Callable[[Workspace], Iterable[str]], *, is_path_too: bool = False
    ) -> None:
        self.name, self._names, self._is_path_too = name, names, is_path_too

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,  # noqa: ARG002 - click's own signature
        incomplete: str,
    ) -> list[CompletionItem]:
        """Those of the workspace; files where none fits and one may be named."""
        try:
            names = list(self._names(folder_of(ctx).workspace()))
        except (OdibiError, OSError):
            names = []
        found = [CompletionItem(name) for name in names if name.startswith(incomplete)]
        return found or ([CompletionItem(incomplete, type="file")] if self._is_path_too else [])


def _pipelines(workspace: Workspace) -> Iterable[str]:
    return [path.stem for path in workspace.pipelines()]


def _runs(workspace: Workspace) -> Iterable[str]:
    """The latest first."""
    from odibi_core.journal.runs import list_runs

    return ["latest", *(record.run_id for record in list_runs(workspace.past_runs, 50))]


def name_argument_of(name: str, names: Callable[[Workspace], Iterable[str]]) -> Callable[[Any], Any]:
    """The argument NAME of commands about one such file."""
    return click.argument("name", type=NameInWorkspace(name, names))


PIPELINE = NameInWorkspace("pipeline", _pipelines, is_path_too=True)
pipeline_argument = click.argument("pipeline", type=PIPELINE)
run_argument = click.argument("run", type=NameInWorkspace("run", _runs), default="latest", metavar="[RUN]")
param_option = click.option(
    "--param",
    "parameters",
    multiple=True,
    callback=parse_parameters,
    metavar="NAME=VALUE",
    help="The value of a parameter; may be given several times.",
)
json_option = click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Write one JSON document to standard output, and nothing else there.",
)
log_option = click.option(
    "--log", type=click.Choice(["text", "json"]), default="text", show_default=True, help="The log's form."
)
master_option = click.option(
    "--master", metavar="URL", default="", help="Where Spark runs, such as local[4] or spark://host:7077."
)
remote_option = click.option(
    "--remote", metavar="URL", default="", help="The Spark Connect server to use, such as sc://host:15002."
)


def spark_place(master: str, remote: str) -> dict[str, str]:
    """What --master and --remote say, as Spark's own settings; empty where they say nothing."""
    if master and remote:
        raise click.UsageError("Give --master or --remote, not both.")
    return {"spark.master": master} if master else {"spark.remote": remote} if remote else {}
