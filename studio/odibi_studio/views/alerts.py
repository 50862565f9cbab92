"""The page of alerts: who is told of what, and what became of each message."""

from __future__ import annotations

import datetime as dt

import streamlit as st

from odibi_core.alerts.outbox import Message
from odibi_core.alerts.rule import Alert, Channel
from odibi_core.durations import spell_duration
from odibi_core.errors import OdibiError
from odibi_studio.services.automation.alerts import AlertCard
from odibi_studio.services.studio import Studio, current_studio
from odibi_studio.views.alert_dialogs import show_dialog
from odibi_studio.views.errors import show_error
from odibi_studio.views.run_navigation import open_run
from odibi_studio.views.widgets.page import ask, ask_from_fragment, page_head

_MOST = 500
_STATE_WORDS = {"waiting": "◔ Waiting", "sent": "✓ Sent", "failed": "✕ Failed"}
CHANNEL_WORDS = {
    Channel.WEBHOOK: "Webhook",
    Channel.SLACK: "Slack",
    Channel.TEAMS: "Teams",
    Channel.PAGERDUTY: "PagerDuty",
    Channel.EMAIL: "E-mail",
    Channel.SHELL: "Shell command",
    Channel.PYTHON: "Python function",
    Channel.OPENLINEAGE: "OpenLineage",
}
_TESTED = "alert_tested"


def render() -> None:
    """Show the alerts of the workspace."""
    studio = current_studio()
    with page_head("Alerts"):
        st.button(
            "New alert", type="primary", icon=":material/add:", key="new_alert", on_click=ask, args=("edit",)
        )
    show_dialog(studio)
    _show_live(studio)


@st.fragment(run_every="5s")
def _show_live(studio: Studio) -> None:
    try:
        cards, messages = studio.alerts.cards(), studio.alerts.messages(_MOST)
    except OdibiError as error:
        show_error(error)
        return
    if not cards and not messages:
        _show_first()
        return
    if cards:
        _show_runner(studio)
    card = _show_list(cards) if cards else None
    if card is not None:
        _show_one(studio, card)
    _show_outbox(studio, messages)


def _show_first() -> None:
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown("#### Nobody is told yet")
        st.caption(
            "An alert tells people or programs how runs end: by webhook, Slack, Teams, PagerDuty, e-mail, a "
            "command or a Python function. It is a file in `alerts/`."
        )
        if st.button("Make the first one", type="primary", icon=":material/add:", key="first_alert"):
            ask_from_fragment("edit")


def _show_runner(studio: Studio) -> None:
    if studio.alerts.is_running():
        st.badge("Messages are sent", icon=":material/check_circle:", color="green")
        return
    with st.container(border=True):
        st.markdown(":orange-badge[:material/warning: Nobody sends messages: they wait in the outbox]")
        st.markdown(
            "Start it in the workspace's folder with `odibi up`, which also runs schedules and streams, or "
            "alone with `odibi alert run`."
        )


def _show_list(cards: list[AlertCard]) -> AlertCard | None:
    found = st.dataframe(
        [
            {
                "Alert": card.name,
                "Channel": CHANNEL_WORDS[card.alert.channel] if card.alert else "✕ its file is wrong",
                "Tells of": ", ".join(one.value for one in card.alert.on) if card.alert else "",
                "Pipelines": ", ".join(card.alert.pipelines) if card.alert else "",
                "Waiting": card.counts.get("waiting", 0),
                "Sent": card.counts.get("sent", 0),
                "Failed": card.counts.get("failed", 0),
            }
            for card in cards
        ],
        hide_index=True,
        height=min(38 + 35 * len(cards), 400),
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [0]}},
        column_config=dict.fromkeys(
            ("Waiting", "Sent", "Failed"), st.column_config.NumberColumn(format="localized", width="small")
        ),
        key="alerts_table",
        alt="Alerts",
    )
    rows = found["selection"]["rows"]
    return cards[rows[0]] if rows and rows[0] < len(cards) else None


