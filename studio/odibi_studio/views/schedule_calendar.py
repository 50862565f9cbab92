"""The calendar of schedules: what ran on the days behind, what is to run on those ahead."""

from __future__ import annotations

import datetime as dt
from html import escape

import streamlit as st

from odibi_core.schedules.store import TickState
from odibi_studio.services.automation.calendar import Day, Slot
from odibi_studio.services.automation.schedules import ScheduleCard
from odibi_studio.services.studio import Studio

_WEEKS = {"5 weeks": 5, "Week": 1}
_MOST_IN_MONTH = 4
_MOST_IN_WEEK = 100
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SIGNS = {TickState.FAILED: "✕", TickState.LOST: "?", TickState.SKIPPED: "↷", TickState.WAITING: "◔"}
_AT = "calendar_at"
_STYLE = """
<style>
.odibi-calendar { --line: 1px solid color-mix(in srgb, currentColor 20%, transparent);
  display: grid; grid-template-columns: repeat(7, minmax(0, 1fr));
  border-top: var(--line); border-left: var(--line); border-radius: 8px; overflow: hidden;
  font-size: 0.8rem; }
.odibi-calendar > div { padding: 0.35rem 0.5rem; min-height: 6.6rem;
  border-right: var(--line); border-bottom: var(--line); }
.odibi-calendar > .head { min-height: 0; font-weight: 600; }
.odibi-calendar .date { opacity: 0.75; font-variant-numeric: tabular-nums; }
.odibi-calendar .gone { background: color-mix(in srgb, currentColor 5%, transparent); }
.odibi-calendar .today .date { background: #2f6fed; color: #fff; opacity: 1; border-radius: 99px;
  padding: 0 0.45em; }
.odibi-calendar .slot { display: block; white-space: nowrap; overflow: hidden; text-overflow: ellipsis;
  border-left: 3px solid var(--hue); padding-left: 0.4em; margin-top: 0.2rem;
  font-variant-numeric: tabular-nums; }
.odibi-calendar .past { opacity: 0.75; }
.odibi-calendar .bad { opacity: 1; color: #d64545; font-weight: 600; }
.odibi-calendar .more { opacity: 0.75; margin-top: 0.2rem; display: block; }
</style>
"""
_HUES = ("#2f6fed", "#d98a1f", "#2e9e6b", "#a352cc", "#c2405f", "#1f9fb3", "#7c7f2a", "#8a5a3c")


def show_calendar(studio: Studio, cards: list[ScheduleCard], now: dt.datetime) -> None:
    """Show a week or five, which the reader leafs through."""
    with st.container(horizontal=True, vertical_alignment="center"):
        span = st.segmented_control(
            "Span", list(_WEEKS), default="5 weeks", required=True, key="calendar_span",
            label_visibility="collapsed",
        )  # fmt: skip
        at: dt.date = st.session_state.get(_AT, now.date())
        step = -1 if st.button("Before", icon=":material/chevron_left:", key="calendar_before") else 0
        if st.button("Today", key="calendar_today"):
            at = now.date()
        step += 1 if st.button("After", icon=":material/chevron_right:", key="calendar_after") else 0
        weeks = _WEEKS[span]
        first = st.session_state[_AT] = _monday(at) + dt.timedelta(weeks=step * max(weeks - 1, 1))
        last = first + dt.timedelta(weeks=weeks, days=-1)
        st.markdown(f"**{first:%-d %B} to {last:%-d %B %Y}** · times in {now.tzinfo}")
    schedules = {card.name: card.schedule for card in cards if card.schedule is not None and not card.paused}
    names = [card.name for card in cards]
    begin = dt.datetime.combine(first, dt.time(), now.tzinfo)
    ticks = studio.schedules.ticks_since(names, begin)
    days = studio.calendar.days(schedules, ticks, first, 7 * weeks, now)
    words = {card.name: card.words for card in cards}
    st.html(_STYLE + _table(days, words, names, now, _MOST_IN_MONTH if weeks > 1 else _MOST_IN_WEEK))


def _table(days: list[Day], words: dict[str, str], names: list[str], now: dt.datetime, most: int) -> str:
    heads = "".join(f'<div class="head" role="columnheader">{name}</div>' for name in _WEEKDAYS)
    cells = "".join(_cell(day, words, names, now, most) for day in days)
    return f'<div class="odibi-calendar" role="grid" aria-label="Calendar of schedules">{heads}{cells}</div>'


def _cell(day: Day, words: dict[str, str], names: list[str], now: dt.datetime, most: int) -> str:
    kinds = ["day"]
    if day.date < now.date():
        kinds.append("gone")
    if day.date == now.date():
        kinds.append("today")
    lines = [
        _line("slot", name, names, f"{name} · {words.get(name, '')}", words.get(name, ""))
        for name in day.often
    ]
    lines += [_slot(slot, names) for slot in day.slots]
    shown = lines[:most] if len(lines) <= most else lines[: most - 1]
    more = len(lines) - len(shown)
    rest = f'<span class="more">and {more} more</span>' if more else ""
    date = f'<span class="date">{day.date:{"%-d %b" if day.date.day == 1 else "%-d"}}</span>'
    shape = f'class="{" ".join(kinds)}" role="gridcell" data-day="{day.date.isoformat()}"'
    return f"<div {shape}>{date}{''.join(shown)}{rest}</div>"


def _slot(slot: Slot, names: list[str]) -> str:
    kinds, sign, title = ["slot"], "", slot.schedule
    if slot.tick is not None:
        kinds.append("past")
        sign = f"{_SIGNS.get(slot.tick.state, '✓')} "
        title = f"{slot.schedule}: {slot.tick.state.value} {slot.tick.reason}".strip()
        if slot.tick.state in (TickState.FAILED, TickState.LOST):
            kinds.append("bad")
    return _line(" ".join(kinds), slot.schedule, names, f"{sign}{slot.moment:%H:%M} {slot.schedule}", title)


def _line(kinds: str, name: str, names: list[str], text: str, title: str) -> str:
    style = f"--hue: {_hue(name, names)}"
    return f'<span class="{kinds}" style="{style}" title="{escape(title)}">{escape(text)}</span>'


def _hue(name: str, names: list[str]) -> str:
    return _HUES[names.index(name) % len(_HUES)] if name in names else _HUES[0]


def _monday(day: dt.date) -> dt.date:
    return day - dt.timedelta(days=day.weekday())
