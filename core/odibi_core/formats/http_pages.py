"""The rows of a service that answers in JSON, page by page."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from odibi_core.errors import SourceError, TransientError
from odibi_core.formats.http_client import Service, merged, open_client, without_secrets
from odibi_core.formats.http_errors import refused, status_of, told
from odibi_core.formats.http_options import HttpReadOptions, Paging
from odibi_core.late_dataclass import dataclass

if TYPE_CHECKING:
    import httpx

_SAID = 200
_LONGEST_WAIT_S = 60.0
_FIRST_PAUSE_S = 0.5
_OF_TRANSFER = ("content-encoding", "content-length", "transfer-encoding")
_MARK = "\ue000"
_MARKED = re.compile(f'"{_MARK}([-+.0-9eE]+){_MARK}"')

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Request:
    """What is asked for a page.

    Attributes:
        number: The page, from 1.
        url: The URL.
        query: What is added to it.
        seen: Rows before it.
    """

    number: int
    url: str
    query: dict[str, Any]
    seen: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """A page that has come.

    Attributes:
        rows: Its rows.
        size_bytes: How long the answer was.
        following: Asks for the next one; None after the last.
    """

    rows: list[Row]
    size_bytes: int
    following: _Request | None


class HttpPages:
    """What a service answers to one step.

    Args:
        service: Where it is.
        options: What is asked for.
        wait: Waits for some seconds; raises where the step is stopped meanwhile.
    """

    def __init__(
        self, service: Service, options: HttpReadOptions, wait: Callable[[float], None] = time.sleep
    ) -> None:
        self._service, self._options, self._wait = service, options, wait
        self._url = f"{service.url.rstrip('/')}/{options.path.lstrip('/')}" if options.path else service.url
        self._place = without_secrets(self._url)
        self._not_before = 0.0

    def first(self) -> Page:
        """The first page.

        Raises:
            OdibiError: As `pages` does.
        """
        with self._client() as client:
            return self._page(client, self._beginning())

    def pages(self, first: Page | None = None) -> Iterator[list[Row]]:
        """The rows of each page, in order.

        Args:
            first: The first page, where it has come already.

        Raises:
            SourceError: The service refuses, or its answer holds no rows where they should be.
            TransientError: It can't be reached, is busy or broken, after as many tries as are allowed.
            AddressNotAllowedError: It is at an address that requests may not go to.
        """
        request: _Request | None = self._beginning()
        if first is not None:
            yield first.rows
            request = first.following
        if request is None:
            return
        with self._client() as client:
            while request is not None:
                if request.number > self._options.max_pages:
                    raise SourceError(
                        f"there are more than {self._options.max_pages:,} pages",
                        where=self._place,
                        fix="ask for less, or raise max_pages",
                    )
                page = self._page(client, request)
                yield page.rows
                request = page.following

    def _beginning(self) -> _Request:
        return _Request(1, self._url, self._query(self._options.first_page, 0))

    def _client(self) -> httpx.Client:
        return open_client(
            self._url,
            timeout_s=self._options.request_timeout_s,
            allows_private=self._service.allows_private,
        )

    def _page(self, client: httpx.Client, request: _Request) -> Page:
        answer = self._answer(client, request)
        content = self._content(answer, request)
        rows = self._rows(content, request)
        return Page(rows, len(answer.content), self._following(request, answer, content, len(rows)))

    def _query(self, page: int, offset: int, cursor: Any = None) -> dict[str, Any]:
        options = self._options
        named = {Paging.PAGE: page, Paging.OFFSET: offset, Paging.CURSOR: cursor}.get(options.paging)
        query: dict[str, Any] = dict(options.query)
        if named is not None:
            query[options.page_name] = named
        if options.page_size is not None:
            query[options.page_size_param] = options.page_size
        return query

    def _following(
        self, request: _Request, answer: httpx.Response, content: Any, rows: int
    ) -> _Request | None:
        """What asks for the next page; None after the last."""
        options, number, seen = self._options, request.number + 1, request.seen + rows
        match options.paging:
            case Paging.LINK:
                link = answer.links.get("next", {}).get("url")
                return _Request(number, self._link(answer, link), {}, seen) if link else None
            case Paging.NEXT:
                link = _found(content, options.next)
                return _Request(number, self._link(answer, str(link)), {}, seen) if link else None
            case Paging.CURSOR:
                cursor = _found(content, options.next)
                cursor = cursor.strip(_MARK) if isinstance(cursor, str) else cursor
                return _Request(number, self._url, self._query(0, 0, cursor), seen) if cursor else None
            case Paging.PAGE | Paging.OFFSET:
                # Without a size, only a page without rows says that the one before it was the last.
                if rows < (options.page_size or 1):
                    return None
                page = options.first_page + request.number
                return _Request(number, self._url, self._query(page, seen), seen)
        return None

    def _link(self, answer: httpx.Response, link: str) -> str:
        try:
            url = urljoin(str(answer.url), link)
            ours, theirs = urlsplit(self._url), urlsplit(url)
        except ValueError:
            raise SourceError(
                f"the next page has no URL that can be used: {link[:_SAID]!r}", where=self._place
            ) from None
        if (ours.scheme, ours.netloc) != (theirs.scheme, theirs.netloc):
            # It would get the headers, and the credentials in them.
            raise SourceError(
                f"the next page is at another place: {without_secrets(url)}",
                where=self._place,
                fix="ask that place, with a connection of its own",
            )
        return url

    def _answer(self, client: httpx.Client, request: _Request) -> httpx.Response:
        """The answer to a request, tried again where the service asks to wait or is broken."""
        for attempt in range(1, self._options.tries + 1):
            self._keep_pace()
            try:
                return self._asked(client, request)
            except TransientError as error:
                pause_s = error.retry_after_s or _FIRST_PAUSE_S * 2 ** (attempt - 1)
                # A run's own retries know longer pauses.
                if attempt == self._options.tries or pause_s > _LONGEST_WAIT_S:
                    raise
                self._wait(pause_s)
        raise AssertionError

    def _keep_pace(self) -> None:
        if self._options.requests_per_second is None:
            return
        now = time.monotonic()
        if self._not_before > now:
            self._wait(self._not_before - now)
        self._not_before = max(now, self._not_before) + 1 / self._options.requests_per_second

    def _asked(self, client: httpx.Client, request: _Request) -> httpx.Response:
        import httpx

        headers = merged({"Accept": "application/json"}, self._service.headers, self._options.headers)
        with told(self._place, f"page {request.number} did not come"):
            url = httpx.URL(request.url).copy_merge_params(request.query)
            with client.stream("GET", url, headers=headers) as coming:
                answer = self._received(coming, request)
        if not answer.is_success:
            raise self._refused(answer, request)
        return answer

    def _received(self, coming: httpx.Response, request: _Request) -> httpx.Response:
        """The whole answer, if it came in its time: the client's own limit is one for each piece."""
        import httpx

        limit_s = self._options.request_timeout_s
        deadline = time.monotonic() + limit_s
        pieces = []
        for piece in coming.iter_bytes():
            pieces.append(piece)
            if time.monotonic() > deadline:
                raise TransientError(
                    f"page {request.number} did not come within {limit_s:g} s",
                    where=self._place,
                    fix="ask for smaller pages, or raise request_timeout_s",
                )
        headers = [field for field in coming.headers.multi_items() if field[0] not in _OF_TRANSFER]
        content = b"".join(pieces)
        return httpx.Response(coming.status_code, headers=headers, content=content, request=coming.request)

    def _refused(self, answer: httpx.Response, request: _Request) -> Exception:
        said = answer.text.strip()[:_SAID]
        what = f"page {request.number} got {status_of(answer)}" + (f": {said}" if said else "")
        fix = "see what the service says, and mend the path, the query or the headers"
        return refused(answer, what, self._place, {}, otherwise=fix)

    def _content(self, answer: httpx.Response, request: _Request) -> Any:
        if not answer.content.strip():
            return []
        try:
            return _loaded(answer.content)
        except ValueError:
            lines = _lines(answer.content)
            if lines is not None:
                return lines
            kind = answer.headers.get("Content-Type", "of no kind").partition(";")[0]
            raise SourceError(
                f"page {request.number} is no JSON, but {kind}: {answer.text.strip()[:_SAID]}",
                where=self._place,
                fix="check the path; where a file is there, say its format with source_type, such as csv",
            ) from None

    def _rows(self, content: Any, request: _Request) -> list[Row]:
        found = _found(content, self._options.rows)
        if found is None and self._options.rows:
            known = ", ".join(content) if isinstance(content, dict) else f"a {type(content).__name__}"
            raise SourceError(
                f"page {request.number} has nothing at {self._options.rows!r}",
                where=self._place,
                fix=f"mend `rows`: the answer holds {known or 'nothing'}",
            )
        rows = found if isinstance(found, list) else [] if found is None else [found]
        return [row if isinstance(row, dict) else {"value": row} for row in rows]


def lines_of(rows: Iterable[Row]) -> str:
    """Rows as lines of JSON, numbers as they came."""
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return _MARKED.sub(r"\1", text)


def _loaded(text: bytes) -> Any:
    # Digits that a float has no room for would get lost.
    return json.loads(text, parse_float=_marked, parse_constant=lambda _name: None)


def _lines(content: bytes) -> list[Any] | None:
    """The rows of an answer that has an object on every line; None where it is something else."""
    try:
        found = [_loaded(line) for line in content.splitlines() if line.strip()]
    except ValueError:
        return None
    return found if all(isinstance(row, dict) for row in found) else None


def _marked(number: str) -> str:
    """A number with a fraction or exponent, as a text that `lines_of` knows again."""
    return f"{_MARK}{number}{_MARK}"


def _found(content: Any, path: str) -> Any:
    """What is at a path such as `data.items` or `results.0`; None where there is nothing."""
    for name in path.removeprefix("$").strip(".").split(".") if path else ():
        if isinstance(content, dict):
            content = content.get(name)
        elif isinstance(content, list) and name.isdecimal() and int(name) < len(content):
            content = content[int(name)]
        else:
            return None
    return content
