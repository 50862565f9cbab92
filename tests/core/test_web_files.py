"""Ingest steps that fetch files over HTTP, and publish steps that send by a connection."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.conftest import Run
from tests.core.local_service import Answer, Service, local_service

from odibi_core.errors import PipelineInvalidError, SourceError, TransientError
from odibi_core.orchestrator import Orchestrator
from odibi_core.run_result import RunResult
from odibi_core.step import Step
from odibi_core.testing import ingest_step, sql_step
from odibi_core.workspace import Workspace

CSV = b"id;name\n1;one\n2;two\n"
CONNECTION = """
[connections.api]
kind = "http"
url = "{url}/v1"
headers = {{Authorization = "Bearer ${{secret:API_KEY}}"}}
allow_private = true
[http]
allow_private = {allowed}
max_file_bytes = 100000
"""


@pytest.fixture
def web(workspace: Workspace) -> Iterator[Service]:
    """A service of files, which the workspace's connection `api` leads to."""
    with local_service() as service:
        (workspace.root / "odibi.toml").write_text(CONNECTION.format(url=service.url, allowed="true"))
        (workspace.root / ".env").write_text("API_KEY=hush-hush\n")
        yield service


def parquet() -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table({"id": [1, 2], "name": ["one", "two"]}), file)
    return file.getvalue()


def rows(result: RunResult) -> list[dict[str, Any]]:
    assert result.success, result.errors
    return list(result.data_map.dataset("rows").arrow().to_pylist())


@pytest.mark.parametrize(
    ("path", "content", "params"),
    [
        ("rates.csv", CSV, {"delimiter": ";"}),
        ("rates.csv?key=hush", CSV, {}),
        ("rates.CSV.gz", gzip.compress(CSV, mtime=0), {}),
        ("export", CSV, {"source_type": "csv"}),
        ("rates.jsonl", b'{"id": 1, "name": "one"}\n{"id": 2, "name": "two"}\n', {}),
        ("rates.parquet", parquet(), {}),
        (f"a%00b/{quote('長' * 100)}%00.csv", CSV, {}),
    ],
    ids=["csv", "query", "packed", "source_type", "lines", "parquet", "odd"],
)
def test_files_are_read_as_what_they_are(
    run: Run, web: Service, path: str, content: bytes, params: dict[str, Any]
) -> None:
    web.answers = [Answer(200, content)]
    with run([ingest_step("rows", f"{web.url}/{path}", **params)]) as result:
        assert rows(result) == [{"id": 1, "name": "one"}, {"id": 2, "name": "two"}]
        assert result.tracker is not None
        told = (result.run_dir / "events.jsonl").read_text()
    assert "Authorization" not in web.requests[-1].headers
    assert "key=hush" not in told


def test_a_file_that_a_service_calls_a_page_is_read(run: Run, web: Service) -> None:
    web.answers = [Answer(200, CSV, {"Content-Type": "text/html; charset=utf-8"})]
    assert len(rows(run([ingest_step("rows", f"{web.url}/rates.csv")]))) == 2


def test_a_file_behind_a_connection_is_asked_for_with_its_credentials(run: Run, web: Service) -> None:
    web.answers = [Answer(200, CSV)]
    steps = [
        ingest_step("rows", "files/rates.csv", connection="api"),
        sql_step("some", "SELECT sum(id) AS s FROM rows", "rows"),
    ]
    with run(steps) as result:
        assert [int(row["s"]) for row in result.data_map["some"].to_dict("records")] == [3]
    assert {request.path for request in web.requests} == {"/v1/files/rates.csv"}
    assert {request.headers["Authorization"] for request in web.requests} == {"Bearer hush-hush"}


@pytest.mark.parametrize(
    ("answer", "kind", "said", "fix"),
    [
        (Answer(404), SourceError, "status 404", "there is no such file"),
        (Answer(401), SourceError, "status 401", "connection of kind http"),
        (Answer(503), TransientError, "status 503", "try later"),
        (
            Answer(200, b"<html>", {"Content-Type": "text/html; charset=utf-8"}),
            SourceError,
            "a web page",
            "log in",
        ),
        (Answer(200, b"x" * 100_001), SourceError, "more than 100,000 bytes", "max_file_bytes"),
        (Answer(hangs_up=True), TransientError, "did not come", "network"),
        (Answer(302, headers={"Location": "ftp://x/y?key=hush"}), SourceError, "status 302", "ftp://x/y"),
    ],
)
def test_what_is_wrong_is_said(
    run: Run, web: Service, answer: Answer, kind: type[Exception], said: str, fix: str
) -> None:
    web.answers = [answer]
    error = run([ingest_step("rows", f"{web.url}/rates.csv?key=hush")]).errors["rows"]
    assert isinstance(error, kind)
    assert said in error.what
    assert fix in error.fix
    assert "hush" not in f"{error.what} {error.where} {error.fix}"


