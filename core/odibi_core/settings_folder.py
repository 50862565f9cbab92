"""Settings that are one YAML file each in a folder of the workspace: schedules, streams, alerts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

from odibi_core.design.document import identical
from odibi_core.design.settings_file import load_settings_file
from odibi_core.design.source import Source, read_source
from odibi_core.design.yaml_editor import Editor, Shape, value_of
from odibi_core.design.yaml_nodes import parse_yaml
from odibi_core.design.yaml_scalars import AmbiguousScalarError
from odibi_core.design.yaml_writer import write_mapping
from odibi_core.errors import DesignError, OdibiError, UnknownNameError, WorkspaceError
from odibi_core.formats.base import Options
from odibi_core.late_dataclass import dataclass
from odibi_core.text_file import reason, write_text_file
from odibi_core.workspace import Workspace

Model = TypeVar("Model", bound=Options)

_NAME = re.compile(r"[\w][\w.-]{0,99}")
_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class SettingsFolder(Generic[Model]):
    """A folder of settings.

    Attributes:
        folder: Its name in the workspace.
        noun: What one of its files is called.
        model: What a file may say.
        first: The setting that a new file begins with.
    """

    folder: str
    noun: str
    model: type[Model]
    first: str = ""

    def files(self, workspace: Workspace) -> dict[str, Path]:
        """Name → file, by name."""
        folder = workspace.root / self.folder
        found = folder.iterdir() if folder.is_dir() else ()
        return {
            path.stem: path
            for path in sorted(found)
            if path.suffix in _SUFFIXES and not path.name.startswith(".") and path.is_file()
        }

    def find_file(self, workspace: Workspace, name: str) -> Path:
        """The file of that name.

        Raises:
            UnknownNameError: There is none; the error says the near names.
        """
        files = self.files(workspace)
        if name not in files:
            raise UnknownNameError.of(
                f"the {self.noun}", name, files, where=str(workspace.root / self.folder)
            )
        return files[name]

    def find(self, workspace: Workspace, name: str) -> Model:
        """What the file of that name says.

        Raises:
            UnknownNameError: There is none; the error says the near names.
            OdibiError: The file is wrong.
        """
        return load_settings_file(self.find_file(workspace, name), self.model)

    def read(self, workspace: Workspace) -> dict[str, Model | OdibiError]:
        """Name → what the file says, or what is wrong with it."""
        found: dict[str, Model | OdibiError] = {}
        for name, path in self.files(workspace).items():
            try:
                found[name] = load_settings_file(path, self.model)
            except OdibiError as error:
                found[name] = error
        return found

    def text(self, workspace: Workspace, name: str) -> str:
        """The file as it stands.

        Raises:
            OdibiError: There is none, or it can't be read.
        """
        return read_source(self.find_file(workspace, name)).text

    def plain(self, workspace: Workspace, name: str) -> dict[str, Any]:
        """What the file says, right or wrong; nothing where it is no YAML."""
        try:
            content = value_of(parse_yaml(Source(self.text(workspace, name))))
        except (OdibiError, AmbiguousScalarError):
            return {}
        return {str(key): value for key, value in content.items()} if isinstance(content, Mapping) else {}

    def add(self, workspace: Workspace, name: str, settings: Model) -> Path:
        """The new file.

        Raises:
            WorkspaceError: There is one of that name, or it is no name.
            TargetError: The file can't be written.
        """
        if not _NAME.fullmatch(name):
            raise WorkspaceError(
                f"{name!r} can't be the name of {_article(self.noun)}",
                fix="take letters, digits, '_', '-' and '.', such as daily_sales",
            )
        if name in self.files(workspace):
            raise WorkspaceError(
                f"there is {_article(self.noun)} of that name already",
                where=f"{self.noun} {name!r}",
                fix=f"take another name, or edit {self.folder}/{name}.yaml",
            )
        said = _said(settings)
        if self.first:
            said = {self.first: said.pop(self.first), **said}
        return write_text_file(workspace.root / self.folder / f"{name}.yaml", write_mapping(said) + "\n")

    def change(self, workspace: Workspace, name: str, settings: Model, base: str | None = None) -> Path:
        """The file, changed where the settings differ from what it says; its comments stay.

        Args:
            workspace: Where it is.
            name: Which.
            settings: What it shall say.
            base: Its text as whoever changes it saw it; None where that does not matter.

        Raises:
            WorkspaceError: It was changed meanwhile.
            DesignError: It is written in a way that can't be changed in place.
            OdibiError: There is none, or it can't be read or written.
        """
        path = self.find_file(workspace, name)
        text = read_source(path).text
        if base is not None and text != base:
            raise WorkspaceError(
                "the file was changed by somebody else meanwhile",
                where=f"{self.folder}/{path.name}",
                fix="open it again: the form then shows what it says now",
            )
        made = self._edited(path, text, settings)
        return path if made == text else write_text_file(path, made)

    def remove(self, workspace: Workspace, name: str) -> None:
        """Remove the file.

        Raises:
            UnknownNameError: There is none.
            WorkspaceError: It can't be removed.
        """
        path = self.find_file(workspace, name)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise WorkspaceError(f"the file can't be removed: {reason(error)}", where=str(path)) from error

    def _edited(self, path: Path, text: str, settings: Model) -> str:
        line_break = "\r\n" if "\r\n" in text and text.count("\r\n") == text.count("\n") else "\n"
        plain = text.replace("\r\n", "\n")
        root = parse_yaml(Source(plain, str(path)))
        try:
            content = value_of(root)
        except AmbiguousScalarError as error:
            raise DesignError(error.what, where=str(path), fix=error.fix) from error
        if not isinstance(content, Mapping):
            raise self._unchangeable(path)
        made = Editor(plain).edit(root, self._changed(dict(content), path, settings), Shape())
        if made is None:
            raise self._unchangeable(path)
        return made.replace("\n", line_break)

    def _changed(self, content: dict[str, Any], path: Path, settings: Model) -> dict[str, Any]:
        """What the file says, with only those values exchanged that mean something else now."""
        try:
            old: Model | None = load_settings_file(path, self.model)
        except OdibiError:
            old = None
        new = _said(settings)
        for field, info in self.model.model_fields.items():
            key = info.alias or field
            if old is not None and identical(getattr(old, field), getattr(settings, field)):
                continue
            if key != field:
                content.pop(field, None)
            if key in new:
                content[key] = new[key]
            else:
                content.pop(key, None)
        return {key: value for key, value in content.items() if key in _keys(self.model)}

    def _unchangeable(self, path: Path) -> DesignError:
        return DesignError(
            "the file is written in a way that can't be changed in place",
            where=str(path),
            fix="change it in an editor",
        )


def _said(settings: Options) -> dict[str, Any]:
    said = settings.model_dump(mode="json", exclude_defaults=True, by_alias=True)
    # A default may depend on what else is said: then the field's own one must be said, too.
    read, whole = type(settings).model_validate(said), settings.model_dump(mode="json", by_alias=True)
    for field, info in type(settings).model_fields.items():
        if getattr(read, field) != getattr(settings, field):
            said[info.alias or field] = whole[info.alias or field]
    return said


def _keys(model: type[Options]) -> set[str]:
    return {name for field, info in model.model_fields.items() for name in (field, info.alias) if name}


def _article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
