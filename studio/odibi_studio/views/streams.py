"""The page of streams: how each stands, what it took, and what it could not take."""

from __future__ import annotations

import datetime as dt
from typing import Any

import streamlit as st

from odibi_core.errors import OdibiError
from odibi_core.story.wording import duration
from odibi_core.streams.config import StreamMode
from odibi_core.streams.declared import Stream
from odibi_core.streams.ledger import BatchState, Entry
from odibi_core.streams.standing import Standing
from odibi_studio.services.automation.streams import StreamCard, course
from odibi_studio.services.studio import Studio, current_studio
from odibi_studio.views.errors import show_error
from odibi_studio.views.run_navigation import open_run
from odibi_studio.views.stream_dialogs import show_dialog
from odibi_studio.views.widgets.page import ask, ask_from_fragment, page_head

_BATCH_WORDS = {
    BatchState.TAKEN: "▶ Under way",
    BatchState.DONE: "✓ Committed",
    BatchState.FAILED: "✕ Failed",
}
_SHOWN = 100


def render() -> None:
    """Show the streams of the workspace."""
    studio = current_studio()
    with page_head("Streams"):
        st.button(
            "New stream",
            type="primary",
            icon=":material/add:",
            key="new_stream",
            on_click=ask,
            args=("edit",),
        )
    show_dialog(studio)
    _show_live(studio)


@st.fragment(run_every="2s")
def _show_live(studio: Studio) -> None:
    cards = studio.streams.cards()
    if not cards:
        _show_first()
        return
    card = _show_list(cards)
    if card is None:
        st.caption("Choose a stream to see what it took and what it could not take.")
    else:
        _show_one(studio, card)


def _show_first() -> None:
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown("#### No stream yet")
        st.caption(
            "A stream runs a pipeline over what comes bit by bit: new files of a folder, rows past a "
            "watermark, events by HTTP. Each batch counts exactly once. It is a file in `streams/`."
        )
        if st.button("Make the first one", type="primary", icon=":material/add:", key="first_stream"):
            ask_from_fragment("edit")


def _show_list(cards: list[StreamCard]) -> StreamCard | None:
    found = st.dataframe(
        [_row(card) for card in cards],
        hide_index=True,
        height=min(38 + 35 * len(cards), 400),
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [0]}},
        placeholder="",
        column_config={
            "Waiting": st.column_config.NumberColumn(format="localized"),
            "Committed": st.column_config.NumberColumn(format="localized"),
            "Failed": st.column_config.NumberColumn(format="localized"),
            "Last batch": st.column_config.DatetimeColumn(
                format="D MMM, HH:mm:ss", timezone=st.context.timezone
            ),
        },
        key="streams_table",
        alt="Streams",
    )
    rows = found["selection"]["rows"]
    return cards[rows[0]] if rows and rows[0] < len(cards) else None


def _row(card: StreamCard) -> dict[str, object]:
    stands = card.standing
    return {
        "State": _state(card),
        "Stream": card.name,
        "Pipeline": card.stream.pipeline if card.stream else "",
        "Takes": takes(card.stream) if card.stream else "",
        "Waiting": stands.waiting if stands else None,
        "Lag": duration(stands.lag_s * 1000) if stands and stands.waiting else "",
        "Committed": stands.done if stands else None,
        "Failed": stands.failed if stands else None,
        "Last batch": _last_end(stands.latest) if stands else None,
        "Waits because": (stands.error if stands else "") or (card.problem.what if card.problem else ""),
    }


def _state(card: StreamCard) -> str:
    if card.standing is None:
        return "✕ Wrong"
    if card.standing.is_paused:
        return "⏸ Paused"
    return "● Runs" if card.standing.is_running else "○ Stopped"


def _last_end(entries: Any) -> dt.datetime | None:
    ends = [entry.ended for entry in entries if entry.ended]
    return dt.datetime.fromisoformat(max(ends)) if ends else None


