"""The page of schedules: when pipelines run by themselves, and what became of that."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from odibi_core.errors import OdibiError
from odibi_core.schedules.asking import upcoming
from odibi_core.schedules.schedule import Schedule
from odibi_core.schedules.store import TickState
from odibi_studio.services.automation.schedules import ScheduleCard, TickRow
from odibi_studio.services.studio import Studio, current_studio
from odibi_studio.views.errors import show_error
from odibi_studio.views.run_navigation import open_run
from odibi_studio.views.schedule_calendar import show_calendar
from odibi_studio.views.schedule_dialogs import show_dialog
from odibi_studio.views.widgets.moments import ago
from odibi_studio.views.widgets.page import ask, ask_from_fragment, page_head
from odibi_studio.views.widgets.run_states import run_word

_NEXT = 10
_TICKS = 50
TICK_WORDS = {
    TickState.WAITING: "◔ Waiting",
    TickState.STARTING: "◔ Starting",
    TickState.STARTED: "▶ Started",
    TickState.RUNNING: "▶ Running",
    TickState.DONE: "✓ Done",
    TickState.FAILED: "✕ Failed",
    TickState.SKIPPED: "↷ Skipped",
    TickState.LOST: "? Lost",
}


def render() -> None:
    """Show the schedules of the workspace."""
    studio = current_studio()
    with page_head("Schedules"):
        st.button(
            "New schedule",
            type="primary",
            icon=":material/add:",
            key="new_schedule",
            on_click=ask,
            args=("edit",),
        )
    show_dialog(studio)
    _show_live(studio)


@st.fragment(run_every="5s")
def _show_live(studio: Studio) -> None:
    zone = reader_zone()
    now = dt.datetime.now(zone)
    try:
        cards = studio.schedules.cards(now)
    except OdibiError as error:
        show_error(error)
        return
    if not cards:
        _show_first(studio)
        return
    _show_runner(studio)
    part = st.segmented_control(
        "Part", ["List", "Calendar"], default="List", required=True, key="schedules_part",
        label_visibility="collapsed",
    )  # fmt: skip
    if part == "Calendar":
        show_calendar(studio, cards, now)
        return
    chosen = _show_list(cards, now)
    if chosen is None:
        st.caption("Choose a schedule to see its next runs and what became of its ticks.")
    else:
        _show_one(studio, chosen, now)


def reader_zone() -> ZoneInfo:
    """The time zone of whoever looks at the page."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _show_first(studio: Studio) -> None:
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown("#### Nothing runs by itself yet")
        st.caption(
            "A schedule runs a pipeline at times, at intervals, or when files come into a folder. "
            "It is a file in `schedules/` that belongs into version control like the pipelines."
        )
        if studio.workspace.pipelines():
            if st.button("Make the first one", type="primary", icon=":material/add:", key="first_schedule"):
                ask_from_fragment("edit")
        else:
            st.caption("Make a pipeline in the designer first.")


def _show_runner(studio: Studio) -> None:
    if studio.schedules.is_running():
        st.badge("The scheduler runs", icon=":material/check_circle:", color="green")
        return
    with st.container(border=True):
        st.markdown(":orange-badge[:material/warning: No scheduler runs: nothing starts by itself]")
        st.markdown(
            "Start it in the workspace's folder with `odibi up`, which also runs the Studio, streams and "
            "alerts, or alone with `odibi schedule run`. What comes meanwhile is made up as `missed` says."
        )


def _show_list(cards: list[ScheduleCard], now: dt.datetime) -> ScheduleCard | None:
    zone = st.context.timezone
    moment = st.column_config.DatetimeColumn(format="ddd D MMM, HH:mm", timezone=zone)
    found = st.dataframe(
        [_row(card, now) for card in cards],
        hide_index=True,
        height=min(38 + 35 * len(cards), 400),
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [0]}},
        placeholder="",
        column_config={"Next": moment, "Last tick": moment},
        key="schedules_table",
        alt="Schedules",
    )
    rows = found["selection"]["rows"]
    return cards[rows[0]] if rows and rows[0] < len(cards) else None


def _row(card: ScheduleCard, now: dt.datetime) -> dict[str, object]:
    state = "✕ Wrong" if card.problem else "⏸ Paused" if card.paused else "● On"
    last = card.last
    return {
        "State": state,
        "Schedule": card.name,
        "Pipeline": card.schedule.pipeline if card.schedule else "",
        "Ticks": card.words,
        "Next": card.next,
        "In": until(card.next, now) if card.next else "",
        "Last tick": last.time if last else None,
        "Became": TICK_WORDS[last.state] if last else "",
    }


