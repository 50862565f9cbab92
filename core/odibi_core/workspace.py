"""A workspace: the folder that a project's pipelines, data and runs are in."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Self
from urllib.parse import unquote, urlsplit

from odibi_core.errors import UnknownNameError, WorkspaceError
from odibi_core.late_dataclass import dataclass
from odibi_core.workspace_settings import WorkspaceSettings, load_settings

FILE_NAME = "odibi.toml"
PIPELINE_SUFFIXES = (".yaml", ".yml")

_SCHEME = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9+.-]+):/")


def file_name(name: str) -> str:
    """A file name for a step or pipeline: the name itself, or what can be read of it and a hash of the whole.

    Two names never share a file.
    """
    plain = re.sub(r"[^\w.-]+", "_", name).lstrip(".")[:50]
    return plain if plain == name else f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


@dataclass(frozen=True, slots=True)
class Workspace:
    """A folder, and what its paths mean.

    Attributes:
        root: The folder, absolute.
        is_declared: Whether it holds an odibi.toml; any folder can serve as a workspace.
    """

    root: Path
    is_declared: bool

    @classmethod
    def find(cls, start: Path | str | None = None) -> Self:
        """The nearest folder at or above `start` that holds odibi.toml, else `start` itself.

        Args:
            start: A folder, or a file in one; the current folder where it is None.

        Raises:
            WorkspaceError: There is no such folder.
        """
        folder = Path(start or Path.cwd()).expanduser().absolute()
        if folder.is_file():
            folder = folder.parent
        if not folder.is_dir():
            raise WorkspaceError(
                "there is no such folder", where=str(folder), fix="make it, or mend the path"
            )
        for candidate in (folder, *folder.parents):
            if (candidate / FILE_NAME).is_file():
                return cls(candidate, True)
        return cls(folder, False)

    def load(self) -> WorkspaceSettings:
        """What odibi.toml says, as it is now; the defaults where there is none.

        Raises:
            WorkspaceError: It can't be read, or something in it is wrong; the error names every key and line.
        """
        return load_settings(self.root / FILE_NAME) if self.is_declared else WorkspaceSettings()

    @property
    def state(self) -> Path:
        """The folder `.odibi`, made where it is missing, that version control leaves alone."""
        return self._made("")

    @property
    def runs(self) -> Path:
        """The folder of the run journals, made where it is missing."""
        return self._made("runs")

    @property
    def past_runs(self) -> Path:
        """The folder of the run journals, for those who only look: where nothing has run it is not there."""
        return self.root / ".odibi" / "runs"

    @property
    def scratch(self) -> Path:
        """The folder for files that nobody needs after a run, made where it is missing."""
        return self._made("scratch")

    def _made(self, name: str) -> Path:
        state = self.root / ".odibi"
        try:
            (state / name).mkdir(parents=True, exist_ok=True)
            ignore = state / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n", encoding="utf-8")
        except OSError as error:
            raise WorkspaceError(
                f"the workspace can't keep its runs here: {error.strerror}",
                where=str(state / name),
                fix="allow writing there, or work in another folder",
            ) from error
        return state / name

    def resolve(self, path: str | Path) -> Path:
        """The absolute path that a pipeline means: relative to the workspace; `~` and file:// are understood.

        Raises:
            WorkspaceError: It is empty, or on storage that can't be reached from here.
        """
        text = str(path)
        if not text.strip() or "\0" in text:
            raise WorkspaceError(f"{text!r} is no path", fix="give a path such as 'data/orders.csv'")
        scheme = _SCHEME.match(text)
        if scheme is not None:
            text = _local_path(text, scheme["name"].lower())
        try:
            return self.root / Path(text).expanduser()
        except RuntimeError as error:
            raise WorkspaceError(f"{text!r} is no path: {error}", fix="write the folder out") from error

    def pipelines(self) -> list[Path]:
        """The pipeline files of the workspace, by name."""
        folder = self.root / "pipelines"
        found = folder.iterdir() if folder.is_dir() else ()
        return sorted(path for path in found if path.suffix in PIPELINE_SUFFIXES and path.is_file())

    def find_pipeline(self, name_or_path: str | Path) -> Path:
        """The pipeline file of that name, or at that path: from the current folder, else from the workspace.

        Raises:
            UnknownNameError: There is none; the error says the near names.
            WorkspaceError: Two files have the name.
        """
        text = str(name_or_path)
        for path in (Path(text).expanduser().absolute(), self.resolve(text)):
            if path.suffix and path.is_file():
                return path
        named = [path for path in self.pipelines() if text in (path.stem, path.name)]
        if len(named) > 1:
            files = " and ".join(path.name for path in named)
            raise WorkspaceError(f"{files} are both pipelines named {text!r}", fix="say which file you mean")
        if not named:
            names = [path.stem for path in self.pipelines()]
            where = str(self.root / "pipelines")
            if not names:
                raise UnknownNameError(
                    f"pipeline {text!r} is not known: the folder holds no pipeline",
                    where=where,
                    fix="go into a workspace or name it (odibi -w FOLDER), or make one: odibi init DIR",
                )
            raise UnknownNameError.of("pipeline", text, names, where=where)
        return named[0]


def _local_path(url: str, scheme: str) -> str:
    if scheme != "file":
        raise WorkspaceError(
            f"{scheme}:// paths are not supported by this engine yet",
            where=repr(url),
            fix="give a local path such as 'data/orders.parquet'; a mounted folder works too",
        )
    parts = urlsplit(url)
    if parts.netloc not in ("", "localhost"):
        raise WorkspaceError(
            f"the file is on another machine, {parts.netloc!r}",
            where=repr(url),
            fix="write file:///folder/file with three slashes for a path on this one",
        )
    return unquote(parts.path)
