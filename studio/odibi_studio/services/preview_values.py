"""What placeholders stand for in a preview: parameters as in a run; in SQL no secret, no environment."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from odibi_core.parameters import references
from odibi_core.plan.rendering import Values
from odibi_core.step import Step, StepType

HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class PreviewValues(Values):
    """Values of a preview. Paths may name environment variables; SQL sees "***" in their place."""

    def render(self, step: Step) -> Step:
        """The step with its placeholders filled in."""
        if step.type != StepType.SQL:
            return Values.render(self, step)
        return Values.render(replace(self, env=lambda _name: HIDDEN), step)


def preview_values(parameters: dict[str, object]) -> PreviewValues:
    """The values of a preview with these parameters."""
    run = Values.for_run("preview", parameters, lambda _name: HIDDEN)
    return PreviewValues(run.parameters, run.secret, lambda name: os.environ.get(name, ""))


def hidden_references(steps: Iterable[Step]) -> Iterator[str]:
    """A warning for each reference in SQL that a preview does not fill in."""
    for step in steps:
        if step.type != StepType.SQL:
            continue
        for reference in references(step.value):
            if reference.scheme != "parameter":
                yield (
                    f"step {step.name!r}: ${{{reference.scheme}:{reference.name}}} is {HIDDEN!r} in a preview"
                )
