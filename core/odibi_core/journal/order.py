"""What somebody asked for when a run was started: kept with the run, so that it can be asked for again."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from odibi_core.errors import OdibiError
from odibi_core.formats.base import LateOptions
from odibi_core.model import Field, mistakes_of
from odibi_core.plan.model import Tracking

# Of the empty files that stand for the runs that wait or go on.
QUEUE_FOLDER = "queue"


class Trigger(StrEnum):
    """Where a run was started."""

    COMMAND_LINE = "command line"
    STUDIO = "studio"
    SCHEDULE = "schedule"
    STREAM = "stream"
    PYTHON = "python"
    REPLAY = "replay"


class RunOrder(LateOptions):
    """What a run was asked to do."""

    pipeline: str = Field(min_length=1, description="The pipeline's name.")
    trigger: Trigger = Field(description="Where it was asked for.")
    author: str = Field("", description="Who asked.")
    source: str = Field("", description="The pipeline file, relative to the workspace where it lies there.")
    design_id: str = Field("", description="The Studio's design that the pipeline is.")
    version: int = Field(0, ge=0, description="Which of its versions; 0 where it is not known.")
    parameters: dict[str, Any] = Field(default_factory=dict, description="Name → value, as it was given.")
    start: str = Field("", description="The first step of a part; empty takes all.")
    end: str = Field("", description="The last step of a part; empty takes all.")
    steps: list[str] = Field(
        default_factory=list, description="Only these steps, with what they need; empty takes all."
    )
    engine: str = Field("", description="The engine of steps that name none.")
    spark_config: dict[str, str] = Field(
        default_factory=dict, description="Spark's own settings, over those of the workspace."
    )
    tracking: Tracking | None = Field(None, description="How closely steps are watched.")
    workers: int | None = Field(None, ge=1, le=256, description="Steps that run at the same time.")
    memory_limit: str | None = Field(None, description="How much memory the run may take, such as 4GB.")
    threads: int | None = Field(None, ge=1, description="How many threads an engine may use.")
    cache: bool = Field(False, description="Whether the cache is on whatever the pipeline says.")
    checkpoints: bool = Field(False, description="Whether checkpoints are saved whatever the pipeline says.")
    resume: bool = Field(False, description="Whether it goes on from the latest checkpoint.")
    together: bool = Field(False, description="Whether it may run beside another run of the pipeline.")
    fork_of: str = Field("", description="The run from whose checkpoint it goes on; steps may have changed.")
    rerun_of: str = Field("", description="The run that it does again or goes on with.")


def read_order(kept: Mapping[str, Any], run_id: str) -> RunOrder:
    """What was asked for, as it is kept with a run.

    Raises:
        OdibiError: It is no order, or one of another version.
    """
    try:
        return RunOrder.model_validate(kept)
    except ValueError as error:
        wrong = [
            f"{'.'.join(str(part) for part in item['loc'])}: {item['msg'].lower()}"
            for item in mistakes_of(error)
        ]
        raise OdibiError(
            f"what was asked for can't be read: {'; '.join(wrong)}",
            where=f"run {run_id}",
            fix="ask for a new run of the pipeline",
        ) from error


def user_name() -> str:
    """Who asks: the name of the operating system's user, or "unknown"."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
