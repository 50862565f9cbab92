"""The lineage of a whole workspace, read anew once a pipeline file has changed."""

from __future__ import annotations

import threading
from pathlib import Path

from odibi_core.design.yaml_form import load_yaml
from odibi_core.errors import OdibiError
from odibi_core.workspace import Workspace
from odibi_studio.services.checking import Checker
from odibi_studio.services.lineage.model import LineageMap
from odibi_studio.services.lineage.reading import read_pipeline


class Atlas:
    """Gives the lineage of a workspace.

    Args:
        workspace: Whose pipelines.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._checker: Checker | None = None
        self._read: tuple[tuple[tuple[str, int], ...], LineageMap] | None = None

    def close(self) -> None:
        """Let go of the databases."""
        if self._checker is not None:
            self._checker.close()

    def map(self) -> LineageMap:
        """What comes from what, in the pipeline files as they are now."""
        with self._lock:
            files = self._workspace.pipelines()
            state = tuple((str(path), path.stat().st_mtime_ns) for path in files)
            if self._read is None or self._read[0] != state:
                self._read = (state, self._made(files))
            return self._read[1]

    def _made(self, files: list[Path]) -> LineageMap:
        self._checker = self._checker or Checker(self._workspace)
        found = LineageMap()
        for path in files:
            try:
                pipeline = load_yaml(path)
                look = self._checker.look(pipeline)
            except OdibiError as error:
                found.problems[path.stem] = error.what
                continue
            read_pipeline(found, pipeline, look.survey, self._place, look.surroundings.allowed_functions)
        return found

    def _place(self, connection: str, path: str) -> str:
        if connection:
            return f"{connection}: {path}" if path else connection
        try:
            resolved = self._workspace.resolve(path)
        except OdibiError:
            return path
        root = self._workspace.root
        return resolved.relative_to(root).as_posix() if resolved.is_relative_to(root) else str(resolved)
