"""When each step ran, as a drawing: a row a step, or for a long run as many lanes as ran side by side."""

from __future__ import annotations

import datetime as dt
import math
from typing import NamedTuple

from odibi_core.story import wording
from odibi_core.story.lineage import Lineage, StepRecord

PACKED_ABOVE_STEPS = 60

_LABEL_WIDTH = 190.0
_CHART_WIDTH = 760.0
_END_WIDTH = 190.0
_ROW_HEIGHT = 26.0
_AXIS_HEIGHT = 26.0
_PACKED_MARGIN = 12.0
_PACKED_PIXELS_PER_STEP = 9.0
_PACKED_WIDEST = 8_000.0
_LETTER_WIDTH = 6.6
_THINNEST_BAR = 3.0
_TICK_STEPS_MS = (
    *(factor * 10.0**power for power in range(-3, 4) for factor in (1, 2, 5)),
    *(1_000.0 * seconds for seconds in (10, 15, 30)),
    *(60_000.0 * minutes for minutes in (1, 2, 5, 10, 15, 30)),
    *(3_600_000.0 * hours for hours in (1, 2, 6, 12, 24)),
)


class Bar(NamedTuple):
    """One step, or one region of steps that ran as one query; the numbers are pixels."""

    id: int
    name: str
    x: float
    y: float
    width: float
    status: str
    is_region: bool
    inside: str
    after: str
    summary: str


class Tick(NamedTuple):
    """A mark on the axis of time."""

    x: float
    label: str


class RegionFrame(NamedTuple):
    """A frame around the rows of a region's steps."""

    x: float
    y: float
    width: float
    height: float
    summary: str


class Timeline(NamedTuple):
    """The whole drawing; `note` says what is not in it."""

    width: float
    height: float
    row_height: float
    axis_height: float
    is_packed: bool
    bars: list[Bar]
    has_regions: bool
    frames: list[RegionFrame]
    ticks: list[Tick]
    note: str


class _Span(NamedTuple):
    """Steps that share one stretch of time: one step, or a region."""

    ids: list[int]
    steps: list[StepRecord]
    start_ms: float
    end_ms: float

    @property
    def is_region(self) -> bool:
        return self.steps[0].duration_scope == "region"


def draw_timeline(lineage: Lineage) -> Timeline | None:
    """The timeline of a run; None where no step started."""
    spans = _spans(lineage)
    if not spans:
        return None
    total_ms = max(0.001, *(span.end_ms for span in spans))
    started = sum(len(span.ids) for span in spans)
    idle = len(lineage.steps) - started
    note = (
        f"{wording.plural(idle, 'step')} never started and {'is' if idle == 1 else 'are'} not shown."
        if idle
        else ""
    )
    if started > PACKED_ABOVE_STEPS:
        return _packed(spans, total_ms, started, note)
    return _in_rows(spans, total_ms, note)


def _spans(lineage: Lineage) -> list[_Span]:
    started = [(index, step) for index, step in enumerate(lineage.steps) if step.start_time is not None]
    begin = min((step.start_time for _, step in started if step.start_time), default=lineage.start_time)
    begin = min(begin, lineage.start_time)
    grouped: dict[object, list[tuple[int, StepRecord]]] = {}
    for index, step in started:
        shares = step.duration_scope == "region" and step.region is not None
        grouped.setdefault(("region", step.region) if shares else index, []).append((index, step))
    spans = [
        _Span(
            ids=[index for index, _ in members],
            steps=[step for _, step in members],
            start_ms=min(_offset_ms(begin, step.start_time) for _, step in members),
            end_ms=max(_end_ms(begin, step) for _, step in members),
        )
        for members in grouped.values()
    ]
    return sorted(spans, key=lambda span: (span.start_ms, span.ids[0]))


def _offset_ms(begin: dt.datetime, when: dt.datetime | None) -> float:
    return max(0.0, ((when or begin) - begin) / dt.timedelta(milliseconds=1))


def _end_ms(begin: dt.datetime, step: StepRecord) -> float:
    start_ms = _offset_ms(begin, step.start_time)
    if step.end_time is None:
        return start_ms + (step.duration_ms or 0.0)
    end_ms = max(start_ms, _offset_ms(begin, step.end_time))
    if step.duration_ms is None or step.duration_scope == "region" or step.retry_count:
        return end_ms
    # What is counted for whoever watches is no part of the step's own time.
    return min(end_ms, start_ms + step.duration_ms)


