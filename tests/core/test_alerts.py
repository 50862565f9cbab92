"""Alerts about real runs, sent to servers on this machine."""

from __future__ import annotations

import http.server
import json
import socketserver
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from odibi_core.alerts import going_runs
from odibi_core.alerts import manager as managing
from odibi_core.alerts.channels import PAGERDUTY_URL, _post_of
from odibi_core.alerts.manager import AlertManager
from odibi_core.alerts.outbox import OUTBOX_FILE, Outbox
from odibi_core.alerts.rule import Alert, find_alert
from odibi_core.errors import OdibiError
from odibi_core.journal.record import RunState
from odibi_core.journal.runs import run_summary
from odibi_core.orchestrator import Orchestrator
from odibi_core.pipeline import Pipeline
from odibi_core.testing import function_step, ingest_step, sql_step, store_step
from odibi_core.workspace import Workspace

Write = Callable[..., None]
Run = Callable[..., str]


class Hook:
    """A web server that keeps what is posted to it; it answers with the given codes, then with 200."""

    def __init__(self) -> None:
        self.bodies: list[Any] = []
        self.headers: list[dict[str, str]] = []
        self.codes: list[int] = []
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hook.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                hook.headers.append(dict(self.headers))
                self.send_response(hook.codes.pop(0) if hook.codes else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@pytest.fixture
def write(workspace: Workspace) -> Write:
    """Writes an alert."""

    def alert(name: str = "a", **said: object) -> None:
        folder = workspace.root / "alerts"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.yaml").write_text(json.dumps(said))

    return alert


@pytest.fixture
def run(workspace: Workspace) -> Run:
    """Runs a pipeline of that name, which fails or does not; gives the run's id."""
    (workspace.root / "in.csv").write_text("n\n1\n")

    def execute(name: str = "daily", *, fails: bool = True) -> str:
        def check(rows: Any) -> Any:
            if fails:
                raise ValueError("no such month")
            return rows

        steps = [ingest_step("rows", "in.csv"), function_step("checked", check, "rows")]
        result = Orchestrator(steps, pipeline_name=name, workspace=workspace).execute()
        result.close()
        return result.run_id

    return execute


@pytest.fixture
def manager(workspace: Workspace) -> Iterator[AlertManager]:
    """Has looked once: what ends from now on is told."""
    made = AlertManager(workspace)
    made.look()
    yield made
    made.close()


def states(workspace: Workspace) -> list[tuple[str, int, str]]:
    outbox = Outbox(workspace.state / OUTBOX_FILE)
    found = [(one.state, one.attempts, one.error) for one in outbox.latest()]
    outbox.close()
    return found


def test_a_failure_is_told_once_with_what_went_wrong(
    workspace: Workspace, write: Write, run: Run, hook: Hook
) -> None:
    (workspace.root / "odibi.toml").write_text("")
    write(channel="webhook", url=hook.url, headers={"X-Token": "${env:ALERT_TOKEN}"}, severity="critical")
    run()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALERT_TOKEN", "hush-hush")
        manager = AlertManager(workspace)
        assert manager.look() == 0
        run_id = run()
        run(fails=False)
        assert manager.look() == 1
        assert manager.look() == 0
        manager.close()
        again = AlertManager(workspace)
        assert again.look() == 0
        again.close()
    (body,) = hook.bodies
    assert (body["alert"], body["severity"]) == ("a", "critical")
    assert body["title"].startswith("daily: failed, ")
    assert "no such month" in body["text"]
    assert (body["runs"][0]["run_id"], body["runs"][0]["step"]) == (run_id, "checked")
    assert hook.headers[0]["X-Token"] == "hush-hush"
    assert states(workspace) == [("sent", 1, "")]


def test_a_storm_is_one_message(
    workspace: Workspace, write: Write, run: Run, hook: Hook, manager: AlertManager
) -> None:
    write(channel="slack", url=hook.url, group="5m")
    run()
    assert manager.look() == 1
    for _ in range(3):
        run()
        assert manager.look() == 0
    outbox = Outbox(workspace.state / OUTBOX_FILE)
    outbox._do("UPDATE messages SET settled = settled - 301 WHERE state = 'sent'")
    outbox.close()
    assert manager.look() == 1
    assert [body["text"].count("no such month") for body in hook.bodies] == [1, 3]
    assert hook.bodies[1]["text"].startswith("3 runs of daily\n")


def test_only_the_third_failure_in_a_row_and_the_recovery_are_told(
    write: Write, run: Run, hook: Hook, manager: AlertManager
) -> None:
    write(
        channel="webhook",
        url=hook.url,
        failures_in_a_row=3,
        on=["failed", "recovered"],
        message="{pipeline} {state} {failures}",
        pipelines=["dai*"],
    )
    for fails in (True, True, False, True, True, True, True, False, False):
        run(fails=fails)
        run("other", fails=True)
    manager.look()
    assert [facts["state"] for body in hook.bodies for facts in body["runs"]] == ["failed", "success"]
    assert hook.bodies[0]["text"] == "daily failed 3\ndaily success 0"


def test_what_may_pass_is_tried_again_later_and_what_may_not_is_failed(
    workspace: Workspace,
    write: Write,
    run: Run,
    hook: Hook,
    manager: AlertManager,
    caplog: pytest.LogCaptureFixture,
) -> None:
    write(channel="webhook", url=hook.url)
    hook.codes = [503]
    run()
    assert manager.look() == 0
    (found,) = states(workspace)
    assert (found[0], found[1], "503" in found[2]) == ("waiting", 1, True)
    outbox = Outbox(workspace.state / OUTBOX_FILE)
    outbox._do("UPDATE messages SET not_before = 0")
    assert manager.look() == 1
    assert states(workspace) == [("sent", 2, "")]
    outbox._do("UPDATE messages SET settled = 1")
    outbox.close()
    hook.codes = [404]
    run()
    assert manager.look() == 0
    assert states(workspace)[0][0] == "failed"
    assert "404" in caplog.text


def test_a_hook_that_hangs_is_left_after_its_time(
    workspace: Workspace, write: Write, run: Run, manager: AlertManager
) -> None:
    write("slow", channel="shell", command="sleep 30", timeout_s=0.2)
    out = workspace.root / "told.json"
    write("quick", channel="shell", command=f"cat > {out}")
    run_id = run()
    assert manager.look() == 1
    assert json.loads(out.read_text())["runs"][0]["run_id"] == run_id
    assert {error for _, _, error in states(workspace)} == {"the command did not end within 0.2 s", ""}


def test_a_python_function_of_the_workspace_is_told(
    workspace: Workspace, write: Write, manager: AlertManager
) -> None:
    (workspace.root / "odibi.toml").write_text('[functions]\nallow = ["alert_hooks"]\n')
    (workspace.root / "alert_hooks.py").write_text(
        "from pathlib import Path\n"
        "def tell(letter):\n    (Path(__file__).parent / 'told').write_text(letter['title'])\n"
        "def fails(letter):\n    raise ValueError('away')\n"
    )
    write(channel="python", function="alert_hooks.tell")
    manager.test("a")
    assert (workspace.root / "told").read_text().startswith("a pipeline: failed, nothing is wrong")
    write(channel="python", function="alert_hooks.fails")
    with pytest.raises(OdibiError, match="raised ValueError: away"):
        manager.test("a")
    write(channel="python", function="os.system")
    with pytest.raises(OdibiError, match="outside of what this workspace allows"):
        manager.test("a")


class MailServer(socketserver.ThreadingTCPServer):
    """Takes mails, as far as it is needed to send one."""

    daemon_threads = True
    mails: list[str]


class _Talk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, MailServer)
        self._say("220 here")
        while line := self.rfile.readline().decode().strip():
            match line.split()[0].upper():
                case "EHLO":
                    self._say("250 here")
                case "DATA":
                    self._say("354 go on")
                    lines: list[str] = []
                    while (text := self.rfile.readline().decode().rstrip("\r\n")) != ".":
                        lines.append(text)
                    self.server.mails.append("\n".join(lines))
                    self._say("250 taken")
                case "RCPT" if "nobody" in line:
                    self._say("550 nobody here")
                case "QUIT":
                    self._say("221 bye")
                    return
                case _:
                    self._say("250 ok")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


