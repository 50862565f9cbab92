"""Tells an OpenLineage server of runs: that they begin, go on, and how they ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

from odibi_core.alerts.lineage_events import PRODUCER, lineage_events
from odibi_core.alerts.lineage_going import going_events
from odibi_core.alerts.rule import Alert
from odibi_core.errors import OdibiError, TransientError
from odibi_core.journal.reader import JournalReader
from odibi_core.journal.runs import run_ids, run_summary
from odibi_core.timestamps import now
from odibi_core.workspace import Workspace

if TYPE_CHECKING:
    from openlineage.client.event_v2 import RunEvent


def send_lineage(alert: Alert, workspace: Workspace, runs: Iterable[Mapping[str, Any]]) -> None:
    """Send what happened in runs, in this order; what was sent before is sent as the same again.

    Args:
        alert: The server, with secrets filled in.
        workspace: Where they ran.
        runs: The facts of each: its `run_id`; where it has not ended, as `event` START or RUNNING, and as
            `told` how many begins and ends of its steps were told before. One that is gone, or of no run, is
            sent as an event that tells of none.

    Raises:
        TransientError: It may work later.
        OdibiError: It won't work.
    """
    try:
        from openlineage.client.transport.http import HttpConfig, HttpTransport
    except ImportError:
        raise OdibiError(
            "the channel openlineage needs its client, which is not installed",
            fix="pip install 'odibi-studio[openlineage]'",
        ) from None
    # Tries come from the outbox, which outlasts this process.
    retry = {"total": 0}
    config = HttpConfig(
        url=alert.url or "", timeout=alert.timeout_s, custom_headers=dict(alert.headers), retry=retry
    )
    try:
        transport = HttpTransport(config)
    except ValueError as error:
        raise OdibiError(f"the URL can't be used: {error}") from None
    with closing(transport):
        for event in _events(alert, workspace, runs):
            _emit(transport, event)


def _events(alert: Alert, workspace: Workspace, runs: Iterable[Mapping[str, Any]]) -> Iterator[RunEvent]:
    there = set(run_ids(workspace.runs))
    for facts in runs:
        name, kind = str(facts["run_id"]), str(facts.get("event") or "")
        if name not in there:
            yield _greeting(alert)
            continue
        folder = workspace.runs / name
        if kind:
            record, told = JournalReader(folder).record(), int(facts.get("told") or 0)
            yield from going_events(workspace, record, alert.namespace, kind, str(facts["time"]), told)
        else:
            yield from lineage_events(workspace, run_summary(folder), alert.namespace)


def _greeting(alert: Alert) -> RunEvent:
    """An event that tells of no run, for tests of the way."""
    import uuid

    from openlineage.client.event_v2 import Job, Run, RunEvent, RunState

    return RunEvent(
        eventTime=now(),
        eventType=RunState.OTHER,
        run=Run(str(uuid.uuid4())),
        job=Job(alert.namespace, "odibi alert test"),
        producer=PRODUCER,
    )


def _emit(transport: Any, event: RunEvent) -> None:
    import requests

    try:
        transport.emit(event)
    except requests.HTTPError as error:
        # An answer that refuses is false, so `or` would lose it.
        answer = requests.Response() if error.response is None else error.response
        status = answer.status_code
        what = f"the answer was {status}: {answer.text.strip()[:200]}"
        if status in (408, 425, 429) or status >= 500:
            raise TransientError(what) from None
        raise OdibiError(what) from None
    except (requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader, UnicodeError) as error:
        raise OdibiError(f"the URL or a header can't be used: {type(error).__name__}") from None
    except requests.RequestException as error:
        raise TransientError(f"nobody answered: {type(error).__name__}") from None