def _in_rows(spans: list[_Span], total_ms: float, note: str) -> Timeline:
    scale = _CHART_WIDTH / total_ms
    bars: list[Bar] = []
    frames: list[RegionFrame] = []
    for span in spans:
        x, width = _LABEL_WIDTH + span.start_ms * scale, _width(span, scale)
        top = _AXIS_HEIGHT + len(bars) * _ROW_HEIGHT
        for position, (index, step) in enumerate(zip(span.ids, span.steps, strict=True)):
            after = _after(step) if not span.is_region else _after_region(span) if position == 0 else ""
            y = top + position * _ROW_HEIGHT
            bars.append(_bar(index, step, x, y, width, inside="", after=after, name_width=24))
        if span.is_region:
            height = len(span.ids) * _ROW_HEIGHT
            frames.append(RegionFrame(x, top, width, height, _after_region(span)))
    return Timeline(
        width=_LABEL_WIDTH + _CHART_WIDTH + _END_WIDTH,
        height=_AXIS_HEIGHT + len(bars) * _ROW_HEIGHT + 6,
        row_height=_ROW_HEIGHT,
        axis_height=_AXIS_HEIGHT,
        is_packed=False,
        bars=bars,
        has_regions=bool(frames),
        frames=frames,
        ticks=_ticks(total_ms, _LABEL_WIDTH, _CHART_WIDTH),
        note=note,
    )


def _packed(spans: list[_Span], total_ms: float, started: int, note: str) -> Timeline:
    width = min(max(started * _PACKED_PIXELS_PER_STEP, _LABEL_WIDTH + _CHART_WIDTH), _PACKED_WIDEST)
    scale = width / total_ms
    lane_ends: list[float] = []
    bars = []
    for span in spans:
        lane = next((lane for lane, end in enumerate(lane_ends) if end <= span.start_ms), len(lane_ends))
        lane_ends[lane : lane + 1] = [span.end_ms]
        x, bar_width = _PACKED_MARGIN + span.start_ms * scale, _width(span, scale)
        name = span.steps[0].step_name if not span.is_region else wording.plural(len(span.ids), "step")
        letters = int(bar_width / _LETTER_WIDTH) - 1
        inside = wording.fit(name, letters) if letters >= 4 else ""
        y = _AXIS_HEIGHT + lane * _ROW_HEIGHT
        bar = _bar(span.ids[0], span.steps[0], x, y, bar_width, inside=inside, after="", name_width=24)
        bars.append(bar)
    return Timeline(
        width=width + 2 * _PACKED_MARGIN + 40,
        height=_AXIS_HEIGHT + len(lane_ends) * _ROW_HEIGHT + 6,
        row_height=_ROW_HEIGHT,
        axis_height=_AXIS_HEIGHT,
        is_packed=True,
        bars=bars,
        has_regions=any(bar.is_region for bar in bars),
        frames=[],
        ticks=_ticks(total_ms, _PACKED_MARGIN, width),
        note=note,
    )


def _bar(
    index: int,
    step: StepRecord,
    x: float,
    y: float,
    width: float,
    *,
    inside: str,
    after: str,
    name_width: int,
) -> Bar:
    scope = ", the time of its region" if step.duration_scope == "region" else ""
    retries = f", {wording.plural(step.retry_count, 'retry', 'retries')}" if step.retry_count else ""
    words = wording.STATUS_WORDS[step.status]
    return Bar(
        id=index,
        name=wording.fit(step.step_name, name_width),
        x=x,
        y=y,
        width=width,
        status=step.status.value,
        is_region=step.duration_scope == "region",
        inside=inside,
        after=after,
        summary=f"{step.step_name}: {words}, {wording.duration(step.duration_ms)}{scope}{retries}",
    )


def _after(step: StepRecord) -> str:
    retries = f" · ↻ {wording.plural(step.retry_count, 'retry', 'retries')}" if step.retry_count else ""
    return wording.duration(step.duration_ms) + retries


def _after_region(span: _Span) -> str:
    together = (
        f"{wording.duration(span.end_ms - span.start_ms)} · region of {wording.plural(len(span.ids), 'step')}"
    )
    retries = max(step.retry_count for step in span.steps)
    return together + (f" · ↻ {retries}" if retries else "")


def _width(span: _Span, scale: float) -> float:
    return max(_THINNEST_BAR, (span.end_ms - span.start_ms) * scale)


def _ticks(total_ms: float, left: float, width: float) -> list[Tick]:
    wanted = max(2, width / 150)
    step = next((step for step in _TICK_STEPS_MS if total_ms / step <= wanted), total_ms)
    return [
        Tick(left + position * step * width / total_ms, _tick_label(position * step))
        for position in range(math.floor(total_ms / step + 1e-9) + 1)
    ]


def _tick_label(offset_ms: float) -> str:
    if offset_ms == 0:
        return "0"
    for unit, size in (("h", 3_600_000), ("min", 60_000), ("s", 1_000)):
        if offset_ms >= size:
            return f"{round(offset_ms / size, 2):g} {unit}"
    return f"{round(offset_ms, 3):g} ms"
