"""Ingest steps that ask a real service over HTTP on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.conftest import Run
from tests.core.local_service import Answer, Service, local_service
from tests.waiting import wait_until

from odibi_core.errors import OdibiError, PipelineInvalidError, SourceError, TransientError
from odibi_core.formats.http_client import Service as Asked
from odibi_core.formats.http_options import HttpReadOptions
from odibi_core.formats.http_pages import HttpPages, lines_of
from odibi_core.orchestrator import Orchestrator
from odibi_core.run_result import RunResult
from odibi_core.testing import ingest_step, sql_step
from odibi_core.workspace import Workspace

CONNECTION = """
[connections.api]
kind = "http"
url = "{url}/v1"
headers = {{Authorization = "Bearer ${{secret:API_KEY}}"}}
allow_private = true
"""


@pytest.fixture
def api(workspace: Workspace) -> Iterator[Service]:
    """A service that the workspace's connection `api` leads to."""
    with local_service() as service:
        (workspace.root / "odibi.toml").write_text(CONNECTION.format(url=service.url))
        (workspace.root / ".env").write_text("API_KEY=hush-hush\n")
        yield service


def answer(content: object, status: int = 200, **headers: str) -> Answer:
    return Answer(status, json.dumps(content).encode(), {"Content-Type": "application/json", **headers})


def read(run: Run, value: str = "orders", **params: Any) -> RunResult:
    return run([ingest_step("orders", value, **{"connection": "api", **params})])


def rows(result: RunResult) -> list[dict[str, Any]]:
    assert result.success, result.errors
    return list(result.data_map.dataset("orders").arrow().to_pylist())


def queries(service: Service) -> list[dict[str, str]]:
    return [dict(parse_qsl(urlsplit(request.path).query)) for request in service.requests]


def asked_of(service: Service, **options: Any) -> HttpPages:
    return HttpPages(
        Asked(service.url, allows_private=True), HttpReadOptions(**options), lambda _seconds: None
    )


def test_rows_of_a_service_are_read_by_cursor_with_the_connection_s_credentials(
    run: Run, api: Service
) -> None:
    def page(ids: list[int], cursor: str | None) -> Answer:
        return answer({"data": {"items": [{"id": n, "tags": ["a"]} for n in ids]}, "meta": {"next": cursor}})

    # The plan looks at the first page for its columns, and the run goes on from there.
    api.answers = [page([1, 2], "b"), page([3], "c"), page([4], None)]
    steps = [
        ingest_step(
            "orders",
            "orders",
            connection="api",
            rows="data.items",
            paging="cursor",
            next="meta.next",
            query={"state": "new"},
        ),
        sql_step("total", "SELECT sum(id) AS s, sum(len(tags)) AS n FROM orders", "orders"),
    ]
    with run(steps) as result:
        assert result.success, result.errors
        assert result.data_map["total"].to_dict("records") == [{"s": 10, "n": 4}]
        journal = (result.run_dir / "events.jsonl").read_text()
    cursors: list[dict[str, str]] = [{}, {"cursor": "b"}, {"cursor": "c"}]
    assert queries(api) == [{"state": "new", **more} for more in cursors]
    assert {urlsplit(request.path).path for request in api.requests} == {"/v1/orders"}
    assert {request.headers["Authorization"] for request in api.requests} == {"Bearer hush-hush"}
    assert "hush-hush" not in journal


@pytest.mark.parametrize(
    ("params", "asked"),
    [
        ({"paging": "page", "page_size": 2}, ["page=1&limit=2", "page=2&limit=2"]),
        ({"paging": "page", "first_page": 0, "page_param": "p"}, ["p=0", "p=1", "p=2"]),
        ({"paging": "offset", "page_size": 2}, ["offset=0&limit=2", "offset=2&limit=2"]),
        ({"paging": "link"}, ["", "after=2"]),
        ({"paging": "next", "rows": "items", "next": "more"}, ["", "after=2"]),
        ({"paging": "none"}, [""]),
    ],
)
def test_further_pages_are_asked_for_as_the_step_says(params: dict[str, Any], asked: list[str]) -> None:
    with local_service() as service:
        more = f"{service.url}/?after=2"
        contents: list[Any] = [[{"id": 1}, {"id": 2}], [{"id": 3}], []]
        if params["paging"] == "next":
            contents = [{"items": contents[0], "more": "/?after=2"}, {"items": contents[1]}]
        service.answers = [answer(content) for content in contents]
        if params["paging"] == "link":
            service.answers[0] = answer(contents[0], Link=f'<{more}>; rel="next"')
        found = [row["id"] for page in asked_of(service, **params).pages() for row in page]
        assert [urlsplit(request.path).query for request in service.requests] == asked
    assert found == ([1, 2] if params["paging"] == "none" else [1, 2, 3])


