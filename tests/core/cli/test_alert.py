"""`odibi alert`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.core.cli.conftest import Answer

from odibi_core.cli.exit_codes import ExitCode

Odibi = Callable[..., Answer]


def test_alerts_are_listed_tried_and_their_messages_shown(odibi: Odibi, shop: Path) -> None:
    assert "There is no alert yet" in odibi("alert", "list").err
    (shop / "alerts").mkdir()
    (shop / "alerts" / "mine.yaml").write_text("channel: shell\ncommand: cat > told.json\n")
    (shop / "alerts" / "wrong.yaml").write_text("channel: shell\n")
    listed = odibi("alert", "list")
    assert "mine   shell              failed, lost  *" in listed.out
    assert "the channel shell needs command" in listed.err
    assert odibi("alert", "test", "mine").out == "The message was sent.\n"
    assert "this is a test" in (shop / "told.json").read_text()
    assert odibi("alert", "test", "wrong").code == ExitCode.INVALID
    assert odibi("alert", "test", "min").code == ExitCode.USAGE
    (shop / "alerts" / "mine.yaml").write_text("channel: shell\ncommand: exit 3\n")
    answer = odibi("alert", "test", "mine")
    assert (answer.code, "ended with code 3" in answer.err) == (ExitCode.FAILED, True)
    assert "Nothing was to be told yet" in odibi("alert", "outbox").err
