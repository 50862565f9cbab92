"""Looks how runs begin and end, and tells whom the alerts say.

What a run has to say of itself stands in its journal: no run waits for an alert, and the end of one that was
killed is seen too.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
from typing import Any

from odibi_core.alerts.channels import send
from odibi_core.alerts.facts import noted, run_facts
from odibi_core.alerts.going_runs import GoingRuns
from odibi_core.alerts.lineage_sending import send_lineage
from odibi_core.alerts.outbox import OUTBOX_FILE, Message, Outbox
from odibi_core.alerts.rule import Alert, Channel, Facts, Outcome, alert_files, find_alert
from odibi_core.errors import OdibiError, TransientError
from odibi_core.file_lock import FileLock
from odibi_core.journal.record import RunRecord, RunState
from odibi_core.journal.runs import run_ids, run_summary
from odibi_core.parameters import Reference, render
from odibi_core.plan.rendering import Values
from odibi_core.secret_providers.chain import open_providers
from odibi_core.secret_store import Redactor, SecretStore
from odibi_core.signals import cancel_on_signals
from odibi_core.timestamps import now
from odibi_core.workspace import Workspace

LOOK_EVERY_S = 1.0
_PIECE_S = 0.25
_LOOKED_AT = 1000
_LONGEST_PAUSE_S = 3600
_LISTED = 20
_BAD = (RunState.FAILED, RunState.LOST)

_log = logging.getLogger(__name__)


class AlertManager:
    """Tells of runs. One does it at a time in a workspace.

    Args:
        workspace: Whose runs.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._outbox = Outbox(workspace.state / OUTBOX_FILE)
        self._lock = FileLock(workspace.state / "alerts.lock")
        self._stopping = threading.Event()
        self._told: dict[str, str] = {}
        self._unfinished: set[str] = set()
        self._going = GoingRuns(self._outbox)

    def close(self) -> None:
        """Let go of the outbox."""
        self._lock.release()
        self._outbox.close()

    def start(self) -> None:
        """Tell until SIGINT, SIGTERM or `stop()`; where another does it, stand by."""
        with cancel_on_signals(lambda _reason: self._stopping.set(), ends_process=False):
            while not self._stopping.is_set():
                if self._lock.take():
                    self.look()
                wait_s = LOOK_EVERY_S
                while wait_s > 0 and not self._stopping.wait(_PIECE_S):
                    wait_s -= _PIECE_S

    def stop(self) -> None:
        """Tell no more, after what is being sent."""
        self._stopping.set()

    def look(self) -> int:
        """How many messages were sent now."""
        try:
            self._note_runs()
            return sum(self._send(name) for name in self._outbox.waiting_alerts())
        except Exception as error:  # noqa: BLE001 - what is wrong now never ends the alerts of later
            self._say("", error)
            return 0

    def test(self, name: str) -> None:
        """Send a message of an alert that tells of no run.

        Raises:
            OdibiError: It can't be sent.
        """
        facts: Facts = {
            "alert": name, "pipeline": "a pipeline", "state": "failed", "run_id": "a run", "step": "a step",
            "error": "nothing is wrong: this is a test", "failures": 1, "time": now(),
        }  # fmt: skip
        self._deliver(name, find_alert(self._workspace, name), [facts])

    def _alerts(self) -> dict[str, Alert]:
        found = {}
        for name in alert_files(self._workspace):
            try:
                found[name] = find_alert(self._workspace, name)
            except OdibiError as error:
                self._say(name, error)
        return found

    def _note_runs(self) -> None:
        """Put into the outbox what is to be told of runs that have begun or ended since."""
        there = run_ids(self._workspace.runs)
        # A run that was unfinished is looked at again, however many have begun since.
        looked_at = dict.fromkeys([*there[:_LOOKED_AT], *sorted(self._unfinished.intersection(there))])
        records = [
            run_summary(self._workspace.runs / one) for one in looked_at if not self._outbox.knows(one)
        ]
        ended = [record for record in records if record.state.is_final]
        self._unfinished = {record.run_id for record in records if not record.state.is_final}
        if not self._outbox.has_begun:
            # What had ended before anybody was to be told is not told.
            self._outbox.note([record.run_id for record in ended])
            return
        going = [record for record in records if record.state is RunState.RUNNING and record.start_time]
        if not ended and not going:
            return
        alerts = self._alerts()
        self._going.note(going, alerts)
        messages = []
        for record in sorted(ended, key=lambda one: one.end_time or one.run_id):
            failures, before = self._failures(record)
            for name, alert in alerts.items():
                if _tells(alert, record, failures, before):
                    messages.append((name, record.run_id, run_facts(name, record, failures)))
        if ended:
            self._outbox.note([record.run_id for record in ended], messages)

    def _failures(self, record: RunRecord) -> tuple[int, int]:
        """How many runs of the pipeline have failed in a row up to this one, and up to the one before it."""
        count = 0
        for run_id in run_ids(self._workspace.runs)[:_LOOKED_AT]:
            if run_id >= record.run_id:
                continue
            other = run_summary(self._workspace.runs / run_id)
            if other.pipeline_name != record.pipeline_name or not other.state.is_final:
                continue
            if other.state not in _BAD:
                break
            count += 1
        return (count + 1 if record.state in _BAD else 0), count

    def _send(self, name: str) -> int:
        try:
            alert = find_alert(self._workspace, name)
        except OdibiError as error:
            self._say(name, error)
            return 0
        messages = self._outbox.due(name, alert.group)
        if not messages:
            return 0
        attempts = messages[0].attempts + 1
        try:
            self._deliver(name, alert, [message.facts for message in messages])
        except TransientError as error:
            self._retry(name, alert, messages, attempts, error)
            return 0
        except OdibiError as error:
            self._outbox.settle(messages, "failed", error.what)
            self._say(name, error)
            return 0
        except Exception as error:  # noqa: BLE001 - one message that can't be sent stops no other
            # Without its text, which may hold what was filled in: nobody knows what it is.
            unforeseen = OdibiError(f"it can't be sent: {type(error).__name__}")
            self._outbox.settle(messages, "failed", unforeseen.what)
            self._say(name, unforeseen)
            return 0
        self._outbox.settle(messages, "sent")
        self._told.pop(name, None)
        return 1

    def _retry(
        self, name: str, alert: Alert, messages: list[Message], attempts: int, error: TransientError
    ) -> None:
        if attempts >= alert.max_attempts:
            self._outbox.settle(messages, "failed", error.what)
        else:
            pause_s = min(5 * 2**attempts, _LONGEST_PAUSE_S)
            self._outbox.settle(messages, "waiting", error.what, retry_in_s=pause_s)
        self._say(name, error)

    def _deliver(self, name: str, alert: Alert, runs: list[Facts]) -> None:
        config = self._workspace.load()
        redactor = Redactor()
        secrets = SecretStore(None, redactor, open_providers(config.secrets, self._workspace.root))
        values = Values.for_run("alert", {}, secrets.resolve)

        def fill(reference: Reference) -> Any:
            if reference.scheme == "parameter":
                return f"{{{reference.name}}}"
            return values.resolve(reference)

        secret = ("url", "headers", "routing_key", "smtp_user", "smtp_password", "command")
        filled = alert.model_copy(update={key: render(getattr(alert, key), fill) for key in secret})
        # A function of the workspace is found as in its runs.
        if str(self._workspace.root) not in sys.path:
            sys.path.append(str(self._workspace.root))
        try:
            if alert.channel is Channel.OPENLINEAGE:
                send_lineage(filled, self._workspace, runs)
            else:
                send(filled, _letter(name, alert, runs), config.functions.allow)
        except OdibiError as error:
            raise redactor.error(error) from None

    def _say(self, name: str, error: Exception) -> None:
        said = str(error) if isinstance(error, OdibiError) else f"{type(error).__name__}: {error}"
        if self._told.get(name) != said:
            self._told[name] = said
            _log.error("%s%s", f"alert {name}: " if name else "", said)