def test_a_service_that_is_busy_or_broken_is_asked_again() -> None:
    with local_service() as service:
        waits: list[float] = []
        busy = answer("later", 429, **{"Retry-After": "7"})
        service.answers = [busy, answer("broken", 503), Answer(hangs_up=True), answer([{"id": 1}])]
        pages = HttpPages(Asked(service.url, allows_private=True), HttpReadOptions(), waits.append)
        assert list(pages.pages()) == [[{"id": 1}]]
        assert waits == [7.0, 1.0, 2.0]
        service.answers = [busy]
        with pytest.raises(TransientError, match="page 1 got status 429") as caught:
            list(asked_of(service, tries=2).pages())
        assert caught.value.retry_after_s == 7.0


def test_the_query_of_a_url_stays_beside_that_of_the_step() -> None:
    with local_service() as service:
        service.answers = [answer([{"id": 1}]), answer([])]
        asked = Asked(f"{service.url}/x?state=paid&page=7", allows_private=True)
        options = HttpReadOptions(paging="page", query={"z": 1})
        assert list(HttpPages(asked, options).pages()) == [[{"id": 1}], []]
        assert queries(service) == [
            {"state": "paid", "z": "1", "page": "1"},
            {"state": "paid", "z": "1", "page": "2"},
        ]


def test_numbers_keep_their_digits_and_odd_texts_are_read(run: Run, api: Service) -> None:
    body = b'[{"a": 1234567890123456.78, "b": "1.5", "c": "x\\ud83dy", "d": NaN, "e": 12345678901234567890}]'
    api.answers = [Answer(200, body)]
    types = {"a": "DECIMAL(18,2)", "b": "VARCHAR", "c": "VARCHAR", "d": "DOUBLE", "e": "HUGEINT"}
    with read(run, schema=types) as result:
        (row,) = rows(result)
    assert (str(row["a"]), row["b"], row["c"], row["d"]) == ("1234567890123456.78", "1.5", "x?y", None)
    assert int(row["e"]) == 12345678901234567890


def test_an_answer_has_to_come_in_its_time() -> None:
    with local_service() as service:
        service.answers = [Answer(200, b"[" + b" " * 100 + b"]", drips_s=0.05)]
        with pytest.raises(TransientError, match=r"did not come within 0\.5 s"):
            list(asked_of(service, request_timeout_s=0.5, tries=1).pages())


def test_requests_keep_the_pace_that_is_allowed() -> None:
    with local_service() as service:
        waits: list[float] = []
        service.answers = [answer([{"id": 1}]), answer([{"id": 2}]), answer([])]
        options = HttpReadOptions(paging="page", requests_per_second=0.01)
        pages = HttpPages(Asked(service.url, allows_private=True), options, waits.append)
        assert len(list(pages.pages())) == 3
        assert [round(wait, -1) for wait in waits] == [100, 200]


def test_an_answer_with_an_object_on_every_line_is_its_rows() -> None:
    with local_service() as service:
        service.answers = [Answer(200, b'{"id": 1}\r\n\n{"id": 2.50}\n')]
        (found,) = asked_of(service).pages()
        assert lines_of(found) == '{"id": 1}\n{"id": 2.50}\n'
        service.answers = [Answer(200, b'{"id": 1}\nno\n')]
        with pytest.raises(SourceError, match="no JSON"):
            list(asked_of(service).pages())


def test_headers_of_the_step_stand_in_the_place_of_the_connection_s_however_spelled() -> None:
    with local_service() as service:
        service.answers = [answer([])]
        asked = Asked(service.url, {"ACCEPT": "text/plain", "x-key": "old"}, allows_private=True)
        list(HttpPages(asked, HttpReadOptions(headers={"X-Key": "new"}), lambda _seconds: None).pages())
        (request,) = service.requests
        sent = [(name.lower(), value) for name, value in request.headers.items()]
        assert [pair for pair in sent if pair[0] in ("accept", "x-key")] == [
            ("accept", "text/plain"),
            ("x-key", "new"),
        ]


@pytest.mark.parametrize(
    ("content", "options", "said", "fix"),
    [
        (answer({"results": [], "count": 0}), {"rows": "data"}, "nothing at 'data'", "results, count"),
        (answer("no", 401), {}, "page 1 got status 401", "secrets"),
        (answer("no", 404), {}, "page 1 got status 404", "path"),
        (answer("", 301, Location="https://x.example/y?key=1"), {}, "301", "https://x.example/y"),
        (Answer(200, b"<html>", {"Content-Type": "text/html"}), {}, "no JSON, but text/html", "path"),
        (answer({"next": "https://x.example/2"}), {"paging": "next", "next": "next"}, "another place", ""),
        (answer({"next": "http://[x"}), {"paging": "next", "next": "next"}, "no URL that can be used", ""),
        (answer([{"id": 1}]), {"paging": "page", "max_pages": 2}, "more than 2 pages", "max_pages"),
    ],
)
def test_what_is_wrong_with_an_answer_is_said(
    content: Answer, options: dict[str, Any], said: str, fix: str
) -> None:
    with local_service() as service:
        service.answers = [content]
        with pytest.raises(SourceError, match=said) as caught:
            list(asked_of(service, **options).pages())
        assert fix in caught.value.fix
        assert "key=1" not in str(caught.value)


