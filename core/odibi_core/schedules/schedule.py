"""What a schedule may say."""

from __future__ import annotations

import datetime as dt
import hashlib
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from odibi_core.durations import Span
from odibi_core.errors import UnknownNameError, did_you_mean
from odibi_core.formats.base import Options
from odibi_core.parameters import references
from odibi_core.schedules.cron import CronTimes
from odibi_core.schedules.times import IntervalTimes, Times
from odibi_core.schedules.zones import find_zone


def _zone_name(name: str) -> str:
    try:
        find_zone(name)
    except UnknownNameError as error:
        raise ValueError(f"{error.what}; {error.fix}" if error.fix else error.what) from None
    return name


def _moment(value: Any) -> Any:
    """Dates and times as text: a day alone means its beginning."""
    if isinstance(value, str):
        try:
            return dt.datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(
                f"{value!r} is no date: write one such as 2026-01-31 or 2026-01-31T08:00"
            ) from None
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return dt.datetime(value.year, value.month, value.day)
    return value


Moment = Annotated[dt.datetime, BeforeValidator(_moment, json_schema_input_type=str)]


class Missed(StrEnum):
    """What becomes of ticks that came while no scheduler ran."""

    SKIP = "skip"
    """Nothing."""
    ONCE = "once"
    """The last one comes late, and stands for all."""
    ALL = "all"
    """Each comes late, the oldest first."""


class Overlap(StrEnum):
    """What becomes of a tick while what an earlier one started goes on."""

    SKIP = "skip"
    """Nothing."""
    QUEUE = "queue"
    """It waits until that has ended."""
    ALLOW = "allow"
    """It starts beside it."""


class Awaited(Options):
    """What a tick waits for: that a pipeline has succeeded, or that a dataset is fresh."""

    pipeline: str | None = Field(None, min_length=1, description="The pipeline that must have succeeded.")
    dataset: str | None = Field(
        None, min_length=1, description="The file or folder that must be fresh, relative to the workspace."
    )
    within: Span | None = Field(
        None,
        description="How long before the tick that may have been, such as 1d; for a pipeline, where it is "
        "unset: since the tick before.",
    )

    @model_validator(mode="after")
    def _is_one(self) -> Awaited:
        if (self.pipeline is None) == (self.dataset is None):
            raise ValueError("give pipeline or dataset, one of them")
        if self.dataset is not None and self.within is None:
            raise ValueError("say how fresh the dataset must be: within, such as 1d")
        return self


class Timing(Options):
    """When something happens by itself."""

    cron: str | None = Field(
        None, description="Minute, hour, day of month, month, day of week; or @daily and the like."
    )
    every: Span | None = Field(
        None, description="A span between two ticks, such as 15m, counted from `start`."
    )
    watch: str | None = Field(
        None,
        min_length=1,
        description="A folder: new whole files in it are a tick. Beside cron or every, either.",
    )
    pattern: str = Field("*", min_length=1, description="Which files of the folder count, such as *.csv.")
    settle_s: float = Field(
        1.0,
        ge=0,
        le=3600,
        description="How long, in seconds, a file must stay as it is before it counts as whole.",
    )
    time_zone: Annotated[str, AfterValidator(_zone_name)] = Field(
        "UTC", description="The IANA name of the zone that cron, start, end and {date} mean."
    )
    start: Moment | None = Field(None, description="The first moment at which it may tick.")
    end: Moment | None = Field(None, description="The last moment at which it may tick.")
    jitter: Span | None = Field(
        None, description="Ticks come late by up to this span, each always by the same, to spread the load."
    )
    missed: Missed = Field(Missed.ONCE, description="What becomes of ticks that came while no scheduler ran.")
    overlap: Overlap = Field(
        Overlap.QUEUE, description="What becomes of a tick while the pipeline still runs."
    )
    after: tuple[Awaited, ...] = Field(
        (), description="What a tick waits for: each a pipeline that succeeded, or a dataset that is fresh."
    )
    wait_at_most: Span = Field(
        6 * 3600, description="How long a tick waits for that before it is given up, such as 6h."
    )

    @model_validator(mode="after")
    def _agrees(self) -> Timing:
        if self.cron is not None and self.every is not None:
            raise ValueError("cron and every exclude each other: give one of them")
        if self.cron is None and self.every is None and self.watch is None:
            raise ValueError("it never ticks: give cron, every or watch")
        if (
            self.start is not None
            and self.end is not None
            and self._instant(self.end) < self._instant(self.start)
        ):
            raise ValueError("end is before start")
        if self.cron is not None:
            CronTimes(self.cron, self.zone)
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return find_zone(self.time_zone)

    @cached_property
    def times(self) -> Times | None:
        """Its moments; None where only files make it tick."""
        if self.cron is not None:
            return CronTimes(self.cron, self.zone)
        if self.every is not None:
            anchor = self._instant(self.start) if self.start else dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
            return IntervalTimes(self.every, anchor)
        return None

    @property
    def first(self) -> dt.datetime | None:
        """The first moment at which it may tick, UTC; None where it may at any."""
        return self._instant(self.start) if self.start else None

    @property
    def last(self) -> dt.datetime | None:
        """The last moment at which it may tick, UTC; None where it may at any."""
        if self.end is None:
            return None
        last = self._instant(self.end)
        # A day alone means the whole of it.
        is_day = self.end.timetz() == dt.time()
        return last + dt.timedelta(days=1, microseconds=-1) if is_day else last

    @property
    def kind(self) -> Literal["cron", "interval", "file watch", "hybrid"]:
        """What makes it tick."""
        if self.watch is not None:
            return "hybrid" if self.cron is not None or self.every is not None else "file watch"
        return "cron" if self.cron is not None else "interval"

    @property
    def fingerprint(self) -> str:
        """What changes when other moments make it tick than before."""
        said = f"{self.cron}|{self.every}|{self.time_zone}|{self.start if self.every else ''}"
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    def late_by(self, name: str, moment: dt.datetime) -> dt.timedelta:
        """How late a tick comes: the same whoever asks, so that schedulers and restarts agree."""
        if self.jitter is None:
            return dt.timedelta()
        digest = hashlib.sha256(f"{name}|{moment.isoformat()}".encode()).digest()
        return dt.timedelta(seconds=int.from_bytes(digest[:8]) / 2**64 * self.jitter)

    def _instant(self, moment: dt.datetime) -> dt.datetime:
        return (moment if moment.tzinfo else moment.replace(tzinfo=self.zone)).astimezone(dt.UTC)


class Schedule(Timing):
    """When a pipeline runs by itself, and with which parameters."""

    pipeline: str = Field(min_length=1, description="The pipeline: a name in pipelines/, or a path.")
    parameters: dict[str, Any] = Field(
        default_factory=dict,
        description="The run's parameters; {date}, {yesterday}, {tick} and {file} may stand in them.",
    )
    description: str = Field("", description="What it is for.")

    @model_validator(mode="after")
    def _stands_for_something(self) -> Schedule:
        known = ("date", "yesterday", "tick", "file")
        for reference in references(self.parameters):
            if reference.scheme == "parameter" and reference.name not in known:
                raise ValueError(
                    f"the placeholder {{{reference.name}}} stands for nothing in a schedule; "
                    f"{did_you_mean(reference.name, known)}"
                )
        if self.is_per_file and (self.watch is None or self.times is not None):
            raise ValueError(
                "{file} in parameters needs watch, without cron and every: else there may be no file"
            )
        return self

    @property
    def is_per_file(self) -> bool:
        """Whether each new file is a tick of its own."""
        return any(reference.name == "file" for reference in references(self.parameters))
