"""What every node kind shares: params checked against a model, every mistake kept as a problem."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from odibi_core.engines.operations import Operation
from odibi_core.errors import OdibiError, Problem, did_you_mean
from odibi_core.formats.base import Format, Options
from odibi_core.formats.registry import format_named, format_of
from odibi_core.late_dataclass import dataclass
from odibi_core.model import field_names, mistakes_of, nearest_choice
from odibi_core.nodes.settings import StepSettings
from odibi_core.step import Step

if TYPE_CHECKING:
    from odibi_core.connections import Connection
    from odibi_core.expectations.model import Expectation

Model = TypeVar("Model", bound=Options)

Known: TypeAlias = "Mapping[str, Connection] | None"
"""The named connections; None where they are not known."""


@dataclass(frozen=True, slots=True)
class Node:
    """A step, checked.

    Attributes:
        operation: What an engine is to do; None where the step is wrong.
        settings: The step's own settings; the defaults where they are wrong.
        problems: Every mistake.
        expectations: Name → what its output is expected to be; without those that are wrong.
    """

    operation: Operation | None
    settings: StepSettings
    problems: tuple[Problem, ...] = ()
    expectations: Mapping[str, Expectation] = field(default_factory=dict)


def parse(
    model: type[Model],
    params: Mapping[str, Any],
    step: Step,
    known: Iterable[str] = (),
    place: str = "params",
) -> tuple[Model | None, list[Problem]]:
    """The params as the model has them, or None and every mistake.

    Args:
        model: The settings model.
        params: What the step gives.
        step: Names the problems.
        known: Further names that would be right here, for hints.
        place: Where in the step they stand.
    """
    try:
        return model.model_validate(dict(params)) if params else _defaults(model), []
    except ValueError as error:
        names = field_names(model) | set(known)
        return None, [
            _problem(step, item, names, model.also_called, place, params) for item in mistakes_of(error)
        ]


@cache
def _defaults(model: type[Model]) -> Model:
    """What the model has where nothing is set: no settings are ever changed, so all steps share it."""
    return model.model_validate({})


def split(params: Mapping[str, Any], model: type[Options]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The params that the model knows, and the rest."""
    if not params:
        return {}, {}
    names = field_names(model)
    ours = {name: value for name, value in params.items() if name in names}
    return ours, {name: value for name, value in params.items() if name not in names}


def find_format(
    step: Step, named: str | None, path: Path, field: str
) -> tuple[Format[Any, Any] | None, list[Problem]]:
    """The format that the step names, or that its path implies."""
    try:
        return (format_named(named) if named else format_of(path)), []
    except OdibiError as error:
        return None, [Problem(error.what, step.name, field, error.fix)]


def text_value(step: Step, meaning: str) -> list[Problem]:
    """A problem where the step's value is not a text."""
    if isinstance(step.value, str) and step.value.strip():
        return []
    return [Problem(f"the value must be {meaning}", step.name, "value", f"set value to {meaning}")]


def _near_setting(name: str, names: Iterable[str], also_called: Mapping[str, str]) -> str:
    """A hint for a setting that is not there; other tools' names lead to ours."""
    import difflib

    near = difflib.get_close_matches(name.casefold(), also_called, n=1, cutoff=0.8)
    return f"did you mean {also_called[near[0]]!r}?" if near else did_you_mean(name, names)


def _problem(
    step: Step,
    item: Mapping[str, Any],
    names: set[str],
    also_called: Mapping[str, str],
    root: str,
    given: Mapping[str, Any],
) -> Problem:
    place = ".".join(str(part) for part in item["loc"])
    field = f"{root}.{place}" if place else root
    if item["type"] == "extra_forbidden":
        hint = _near_setting(str(item["loc"][-1]), names, also_called)
        return Problem(f"there is no setting {place!r} here", step.name, field, hint)
    if item["type"] == "missing":
        return Problem("the setting is missing", step.name, field, f"add {field}")
    message = str(item["msg"]).removeprefix("Value error, ")
    return Problem(message[:1].lower() + message[1:], step.name, field, nearest_choice(item, given))