def takes(stream: Stream) -> str:
    """What a stream takes, in words."""
    match stream.mode:
        case StreamMode.FILE_WATCH:
            return f"files {stream.file_pattern} of {stream.source_path}"
        case StreamMode.INCREMENTAL:
            return f"rows of {stream.source_path} past {stream.watermark_column}"
        case StreamMode.INTERVAL:
            return f"{stream.source_path}, every {stream.poll_interval_s:g} s"
    port = f" at port {stream.port}" if stream.port else ""
    return f"events{port}"


def _show_one(studio: Studio, card: StreamCard) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="stream_head"):
        st.subheader(card.name, anchor=False, width="content")
        _show_buttons(studio, card)
    if card.problem is not None:
        show_error(card.problem)
    if card.stream is None or card.standing is None:
        return
    _show_hint(card.name, card.stream, card.standing)
    _show_figures(card.standing)
    _show_course(card.standing)
    failed = studio.streams.failed(card.stream)
    left, right = st.columns([3, 2])
    with left:
        st.markdown("**Last batches**")
        _show_batches(studio, card.standing.latest[:_SHOWN])
    with right:
        st.markdown("**Files that could not be taken**")
        _show_failed(studio, card, failed)


def _show_buttons(studio: Studio, card: StreamCard) -> None:
    if card.standing is not None:
        if card.standing.is_paused:
            if st.button("Resume", icon=":material/play_circle:", key="stream_resume"):
                studio.streams.resume(card.name)
                st.rerun()
        elif st.button("Pause", icon=":material/pause_circle:", key="stream_pause"):
            studio.streams.pause(card.name)
            st.rerun()
    if st.button("Edit", icon=":material/edit:", key="stream_edit"):
        ask_from_fragment("edit", card.name)
    if st.button("Delete", icon=":material/delete:", type="tertiary", key="stream_delete"):
        ask_from_fragment("delete", card.name)


def _show_hint(name: str, stream: Stream, stands: Standing) -> None:
    if stream.description:
        st.text(stream.description)
    if stands.is_paused:
        st.info("Paused: no batch begins until it is resumed.", icon=":material/pause_circle:")
    elif not stands.is_running:
        with st.container(border=True):
            st.markdown(":orange-badge[:material/warning: Nobody runs this stream: nothing is taken]")
            st.markdown(
                "Start it in the workspace's folder with `odibi up`, which also runs schedules and alerts, "
                f"or alone with `odibi stream run {name}`."
            )
    elif stream.mode is StreamMode.EVENT and stream.port:
        st.markdown(f"Takes events at `http://{stream.host}:{stream.port}/events`.")
    if stands.error:
        st.warning(
            f"The batch that is under way is tried again: {stands.error}", icon=":material/sync_problem:"
        )


