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


class PipelineName(click.types.StringParamType):
    """The name of a pipeline of the workspace, or a path."""

    name = "pipeline"

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,  # noqa: ARG002 - click's own signature
        incomplete: str,
    ) -> list[CompletionItem]:
        """The pipelines of the workspace, then files."""
        try:
            names = [path.stem for path in folder_of(ctx).workspace().pipelines()]
        except (OdibiError, OSError):
            names = []
        found = [CompletionItem(name) for name in names if name.startswith(incomplete)]
        return found or [CompletionItem(incomplete, type="file")]


class RunName(click.types.StringParamType):
    """The id of a run, the beginning of one, or "latest"."""

    name = "run"

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,  # noqa: ARG002 - click's own signature
        incomplete: str,
    ) -> list[CompletionItem]:
        """The runs of the workspace, the latest first."""
        from odibi_core.journal.runs import list_runs

        try:
            runs = [record.run_id for record in list_runs(folder_of(ctx).workspace().runs, 50)]
        except (OdibiError, OSError):
            runs = []
        return [CompletionItem(name) for name in ["latest", *runs] if name.startswith(incomplete)]


class SettingsName(click.types.StringParamType):
    """The name of a file of settings of the workspace.

    Args:
        name: What such a file is called, such as "stream".
        names: Gives those that there are.
    """

    def __init__(self, name: str, names: Callable[[Workspace], Iterable[str]]) -> None:
        self.name, self._names = name, names

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,  # noqa: ARG002 - click's own signature
        incomplete: str,
    ) -> list[CompletionItem]:
        """Those of the workspace."""
        try:
            names = list(self._names(folder_of(ctx).workspace()))
        except (OdibiError, OSError):
            names = []
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def name_argument_of(name: str, names: Callable[[Workspace], Iterable[str]]) -> Callable[[Any], Any]:
    """The argument NAME of commands about one such file."""
    return click.argument("name", type=SettingsName(name, names))


pipeline_argument = click.argument("pipeline", type=PipelineName())
run_argument = click.argument("run", type=RunName(), default="latest", metavar="[RUN]")
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
