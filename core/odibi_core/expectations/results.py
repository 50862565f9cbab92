"""What became of an expectation in one run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any

from odibi_core.late_dataclass import dataclass


class ResultState(StrEnum):
    """How an expectation was met."""

    PASSED = "passed"
    WARNED = "warned"
    FAILED = "failed"
    QUARANTINED = "quarantined"
    UNMET = "unmet"
    """Rows broke it that would have been set aside, had no other expectation failed the step."""


@dataclass(frozen=True, slots=True)
class ExpectationResult:
    """What became of an expectation in one run.

    Attributes:
        name: The expectation's name.
        check: Its kind, such as "not_null".
        state: How it was met.
        rows: Rows that it looked at.
        offending_rows: Rows that broke it; None where it is not about single rows.
        message: What was found, as a sentence without a full stop; "" where all was well.
        fix: How to mend it, or "".
        examples: Some of the rows that broke it.
        observed: Further figures that were found, by name.
        output: The output of the step that it is about.
        columns: The columns that it looks at, as they were written; empty where that is the whole output.
    """

    name: str
    check: str
    state: ResultState
    rows: int
    offending_rows: int | None = None
    message: str = ""
    fix: str = ""
    examples: tuple[Mapping[str, Any], ...] = ()
    observed: Mapping[str, Any] = field(default_factory=dict)
    output: str = ""
    columns: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The form that events and the journal keep."""
        return {
            "name": self.name,
            "check": self.check,
            "state": self.state.value,
            "rows": self.rows,
            "offending_rows": self.offending_rows,
            "message": self.message,
            "fix": self.fix,
            "examples": [dict(row) for row in self.examples],
            "observed": dict(self.observed),
            "output": self.output,
            "columns": list(self.columns),
        }