def until(moment: dt.datetime, now: dt.datetime) -> str:
    """How long it is until then: "12 minutes", "3 hours", "2 days"."""
    left = max((moment - now).total_seconds(), 0.0)
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")):
        if left >= size:
            count = int(left // size)
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "now"


def _show_one(studio: Studio, card: ScheduleCard, now: dt.datetime) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="schedule_head"):
        st.subheader(card.name, anchor=False, width="content")
        _show_buttons(studio, card)
    if card.problem is not None:
        show_error(card.problem)
    elif card.schedule is not None:
        _show_about(card, card.schedule, now)
    left, right = st.columns([2, 5])
    with left:
        st.markdown("**Next runs**")
        _show_next(card, now)
    with right:
        st.markdown("**Last ticks**")
        _show_ticks(studio.schedules.ticks(card.name, _TICKS))


def _show_about(card: ScheduleCard, schedule: Schedule, now: dt.datetime) -> None:
    if schedule.description:
        st.text(schedule.description)
    said = [f"runs **{schedule.pipeline}** {card.words}"]
    if schedule.cron:
        said.append(f"`{schedule.cron}`")
    said += [f"missed ticks: {schedule.missed.value}", f"overlap: {schedule.overlap.value}"]
    if schedule.parameters:
        said.append(", ".join(f"{name} = `{value}`" for name, value in schedule.parameters.items()))
    st.markdown(" · ".join(said))
    if card.paused is not None:
        author, since = card.paused
        st.info(f"Paused by {author}, {ago(since.isoformat(), now)}.", icon=":material/pause_circle:")


def _show_buttons(studio: Studio, card: ScheduleCard) -> None:
    name = card.name
    if card.schedule is not None:
        if st.button("Run now", icon=":material/play_arrow:", key="schedule_run"):
            _run_now(studio, name)
        if card.paused:
            if st.button("Resume", icon=":material/play_circle:", key="schedule_resume"):
                studio.schedules.resume(name, dt.datetime.now(dt.UTC))
                st.rerun()
        elif st.button("Pause", icon=":material/pause_circle:", key="schedule_pause"):
            studio.schedules.pause(name, dt.datetime.now(dt.UTC))
            st.rerun()
        if st.button("Backfill", icon=":material/date_range:", key="schedule_fill"):
            ask_from_fragment("fill", name)
    if st.button("Edit", icon=":material/edit:", key="schedule_edit"):
        ask_from_fragment("edit", name)
    if st.button("Delete", icon=":material/delete:", type="tertiary", key="schedule_delete"):
        ask_from_fragment("delete", name)


def _run_now(studio: Studio, name: str) -> None:
    try:
        run_id = studio.schedules.run_now(name, dt.datetime.now(dt.UTC))
    except OdibiError as error:
        show_error(error)
    else:
        open_run(run_id)


def _show_next(card: ScheduleCard, now: dt.datetime) -> None:
    if card.schedule is None or card.paused:
        st.caption("None while it is paused." if card.paused else "Its file must be mended first.")
        return
    coming = upcoming(card.schedule, now, _NEXT)
    if not coming:
        why = "Files alone make it tick." if card.schedule.times is None else "It has ended."
        st.caption(why)
        return
    zone = st.context.timezone
    rows = [
        {"Yours": moment, f"In {card.schedule.time_zone}": f"{moment:%a %-d %b, %H:%M %Z}"}
        for moment in coming
    ]
    st.dataframe(
        rows,
        hide_index=True,
        column_config={"Yours": st.column_config.DatetimeColumn(format="ddd D MMM, HH:mm", timezone=zone)},
        height=min(38 + 35 * len(rows), 400),
        key="schedule_next",
        alt="Next runs",
    )


def _show_ticks(rows: list[TickRow]) -> None:
    if not rows:
        st.caption("It has not ticked yet.")
        return
    found = st.dataframe(
        [
            {
                "Tick": row.tick.time,
                "Became": TICK_WORDS[row.tick.state],
                "Run": run_word(row.state) if row.state is not None else "",
                "Why": row.why,
                "Run id": row.tick.run_id,
            }
            for row in rows
        ],
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        height=min(38 + 35 * len(rows), 400),
        column_config={
            "Tick": st.column_config.DatetimeColumn(
                format="ddd D MMM YYYY, HH:mm:ss", timezone=st.context.timezone
            )
        },
        key="schedule_ticks",
        alt="Last ticks",
    )
    for row in found["selection"]["rows"]:
        run_id = rows[row].tick.run_id if row < len(rows) else ""
        if run_id and st.button(
            "Open the run", icon=":material/open_in_new:", type="primary", key="open_tick"
        ):
            open_run(run_id)
