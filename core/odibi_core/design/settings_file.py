"""Settings in a YAML file, checked against a model, every mistake with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from odibi_core.design.source import Source, read_source
from odibi_core.design.yaml_nodes import Mapping, Node, Scalar, Sequence, parse_yaml
from odibi_core.design.yaml_scalars import AmbiguousScalarError, scalar_value
from odibi_core.errors import Problem, WorkspaceError, did_you_mean
from odibi_core.formats.base import Options

Model = TypeVar("Model", bound=Options)


class SettingsInvalidError(WorkspaceError):
    """A file of settings is wrong; `problems` holds every mistake with its place."""

    def __init__(self, problems: list[Problem], path: Path) -> None:
        self.problems = problems
        if len(problems) == 1:
            super().__init__(problems[0].what, where=problems[0].where, fix=problems[0].fix)
        else:
            lines = [f"the file has {len(problems)} mistakes", *map(str, problems)]
            super().__init__("\n  - ".join(lines), where=str(path))


def load_settings_file(path: Path, model: type[Model]) -> Model:
    """What a YAML file says, as a settings model has it.

    Raises:
        DesignError: It can't be read, or is not YAML.
        SettingsInvalidError: Something in it is wrong; the error names every mistake with its place.
    """
    source = read_source(path)
    root = parse_yaml(source)
    places: dict[tuple[Any, ...], Node] = {}
    problems: list[Problem] = []
    content = _plain(root, (), source, places, problems)
    if not isinstance(content, dict):
        problems.append(
            Problem("it must be a mapping of settings", place=source.place(root.line, root.column))
        )
    if problems:
        raise SettingsInvalidError(problems, path)
    try:
        return model.model_validate(content)
    except ValidationError as error:
        items = error.errors(include_input=False, include_url=False)
    raise SettingsInvalidError([_problem(dict(item), places, source, model) for item in items], path)


def _plain(
    node: Node, path: tuple[Any, ...], source: Source, places: dict[tuple[Any, ...], Node], bad: list[Problem]
) -> Any:
    places[path] = node
    match node:
        case Mapping():
            found: dict[str, Any] = {}
            for key, value in node.entries:
                name = key.text if isinstance(key, Scalar) else ""
                if not name or name in found:
                    what = f"{name!r} is given twice" if name else "a setting's name must be a text"
                    bad.append(Problem(what, place=source.place(key.line, key.column)))
                    continue
                found[name] = _plain(value, (*path, name), source, places, bad)
                # A mistake in a name is shown at the name.
                places[(*path, name)] = key
            return found
        case Sequence():
            return [_plain(item, (*path, n), source, places, bad) for n, item in enumerate(node.items)]
        case Scalar() if node.style:
            return node.text
        case Scalar():
            try:
                return scalar_value(node.text)
            except AmbiguousScalarError as error:
                bad.append(Problem(error.what, fix=error.fix, place=source.place(node.line, node.column)))
    return None


def _problem(
    item: dict[str, Any], places: dict[tuple[Any, ...], Node], source: Source, model: type[Options]
) -> Problem:
    location = tuple(item["loc"])
    while location and location not in places:
        location = location[:-1]
    node = places[location]
    place, field = source.place(node.line, node.column), ".".join(map(str, location))
    message = str(item["msg"]).removeprefix("Value error, ")
    match item["type"]:
        case "extra_forbidden":
            name = str(item["loc"][-1])
            hint = did_you_mean(name, model.model_fields) if len(item["loc"]) == 1 else ""
            return Problem(f"there is no setting {name!r} here", fix=hint, place=place)
        case "missing":
            return Problem(f"the setting {item['loc'][-1]!r} is missing", place=place)
    return Problem(message[:1].lower() + message[1:], field=field, place=place)
