"""What goes wrong with requests over HTTP, in the words of this project."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from odibi_core.errors import OdibiError, SourceError, TransientError
from odibi_core.formats.http_client import retry_after_s, without_secrets

if TYPE_CHECKING:
    import httpx

_MAY_PASS = (408, 425, 429)
"""Beside those from 500 on."""
_HEADERS = "check the headers of the step or its connection, and the secrets they refer to"


@contextmanager
def told(
    place: str, failed: str, kind: type[OdibiError] = SourceError, transient_fix: str | None = None
) -> Iterator[None]:
    """Errors of the HTTP client within, as errors of a step.

    Args:
        place: The URL, without secrets.
        failed: What did not happen where the service can't be reached, such as "page 3 did not come".
        kind: The error where the request itself is at fault.
        transient_fix: What to do where the service can't be reached, if not to try again.
    """
    import httpx

    try:
        yield
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise kind(f"the URL can't be used: {error}", where=place) from error
    except (httpx.LocalProtocolError, UnicodeEncodeError):
        # The error would show the header, and the secret in it.
        raise kind(
            "a header holds a character that HTTP doesn't allow, such as a line's end",
            where=place,
            fix=_HEADERS,
        ) from None
    except httpx.HTTPError as error:
        raise TransientError(
            f"{failed}: {str(error) or type(error).__name__}",
            where=place,
            fix=transient_fix
            or "check the URL and the network, or give the step more retries with max_retries",
        ) from error


def may_pass(answer: httpx.Response) -> bool:
    """Whether another try can help."""
    return answer.status_code in _MAY_PASS or answer.is_server_error


def status_of(answer: httpx.Response) -> str:
    """Such as `status 404 Not Found`."""
    return f"status {answer.status_code} {answer.reason_phrase}".rstrip()


def refused(
    answer: httpx.Response,
    what: str,
    place: str,
    fixes: dict[int, str],
    otherwise: str,
    kind: type[OdibiError] = SourceError,
) -> OdibiError:
    """The error that an answer without success is.

    Args:
        answer: The answer.
        what: What is told of it.
        place: The URL, without secrets.
        fixes: How to mend it, by status.
        otherwise: How to mend it with another status.
        kind: The error where another try can't help.
    """
    if may_pass(answer):
        error = TransientError(
            what, where=place, fix="try later, or give the step more retries with max_retries"
        )
        error.retry_after_s = retry_after_s(answer.headers.get("Retry-After", ""))
        return error
    fix = {401: _HEADERS, 403: _HEADERS, **fixes}.get(answer.status_code, otherwise)
    if answer.is_redirect:
        fix = f"use the address it points to: {without_secrets(answer.headers.get('Location', ''))}"
    return kind(what, where=place, fix=fix)
