"""Puts the pages' styles into the page that every address gives, so that nothing is drawn without them.

What a page sends of itself comes after what it styles, piece by piece: headings would shrink and cards move
under the pointer.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_BODY_ENDS = b"</body>"


class StylesMiddleware:
    """Adds the styles to each HTML page that is asked for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add to what comes back."""
        is_page = scope["type"] == "http" and scope["method"] == "GET"
        if not is_page or "text/html" not in Headers(scope=scope).get("accept", ""):
            await self._app(scope, receive, send)
            return
        begin: Message | None = None
        body = bytearray()

        async def send_styled(message: Message) -> None:
            nonlocal begin
            if message["type"] == "http.response.start" and _is_html(message):
                begin = message
                return
            if begin is None:
                await send(message)
                return
            body.extend(message.get("body", b""))
            if not message.get("more_body", False):
                styled = bytes(body).replace(_BODY_ENDS, _style() + _BODY_ENDS, 1)
                await send(_with_length(begin, len(styled)))
                await send({"type": "http.response.body", "body": styled})

        await self._app(_readable(scope), receive, send_styled)


def _readable(scope: Scope) -> Scope:
    """The request, so that its answer comes whole and as it is read."""
    left_out = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range")
    headers = [(name, value) for name, value in scope["headers"] if name not in left_out]
    extensions = {
        name: value
        for name, value in (scope.get("extensions") or {}).items()
        if name != "http.response.pathsend"
    }
    return {**scope, "headers": headers, "extensions": extensions}


def _is_html(message: Message) -> bool:
    return Headers(raw=message["headers"]).get("content-type", "").startswith("text/html")


def _with_length(message: Message, length: int) -> Message:
    headers = MutableHeaders(raw=list(message["headers"]))
    headers["content-length"] = str(length)
    # They are those of the page without the styles.
    for name in ("etag", "last-modified"):
        if name in headers:
            del headers[name]
    return {**message, "headers": headers.raw}


@cache
def _style() -> bytes:
    """Behind all that Streamlit styles itself: of two rules that are as special, the later one counts."""
    return b"<style>" + Path(__file__).with_name("pages.css").read_bytes() + b"</style>"
