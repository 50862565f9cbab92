"""When a schedule ticks, in words."""

from __future__ import annotations

from odibi_core.durations import spell_duration
from odibi_core.schedules.schedule import Timing

_NAMED = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


def cron_words(expression: str) -> str:
    """A cron expression in words: "at 06:30, Monday through Friday"; the expression where it has none."""
    from cron_descriptor import CasingTypeEnum, Options, get_description

    options = Options()
    options.casing_type = CasingTypeEnum.Sentence
    options.use_24hour_time_format = True
    options.locale_code = "en_US"
    text = expression.strip()
    try:
        said = get_description(_NAMED.get(text.lower(), text), options)
    except Exception:  # noqa: BLE001 - whatever it does not understand, croniter may
        return text
    return str(said[:1].lower() + said[1:])


def timing_words(timing: Timing) -> str:
    """When it ticks: "at 06:30, Monday through Friday (Europe/Berlin)", "every 15m or when files come…"."""
    said = [f"{cron_words(timing.cron)} ({timing.time_zone})"] if timing.cron is not None else []
    said += [f"every {spell_duration(timing.every)}"] if timing.every is not None else []
    if timing.watch is not None:
        said.append(f"when files {timing.pattern} come into {timing.watch}")
    return " or ".join(said)
