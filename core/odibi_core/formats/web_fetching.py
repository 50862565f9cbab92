"""Fetching one file over HTTP, as a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from odibi_core.errors import OdibiError, SourceError
from odibi_core.formats.http_client import Service, merged, open_client
from odibi_core.formats.http_errors import refused, status_of, told
from odibi_core.formats.packing import PACKINGS

if TYPE_CHECKING:
    import httpx

TIMEOUT_S = 30.0
"""How long a service may be silent."""

_MOST_REDIRECTS = 5


class Fetch:
    """One file of a service.

    Redirects are followed where requests carry no credentials, each to an address that is allowed.

    Args:
        service: Its URL, and what requests carry.
        most_bytes: A larger file is refused.
        check: Called between pieces; raises where the step was stopped meanwhile.
    """

    def __init__(self, service: Service, most_bytes: int, check: Callable[[], None] = lambda: None) -> None:
        self._service, self._most_bytes, self._check = service, most_bytes, check
        self._place = str(service)

    def whole(self, path: Path, format_name: str) -> None:
        """Fetch the whole file.

        Raises:
            SourceError: There is no such file, the service refuses, or the file is too large or no file.
            TransientError: The service can't be reached, is busy or broken.
            AddressNotAllowedError: It is at an address that requests may not go to.
        """
        self._fetch(path, format_name, None)

    def head(self, path: Path, most: int, format_name: str) -> bool:
        """Whether the whole file came; else its first lines did.

        Raises:
            OdibiError: As `whole` does.
        """
        return self._fetch(path, format_name, most)

    def _fetch(self, path: Path, format_name: str, most: int | None) -> bool:
        with (
            open_client(
                self._service.url, timeout_s=TIMEOUT_S, allows_private=self._service.allows_private
            ) as client,
            self._answer(client) as answer,
        ):
            self._look(answer)
            is_page = answer.headers.get("Content-Type", "").startswith("text/html")
            came = 0
            with path.open("wb") as file:
                for piece in self._pieces(answer):
                    self._check()
                    # Some services say so of every file that they have no type for.
                    if is_page and not came and piece.lstrip().startswith(b"<"):
                        raise self._page(format_name)
                    came += len(piece)
                    if most is not None and came > most:
                        file.write(piece)
                        break
                    if came > self._most_bytes:
                        raise self._too_large()
                    file.write(piece)
                else:
                    return True
        # What the cut goes through is no whole line.
        content = path.read_bytes()
        path.write_bytes(content[: content.rfind(b"\n") + 1] or content)
        return False

    def _pieces(self, answer: httpx.Response) -> Iterator[bytes]:
        # Some services say of a packed file that it is text which they packed on the way.
        is_packed = urlsplit(self._service.url).path.lower().endswith(PACKINGS)
        return answer.iter_raw() if is_packed else answer.iter_bytes()

    @contextmanager
    def _answer(self, client: httpx.Client) -> Iterator[httpx.Response]:
        headers = merged({"Accept": "*/*"}, self._service.headers)
        url = self._service.url
        try:
            with told(self._place, "the file did not come"):
                for _ in range(_MOST_REDIRECTS + 1):
                    with client.stream("GET", url, headers=headers) as answer:
                        onward = self._onward(answer, url)
                        if onward is None:
                            yield answer
                            return
                    url = onward
        except OSError as error:
            raise SourceError(
                f"the file can't be kept here: {error.strerror}", where=self._place, fix="free some space"
            ) from error
        raise SourceError("the service redirects in circles", where=self._place, fix="check the URL")

    def _onward(self, answer: httpx.Response, url: str) -> str | None:
        """Where a redirect points to; None where the answer is none that may be followed."""
        if not answer.has_redirect_location or self._service.headers:
            return None
        onward = urljoin(url, answer.headers["Location"])
        is_safe = urlsplit(onward).scheme == "https" or urlsplit(url).scheme == "http"
        return onward if is_safe and urlsplit(onward).scheme in ("http", "https") else None

    def _look(self, answer: httpx.Response) -> None:
        """Raise where the answer is no file."""
        if not answer.is_success:
            raise self._refused(answer)
        length = answer.headers.get("Content-Length", "")
        if length.isdecimal() and int(length) > self._most_bytes:
            raise self._too_large()

    def _page(self, format_name: str) -> SourceError:
        return SourceError(
            f"the answer is a web page, and no {format_name} file",
            where=self._place,
            fix="check the URL: a page that shows a file often has another address than the file; where "
            "one has to log in, use a connection of kind http with the headers for it",
        )

    def _refused(self, answer: httpx.Response) -> OdibiError:
        log_in = "use a connection of kind http with headers that hold ${secret:NAME}, or check them"
        return refused(
            answer,
            f"the service answers with {status_of(answer)}",
            self._place,
            {
                401: log_in,
                403: log_in,
                404: "check the URL: there is no such file",
                410: "check the URL: the file is gone",
            },
            otherwise="check the URL",
        )

    def _too_large(self) -> SourceError:
        return SourceError(
            f"the file has more than {self._most_bytes:,} bytes",
            where=self._place,
            fix="raise max_file_bytes under [http] in odibi.toml, or fetch a part of it",
        )
