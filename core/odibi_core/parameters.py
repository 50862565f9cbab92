"""Run parameters and the placeholders that stand for them.

`{date}`, `{yesterday}`, `{run_id}` and every run parameter may stand in a step's `value` and `params`;
`${secret:NAME}` and `${env:NAME}` too. `{{name}}` stands for the text `{name}` itself.
In SQL a placeholder is always a value, never code (see `odibi_core.sql_values`).
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from enum import StrEnum
from typing import Any

from odibi_core.errors import ParameterError, Problem, did_you_mean
from odibi_core.late_dataclass import dataclass
from odibi_core.sql_values import Placed, place_values

DATE_NAME = "date"
BUILT_IN_NAMES = (DATE_NAME, "yesterday", "run_id")

_PLACEHOLDER = re.compile(
    r"\{\{(?P<escaped>[A-Za-z_][A-Za-z0-9_]*)\}\}"
    r"|\$\{(?P<scheme>secret|env):(?P<reference>[^}\s]*)\}"
    r"|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)\}"
)


class ParameterType(StrEnum):
    """What a parameter may hold."""

    TEXT = "text"
    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    DATE = "date"
    CHOICE = "choice"
    DATASET = "dataset"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One typed parameter of a pipeline; together they are its run form.

    Attributes:
        name: An identifier; it stands in steps as `{name}`.
        type: What it may hold.
        default: The value where a run gives none; None makes the parameter required.
        choices: The allowed values, of any type; none allows all, but for `choice`, which needs them.
        description: A help text for the run form.
    """

    name: str
    type: ParameterType = ParameterType.TEXT
    default: Any = None
    choices: tuple[Any, ...] = ()
    description: str = ""

    @property
    def is_required(self) -> bool:
        """Whether a run must give a value."""
        return self.default is None

    @property
    def allowed(self) -> list[Any]:
        """The choices as its type has them, without those that are none of it; empty where all is allowed."""
        allowed = []
        for choice in self.choices:
            with suppress(ValueError, TypeError, OverflowError):
                allowed.append(self._convert(choice))
        return allowed

    def parse(self, given: Any) -> Any:
        """The value as its type has it: text from a command line is converted.

        Raises:
            ParameterError: The value is not of the type, or not among the choices.
        """
        if self.type == ParameterType.CHOICE and not self.choices:
            raise ParameterError(
                "there is nothing to choose from",
                where=f"parameter {self.name!r}",
                fix="list the values that it may have, such as `choices: [all, North, South]`",
            )
        try:
            value = self._convert(given)
        except (ValueError, TypeError, OverflowError):
            examples = {
                ParameterType.NUMBER: "a number such as 12.5",
                ParameterType.INTEGER: "a whole number such as 12",
                ParameterType.BOOLEAN: "true or false",
                ParameterType.DATE: "a date such as 2026-01-31",
                ParameterType.CHOICE: "one of " + ", ".join(map(repr, self.choices)),
            }
            raise ParameterError(
                f"{given!r} is not {examples.get(self.type, 'text')}",
                where=f"parameter {self.name!r}",
                fix=f"give {examples.get(self.type, 'text')}",
            ) from None
        if self.choices and value not in self.allowed:
            listed = "one of " + ", ".join(map(repr, self.choices))
            raise ParameterError(
                f"{given!r} is not {listed}", where=f"parameter {self.name!r}", fix=f"give {listed}"
            )
        return value

    def _convert(self, given: Any) -> Any:
        match self.type:
            case ParameterType.NUMBER:
                if isinstance(given, bool):
                    raise TypeError
                number = given if isinstance(given, int | float) else float(given)
                if not math.isfinite(number):
                    raise ValueError
                return int(given) if isinstance(given, str) and re.fullmatch(r"[+-]?\d+", given) else number
            case ParameterType.INTEGER:
                if isinstance(given, bool) or int(given) != float(given):
                    raise ValueError
                return int(given)
            case ParameterType.BOOLEAN:
                words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
                if not isinstance(given, bool) and str(given).lower() not in words:
                    raise ValueError
                return given if isinstance(given, bool) else words[str(given).lower()]
            case ParameterType.DATE:
                if isinstance(given, dt.datetime):
                    return given.date()
                return given if isinstance(given, dt.date) else dt.date.fromisoformat(str(given))
            case ParameterType.CHOICE:
                matching = [choice for choice in self.choices if choice == given or str(choice) == str(given)]
                if not matching:
                    raise ValueError
                return matching[0]
        if isinstance(given, Mapping | list | tuple | set):
            raise TypeError
        return str(given)