def test_a_redirect_is_followed_where_no_credentials_go_with_it(run: Run, web: Service) -> None:
    moved = Answer(302, headers={"Location": "/elsewhere"})
    web.answers = [moved, Answer(200, CSV), moved, Answer(200, CSV)]
    assert len(rows(run([ingest_step("rows", f"{web.url}/rates.csv")]))) == 2
    web.answers = [moved]
    error = run([ingest_step("rows", "rates.csv", connection="api")]).errors["rows"]
    assert "status 302" in error.what


def test_rows_that_are_malformed_are_set_aside_under_the_file_s_url(run: Run, web: Service) -> None:
    web.answers = [Answer(200, b"id,n\n1,2\n2,two\n")]
    with run([ingest_step("rows", f"{web.url}/a.csv", schema={"id": "BIGINT", "n": "BIGINT"})]) as result:
        assert rows(result) == [{"id": 1, "n": 2}]
        rejected = (result.run_dir / "rejects" / "rows.csv").read_text()
    assert f"{web.url}/a.csv" in rejected
    error = run([ingest_step("rows", f"{web.url}/a.parquet")]).errors["rows"]
    assert f"{web.url}/a.parquet" in f"{error.where} {error.what}"


def test_a_large_file_s_columns_are_told_by_its_head(run: Run, workspace: Workspace, web: Service) -> None:
    text = (workspace.root / "odibi.toml").read_text()
    (workspace.root / "odibi.toml").write_text(text.replace("100000", "100000000"))
    lines = b"".join(b"%d,%s\n" % (number, b"x" * 50) for number in range(60_000))
    web.answers = [Answer(200, b"id,t\n" + lines)]
    steps = [
        ingest_step("rows", f"{web.url}/a.csv"),
        sql_step("some", "SELECT count(*) AS n, sum(id) AS s FROM rows", "rows"),
    ]
    with run(steps) as result:
        (row,) = result.data_map["some"].to_dict("records")
    assert (row["n"], int(row["s"])) == (60_000, sum(range(60_000)))
    with pytest.raises(PipelineInvalidError, match="column"):
        run([steps[0], sql_step("some", "SELECT nope FROM rows", "rows")])
    # A line of JSON may have columns that no line of the head has.
    web.answers = [Answer(200, b"".join(b'{"id": %d}\n' % n for n in range(90_000)) + b'{"late": 7}\n')]
    steps = [
        ingest_step("rows", f"{web.url}/a.jsonl"),
        sql_step("some", "SELECT count(id) AS n, sum(late) AS s FROM rows", "rows"),
    ]
    with run(steps) as result:
        (row,) = result.data_map["some"].to_dict("records")
    assert (row["n"], int(row["s"])) == (90_000, 7)


def test_files_of_the_own_network_are_fetched_only_where_that_is_allowed(
    run: Run, workspace: Workspace, web: Service
) -> None:
    (workspace.root / "odibi.toml").write_text(CONNECTION.format(url=web.url, allowed="false"))
    error = run([ingest_step("rows", f"{web.url}/rates.csv")]).errors["rows"]
    assert "no public address" in error.what
    assert not web.requests


def publish(value: str | None, **params: Any) -> list[Step]:
    made = sql_step("made", "SELECT range AS id FROM range(3)")
    return [made, Step("publish", "sent", "config_op", "", value, params, inputs={"data": "made"})]


def test_rows_are_sent_by_a_connection_with_its_credentials(
    run: Run, workspace: Workspace, web: Service
) -> None:
    (workspace.root / "odibi.toml").write_text(CONNECTION.format(url=web.url, allowed="false"))
    with run(publish("orders", connection="api", batch_size=2, headers={"X-From": "odibi"})) as result:
        assert result.success, result.errors
        journal = (result.run_dir / "events.jsonl").read_text()
    assert [request.path for request in web.requests] == ["/v1/orders", "/v1/orders"]
    assert [len(json.loads(request.body)) for request in web.requests] == [2, 1]
    sent = web.requests[0].headers
    assert (sent["Authorization"], sent["X-From"]) == ("Bearer hush-hush", "odibi")
    assert "hush-hush" not in journal
    with run(publish(None, connection="api")) as result:
        assert result.success, result.errors
    assert web.requests[-1].path == "/v1"


def test_mistakes_of_a_step_that_sends_by_a_connection_are_told(workspace: Workspace, web: Service) -> None:
    text = (workspace.root / "odibi.toml").read_text()
    (workspace.root / "odibi.toml").write_text(f'{text}\n[connections.files]\nkind = "folder"\npath = "."\n')
    for value, params, said in (
        ("https://x.example/a", {"connection": "api"}, "must be a path behind the connection's URL"),
        ("https://x.example/a", {"connection": "files"}, "leads to no service over HTTP"),
        ("https://x.example/a", {"connection": "apo"}, "there is no connection 'apo'"),
    ):
        with pytest.raises(PipelineInvalidError) as caught:
            Orchestrator(publish(value, **params), workspace=workspace).validate()
        assert said in str(caught.value)
