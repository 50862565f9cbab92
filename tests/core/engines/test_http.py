"""Sending rows over HTTP: how values look, what is retried, and that nothing is sent twice."""

from __future__ import annotations

import datetime as dt
import json
import socket
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from tests.core.local_service import Answer, Service, local_service

from odibi_core.engines.http import SendReport, send_rows
from odibi_core.errors import RunCancelledError, TargetError, TransientError


@pytest.fixture
def service() -> Iterator[Service]:
    with local_service() as service:
        yield service


def numbers(count: int, chunk: int) -> list[pa.RecordBatch]:
    batches: list[pa.RecordBatch] = pa.table({"n": range(count)}).to_batches(max_chunksize=chunk)
    return batches


def sent(service: Service) -> list[Any]:
    return [json.loads(request.body) for request in service.requests]


def test_rows_go_in_batches_with_a_key_each(service: Service) -> None:
    report = send_rows(
        numbers(7, 2),
        service.url + "/orders",
        idempotency_key="run-1/publish",
        batch_size=3,
        headers={"X-A": "b"},
    )
    assert report == SendReport(batches=3, rows=7)
    assert sent(service) == [
        [{"n": 0}, {"n": 1}, {"n": 2}],
        [{"n": 3}, {"n": 4}, {"n": 5}],
        [{"n": 6}],
    ]
    first = service.requests[0]
    assert (first.method, first.path) == ("POST", "/orders")
    assert (first.headers["Content-Type"], first.headers["X-A"]) == ("application/json", "b")
    keys = [request.headers["Idempotency-Key"] for request in service.requests]
    assert keys == ["run-1/publish-1", "run-1/publish-2", "run-1/publish-3"]


@pytest.mark.parametrize("chunk", [1, 2, 5, 100])
def test_batches_are_the_same_however_the_rows_arrive(service: Service, chunk: int) -> None:
    send_rows(numbers(10, chunk), service.url, idempotency_key="k", batch_size=4)
    assert [len(batch) for batch in sent(service)] == [4, 4, 2]


def test_no_rows_make_no_request(service: Service) -> None:
    assert send_rows([], service.url, idempotency_key="k") == SendReport(0, 0)
    assert service.requests == []


def test_a_key_may_hold_any_character(service: Service) -> None:
    send_rows(numbers(1, 1), service.url, idempotency_key="run/größe 😀", method="PUT")
    assert service.requests[0].headers["Idempotency-Key"].isascii()
    assert service.requests[0].method == "PUT"


def test_values_keep_their_meaning_in_json(service: Service) -> None:
    table = pa.table(
        {
            "big": [2**53 + 1],
            "price": pa.array([Decimal("1.10")], pa.decimal128(18, 2)),
            "day": [dt.date(2026, 1, 31)],
            "at": pa.array([dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)], pa.timestamp("us", "UTC")),
            "fine": pa.array([1_769_860_800_123_456_789], pa.timestamp("ns")),
            "nan": [float("nan")],
            "endless": [float("inf")],
            "nothing": pa.array([None], pa.string()),
            "raw": [b"\x00\xff"],
            "text": ['größe 😀 "x"\n'],
            "yes": [True],
            "nested": [{"days": [dt.date(2026, 2, 1), None], "rate": float("nan")}],
        }
    )
    send_rows(table.to_batches(), service.url, idempotency_key="k")
    assert sent(service)[0][0] == {
        "big": 2**53 + 1,
        "price": "1.10",
        "day": "2026-01-31",
        "at": "2026-01-31T12:00:00+00:00",
        "fine": "2026-01-31T12:00:00.123456789",
        "nan": None,
        "endless": None,
        "nothing": None,
        "raw": "AP8=",
        "text": 'größe 😀 "x"\n',
        "yes": True,
        "nested": {"days": ["2026-02-01", None], "rate": None},
    }


@pytest.mark.parametrize(
    ("answer", "message", "retry_after_s"),
    [
        (Answer(429, b"slow down", {"Retry-After": "7"}), "status 429 Too Many Requests: slow down", 7),
        (Answer(503, b"", {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}), "status 503", 0),
        (Answer(500, b"oops"), "status 500 Internal Server Error: oops", None),
        (Answer(503, b"", {"Retry-After": "soon"}), "status 503", None),
        (Answer(408), "status 408", None),
    ],
)
def test_a_busy_endpoint_is_worth_another_try(
    service: Service, answer: Answer, message: str, retry_after_s: float | None
) -> None:
    service.answers = [answer]
    with pytest.raises(TransientError, match="batch 1 got " + message) as caught:
        send_rows(numbers(1, 1), service.url, idempotency_key="k")
    assert caught.value.retry_after_s == retry_after_s


