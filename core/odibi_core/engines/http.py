"""Sending rows to an HTTP endpoint, in batches that are each sent once."""

from __future__ import annotations

import base64
import datetime as dt
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from odibi_core.errors import TargetError
from odibi_core.formats.http_client import merged, open_client, without_secrets
from odibi_core.formats.http_errors import refused, status_of, told
from odibi_core.late_dataclass import dataclass

if TYPE_CHECKING:
    import httpx
    import pyarrow as pa

ANSWER_LENGTH = 200


@dataclass(frozen=True, slots=True)
class SendReport:
    """What the endpoint has accepted, earlier tries included.

    Attributes:
        batches: Number of requests.
        rows: Number of rows in them.
    """

    batches: int
    rows: int


def send_rows(
    rows: Iterable[pa.RecordBatch],
    url: str,
    *,
    idempotency_key: str,
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
    batch_size: int = 500,
    timeout_s: float = 30,
    done_batches: int = 0,
    on_accepted: Callable[[int], None] | None = None,
    allows_private: bool = True,
    check: Callable[[], None] = lambda: None,
) -> SendReport:
    """Send rows as JSON arrays of objects, and say what was accepted.

    Dates and times are ISO 8601, decimals are text so that none loses a digit, bytes are base64, NaN and
    infinities are null. Each request carries the header `Idempotency-Key: <key>-<number of the batch>`: one
    that is sent again after a lost answer is known to a service that looks at it.

    Args:
        rows: In an order that is the same on every try.
        url: The endpoint.
        idempotency_key: Unique for this step of this run.
        method: POST, PUT or PATCH.
        headers: Further headers, secrets resolved.
        batch_size: Rows in one request; the same on every try.
        timeout_s: Seconds to wait for one answer.
        done_batches: How many batches an earlier try got accepted; they are not sent again.
        on_accepted: Called after each batch with the number of batches accepted so far.
        allows_private: Whether the endpoint may be on this machine or in a private network.
        check: Called before each request; raises where the step was stopped meanwhile.

    Raises:
        TransientError: The endpoint can't be reached, is busy (429) or broken (5xx); `retry_after_s` says how
            long it asked to wait.
        TargetError: The endpoint refuses the rows or the request.
        AddressNotAllowedError: It is at an address that requests may not go to.
    """
    place = without_secrets(url)
    batches = total = 0
    with open_client(url, timeout_s=timeout_s, allows_private=allows_private) as client:
        for batches, batch in enumerate(_rebatched(rows, batch_size), start=1):
            total += len(batch)
            if batches <= done_batches:
                continue
            check()
            request_headers = merged(
                headers or {},
                {
                    "Content-Type": "application/json",
                    "Idempotency-Key": f"{quote(idempotency_key, safe='/')}-{batches}",
                },
            )
            with told(place, f"batch {batches} could not be sent", TargetError):
                body = json.dumps(batch, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
                answer = client.request(method, url, content=body, headers=request_headers)
            _check_answer(answer, batches, place)
            if on_accepted is not None:
                on_accepted(batches)
    return SendReport(batches, total)


def _rebatched(rows: Iterable[pa.RecordBatch], size: int) -> Iterator[list[dict[str, Any]]]:
    """The rows in lists of `size`, however they arrive: a retry must cut them as the first try did."""
    pending: list[dict[str, Any]] = []
    for batch in rows:
        for start in range(0, batch.num_rows, size):
            pending += [
                {name: _json_value(value) for name, value in row.items()}
                for row in batch.slice(start, size).to_pylist()
            ]
            if len(pending) >= size:
                yield pending[:size]
                pending = pending[size:]
    if pending:
        yield pending


def _json_value(value: Any) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case dt.datetime() | dt.date() | dt.time():
            return value.isoformat()
        case bytes():
            return base64.b64encode(value).decode()
        case Decimal() | dt.timedelta():
            return str(value)
        case dict():
            return {str(key): _json_value(item) for key, item in value.items()}
        case list() | tuple():
            return [_json_value(item) for item in value]
    return str(value)


def _check_answer(answer: httpx.Response, batch: int, place: str) -> None:
    if answer.is_success:
        return
    said = answer.text.strip()[:ANSWER_LENGTH]
    what = f"batch {batch} got {status_of(answer)}" + (f": {said}" if said else "")
    fix = "see what the endpoint says, and mend the rows, the URL or the headers"
    raise refused(answer, what, place, {}, otherwise=fix, kind=TargetError)
