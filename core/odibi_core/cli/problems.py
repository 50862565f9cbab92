"""Errors and problems as JSON."""

from __future__ import annotations

from typing import Any

from odibi_core.cli.exit_codes import ExitCode
from odibi_core.errors import OdibiError, PipelineInvalidError, Problem


def error_document(error: OdibiError, code: ExitCode) -> dict[str, Any]:
    """What a command with --json writes in place of its answer."""
    document: dict[str, Any] = {
        "state": "invalid" if code in (ExitCode.INVALID, ExitCode.USAGE) else "failed",
        "error": {"message": error.what, "where": error.where, "fix": error.fix},
    }
    if isinstance(error, PipelineInvalidError):
        document["problems"] = [problem_document(problem) for problem in error.problems]
    return document


def problem_document(problem: Problem) -> dict[str, Any]:
    """One problem."""
    return {
        "severity": problem.severity.value,
        "step": problem.step,
        "field": problem.field,
        "what": problem.what,
        "fix": problem.fix,
        "place": problem.place,
    }
