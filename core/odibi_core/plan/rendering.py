"""Steps with their placeholders filled in, for one run or for a plan."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from odibi_core.errors import OdibiError, ParameterError, did_you_mean
from odibi_core.late_dataclass import dataclass
from odibi_core.parameters import BUILT_IN_NAMES, Parameter, ParameterType, Reference, render
from odibi_core.step import Step, StepType

_STAND_INS = {
    ParameterType.NUMBER: 1,
    ParameterType.INTEGER: 1,
    ParameterType.BOOLEAN: True,
    ParameterType.DATE: dt.date(2000, 1, 1),
}


@dataclass(frozen=True, slots=True)
class Values:
    """What placeholders stand for.

    Attributes:
        parameters: Name → value, the built-in names included.
        secret: Gives a secret's value; for a plan, a text that stands for it.
        env: Gives an environment variable's value.
        has_secrets: Whether secrets are the real ones, so that servers can be asked.
    """

    parameters: Mapping[str, Any]
    secret: Callable[[str], str]
    env: Callable[[str], str]
    has_secrets: bool = False

    @classmethod
    def for_run(cls, run_id: str, parameters: Mapping[str, Any], secret: Callable[[str], str]) -> Values:
        """The values of one run. A `date` parameter sets the day of the run; else it is today, local time."""
        return cls(_with_built_in(parameters, run_id), secret, _environment, has_secrets=True)

    @classmethod
    def for_plan(cls, declared: Mapping[str, Parameter], parameters: Mapping[str, Any]) -> Values:
        """Values that let a plan be made without a run: a stand-in where one is missing, and no secret."""
        values = {name: _default(parameter) for name, parameter in declared.items()}
        return cls(
            _with_built_in({**values, **parameters}, "plan"),
            lambda _name: "***",
            lambda name: os.environ.get(name, ""),
        )

    def resolve(self, reference: Reference) -> Any:
        """What the placeholder stands for.

        Raises:
            ParameterError: It stands for nothing.
            SecretError: The secret can't be resolved.
        """
        if reference.scheme == "secret":
            return self.secret(reference.name)
        if reference.scheme == "env":
            return self.env(reference.name)
        try:
            return self.parameters[reference.name]
        except KeyError:
            raise ParameterError(
                f"the placeholder {{{reference.name}}} stands for no parameter",
                fix=did_you_mean(reference.name, self.parameters),
            ) from None

    def is_open(self, reference: Reference) -> bool:
        """Whether only a run can tell what the placeholder stands for, or nobody can."""
        if reference.scheme == "secret":
            return not self.has_secrets
        try:
            return self.resolve(reference) == "" and not self.has_secrets
        except OdibiError:
            return True

    def render(self, step: Step) -> Step:
        """The step with its placeholders filled in; the step itself where it has none."""
        value = render(step.value, self.resolve, sql=step.type == StepType.SQL)
        params = render(step.params, self.resolve)
        expectations = [self._expectation(expectation) for expectation in step.expectations]
        if value is step.value and params == step.params and expectations == step.expectations:
            return step
        return replace(step, value=value, params=params, expectations=expectations)

    def _expectation(self, expectation: Any) -> Any:
        if not isinstance(expectation, Mapping):
            return expectation
        from odibi_core.expectations.model import SQL_FIELDS

        return {
            name: render(value, self.resolve, sql=name in SQL_FIELDS) for name, value in expectation.items()
        }


def _default(parameter: Parameter) -> Any:
    if parameter.default is not None:
        try:
            return parameter.parse(parameter.default)
        except ParameterError:
            pass  # told with the parameters
    allowed = parameter.allowed
    return allowed[0] if allowed else _STAND_INS.get(parameter.type, "")


def _with_built_in(parameters: Mapping[str, Any], run_id: str) -> dict[str, Any]:
    day = parameters.get("date")
    if isinstance(day, str):
        try:
            day = dt.date.fromisoformat(day)
        except ValueError:
            day = None
    today = day if isinstance(day, dt.date) else dt.datetime.now().astimezone().date()
    built_in = dict(zip(BUILT_IN_NAMES, (today, today - dt.timedelta(days=1), run_id), strict=True))
    return {**built_in, **parameters}


def _environment(name: str) -> str:
    try:
        return os.environ[name]
    except KeyError:
        raise ParameterError(
            f"the environment variable {name!r} is not set",
            fix=f"set it before the run, such as: export {name}=…",
        ) from None
