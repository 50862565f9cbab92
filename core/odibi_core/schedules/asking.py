"""What programs ask of a scheduler: modes and their arguments, and when a schedule ticks next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from itertools import islice

from pydantic import ValidationError

from odibi_core.errors import OdibiError
from odibi_core.schedules.schedule import Timing


class ScheduleMode(StrEnum):
    """What makes a schedule tick."""

    CRON = "cron"
    INTERVAL = "interval"
    FILE_WATCH = "file_watch"
    HYBRID = "hybrid"
    """Times or files, whichever comes."""


ARGUMENTS = {
    "cron": "cron_expression",
    "every": "interval_seconds",
    "watch": "watch_path",
    "pattern": "file_pattern",
}
"""Setting → the argument of `ScheduleManager.schedule` that says it."""
_NEEDED = {
    ScheduleMode.CRON: ("cron_expression",),
    ScheduleMode.INTERVAL: ("interval_seconds",),
    ScheduleMode.FILE_WATCH: ("watch_path",),
    ScheduleMode.HYBRID: ("watch_path",),
}


def upcoming(timing: Timing, after: dt.datetime, count: int) -> list[dt.datetime]:
    """The next moments of a schedule after a moment, in its time zone; none where only files make it tick."""
    if timing.times is None:
        return []
    begin = after.astimezone(dt.UTC)
    if timing.first is not None:
        begin = max(begin, timing.first - dt.timedelta(microseconds=1))
    moments = islice(timing.times.after(begin), count)
    return [
        moment.astimezone(timing.zone) for moment in moments if timing.last is None or moment <= timing.last
    ]


def check_mode(mode: ScheduleMode, given: Mapping[str, object], where: str) -> None:
    """Return where what was given fits the mode.

    Args:
        mode: What makes the schedule tick.
        given: Argument → value, None where it was not given.
        where: Names the schedule.

    Raises:
        OdibiError: Something lacks, or means nothing with that mode.
    """
    for name in _NEEDED[mode]:
        if given[name] is None:
            raise OdibiError(f"the mode {mode.value!r} needs {name}", where=where, fix=f"give {name}=…")
    allowed = set(given) if mode is ScheduleMode.HYBRID else set(_NEEDED[mode])
    for name, value in given.items():
        if value is not None and name not in allowed:
            raise OdibiError(
                f"{name} means nothing with the mode {mode.value!r}",
                where=where,
                fix="leave it out, or take the mode 'hybrid' for times and files together",
            )
    if mode is ScheduleMode.HYBRID and given["cron_expression"] is None and given["interval_seconds"] is None:
        raise OdibiError(
            "the mode 'hybrid' needs a time beside the folder",
            where=where,
            fix="give cron_expression=… or interval_seconds=…",
        )


def wrong_settings(error: ValidationError, names: Mapping[str, str] | None = None) -> str:
    """Every mistake in what was said of a schedule, in one sentence.

    Args:
        error: What the model found.
        names: Setting → how whoever said it knows it.
    """
    known, lines = names or {}, []
    for item in error.errors(include_input=False, include_url=False):
        field = ".".join(str(part) for part in item["loc"])
        message = str(item["msg"]).removeprefix("Value error, ")
        if item["type"] == "extra_forbidden":
            message = "there is no such setting"
        lines.append(f"{known.get(field, field)}: {message}" if field else message)
    return "; ".join(lines)
