"""What the page of alerts stands on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from odibi_core.alerts.outbox import OUTBOX_FILE, Outbox
from odibi_core.alerts.rule import ALERTS, Alert
from odibi_core.errors import OdibiError
from odibi_core.file_lock import FileLock
from odibi_core.workspace import Workspace
from odibi_studio.services.automation.alerts import AlertDesk


@pytest.fixture
def desk(workspace: Workspace) -> Iterator[AlertDesk]:
    desk = AlertDesk(workspace)
    yield desk
    desk.close()


def add(workspace: Workspace, command: str) -> None:
    ALERTS.add(workspace, "ops", Alert.model_validate({"channel": "shell", "command": command}))


def test_messages_are_counted_and_those_that_failed_are_tried_again(
    workspace: Workspace, desk: AlertDesk
) -> None:
    add(workspace, "true")
    box = Outbox(workspace.state / OUTBOX_FILE)
    box.note(["a", "b"], [("ops", "a", {"pipeline": "one"}), ("ops", "b", {"pipeline": "one"})])
    second, first = box.latest()
    box.settle([first], "failed", "the answer was 404")
    box.settle([second], "sent")
    assert desk.cards()[0].counts == {"failed": 1, "sent": 1}
    assert [(one.state, one.error, one.attempts) for one in desk.messages(10)] == [
        ("sent", "", 1),
        ("failed", "the answer was 404", 1),
    ]
    assert desk.retry([first.id, second.id]) == 1
    assert desk.cards()[0].counts == {"waiting": 1, "sent": 1}
    assert [one.id for one in box.unsent("ops")] == [first.id]
    box.close()


def test_a_test_is_sent_and_says_what_the_answer_was(workspace: Workspace, desk: AlertDesk) -> None:
    add(workspace, f"cat > {workspace.root}/told")
    desk.test("ops")
    assert "this is a test" in (workspace.root / "told").read_text()
    ALERTS.remove(workspace, "ops")
    add(workspace, "echo no such room >&2; exit 3")
    with pytest.raises(OdibiError, match="ended with code 3: no such room"):
        desk.test("ops")


def test_whether_somebody_sends_is_known(workspace: Workspace, desk: AlertDesk) -> None:
    assert not desk.is_running()
    lock = FileLock(workspace.state / "alerts.lock")
    assert lock.take()
    assert desk.is_running()
    lock.release()
