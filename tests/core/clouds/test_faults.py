"""What goes wrong at an object store is said in the words of a person, and what may pass is tried again."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from tests.conftest import Run
from tests.core.clouds.conftest import BUCKET, Lake, make_lake
from tests.core.clouds.test_formats import read, write
from tests.object_stores import READER_SECRET, SECRET, ObjectStore, s3_server
from tests.servers import free_port

from odibi_core.errors import OdibiError, SourceError, TargetError, TransientError
from odibi_core.event_bus import EventBus
from odibi_core.step import Step
from odibi_core.workspace import Workspace

pytestmark = pytest.mark.xdist_group("object_stores")

WRONG = {
    "s3": {"secret_access_key": "${secret:WRONG}"},
    "azure": {"account_key": "${secret:WRONG}"},
}
WRONG_SECRET = "d3JvbmcrYW5kK3N0aWxsK3NlY3JldA=="


def told(run: Run, steps: list[Step]) -> OdibiError:
    result = run(steps)
    (error,) = result.errors.values()
    assert "Traceback" not in str(error)
    return error


def with_wrong_secret(lake: Lake) -> None:
    lake.connect(**WRONG[lake.server.kind])
    with (lake.workspace.root / ".env").open("a") as file:
        file.write(f"WRONG={WRONG_SECRET}\n")


@pytest.mark.parametrize("format_", ["csv", "parquet", "delta"])
def test_what_is_not_there_is_told_with_what_is(lake: Lake, run: Run, format_: str) -> None:
    lake.put("sales/orders.csv", "id\n1\n")
    near = told(run, read(lake.url("sales/order.csv"), format_))
    assert isinstance(near, SourceError)
    assert near.what == "the object does not exist"
    assert "'orders.csv'" in near.fix
    if not lake.server.bucket_setting:
        return
    lake.connect(**{lake.server.bucket_setting: "no-such-bucket"})
    for steps in (
        read("x.csv", format_, connection="lake"),
        write("SELECT 1 AS id", "x.csv", format_, connection="lake"),
    ):
        error = told(run, steps)
        assert isinstance(error, SourceError | TargetError), error
        assert "no such bucket or container" in error.what, error


@pytest.mark.parametrize("format_", ["csv", "parquet", "delta"])
@pytest.mark.parametrize("kind", ["s3", "azure"])
def test_wrong_credentials_are_told_and_never_shown(
    request: pytest.FixtureRequest, workspace: Workspace, run: Run, kind: str, format_: str
) -> None:
    lake = make_lake(request.getfixturevalue(kind), workspace)
    with_wrong_secret(lake)
    for steps in (read(lake.url("x.csv"), format_), write("SELECT 1 AS id", lake.url("x.csv"), format_)):
        error = told(run, steps)
        assert "refuses the credentials" in error.what, error
    shown = [
        path.read_text(errors="replace") for path in (workspace.root / ".odibi").rglob("*") if path.is_file()
    ]
    assert shown
    assert not [text for text in shown if WRONG_SECRET in text or SECRET in text]


@pytest.mark.parametrize("format_", ["csv", "parquet", "delta"])
def test_who_may_only_read_reads_and_is_told_that_writing_is_not_allowed(
    s3_lake: Lake, run: Run, format_: str
) -> None:
    assert run(write("SELECT 1 AS id", s3_lake.url("t.csv"), format_)).success
    s3_lake.connect(access_key_id="reader", secret_access_key="${secret:READER}")
    with (s3_lake.workspace.root / ".env").open("a") as file:
        file.write(f"READER={READER_SECRET}\n")
    result = run(read(s3_lake.url("t.csv"), format_))
    assert result.success, result.errors
    error = told(run, write("SELECT 1 AS id", s3_lake.url("t.csv"), format_))
    assert isinstance(error, TargetError)
    assert "doesn't allow to write" in error.what, error


def test_no_credentials_at_all_are_told(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HOME", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "nothing"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    error = told(run, read("s3://bucket/a.csv", "csv"))
    assert "no credentials were found" in error.what, error


def test_a_server_that_is_gone_is_told(azure: ObjectStore, workspace: Workspace, run: Run) -> None:
    lake = make_lake(azure, workspace)
    lake.connect(endpoint=f"http://127.0.0.1:{free_port()}")
    for steps in (read(lake.url("a.csv"), "csv"), write("SELECT 1 AS id", lake.url("a"), "delta")):
        error = told(run, steps)
        assert isinstance(error, TransientError), error
        assert "can't be reached" in error.what


def test_a_server_that_is_gone_in_the_middle_and_comes_back_is_tried_again(
    workspace: Workspace, run: Run, tmp_path: Path
) -> None:
    port, data = free_port(), tmp_path / "server"
    with s3_server(port, data) as server:
        server.make_bucket(BUCKET)
        lake = make_lake(server, workspace)
        lake.put("a.csv", "id\n" + "".join(f"{number}\n" for number in range(2_000)))
    gone, back = threading.Event(), threading.Event()

    def come_back() -> None:
        gone.wait()
        with s3_server(port, data):
            back.wait()

    helper = threading.Thread(target=come_back)
    helper.start()
    events = EventBus()
    events.register_hook("node_retry", lambda _event: gone.set())
    steps = [
        *read(lake.url("a.csv"), "csv"),
        Step("store", "write", "config_op", "pandas", lake.url("t"), {"format": "delta"}, {"data": "rows"}),
    ]
    try:
        result = run(steps, max_retries=30, retry_delay=0.5, event_bus=events)
        assert result.success, result.errors
        assert gone.is_set()
        assert len(run(read(lake.url("t"), "delta")).data_map["rows"]) == 2_000
    finally:
        gone.set()
        back.set()
        helper.join()
