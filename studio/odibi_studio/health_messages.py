"""What the browser and the server say to each other about the data between steps: one model a message."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from odibi_studio.messages import Message, PipelineForm, ProblemForm

Measure = Literal["left_rate", "right_rate", "fan_out", "kept_rate"]


class HealthRequest(Message):
    """Asks how healthy the data of a step are, over the samples of a preview."""

    pipeline: PipelineForm
    step: str
    parameters: dict[str, Any] = Field(default_factory=dict)


class UsualRange(Message):
    """Where a figure usually is, in runs before."""

    measure: Measure
    low: float
    middle: float
    high: float
    is_outside: bool = Field(description="Whether the figure is not there now.")


class JoinHealth(Message):
    """How the two sides of a join meet. Counts are null where nothing was counted."""

    told: str = Field(description="The join as the SQL says it.")
    kind: Literal["inner", "left", "right", "full", "semi", "anti"]
    left: str = Field(description="The step's input that is the left side; empty: it is none as it is.")
    right: str = Field(description="The same of the right side.")
    left_rows: int | None
    right_rows: int | None
    left_rate: float | None = Field(description="The share of left rows that find a partner.")
    right_rate: float | None = Field(description="The share of right rows that find a partner.")
    pairs: int | None
    fan_out: float | None = Field(description="Partners of a left row that has any, on average.")
    left_dropped: int | None = Field(description="Left rows that the join loses.")
    right_dropped: int | None = Field(description="Right rows that it loses.")
    left_nulls: int | None = Field(description="Rows with nulls in the place of the left side's columns.")
    right_nulls: int | None = Field(description="Rows with nulls in the place of the right side's columns.")
    why: str = Field(description="Why nothing was counted; empty: it was.")
    usual: list[UsualRange] = Field(default_factory=list)


class StepHealth(Message):
    """How healthy the data of a step are."""

    step: str
    joins: list[JoinHealth] = Field(default_factory=list)
    rows_in: dict[str, int | None] = Field(description="Name inside the step → rows.")
    rows_out: int | None
    kept: UsualRange | None = Field(None, description="Rows out for a row in, of a step with one input.")
    why: str = Field("", description="Why its joins were not counted; empty: they were, or there are none.")
    is_sample: bool = Field(False, description="Whether it was counted over samples of the sources.")


class HealthAnswer(Message):
    """How healthy the data of steps are, against runs before."""

    steps: list[StepHealth] = Field(default_factory=list)
    compared_runs: int = Field(0, description="How many runs before were looked at.")
    problem: ProblemForm | None = None
