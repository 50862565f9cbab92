"""What the browser and the server say to each other about where rows come from: one model a message."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field

from odibi_studio.messages import Grid, Message, PipelineForm, ProblemForm


class FollowRequest(Message):
    """Asks for the rows that made one row of a preview."""

    pipeline: PipelineForm
    step: str
    dataset: str = Field(description="The key of a dataset that the step takes or gives.")
    row: int = Field(0, ge=0, description="The row's place in the preview, from 0.")
    values: list[Any] | None = Field(
        None,
        description="The row's values, as a grid shows them: then they say which row; its place does so only "
        "where moments are others by now.",
    )
    parameters: dict[str, Any] = Field(default_factory=dict)


class FollowedStep(Message):
    """The rows of one dataset from which the row comes."""

    step: str = Field(description="The step that made the dataset.")
    dataset: str
    grid: Grid
    is_source: bool = Field(description="Whether the rows were read, and made of no others.")
    why: str = Field("", description="Why it can't be told what these rows were made of; empty: it is told.")
    notes: list[str] = Field(default_factory=list, description="What is left out.")


class FollowAnswer(Message):
    """A row and the rows that made it: the row's own dataset first, then back to the sources."""

    steps: list[FollowedStep] = Field(default_factory=list)
    equal_rows: int = Field(1, description="Rows of the dataset that are like this one, itself included.")
    problem: ProblemForm | None = None
    warnings: list[str] = Field(default_factory=list)
    elapsed_ms: float = 0


class FindRequest(Message):
    """Asks what became of the rows with a value that a step's rows lack."""

    pipeline: PipelineForm
    step: str
    dataset: str = Field(description="The key of a dataset that the step takes or gives.")
    column: str
    value: str | None = Field(description="As text; null for what has no value.")
    parameters: dict[str, Any] = Field(default_factory=dict)


class Finding(StrEnum):
    """What became of the rows that were looked for."""

    THERE = "there"
    DROPPED = "dropped"
    CHANGED = "changed"
    ABSENT = "absent"
    UNKNOWN = "unknown"


class FoundStep(Message):
    """What became of them in one step."""

    step: str
    dataset: str
    rows_in: int = Field(description="How many of them, and of what was made of them, went in.")
    rows_out: int = Field(description="How many rows that were made of them came out.")
    is_dropped: bool = Field(description="Whether the last of them was lost here.")
    cause: str = Field("", description="The piece of SQL that lost them; empty: not known.")
    why: str = Field("", description="Why it can't be told what came out of them; empty: it is told.")
    grid: Grid = Field(description="What came out; of a step that lost them, what went in.")


class FindAnswer(Message):
    """What became of the rows that were looked for: from the sources on, step by step."""

    finding: Finding = Finding.UNKNOWN
    conclusion: str = ""
    steps: list[FoundStep] = Field(default_factory=list)
    problem: ProblemForm | None = None
    warnings: list[str] = Field(default_factory=list)
    elapsed_ms: float = 0
