"""What was read from a design file, right or wrong."""

from __future__ import annotations

from dataclasses import replace

from odibi_core.errors import PipelineInvalidError, Problem, Severity
from odibi_core.late_dataclass import dataclass
from odibi_core.pipeline import Pipeline


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

        None where there is none, or where the parameters, which any step may use, could not be read.
        """
        broken = {problem.step for problem in self.problems}
        steps = [step for step in self.pipeline.steps if step.name and step.name not in broken]
        if not steps or self._is_wrong("parameters"):
            return None
        return replace(self.pipeline, steps=steps)

    def has_all_steps(self, part: Pipeline) -> bool:
        """Whether the part surely has every step of the file."""
        return len(part.steps) == len(self.pipeline.steps) and not self._is_wrong("steps")

    def _is_wrong(self, field: str) -> bool:
        return any(problem.field.startswith(field) for problem in self.problems)
