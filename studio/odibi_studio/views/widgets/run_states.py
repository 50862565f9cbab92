"""How the states of runs and steps look: a sign beside each colour, as not everyone sees colours alike."""

from __future__ import annotations

from odibi_core.events import NodeState
from odibi_core.journal.record import RunState

RUN_ICONS = {
    RunState.QUEUED: ":material/schedule:",
    RunState.RUNNING: ":material/play_circle:",
    RunState.SUCCESS: ":material/check_circle:",
    RunState.FAILED: ":material/error:",
    RunState.CANCELLED: ":material/block:",
    RunState.LOST: ":material/help:",
}
RUN_WORDS = {
    RunState.QUEUED: "Waiting",
    RunState.RUNNING: "Running",
    RunState.SUCCESS: "Succeeded",
    RunState.FAILED: "Failed",
    RunState.CANCELLED: "Cancelled",
    RunState.LOST: "Lost",
}
RUN_SIGNS = {
    RunState.QUEUED: "◔",
    RunState.RUNNING: "▶",
    RunState.SUCCESS: "✓",
    RunState.FAILED: "✕",
    RunState.CANCELLED: "⊘",
    RunState.LOST: "?",
}
STEP_WORDS = {
    NodeState.PENDING: "· Waiting",
    NodeState.READY: "· Waiting",
    NodeState.RUNNING: "▶ Running",
    NodeState.CACHED: "◆ From cache",
    NodeState.SUCCESS: "✓ Succeeded",
    NodeState.FAILED: "✕ Failed",
    NodeState.SKIPPED: "↷ Skipped",
    NodeState.CANCELLED: "⊘ Cancelled",
}
STEP_COLORS = {
    NodeState.RUNNING: "#2f6fed",
    NodeState.CACHED: "#8b7fd6",
    NodeState.SUCCESS: "#2e9e6b",
    NodeState.FAILED: "#d64545",
    NodeState.CANCELLED: "#9a9a9a",
}
RUN_COLORS = {
    RunState.QUEUED: "gray",
    RunState.RUNNING: "blue",
    RunState.SUCCESS: "green",
    RunState.FAILED: "red",
    RunState.CANCELLED: "gray",
    RunState.LOST: "orange",
}


def run_word(state: RunState) -> str:
    """The state with its sign: "✓ Succeeded"."""
    return f"{RUN_SIGNS[state]} {RUN_WORDS[state]}"