def test_a_mail_is_sent(write: Write, manager: AlertManager) -> None:
    with MailServer(("127.0.0.1", 0), _Talk) as server:
        server.mails = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        said = {
            "channel": "email", "smtp_host": "127.0.0.1", "smtp_port": server.server_address[1],
            "starttls": False, "sender": "odibi@example.com",
        }  # fmt: skip
        write(**said, to=["ana@example.com"])
        manager.test("a")
        write(**said, to=["nobody@example.com"])
        with pytest.raises(OdibiError, match=r"refuses recipients: nobody@example\.com"):
            manager.test("a")
        server.shutdown()
    (mail,) = server.mails
    assert "To: ana@example.com" in mail
    assert "Subject: a pipeline: failed, nothing is wrong" in mail
    write(**said, to=["ana@example.com"])
    with pytest.raises(OdibiError, match="can't be reached"):
        manager.test("a")


def test_pagerduty_gets_one_incident_for_a_run() -> None:
    alert = Alert.model_validate({"channel": "pagerduty", "routing_key": "k"})
    letter = {
        "alert": "a",
        "title": "t",
        "text": "x",
        "severity": "error",
        "runs": [{"run_id": "r", "pipeline": "p"}],
    }
    url, body = _post_of(alert, letter)
    assert url == PAGERDUTY_URL
    assert (body["routing_key"], body["event_action"], body["dedup_key"]) == ("k", "trigger", "odibi-a-r")
    assert (body["payload"]["summary"], body["payload"]["severity"], body["payload"]["source"]) == (
        "t",
        "error",
        "odibi/p",
    )


