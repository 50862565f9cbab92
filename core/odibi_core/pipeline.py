"""A pipeline: a named set of steps with parameters and settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from odibi_core.late_dataclass import dataclass
from odibi_core.parameters import Parameter
from odibi_core.step import Step


@dataclass(slots=True)
class Pipeline:
    """A named set of steps.

    Args:
        name: Names the pipeline in journals and metrics.
        steps: In the order in which they were declared; what runs when follows from inputs and outputs.
        parameters: Name → declared parameter.
        settings: Defaults for every run: the Orchestrator's keyword arguments of the same names
            (`max_retries`, `retry_delay`, `retry_backoff`, `fail_fast`, `tracking`, `enable_cache`, …).
        engine: The engine of steps that name none.
        description: What it is for.
    """

    name: str
    steps: list[Step] = field(default_factory=list)
    parameters: dict[str, Parameter] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    engine: str = "pandas"
    description: str = ""

    def step(self, name: str) -> Step:
        """The step of that name.

        Raises:
            UnknownNameError: There is none; the error says the near names.
        """
        from odibi_core.errors import UnknownNameError

        for step in self.steps:
            if step.name == name:
                return step
        raise UnknownNameError.of("step", name, [step.name for step in self.steps])

    def producers(self) -> Mapping[str, Step]:
        """Dataset key → the step that makes it (the first, where a wrong pipeline has two)."""
        made: dict[str, Step] = {}
        for step in self.steps:
            for key in step.outputs.values():
                made.setdefault(key, step)
        return made
