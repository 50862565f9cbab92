"""What was read from a design file, right or wrong."""

from __future__ import annotations

from dataclasses import replace

from odibi_core.design.document import STEP_FIELDS
from odibi_core.errors import PipelineInvalidError, Problem, Severity
from odibi_core.late_dataclass import dataclass
from odibi_core.parameters import references
from odibi_core.pipeline import Pipeline
from odibi_core.step import Step


@dataclass(frozen=True, slots=True)
class Design:
    """What was read from a design file.

    Attributes:
        pipeline: As much of it as could be read.
        problems: What could not be read, as errors, and what was left out on purpose, as warnings.
    """

    pipeline: Pipeline
    problems: tuple[Problem, ...]

    @property
    def is_whole(self) -> bool:
        """Whether all of it could be read."""
        return not any(problem.severity is Severity.ERROR for problem in self.problems)

    def checked(self) -> Pipeline:
        """The pipeline.

        Raises:
            PipelineInvalidError: Not all of it could be read; the error holds every problem.
        """
        if not self.is_whole:
            raise PipelineInvalidError(self.problems, pipeline=self.pipeline.name)
        return self.pipeline

    def sound_part(self) -> Pipeline | None:
        """The steps that could be read as they are written, to look for further mistakes in them.

        Steps that use a parameter which could not be read are left out, and so is the parameter. None where
        there is no such step, or where nobody can tell what the parameters are.
        """
        if any(problem.field == "parameters" for problem in self.problems):
            return None
        unread = {
            problem.field.split(".")[1]
            for problem in self.problems
            if problem.field.startswith("parameters.")
        }
        broken = {problem.step for problem in self.problems}
        steps = [
            step
            for step in self.pipeline.steps
            if step.name and step.name not in broken and not unread & _names_used(step)
        ]
        if not steps:
            return None
        parameters = {
            name: parameter for name, parameter in self.pipeline.parameters.items() if name not in unread
        }
        return replace(self.pipeline, steps=steps, parameters=parameters)

    def made_elsewhere(self, part: Pipeline) -> frozenset[str] | None:
        """The datasets that the steps make which a part leaves out; None where nobody can tell."""
        if any(problem.field.startswith("steps") for problem in self.problems):
            return None
        taken = {step.name for step in part.steps}
        left = [step for step in self.pipeline.steps if step.name not in taken]
        if not all(self._says_outputs(step, number) for number, step in enumerate(self.pipeline.steps, 1)):
            return None
        return frozenset(key for step in left for key in step.outputs.values())

    def _says_outputs(self, step: Step, number: int) -> bool:
        """Whether the outputs of a step are those that are written there, or there are surely none."""
        fields = {
            problem.field.split(".")[0].split("[")[0]
            for problem in self.problems
            if problem.step in (step.name or f"#{number}", f"#{number}")
        }
        # An unknown field may be the outputs by another name.
        return "outputs" not in fields and (bool(step.outputs) or fields <= set(STEP_FIELDS))


def _names_used(step: Step) -> set[str]:
    """The parameters that a step mentions."""
    return {
        found.name
        for found in references([step.value, step.params, step.expectations])
        if found.scheme == "parameter"
    }