def test_a_secret_never_shows_in_why_a_message_failed(
    workspace: Workspace, write: Write, run: Run, manager: AlertManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALERT_COMMAND_TOKEN", "very-secret-token")
    write(channel="shell", command="echo ${secret:ALERT_COMMAND_TOKEN} >&2; exit 3")
    run()
    manager.look()
    ((state, _, error),) = states(workspace)
    assert (state, "very-secret-token" in error, "code 3" in error) == ("waiting", False, True)


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"channel": "slack"}, "the channel slack needs url"),
        ({"channel": "email", "smtp_host": "x"}, "needs sender and to"),
        ({"channel": "fax"}, "'webhook', 'slack'"),
        ({"channel": "slack", "url": "x", "message": "{pipline}"}, "stands for nothing in a message"),
        ({"channel": "slack", "url": "x", "onn": ["failed"]}, "did you mean 'on'"),
    ],
)
def test_what_an_alert_says_is_checked(
    workspace: Workspace, write: Write, said: dict[str, Any], says: str
) -> None:
    write(**said)
    with pytest.raises(OdibiError, match=says):
        find_alert(workspace, "a")


def test_a_wrong_alert_is_said_once_and_does_not_stop_others(
    workspace: Workspace,
    write: Write,
    run: Run,
    hook: Hook,
    manager: AlertManager,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert managing.LOOK_EVERY_S > 0
    write("wrong", channel="slack")
    write("right", channel="webhook", url=hook.url)
    for _ in range(2):
        run()
        manager.look()
    assert len(hook.bodies) == 1
    assert caplog.text.count("the channel slack needs url") == 1
    assert Path(workspace.state / OUTBOX_FILE).exists()


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"channel": "shell", "command": r"printf '\377' >&2; exit 1", "max_attempts": 1}, "code 1: \ufffd"),
        ({"channel": "webhook", "headers": {"X-Who": "J\u00fcrgen \u4e16"}}, "header can't be used"),
        ({"channel": "shell", "command": "a\0b"}, "it can't be sent: ValueError"),
    ],
)
def test_a_message_that_cannot_be_sent_is_failed_and_stops_no_other(
    workspace: Workspace,
    write: Write,
    run: Run,
    hook: Hook,
    manager: AlertManager,
    said: dict[str, Any],
    error: str,
) -> None:
    write("a", **({"url": hook.url} if said["channel"] == "webhook" else {}), **said)
    write("b", channel="webhook", url=hook.url)
    run()
    assert manager.look() == 1
    found = {state: why for state, _, why in states(workspace)}
    assert set(found) == {"failed", "sent"}
    assert error in found["failed"]