def _tells(alert: Alert, record: RunRecord, failures: int, before: int) -> bool:
    if not alert.is_about(record.pipeline_name):
        return False
    if record.state in _BAD:
        return Outcome(record.state.value) in alert.on and alert.failures_in_a_row in (1, failures)
    if (
        record.state is RunState.SUCCESS
        and before >= alert.failures_in_a_row
        and Outcome.RECOVERED in alert.on
    ):
        return True
    return Outcome(record.state.value) in alert.on or any(outcome in alert.on for outcome in noted(record))


def _letter(name: str, alert: Alert, runs: list[Facts]) -> dict[str, Any]:
    lines = [_line(alert.message, facts) for facts in runs]
    more = len(lines) - _LISTED
    names = sorted({str(facts["pipeline"]) for facts in runs})
    title = lines[0] if len(lines) == 1 else f"{len(lines)} runs of {', '.join(names[:5])}"
    text = "\n".join([*lines[:_LISTED], *([f"and {more} more"] if more > 0 else [])])
    return {"alert": name, "severity": alert.severity.value, "title": title, "text": text, "runs": runs}


def _line(message: str, facts: Facts) -> str:
    # What there is nothing to say of leaves no comma behind.
    for name in ("error", "step"):
        if not facts[name]:
            message = re.sub(rf"[,;]?\s*(?<!\{{)\{{{name}\}}(?!\}})", "", message)
    return str(render(message, lambda reference: facts[reference.name]))
