"""Every error that the core raises on purpose.

OdibiError                      something the user can understand and mend
├── PipelineInvalidError        a pipeline is wrong; carries every problem at once
├── DesignError                 a YAML or Python file can't be read as a pipeline
├── UnknownNameError            a name that is not registered; says the near ones
├── ParameterError              a parameter, placeholder or secret reference is wrong
├── SecretError                 a secret can't be resolved
├── WorkspaceError              the workspace or its odibi.toml is wrong
├── CheckpointError             a checkpoint is not of this pipeline as it is now
├── StepError                   a step can't do its work
│   ├── SourceError             its input can't be read
│   ├── TargetError             its output can't be written
│   ├── SqlError                its SQL can't be bound or executed
│   ├── FunctionError           its function is unknown, or raised
│   └── ExpectationError        its output is not what it is expected to be
├── TransientError              may pass on another try; the only kind that retry retries
│   └── WorkerLostError         a worker process died under a step
├── StepTimeoutError            a step was stopped at its time limit
├── RunCancelledError           the run was asked to stop
└── MissingPackageError         an optional package is needed; says how to install it
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from odibi_core.late_dataclass import dataclass


class OdibiError(Exception):
    """Something the user can understand and mend.

    Args:
        what: What is wrong, as a sentence without a full stop.
        where: The step, field, file or line that it is about.
        fix: How to mend it.
    """

    def __init__(self, what: str, *, where: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what, self.where, self.fix = what, where, fix

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}\n  To mend it: {self.fix}" if self.fix else text


class Severity(StrEnum):
    """How bad a problem is: an error stops a run before it starts, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a pipeline: which step and field, what is wrong, how to mend it.

    Attributes:
        what: What is wrong, as a sentence without a full stop.
        step: Name of the step, or "" where it is about the pipeline.
        field: Path of the field inside the step, such as "params.format" or "inputs.bronze".
        fix: How to mend it.
        severity: Whether a run can start all the same.
        place: Where in a file it stands, such as "sales.yaml:12:5", for a mistake that was read from one.
        line: Line in the step's SQL as it runs, from 1; None where it is about no place in it.
        column: Column in that line, from 1.
    """

    what: str
    step: str = ""
    field: str = ""
    fix: str = ""
    severity: Severity = Severity.ERROR
    place: str = ""
    line: int | None = None
    column: int | None = None

    @property
    def where(self) -> str:
        """The place as a person would name it: "sales.yaml:12:5, step 'load', params.format"."""
        step = f"step {self.step!r}" if self.step else ""
        return ", ".join(part for part in (self.place, step, self.field) if part)

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}. {self.fix[:1].upper()}{self.fix[1:]}" if self.fix else text


class PipelineInvalidError(OdibiError):
    """A pipeline is wrong; `problems` holds every mistake, errors first."""

    def __init__(self, problems: Iterable[Problem], *, pipeline: str = "") -> None:
        self.problems = sorted(problems, key=lambda problem: problem.severity)
        errors = sum(problem.severity is Severity.ERROR for problem in self.problems)
        count = "1 mistake" if errors == 1 else f"{errors} mistakes"
        super().__init__(f"the pipeline has {count}", where=f"pipeline {pipeline!r}" if pipeline else "")

    def __str__(self) -> str:
        lines = [f"{self.where}: {self.what}" if self.where else self.what]
        return "\n".join([*lines, *(f"  - {problem}" for problem in self.problems)])


class DesignError(OdibiError):
    """A YAML or Python file can't be read as a pipeline."""


class UnknownNameError(OdibiError):
    """A name that is not registered."""

    @classmethod
    def of(cls, kind: str, name: str, known: Iterable[str], *, where: str = "") -> UnknownNameError:
        """An error that says the near names, or all of them where none is near."""
        return cls(f"{kind} {name!r} is not known", where=where, fix=did_you_mean(name, known))


class ParameterError(OdibiError):
    """A parameter, placeholder or secret reference is wrong."""


class SecretError(OdibiError):
    """A secret can't be resolved."""


class WorkspaceError(OdibiError):
    """The workspace or its odibi.toml is wrong."""


class CheckpointError(OdibiError):
    """A checkpoint is not of this pipeline as it is now: a run can't go on from it."""


class StepError(OdibiError):
    """A step can't do its work."""


class SourceError(StepError):
    """A step's input can't be read."""


class TargetError(StepError):
    """A step's output can't be written."""


class SqlError(StepError):
    """A step's SQL can't be bound or executed.

    Args:
        what: What is wrong, as a sentence without a full stop.
        where: The step, field, file or line that it is about.
        fix: How to mend it.
        line: Line in the step's SQL, from 1; None where it is unknown.
        column: Column in that line, from 1; None where it is unknown.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        fix: str = "",
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        super().__init__(what, where=where, fix=fix)
        self.line, self.column = line, column


class FunctionError(StepError):
    """A step's function is unknown, or raised."""


class ExpectationError(StepError):
    """A step's output is not what it is expected to be.

    Args:
        what: Which expectations are not met, how many rows break them, and some of these.
        where: The step.
        fix: How to mend it.
        checked: What was found of every expectation of the step, as an outcome keeps it.
    """

    def __init__(
        self, what: str, *, where: str = "", fix: str = "", checked: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(what, where=where, fix=fix)
        self.checked = dict(checked or {})


class TransientError(OdibiError):
    """May pass on another try. The only kind of error that retry retries.

    Attributes:
        retry_after_s: How long to wait at least before another try, where the other side said so.
    """

    retry_after_s: float | None = None


class WorkerLostError(TransientError):
    """A worker process died while it ran a step."""


class StepTimeoutError(OdibiError):
    """A step was stopped at its time limit."""


class RunCancelledError(OdibiError):
    """The run was asked to stop."""


class MissingPackageError(OdibiError):
    """An optional package is needed."""


def internal_error(error: BaseException, fix: str = "report it, with what the run wrote") -> OdibiError:
    """What a person is told of a mistake that nobody foresaw."""
    return OdibiError(f"something went wrong inside odibi: {type(error).__name__}: {error}", fix=fix)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint for a name that is not known: the nearest ones, else the first dozen of all there are."""
    import difflib

    names = sorted({str(candidate) for candidate in known})
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.6)
    if not near:
        folded = {candidate.casefold(): candidate for candidate in names}
        near = [
            folded[match] for match in difflib.get_close_matches(name.casefold(), folded, n=3, cutoff=0.6)
        ]
    if near:
        return f"did you mean {' or '.join(repr(candidate) for candidate in near)}?"
    if not names:
        return ""
    shown = ", ".join(repr(candidate) for candidate in names[:12])
    return f"known: {shown}" + (f" and {len(names) - 12} more" if len(names) > 12 else "")