def test_values_that_are_not_of_their_type_are_set_aside_and_no_page_is_asked_for_again(
    run: Run, api: Service
) -> None:
    api.answers = [answer([{"id": 1, "n": "2"}, {"id": 2, "n": "two"}])]
    with read(run, schema={"id": "BIGINT", "n": "INTEGER"}) as result:
        assert rows(result) == [{"id": 1, "n": 2}]
        assert result.tracker is not None
        (step,) = result.tracker.lineage()["steps"]
        assert step["rejected_rows"] == 1
    assert len(api.requests) == 1


def test_no_rows_need_a_schema(run: Run, api: Service) -> None:
    api.answers = [answer([])]
    with read(run) as failed:
        assert "nothing says their columns" in str(failed.errors["orders"])
        assert "schema" in failed.errors["orders"].fix
    with read(run, schema={"id": "BIGINT"}) as result:
        assert rows(result) == []


def test_the_own_network_is_asked_only_where_that_is_allowed(workspace: Workspace, run: Run) -> None:
    with local_service() as service:
        service.answers = [answer([{"id": 1}])]
        (workspace.root / "odibi.toml").write_text("")
        for url in (service.url, service.url.replace("127.0.0.1", "localhost")):
            with run([ingest_step("orders", f"{url}/orders")]) as refused:
                assert "no public address" in str(refused.errors["orders"])
                assert "allow_private" in refused.errors["orders"].fix
        assert not service.requests
        (workspace.root / "odibi.toml").write_text("[http]\nallow_private = true\n")
        with run([ingest_step("orders", f"{service.url}/orders")]) as result:
            assert rows(result) == [{"id": 1}]


@pytest.mark.parametrize(
    "address",
    [
        *("169.254.169.254", "[::1]", "10.0.0.1", "[::ffff:127.0.0.1]", "0.0.0.0"),
        *("[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::]", "[::127.0.0.1]"),
    ],
)
def test_no_address_of_a_private_network_gets_a_request(address: str) -> None:
    with pytest.raises(OdibiError, match="no public address"):
        list(HttpPages(Asked(f"http://{address}/"), HttpReadOptions()).pages())


def test_a_step_that_waits_for_its_service_is_cancelled(workspace: Workspace, api: Service) -> None:
    first = answer([{"id": 1}])
    api.answers = [first, answer("later", 429, **{"Retry-After": "50"})]
    step = ingest_step("orders", "orders", connection="api", paging="page")
    orchestrator = Orchestrator([step], workspace=workspace)

    def cancel() -> None:
        wait_until(lambda: len(api.requests) > 1)
        orchestrator.cancel("enough")

    thread = threading.Thread(target=cancel)
    thread.start()
    with orchestrator.execute() as result:
        thread.join()
        assert result.state == "cancelled"


def test_mistakes_of_a_step_that_asks_a_service_are_told(workspace: Workspace, api: Service) -> None:
    del api
    steps = [
        ingest_step("a", "https://x.example/rows", connection="api"),
        ingest_step("b", "orders", source_type="http"),
        ingest_step("c", "https://x.example/table", source_type="delta"),
        ingest_step("d", "orders", connection="api", paging="cursor"),
        ingest_step("e", "http://[abc/x"),
    ]
    with pytest.raises(PipelineInvalidError) as caught:
        Orchestrator(steps, workspace=workspace).execute()
    told = str(caught.value)
    for said in (
        "must be a path behind the connection's URL",
        "must be a URL",
        "'delta' is no format of files that are fetched over HTTP",
        "paging 'cursor' needs `next`",
        "the URL can't be used: Invalid IPv6 URL",
    ):
        assert said in told


def test_a_step_that_is_tried_again_asks_for_its_first_page_again(run: Run, api: Service) -> None:
    api.answers = [answer([{"id": 1}]), answer("broken", 503), answer([{"id": 2}]), answer([])]
    steps = [
        ingest_step(
            "orders", "orders", connection="api", paging="page", tries=1, max_retries=1, retry_delay=0.01
        )
    ]
    with run(steps) as result:
        assert rows(result) == [{"id": 2}]
    assert [query["page"] for query in queries(api)] == ["1", "2", "1", "2"]