def test_a_run_that_goes_on_while_many_others_begin_is_told(
    workspace: Workspace, write: Write, run: Run, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(channel="webhook", url=hook.url)
    manager = AlertManager(workspace)
    manager.look()
    monkeypatch.setattr(managing, "_LOOKED_AT", 1)
    long = run()
    journals = workspace.runs / long

    def goes_on(folder: Path) -> Any:
        record = run_summary(folder)
        return replace(record, state=RunState.RUNNING) if folder == journals else record

    with monkeypatch.context() as patch:
        patch.setattr(managing, "run_summary", goes_on)
        assert manager.look() == 0
        run(fails=False)
        assert manager.look() == 0
    assert manager.look() == 1
    assert long in str(hook.bodies)
    manager.close()


def told(hook: Hook) -> dict[tuple[str, str], Any]:
    """The events that an OpenLineage server was sent, by kind and job."""
    return {(body["eventType"], body["job"]["name"]): body for body in hook.bodies}


def test_an_openlineage_server_learns_what_came_of_what(
    workspace: Workspace, write: Write, hook: Hook, manager: AlertManager
) -> None:
    write(channel="openlineage", url=hook.url.removesuffix("/hook"), namespace="shop")
    (workspace.root / "orders.csv").write_text("id,amount\n1,5\n2,70\n")
    steps = [
        ingest_step("orders", "orders.csv"),
        sql_step("large", "SELECT id, amount * 2 AS twice FROM orders WHERE amount > 10", "orders"),
        store_step("saved", "out/large.parquet", "large"),
    ]
    with Orchestrator(steps, pipeline_name="daily", workspace=workspace).execute() as result:
        assert result.success, result.errors
    assert manager.look() == 1
    events = told(hook)
    assert next(iter(events)) == ("START", "daily")
    assert list(events)[-1] == ("COMPLETE", "daily")
    assert len(events) == 8
    source, target = (str(workspace.root / name) for name in ("orders.csv", "out/large.parquet"))
    whole = events["COMPLETE", "daily"]
    assert [(one["namespace"], one["name"]) for one in whole["inputs"]] == [("file", source)]
    assert [(one["namespace"], one["name"]) for one in whole["outputs"]] == [("file", target)]
    assert whole["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"] == 1
    large = events["COMPLETE", "daily.large"]
    assert large["run"]["facets"]["parent"]["run"]["runId"] == whole["run"]["runId"]
    assert large["job"]["facets"]["sql"]["query"].startswith("SELECT id")
    (made,) = large["outputs"]
    assert (made["namespace"], made["name"]) == ("shop", "daily/large")
    assert [field["name"] for field in made["facets"]["schema"]["fields"]] == ["id", "twice"]
    origins = made["facets"]["columnLineage"]["fields"]
    assert [(one["name"], one["field"]) for one in origins["twice"]["inputFields"]] == [
        ("daily/orders", "amount")
    ]
    read = events["COMPLETE", "daily.orders"]["outputs"][0]["facets"]["columnLineage"]["fields"]
    assert [(one["name"], one["field"]) for one in read["id"]["inputFields"]] == [(source, "id")]
    # Once more, as after a death between the answer and its note: the same ids.
    first = [(body["run"]["runId"], body["eventType"]) for body in hook.bodies]
    outbox = Outbox(workspace.state / OUTBOX_FILE)
    outbox._do("UPDATE messages SET state = 'waiting'")
    outbox.close()
    assert manager.look() == 1
    assert [(body["run"]["runId"], body["eventType"]) for body in hook.bodies] == first * 2


@contextmanager
def waiting_run(workspace: Workspace) -> Iterator[tuple[threading.Event, threading.Event]]:
    """A run whose first function is under way: lets that one end, and tells that the next one began."""
    (workspace.root / "in.csv").write_text("n\n1\n")
    begun, may_end = ([threading.Event(), threading.Event()] for _ in range(2))

    def wait(rows: Any, place: int) -> Any:
        begun[place].set()
        assert may_end[place].wait(60)
        return rows

    def wait_first(rows: Any) -> Any:
        return wait(rows, 0)

    def wait_again(slow: Any) -> Any:
        return wait(slow, 1)

    steps = [
        ingest_step("rows", "in.csv"),
        function_step("slow", wait_first, "rows"),
        function_step("slower", wait_again, "slow"),
    ]
    orchestrator = Orchestrator(steps, pipeline_name="daily", workspace=workspace)
    thread = threading.Thread(target=lambda: orchestrator.execute().close())
    thread.start()
    assert begun[0].wait(60)
    try:
        yield may_end[0], begun[1]
    finally:
        for event in may_end:
            event.set()
        thread.join()


def in_order(bodies: list[Any]) -> list[tuple[str, str]]:
    """The kinds and jobs of the events that an OpenLineage server was sent."""
    return [(body["eventType"], body["job"]["name"]) for body in bodies]


def test_an_openlineage_server_learns_of_a_run_and_its_steps_as_it_begins_and_goes_on(
    workspace: Workspace, write: Write, hook: Hook, manager: AlertManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(channel="openlineage", url=hook.url.removesuffix("/hook"), group="1s")
    write("b", channel="webhook", url=hook.url, on=["started"], group="1s")
    with waiting_run(workspace) as (may_go_on, goes_on):
        # A server that is away is told later, and in order.
        hook.codes = [503, 503]
        assert manager.look() == 0
        send_at_once(workspace)
        assert manager.look() == 2
        first, *of_steps = [body for body in hook.bodies[2:] if "eventType" in body]
        assert in_order([first]) == [("START", "daily")]
        assert [one["name"] for one in first["inputs"]] == [str(workspace.root / "in.csv")]
        so_far = [("START", "daily.rows"), ("COMPLETE", "daily.rows"), ("START", "daily.slow")]
        assert in_order(of_steps) == so_far
        assert [one["name"] for one in of_steps[1]["outputs"]] == ["daily/rows"]
        assert of_steps[2]["run"]["facets"]["parent"]["run"]["runId"] == first["run"]["runId"]
        (other,) = [body for body in hook.bodies[2:] if "eventType" not in body]
        (about,) = other["runs"]
        assert other["title"] == f"daily: running (run {about['run_id']})"
        hook.bodies.clear()
        with closing(sqlite3.connect(workspace.state / OUTBOX_FILE)) as outbox:
            written = outbox.execute("PRAGMA data_version").fetchone()
            assert manager.look() == 0
            assert outbox.execute("PRAGMA data_version").fetchone() == written
        # What began and ended since is told, and nothing else again.
        may_go_on.set()
        assert goes_on.wait(60)
        send_at_once(workspace)
        assert manager.look() == 1
        since = [("RUNNING", "daily"), ("COMPLETE", "daily.slow"), ("START", "daily.slower")]
        assert in_order(hook.bodies) == since
        hook.bodies.clear()
        monkeypatch.setattr(going_runs, "RUNNING_EVERY_S", 0.001)
        send_at_once(workspace)
        assert manager.look() == 1
        (second,) = hook.bodies
        assert (second["eventType"], second["run"]) == ("RUNNING", first["run"])
        assert second["eventTime"] > first["eventTime"]
    hook.bodies.clear()
    send_at_once(workspace)
    assert manager.look() == 1
    assert {body["eventType"] for body in hook.bodies} == {"START", "COMPLETE"}
    assert told(hook)["COMPLETE", "daily"]["run"]["runId"] == first["run"]["runId"]
    assert told(hook)["COMPLETE", "daily.rows"]["run"]["runId"] == of_steps[1]["run"]["runId"]


def send_at_once(workspace: Workspace) -> None:
    """Have nothing wait for its time."""
    outbox = Outbox(workspace.state / OUTBOX_FILE)
    outbox._do("UPDATE messages SET not_before = 0, settled = 0")
    outbox.close()


def test_an_openlineage_server_learns_what_expectations_found(
    workspace: Workspace, write: Write, hook: Hook, manager: AlertManager
) -> None:
    write(channel="openlineage", url=hook.url.removesuffix("/hook"), namespace="shop")
    (workspace.root / "in.csv").write_text("n,m\n1,2\n1,\n2,4\n")
    rows = ingest_step("rows", "in.csv")
    rows.expectations = [
        {"check": "not_null", "columns": ["n", "m"], "severity": "warn"},
        {"check": "row_count", "min": 1},
    ]
    Orchestrator([rows], pipeline_name="daily", workspace=workspace).execute().close()
    assert manager.look() == 1
    tested = told(hook)["COMPLETE", "daily.rows.expectations"]
    (dataset,) = tested["inputs"]
    assert (dataset["namespace"], dataset["name"]) == ("shop", "daily/rows")
    assert dataset["inputFacets"]["dataQualityMetrics"]["rowCount"] == 3
    assertions = dataset["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert [(one["assertion"], one.get("column"), one["success"]) for one in assertions] == [
        ("not_null", None, False),
        ("row_count", None, True),
    ]
    assert [one.get("severity") for one in assertions] == ["warn", None]
    assert tested["run"]["facets"]["parent"]["job"]["name"] == "daily"
    rows.expectations = [{"check": "unique", "columns": "n"}, {"check": "not_null", "columns": ["n"]}]
    hook.bodies.clear()
    Orchestrator([rows], pipeline_name="daily", workspace=workspace).execute().close()
    send_at_once(workspace)
    assert manager.look() == 1
    failed = told(hook)["FAIL", "daily.rows.expectations"]
    one, other = failed["inputs"][0]["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert (one["column"], one["success"], one["severity"]) == ("n", False, "error")
    assert (other["column"], other["success"]) == ("n", True)
    assert one["actual"] == "2 of 3 rows offend"
    assert ("FAIL", "daily") in told(hook)


def test_an_openlineage_server_learns_of_failures_and_is_asked_again(
    workspace: Workspace,
    write: Write,
    run: Run,
    hook: Hook,
    manager: AlertManager,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write(
        channel="openlineage",
        url=hook.url.removesuffix("/hook"),
        headers={"Authorization": "Bearer ${env:LINEAGE_KEY}"},
    )
    hook.codes = [503]
    monkeypatch.setenv("LINEAGE_KEY", "hush-hush")
    run()
    assert manager.look() == 0
    (waiting,) = states(workspace)
    assert (waiting[0], "503" in waiting[2]) == ("waiting", True)
    hook.bodies.clear()
    outbox = Outbox(workspace.state / OUTBOX_FILE)
    outbox._do("UPDATE messages SET not_before = 0")
    outbox.close()
    assert manager.look() == 1
    failed = told(hook)["FAIL", "daily.checked"]
    assert "no such month" in failed["run"]["facets"]["errorMessage"]["message"]
    assert ("FAIL", "daily") in told(hook)
    assert hook.headers[-1]["Authorization"] == "Bearer hush-hush"
    hook.codes = [403]
    with pytest.raises(OdibiError, match="the answer was 403"):
        manager.test("a")
    hook.bodies.clear()
    manager.test("a")
    assert [(body["eventType"], body["job"]["name"]) for body in hook.bodies] == [
        ("OTHER", "odibi alert test")
    ]


def test_a_run_that_went_on_with_rows_set_aside_is_told_where_that_is_asked_for(
    workspace: Workspace, write: Write, hook: Hook, manager: AlertManager
) -> None:
    write(channel="webhook", url=hook.url, on=["warned", "quarantined", "no_rows"])
    (workspace.root / "in.csv").write_text("n\n1\n1\n2\n")
    rows = ingest_step("rows", "in.csv")
    rows.expectations = [
        {"check": "unique", "columns": "n", "severity": "quarantine"},
        {"check": "row_count", "min": 9, "severity": "warn"},
    ]
    none = sql_step("none", "SELECT * FROM rows WHERE n > 5", "rows")
    pipeline = Pipeline("daily", [rows, none], settings={"no_rows": "warn"})
    Orchestrator(pipeline, workspace=workspace).execute().close()
    rows.expectations, pipeline.settings = [], {}
    Orchestrator(pipeline, workspace=workspace).execute().close()
    assert manager.look() == 1
    (body,) = hook.bodies
    assert body["title"].startswith(
        "daily: success, 1 expectation not met, 2 rows set aside, 1 step without rows"
    )
