"""The streams of a workspace: one file each, `streams/NAME.yaml`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from odibi_core.errors import OdibiError, UnknownNameError
from odibi_core.settings_folder import SettingsFolder
from odibi_core.streams.config import StreamConfig, StreamMode
from odibi_core.workspace import Workspace, file_name

_OWN = {"pipeline", "mode", "parameters", "description"}


class Stream(StreamConfig):
    """A pipeline that runs over what comes bit by bit."""

    pipeline: str = Field(min_length=1, description="The pipeline: a name in pipelines/, or a path.")
    mode: StreamMode = Field(StreamMode.FILE_WATCH, description="Where batches come from.")
    parameters: dict[str, Any] = Field(default_factory=dict, description="The runs' parameters.")
    description: str = Field("", description="What it is for.")

    @model_validator(mode="after")
    def _fits(self) -> Stream:
        if self.mode is StreamMode.INCREMENTAL and self.watermark_column is None:
            raise ValueError("mode incremental needs watermark_column, such as updated_at")
        return self

    @property
    def config(self) -> StreamConfig:
        """What the stream is told."""
        return StreamConfig.model_validate(self.model_dump(exclude=_OWN))


STREAMS = SettingsFolder("streams", "stream", Stream, "pipeline")
FOLDER = STREAMS.folder


def stream_files(workspace: Workspace) -> dict[str, Path]:
    """Name → file, for every stream of the workspace, by name."""
    return STREAMS.files(workspace)


def find_stream(workspace: Workspace, name: str) -> Stream:
    """The stream of that name.

    Raises:
        UnknownNameError: There is none; the error says the near names.
        OdibiError: Its file is wrong.
    """
    return STREAMS.find(workspace, name)


def checkpoint_folder(workspace: Workspace, name: str) -> Path:
    """The folder that says what a stream has taken."""
    return workspace.state / FOLDER / file_name(name)


def failed_folder(workspace: Workspace, stream: Stream) -> Path:
    """Where the files are that a stream of files could not take.

    Raises:
        OdibiError: It is no stream of files.
    """
    if stream.mode is not StreamMode.FILE_WATCH:
        raise OdibiError(f"a stream of the mode {stream.mode.value!r} sets no files aside")
    return workspace.resolve(stream.failed_dir or Path(stream.source_path) / "failed")


def replay(workspace: Workspace, stream: Stream, names: tuple[str, ...]) -> list[str]:
    """The names of the files that are back in the source from where they were set aside.

    Args:
        workspace: Where the stream is.
        stream: The stream.
        names: Which files; empty takes all.

    Raises:
        UnknownNameError: No such file was set aside.
        OdibiError: It is no stream of files.
    """
    failed, source = failed_folder(workspace, stream), workspace.resolve(stream.source_path)
    found = failed.iterdir() if failed.is_dir() else ()
    there = sorted(path.name for path in found if path.is_file() and not path.name.endswith(".reason.json"))
    for name in names:
        if name not in there:
            raise UnknownNameError.of("the file", name, there, where=str(failed))
    moved = []
    for name in names or there:
        target = source / name
        if target.exists():
            raise OdibiError(
                "there is a file of that name already", where=str(target), fix="move one of them"
            )
        shutil.move(failed / name, target)
        (failed / f"{name}.reason.json").unlink(missing_ok=True)
        moved.append(name)
    return moved
