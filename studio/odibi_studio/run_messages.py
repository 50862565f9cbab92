"""What the browser and the server say to each other about runs: one model a message."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from odibi_core.events import NodeState
from odibi_core.journal.record import RunState
from odibi_core.journal.repeating import Repeat
from odibi_studio.messages import Column, Message


class StartRunRequest(Message):
    """Asks for a run of a pipeline file, or of a design's version."""

    pipeline: str = Field("", description="A name in pipelines/; empty where a design is meant.")
    design_id: str = ""
    version: int = Field(0, ge=0, description="The design's version; 0 takes the newest.")
    parameters: dict[str, Any] = Field(default_factory=dict)
    start: str = Field("", description="Run from this step on; empty runs from the beginning.")
    end: str = Field("", description="Run up to this step; empty runs to the end.")
    engine: str = ""
    tracking: Literal["auto", "exact", "fused"] | None = None
    workers: int | None = Field(None, ge=1, le=256)
    cache: bool = False
    checkpoints: bool = False
    resume: bool = Field(False, description="Go on from the latest checkpoint.")
    fork_of: str = Field(
        "", description="Go on from the checkpoint of this run; steps that have changed since run again."
    )
    together: bool = Field(False, description="Run although the pipeline is running already.")


class RepeatRunRequest(Message):
    """Asks for a run to be done again."""

    repeat: Repeat = Repeat.START
    parameters: dict[str, Any] | None = Field(None, description="None takes those of the run.")
    start: str | None = Field(None, description="From this step on; None takes the part of the run.")
    end: str | None = Field(None, description="Up to this step; None takes the part of the run.")


class RunSummary(Message):
    """A run, without its steps. Times are UTC, ISO 8601, or empty."""

    run_id: str
    pipeline: str
    state: RunState
    trigger: str = Field(description="Where it was started: studio, command line, schedule, stream, python.")
    author: str
    source: str = Field(description="The pipeline file that was run.")
    design_id: str
    version: int = Field(description="The design's version; 0 where it is not known.")
    queued: str
    started: str
    ended: str
    duration_ms: float | None
    total_steps: int
    success_count: int | None
    parameters: dict[str, Any]
    start: str = Field(description="It ran from this step on.")
    end: str = Field(description="It ran up to this step.")
    engine: str
    tracking: str
    rerun_of: str
    is_cancelling: bool
    error: str
    fix: str
    failed_step: str
    reason: str
    advice: str = Field(description="What a person can do next; empty where all is well.")
    queue_position: int = Field(0, description="From 1 for a run that waits, else 0.")
    memory_mb: float | None = None
    peak_memory_mb: float | None = None
    cpu_percent: float | None = None
    can_fork: bool = Field(False, description="Whether a checkpoint of it is still there to go on from.")
    can_resume: bool = Field(False, description="Whether it left a checkpoint to go on from.")
    warnings: list[str] = Field(
        default_factory=list, description="What could not be told of the run, and why."
    )


class RunList(Message):
    """Runs, the newest first."""

    runs: list[RunSummary]
    total: int = Field(description="How many there are of these, of which `runs` are the newest.")


class RunEvents(Message):
    """What happened in a run since a place in its journal."""

    events: list[dict[str, Any]]
    next: int = Field(description="Ask with it for what comes after these.")
    state: RunState
    is_over: bool = Field(description="Nothing more will come.")


class StepRun(Message):
    """A step of a run, as far as it has come."""

    name: str
    layer: str
    state: NodeState
    started: str
    ended: str
    duration_ms: float | None
    duration_scope: str = Field(description='"region": the time of all the steps that ran with it as one.')
    row_count: int | None
    retries: int
    rejected_rows: int
    error: str
    fix: str
    reason: str
    warnings: list[str]


class EdgeRun(Message):
    """A dataset between two steps of a run."""

    source: str
    target: str
    dataset: str
    row_count: int | None = Field(description="None before it is made, and where it is not known.")


class RunSteps(Message):
    """All steps of a run and what went between them."""

    run_id: str
    state: RunState
    next: int = Field(description="The place in the journal up to which this is told.")
    steps: list[StepRun]
    edges: list[EdgeRun]


class RunGrid(Message):
    """The first rows of a port, as the run kept them."""

    port: str
    dataset: str
    columns: list[Column]
    rows: list[list[Any]]
    row_count: int | None = Field(description="Rows of the whole dataset; None where they are not known.")
    note: str = Field("", description="Which rows these are, or why there are none.")


class RunSamples(Message):
    """The first rows of what a step took and gave in a run."""

    step: str
    inputs: list[RunGrid] = Field(default_factory=list)
    outputs: list[RunGrid] = Field(default_factory=list)
