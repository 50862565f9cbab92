"""What an alert says: when, whom, and what. One file each, `alerts/NAME.yaml`."""

from __future__ import annotations

from enum import StrEnum
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from odibi_core.durations import Span
from odibi_core.formats.base import Options
from odibi_core.parameters import references
from odibi_core.settings_folder import SettingsFolder
from odibi_core.workspace import Workspace

PLACEHOLDERS = ("alert", "pipeline", "state", "run_id", "step", "error", "failures", "time")


class Channel(StrEnum):
    """How somebody is told."""

    WEBHOOK = "webhook"
    SLACK = "slack"
    TEAMS = "teams"
    PAGERDUTY = "pagerduty"
    EMAIL = "email"
    SHELL = "shell"
    PYTHON = "python"
    OPENLINEAGE = "openlineage"


class Outcome(StrEnum):
    """What there is to tell of a run, as far as alerts know it."""

    STARTED = "started"
    """It began, and goes on still when somebody looks."""

    FAILED = "failed"
    LOST = "lost"
    CANCELLED = "cancelled"
    SUCCESS = "success"
    RECOVERED = "recovered"
    """It succeeded, and the one before it had not."""
    WARNED = "warned"
    """It went on although an expectation was not met."""
    QUARANTINED = "quarantined"
    """It set rows aside that broke an expectation."""
    NO_ROWS = "no_rows"
    """A step gave no rows; the pipeline has the setting `no_rows: warn`."""


class Severity(StrEnum):
    """How bad it is."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


_NEEDED = {
    Channel.WEBHOOK: ("url",),
    Channel.SLACK: ("url",),
    Channel.TEAMS: ("url",),
    Channel.PAGERDUTY: ("routing_key",),
    Channel.EMAIL: ("smtp_host", "sender", "to"),
    Channel.SHELL: ("command",),
    Channel.PYTHON: ("function",),
    Channel.OPENLINEAGE: ("url",),
}
LINEAGE_DEFAULTS = {"on": ("started", "success", "failed", "lost", "cancelled"), "group": 1}
"""What an OpenLineage server is told unless it is said: of every run that did something."""


class Alert(Options):
    """Who is told what about which runs."""

    channel: Channel = Field(description="How.")
    on: tuple[Outcome, ...] = Field(
        (Outcome.FAILED, Outcome.LOST),
        min_length=1,
        description="Which ends of runs count, and what else of them: started, warned, quarantined, no_rows.",
    )
    pipelines: tuple[str, ...] = Field(
        ("*",), description="Names or patterns of the pipelines, such as daily_*."
    )
    failures_in_a_row: int = Field(
        1,
        ge=1,
        description="1 tells every failure; more, only the n-th in a row, and recoveries from as many.",
    )
    group: Span = Field(
        300, description="How long after a message the next one waits; what came meanwhile is in it."
    )
    severity: Severity = Field(Severity.ERROR, description="How bad it is, for channels that ask.")
    message: str = Field(
        "{pipeline}: {state}, {error} (run {run_id})",
        description="The line of each run; {alert}, {pipeline}, {state}, {run_id}, {step}, {error}, "
        "{failures} and {time} may stand in it.",
    )
    url: str | None = Field(
        None,
        description="Where webhook, slack and teams post to, or OpenLineage's server; may be ${secret:NAME}.",
    )
    headers: dict[str, str] = Field(
        default_factory=dict,
        description="Headers of a webhook or an OpenLineage server; secrets as ${secret:NAME}.",
    )
    namespace: str = Field("odibi", min_length=1, description="OpenLineage's namespace of the jobs.")
    routing_key: str | None = Field(None, description="PagerDuty's integration key; as ${secret:NAME}.")
    smtp_host: str | None = Field(None, description="The mail server.")
    smtp_port: int = Field(587, ge=1, le=65535, description="Its port; 465 begins encrypted.")
    smtp_user: str | None = Field(None, description="Who logs in there; nobody where unset.")
    smtp_password: str | None = Field(None, description="With which password; as ${secret:NAME}.")
    starttls: bool = Field(True, description="Whether the mail is encrypted on its way to the server.")
    sender: str | None = Field(None, description="The mail's sender.")
    to: tuple[str, ...] = Field((), description="The mail's recipients.")
    command: str | None = Field(
        None, description="A shell command; it gets the message as JSON on its standard input."
    )
    function: str | None = Field(
        None, description="A Python function, as package.module.name; it takes the message."
    )
    timeout_s: float = Field(10, gt=0, le=300, description="How long one try may take, in seconds.")
    max_attempts: int = Field(10, ge=1, le=100, description="How often it is tried: later each time.")

    @model_validator(mode="before")
    @classmethod
    def _of_lineage(cls, said: Any) -> Any:
        if isinstance(said, dict) and said.get("channel") == Channel.OPENLINEAGE:
            return {**LINEAGE_DEFAULTS, **said}
        return said

    @model_validator(mode="after")
    def _is_whole(self) -> Alert:
        lacking = [name for name in _NEEDED[self.channel] if not getattr(self, name)]
        if lacking:
            raise ValueError(f"the channel {self.channel.value} needs {' and '.join(lacking)}")
        for reference in references(self.message):
            if reference.scheme != "parameter" or reference.name not in PLACEHOLDERS:
                raise ValueError(f"{{{reference.name}}} stands for nothing in a message")
        return self

    def is_about(self, pipeline: str) -> bool:
        """Whether it is about runs of a pipeline."""
        return any(fnmatch(pipeline, pattern) for pattern in self.pipelines)


ALERTS = SettingsFolder("alerts", "alert", Alert, "channel")


def alert_files(workspace: Workspace) -> dict[str, Path]:
    """Name → file, for every alert of the workspace, by name."""
    return ALERTS.files(workspace)


def find_alert(workspace: Workspace, name: str) -> Alert:
    """The alert of that name.

    Raises:
        UnknownNameError: There is none; the error says the near names.
        OdibiError: Its file is wrong.
    """
    return ALERTS.find(workspace, name)


Facts = dict[str, Any]
"""What is told of one run: the placeholders and their values."""