def _show_figures(stands: Standing) -> None:
    latencies = [
        (dt.datetime.fromisoformat(entry.ended) - dt.datetime.fromisoformat(entry.noticed)).total_seconds()
        for entry in stands.latest
        if entry.ended and entry.state is BatchState.DONE
    ]
    middle = sorted(latencies)[len(latencies) // 2] if latencies else None
    figures = [
        ("Waiting", f"{stands.waiting:,}", "Files, posts or batches that are not committed yet"),
        (
            "Lag",
            duration(stands.lag_s * 1000) if stands.waiting else "none",
            "How long the oldest has waited",
        ),
        ("Committed", f"{stands.done:,}", None),
        ("Failed", f"{stands.failed:,}", None),
        ("Takes", duration(middle * 1000) if middle is not None else "…", "Median, from notice to commit"),
    ]
    if stands.watermark:
        figures.append(("Watermark", stands.watermark, "How far rows were taken"))
    with st.container(key="figures_stream"):
        for column, (label, value, help_) in zip(st.columns(len(figures)), figures, strict=True):
            column.metric(label, value, help=help_, border=True)


def _show_course(stands: Standing) -> None:
    minutes = course(stands.latest, dt.datetime.now(dt.UTC))
    if not any(minute.done or minute.failed for minute in minutes):
        return
    rows = [
        {"when": minute.begin.isoformat(), "batches": count, "became": word}
        for minute in minutes
        for word, count in (("Committed", minute.done), ("Failed", minute.failed))
    ]
    spec = {
        "height": 210,
        "mark": {"type": "bar", "cornerRadiusEnd": 1},
        "encoding": {
            "x": {
                "field": "when",
                "timeUnit": "yearmonthdatehoursminutes",
                "type": "temporal",
                "axis": {"title": None, "grid": False, "format": "%H:%M"},
            },
            "y": {
                "field": "batches",
                "type": "quantitative",
                "axis": {"title": "a minute", "tickMinStep": 1},
            },
            "color": {
                "field": "became",
                "type": "nominal",
                "scale": {"domain": ["Committed", "Failed"], "range": ["#2e9e6b", "#d64545"]},
                "legend": {"title": None, "orient": "top"},
            },
            "tooltip": [
                {"field": "when", "type": "temporal", "format": "%H:%M", "title": "Minute"},
                {"field": "became", "title": "Became"},
                {"field": "batches", "title": "Batches"},
            ],
        },
    }
    st.vega_lite_chart(rows, spec, key="stream_course", alt="Batches a minute in the last hour")


def _show_batches(studio: Studio, entries: Any) -> None:
    if not entries:
        st.caption("It has taken nothing yet.")
        return
    rows = studio.streams.batches(entries)
    found = st.dataframe(
        [
            {
                "Batch": row.entry.name,
                "Became": _BATCH_WORDS[row.entry.state],
                "Noticed": dt.datetime.fromisoformat(row.entry.noticed),
                "Took": row.took_s,
                "Rows": row.rows,
                "Part": _part(row.entry),
                "Why": row.entry.reason,
            }
            for row in rows
        ],
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        placeholder="",
        height=min(38 + 35 * len(rows), 400),
        column_order=[
            *("Batch", "Became", "Noticed", "Took", "Rows"),
            *(["Part"] if any(_part(row.entry) for row in rows) else []),
            "Why",
        ],
        column_config={
            "Noticed": st.column_config.DatetimeColumn(
                format="D MMM, HH:mm:ss", timezone=st.context.timezone
            ),
            "Took": st.column_config.NumberColumn(format="%.2f s"),
            "Rows": st.column_config.NumberColumn(format="localized"),
        },
        key="stream_batches",
        alt="Last batches",
    )
    for row in found["selection"]["rows"]:
        run_id = rows[row].entry.run_id if row < len(rows) else ""
        if row < len(rows) and rows[row].entry.reason:
            st.text(rows[row].entry.reason)
        if run_id and st.button("Open its run", icon=":material/open_in_new:", key="open_batch"):
            open_run(run_id)


def _part(entry: Entry) -> str:
    return f"{entry.done} of {entry.slices}" if entry.slices > 1 else ""


def _show_failed(studio: Studio, card: StreamCard, failed: Any) -> None:
    if not failed:
        st.caption("None.")
        return
    found = st.dataframe(
        [
            {
                "File": file.name,
                "Reason": file.reason,
                "When": dt.datetime.fromisoformat(file.time) if file.time else None,
            }
            for file in failed
        ],
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        placeholder="",
        height=min(38 + 35 * len(failed), 400),
        column_config={
            "When": st.column_config.DatetimeColumn(format="D MMM, HH:mm:ss", timezone=st.context.timezone)
        },
        key="stream_failed",
        alt="Files that could not be taken",
    )
    chosen = [failed[row] for row in found["selection"]["rows"] if row < len(failed)]
    if not chosen:
        st.caption("Mend the file where it lies, choose it here, and put it back into the source.")
        return
    for file in chosen[:3]:
        st.text(f"{file.name}: {file.reason}")
    with st.container(horizontal=True):
        if st.button("Replay", type="primary", icon=":material/replay:", key="stream_replay"):
            try:
                moved = studio.streams.replay(card.name, [file.name for file in chosen])
            except OdibiError as error:
                show_error(error)
            else:
                st.toast(f"Back in the source: {', '.join(moved)}", icon=":material/check:")
                st.rerun()
        if len(chosen) == 1 and chosen[0].run_id and st.button("Open its run", key="open_failed"):
            open_run(chosen[0].run_id)