def resolve_parameters(declared: Mapping[str, Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """The value of every parameter for one run: what was given, parsed, else the default.

    A name that is not declared is taken as it is where the pipeline declares no parameters at all (a plain
    list of steps), and is an error otherwise. `date`, the day of the run, may always be given.

    Raises:
        ParameterError: One is unknown, missing, or not of its type.
    """
    if DATE_NAME in given and DATE_NAME not in declared:
        day = Parameter(DATE_NAME, ParameterType.DATE).parse(given[DATE_NAME])
        others = {name: value for name, value in given.items() if name != DATE_NAME}
        return {**resolve_parameters(declared, others), DATE_NAME: day}
    if not declared:
        return dict(given)
    for name in given:
        if name not in declared:
            raise ParameterError(
                "the pipeline has no such parameter",
                where=f"parameter {name!r}",
                fix=did_you_mean(name, declared),
            )
    values: dict[str, Any] = {}
    for name, parameter in declared.items():
        if name in given:
            values[name] = parameter.parse(given[name])
        elif parameter.default is not None:
            values[name] = parameter.parse(parameter.default)
        else:
            raise ParameterError(
                "a value is needed: the parameter has no default",
                where=f"parameter {name!r}",
                fix=f"give one, such as --param {name}=…",
            )
    return values


def refuse_unused(given: Mapping[str, Any], declared: Mapping[str, Parameter], parts: Any) -> None:
    """Nothing, where each name that is given is declared, or stands in a part of what declares none.

    Raises:
        ParameterError: One would change nothing.
    """
    named = set(declared) or {one.name for one in references(parts) if one.scheme == "parameter"}
    for name in given:
        if name not in named and name != DATE_NAME:
            raise ParameterError(
                "the pipeline has no such parameter",
                where=f"parameter {name!r}",
                fix=did_you_mean(name, named) or "leave it out: the pipeline has no parameters",
            )


@dataclass(frozen=True, slots=True)
class Reference:
    """One placeholder in a text.

    Attributes:
        scheme: "parameter", "secret" or "env".
        name: What it stands for.
    """

    scheme: str
    name: str


def references(value: Any) -> Iterator[Reference]:
    """Every placeholder in a text, or in the texts inside a mapping or list."""
    if isinstance(value, str):
        if "{" not in value:
            return
        for match in _PLACEHOLDER.finditer(value):
            if match["name"]:
                yield Reference("parameter", match["name"])
            elif match["scheme"]:
                yield Reference(match["scheme"], match["reference"])
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from references(item)


def placeholder_problems(step: str, field: str, value: Any, known: Mapping[str, Any]) -> Iterator[Problem]:
    """A problem for each placeholder that stands for nothing; secrets are checked by the run."""
    for reference in references(value):
        if reference.scheme == "parameter" and reference.name not in known:
            hint = did_you_mean(reference.name, known)
            hint = "; ".join(filter(None, [hint, f"declare {reference.name!r} under parameters"]))
            escape = f"to write the text itself, double the braces: {{{{{reference.name}}}}}"
            yield Problem(
                f"the placeholder {{{reference.name}}} stands for no parameter",
                step,
                field,
                f"{hint}; {escape}",
            )
        elif reference.scheme != "parameter" and not reference.name:
            yield Problem(
                f"the reference ${{{reference.scheme}:}} has no name",
                step,
                field,
                f"write ${{{reference.scheme}:NAME}}",
            )


Resolver = Callable[[Reference], Any]


def render(value: Any, resolve: Resolver, *, sql: bool = False) -> Any:
    """`value` with every placeholder replaced by what it stands for.

    A text that is one placeholder and nothing else takes the value itself, type kept; mappings and lists are
    rendered inside.

    Args:
        value: A text, or a mapping or list that holds texts; anything else comes back as it is.
        resolve: Gives a reference's value; raises an OdibiError for an unknown one.
        sql: Whether texts are SQL, in which a placeholder is a quoted value.
    """
    if isinstance(value, str):
        if "{" not in value:
            return value
        return _render_sql(value, resolve) if sql else _render_text(value, resolve)
    if isinstance(value, Mapping):
        return {key: render(item, resolve, sql=sql) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(render(item, resolve, sql=sql) for item in value)
    return value


def _render_text(text: str, resolve: Resolver) -> Any:
    whole = _PLACEHOLDER.fullmatch(text)
    if whole and not whole["escaped"]:
        return resolve(_reference(whole))
    return _PLACEHOLDER.sub(
        lambda match: "{" + match["escaped"] + "}" if match["escaped"] else str(resolve(_reference(match))),
        text,
    )


def _reference(match: re.Match[str]) -> Reference:
    return Reference(match["scheme"] or "parameter", match["reference"] if match["scheme"] else match["name"])


def placed_in_sql(text: str, resolve: Resolver) -> list[Placed]:
    """What stands in the place of each placeholder when `render` fills in SQL.

    Raises:
        ParameterError: A value can't stand where its placeholder does.
    """
    noted: list[Placed] = []
    _render_sql(text, resolve, noted)
    return noted


def _render_sql(text: str, resolve: Resolver, noted: list[Placed] | None = None) -> str:
    def value(match: re.Match[str]) -> Any:
        return resolve(_reference(match))

    def own_text(match: re.Match[str]) -> str | None:
        return "{" + match["escaped"] + "}" if match["escaped"] else None

    return place_values(text, _PLACEHOLDER, value, own_text, noted)
