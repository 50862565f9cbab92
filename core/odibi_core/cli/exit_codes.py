"""What the exit code of `odibi` says."""

from __future__ import annotations

from enum import IntEnum

from odibi_core.errors import (
    DesignError,
    OdibiError,
    ParameterError,
    PipelineInvalidError,
    RunCancelledError,
    SecretError,
    UnknownNameError,
    WorkspaceError,
)


class ExitCode(IntEnum):
    """What became of a command."""

    OK = 0
    FAILED = 1
    USAGE = 2
    INVALID = 3
    INTERNAL = 70
    INTERRUPTED = 130
    TERMINATED = 143

    @property
    def meaning(self) -> str:
        """What the code says, in words."""
        return MEANINGS[self]


MEANINGS = {
    ExitCode.OK: "all went well",
    ExitCode.FAILED: "the run failed, or what was asked for could not be done",
    ExitCode.USAGE: "the command is wrong: an unknown option, pipeline, step, run or parameter",
    ExitCode.INVALID: "the pipeline or the workspace is wrong; nothing has run",
    ExitCode.INTERNAL: "an error inside odibi; it says where the details are",
    ExitCode.INTERRUPTED: "interrupted (Ctrl-C); a run has stopped cleanly",
    ExitCode.TERMINATED: "terminated (SIGTERM); a run has stopped cleanly",
}


def code_of(error: OdibiError) -> ExitCode:
    """The exit code of a command that ended with this error."""
    match error:
        case UnknownNameError() | ParameterError():
            return ExitCode.USAGE
        case PipelineInvalidError() | DesignError() | WorkspaceError() | SecretError():
            return ExitCode.INVALID
        case RunCancelledError():
            return ExitCode.INTERRUPTED
    return ExitCode.FAILED