def _show_one(studio: Studio, card: AlertCard) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="alert_head"):
        st.subheader(card.name, anchor=False, width="content")
        if card.alert is not None and st.button("Send a test", icon=":material/send:", key="alert_test"):
            _test(studio, card.name)
        if st.button("Edit", icon=":material/edit:", key="alert_edit"):
            ask_from_fragment("edit", card.name)
        if st.button("Delete", icon=":material/delete:", type="tertiary", key="alert_delete"):
            ask_from_fragment("delete", card.name)
    if card.problem is not None:
        show_error(card.problem)
    elif card.alert is not None:
        st.markdown(_words(card.alert))
    _show_test(card.name)


def _words(alert: Alert) -> str:
    said = [f"**{CHANNEL_WORDS[alert.channel]}**: {_address(alert)}"]
    if alert.failures_in_a_row > 1:
        said.append(f"at {alert.failures_in_a_row} failures in a row")
    said.append(f"at most one message each {spell_duration(alert.group)}")
    said.append(f"up to {alert.max_attempts} tries")
    return " · ".join(said)


def _address(alert: Alert) -> str:
    """Where messages go, as the file says it: with references to secrets, never their values."""
    match alert.channel:
        case Channel.EMAIL:
            return ", ".join(alert.to)
        case Channel.SHELL:
            return f"`{alert.command}`"
        case Channel.PYTHON:
            return f"`{alert.function}`"
        case Channel.PAGERDUTY:
            return f"`{alert.routing_key}`"
    return f"`{alert.url}`"


def _test(studio: Studio, name: str) -> None:
    error: Exception | None = None
    with st.spinner("Sending …"):
        try:
            studio.alerts.test(name)
        except OdibiError as found:
            error = found
    st.session_state[_TESTED] = (name, error, dt.datetime.now(dt.UTC))


def _show_test(name: str) -> None:
    tested, error, _ = st.session_state.get(_TESTED, ("", None, None))
    if tested != name:
        return
    if error is None:
        st.success("The test was sent, and taken.", icon=":material/mark_email_read:")
    else:
        show_error(error)


def _show_outbox(studio: Studio, messages: list[Message]) -> None:
    st.subheader("Outbox", anchor=False)
    if not messages:
        st.caption("Nothing was to be told yet. The end of a run that an alert is about makes a message.")
        return
    state = st.segmented_control(
        "State", list(_STATE_WORDS.values()), key="outbox_state", label_visibility="collapsed"
    )
    shown = [one for one in messages if state in (None, _STATE_WORDS[one.state])]
    moment = st.column_config.DatetimeColumn(format="D MMM, HH:mm:ss", timezone=st.context.timezone)
    found = st.dataframe(
        [_row(message) for message in shown],
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        placeholder="",
        height=min(38 + 35 * max(len(shown), 1), 400),
        column_config={"Noted": moment, "Next try": moment},
        key="outbox_table",
        alt="Outbox",
    )
    chosen = [shown[row] for row in found["selection"]["rows"] if row < len(shown)]
    with st.container(horizontal=True, vertical_alignment="center"):
        unsent = [message.id for message in chosen if message.state != "sent"]
        if unsent and st.button("Try again", type="primary", icon=":material/replay:", key="outbox_retry"):
            studio.alerts.retry(unsent)
            st.rerun()
        if len(chosen) == 1 and st.button("Open its run", icon=":material/open_in_new:", key="outbox_run"):
            open_run(chosen[0].run_id)
        st.caption(f"{len(shown):,} message{'' if len(shown) == 1 else 's'}; choose some to try them again.")


def _row(message: Message) -> dict[str, object]:
    waits = message.state == "waiting" and message.attempts
    return {
        "State": _STATE_WORDS[message.state],
        "Alert": message.alert,
        "Pipeline": str(message.facts.get("pipeline", "")),
        "Run": str(message.facts.get("state", "")),
        "Noted": dt.datetime.fromtimestamp(message.noted, dt.UTC),
        "Tries": message.attempts,
        "Next try": dt.datetime.fromtimestamp(message.not_before, dt.UTC) if waits else None,
        "Why": message.error,
        "Run id": message.run_id,
    }