def test_a_date_to_wait_for_becomes_seconds(service: Service) -> None:
    later = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    service.answers = [Answer(503, headers={"Retry-After": later.strftime("%a, %d %b %Y %H:%M:%S GMT")})]
    with pytest.raises(TransientError) as caught:
        send_rows(numbers(1, 1), service.url, idempotency_key="k")
    assert caught.value.retry_after_s is not None
    assert 3000 < caught.value.retry_after_s <= 3600


def test_refused_rows_are_told_with_the_beginning_of_the_answer(service: Service) -> None:
    service.answers = [Answer(422, b"n must be positive; " * 50)]
    with pytest.raises(TargetError, match=r"batch 1 got status 422 .*: n must be positive") as caught:
        send_rows(numbers(1, 1), service.url, idempotency_key="k")
    assert len(caught.value.what) < 300
    assert "mend the rows" in caught.value.fix


def test_refused_credentials_point_to_the_headers_and_never_show_them(service: Service) -> None:
    service.answers = [Answer(401)]
    with pytest.raises(TargetError, match="status 401") as caught:
        send_rows(
            numbers(1, 1),
            service.url + "/in?token=hunter2",
            idempotency_key="k",
            headers={"Authorization": "Bearer hunter2"},
        )
    assert "the secrets they refer to" in caught.value.fix
    assert "hunter2" not in str(caught.value)
    assert caught.value.where == service.url + "/in"


def test_a_redirect_says_where_to(service: Service) -> None:
    service.answers = [Answer(308, headers={"Location": "https://example.org/v2?key=hunter2"})]
    with pytest.raises(TargetError, match="status 308") as caught:
        send_rows(numbers(1, 1), service.url, idempotency_key="k")
    assert caught.value.fix == "use the address it points to: https://example.org/v2"


def test_a_header_that_http_does_not_allow_is_told_without_its_value(service: Service) -> None:
    for value in ("hunter2\n", "hünter2"):
        with pytest.raises(TargetError, match="a character that HTTP doesn't allow") as caught:
            send_rows(numbers(1, 1), service.url, idempotency_key="k", headers={"X-Key": value})
        assert "nter2" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://", "htp://x/", "http://x:port/"])
def test_a_url_that_cannot_be_used_is_told(url: str) -> None:
    with pytest.raises(TargetError, match="the URL can't be used"):
        send_rows(numbers(1, 1), url, idempotency_key="k")


def test_an_endpoint_that_is_down_is_worth_another_try() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with pytest.raises(TransientError, match="batch 1 could not be sent"):
        send_rows(numbers(1, 1), url, idempotency_key="k")


def test_an_endpoint_that_never_answers_is_given_up_after_the_time_limit() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(TransientError, match="batch 1 could not be sent: timed out"):
            send_rows(numbers(1, 1), url, idempotency_key="k", timeout_s=0.1)


def test_a_retry_goes_on_after_the_last_accepted_batch(service: Service) -> None:
    service.answers = [Answer(), Answer(), Answer(hangs_up=True), Answer()]
    accepted = [0]
    with pytest.raises(TransientError, match="batch 3 could not be sent"):
        send_rows(numbers(7, 3), service.url, idempotency_key="k", batch_size=2, on_accepted=accepted.append)
    assert accepted == [0, 1, 2]
    report = send_rows(
        numbers(7, 5), service.url, idempotency_key="k", batch_size=2, done_batches=accepted[-1]
    )
    assert report == SendReport(batches=4, rows=7)
    # Batch 3 arrives twice, its answer was lost; the key is the same, so that the service can tell.
    keys = [request.headers["Idempotency-Key"] for request in service.requests]
    assert keys == ["k-1", "k-2", "k-3", "k-3", "k-4"]
    assert sent(service)[2] == sent(service)[3]


def test_a_step_that_is_stopped_sends_no_further_batch(service: Service) -> None:
    accepted: list[int] = []

    def check() -> None:
        if accepted:
            raise RunCancelledError("the step was stopped")

    with pytest.raises(RunCancelledError):
        send_rows(
            numbers(6, 2),
            service.url,
            idempotency_key="k",
            batch_size=2,
            on_accepted=accepted.append,
            check=check,
        )
    assert (accepted, len(service.requests)) == ([1], 1)
