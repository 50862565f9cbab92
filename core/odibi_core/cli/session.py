"""One call of the command line: where it works, and the pipelines that it opens there."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from odibi_core.cli.terminal import Terminal
from odibi_core.errors import PipelineInvalidError, WorkspaceError
from odibi_core.late_dataclass import dataclass

if TYPE_CHECKING:
    from odibi_core.orchestrator import Orchestrator
    from odibi_core.pipeline import Pipeline
    from odibi_core.workspace import Workspace


@dataclass(frozen=True, slots=True)
class OpenPipeline:
    """A pipeline that was read from a file, and the workspace that it runs in."""

    pipeline: Pipeline
    path: Path
    workspace: Workspace

    @property
    def allowed_functions(self) -> tuple[str, ...]:
        """The prefixes of functions that the workspace allows its pipelines to name."""
        return self.workspace.load().functions.allow

    @property
    def source(self) -> str:
        """The file, relative to the workspace where it lies there."""
        try:
            return self.path.relative_to(self.workspace.root).as_posix()
        except ValueError:
            return str(self.path)

    def orchestrator(self, pipeline: Pipeline | None = None, **settings: Any) -> Orchestrator:
        """What validates, plans and runs the pipeline, or a part of it.

        Args:
            pipeline: The part; None takes the whole.
            settings: Further arguments of the Orchestrator.
        """
        from odibi_core.orchestrator import Orchestrator

        return Orchestrator(
            pipeline or self.pipeline,
            workspace=self.workspace,
            allowed_functions=self.allowed_functions,
            keeps_data=False,
            **settings,
        )


@dataclass(slots=True)
class Session:
    """What the commands of one call share.

    Attributes:
        terminal: Takes what they write.
        folder: The folder that was named by --workspace.
        is_own_process: Whether the process was started for the command, and ends with it.
    """

    terminal: Terminal = field(default_factory=Terminal)
    folder: Path | None = None
    is_own_process: bool = False

    @property
    def command(self) -> str:
        """The command's name, for a report; its arguments may hold what is nobody's business."""
        context = click.get_current_context(silent=True)
        return context.command_path if context is not None else "odibi"

    def workspace(self) -> Workspace:
        """The workspace: the folder that was named, or the one around the current folder."""
        from odibi_core.workspace import Workspace

        if self.folder is None:
            return Workspace.find()
        return Workspace(self.folder.absolute(), (self.folder / "odibi.toml").is_file())

    def past_runs(self) -> Path:
        """The folder of the runs, for what looks at them: nothing is made there.

        Raises:
            WorkspaceError: This is no workspace: no odibi.toml, no pipelines, and nothing ran there.
        """
        workspace = self.workspace()
        folder = workspace.past_runs
        if not (workspace.is_declared or folder.is_dir() or workspace.pipelines()):
            raise WorkspaceError(
                "this is no workspace",
                where=str(workspace.root),
                fix="go into a workspace or name it (odibi -w FOLDER), or make one: odibi init DIR",
            )
        return folder

    def open_pipeline(self, text: str, parameters: Mapping[str, Any] | None = None) -> OpenPipeline:
        """The pipeline of that name in the workspace, or in that file.

        A file inside another workspace is taken with that workspace, unless a folder was named.

        Args:
            text: The name or the path.
            parameters: What the run is given.

        Raises:
            OdibiError: There is none, it can't be read, or a parameter would change nothing.
        """
        from odibi_core.design.pipeline_file import read_design
        from odibi_core.parameters import refuse_unused
        from odibi_core.workspace import Workspace

        workspace = self.workspace()
        path = workspace.find_pipeline(text)
        if self.folder is None:
            around = Workspace.find(path)
            workspace = around if around.is_declared else workspace
        # At the end, so that a module of the workspace never takes the place of an installed one.
        if str(workspace.root) not in sys.path:
            sys.path.append(str(workspace.root))
        design = read_design(path)
        part = None if design.is_whole else design.sound_part()
        if part is not None:
            checked = OpenPipeline(part, path, workspace).orchestrator()
            further = checked.problems(elsewhere=design.made_elsewhere(part))
            raise PipelineInvalidError([*design.problems, *further], pipeline=part.name)
        pipeline = design.checked()
        if parameters:
            parts = [[step.value, step.params, step.expectations] for step in pipeline.steps]
            refuse_unused(parameters, pipeline.parameters, parts)
        return OpenPipeline(pipeline, path, workspace)

    def all_pipelines(self) -> list[Path]:
        """Every pipeline file of the workspace.

        Raises:
            WorkspaceError: There is none.
        """
        workspace = self.workspace()
        found = workspace.pipelines()
        if not found:
            raise WorkspaceError(
                "there is no pipeline here",
                where=str(workspace.root / "pipelines"),
                fix="add a YAML file to this folder, or make a workspace with samples: odibi init DIR",
            )
        return found


def parse_parameters(
    _context: click.Context, _option: click.Parameter, given: tuple[str, ...]
) -> Mapping[str, str]:
    """The parameters of a run, from `NAME=VALUE` each."""
    parameters: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise click.BadParameter(f"{text!r} is not NAME=VALUE, such as region=North")
        if name.strip() in parameters:
            raise click.BadParameter(f"{name.strip()!r} is given twice")
        parameters[name.strip()] = value
    return parameters
