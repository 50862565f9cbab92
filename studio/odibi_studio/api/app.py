"""All routes of the HTTP interface, behind the token."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from odibi_studio.api import datasets_routes, designs_routes, runs_routes, trace_routes, truth_routes
from odibi_studio.api.answers import refusal
from odibi_studio.services.access import Access
from odibi_studio.services.studio import Studio

TOKEN_HEADER = "X-Odibi-Token"  # noqa: S105 - the header, not a token
LOCAL_HOSTS = ("127.0.0.1", "localhost")


class TokenMiddleware:
    """Refuses requests without the token of this server."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        given = dict(scope["headers"]).get(TOKEN_HEADER.lower().encode(), b"").decode("latin-1")
        app = (
            self._app
            if self._access.allows(given)
            else refusal(403, "this page belongs to a Studio that has ended", "reload the page")
        )
        await app(scope, receive, send)


def api_mount(studio: Studio, hosts: Sequence[str] = LOCAL_HOSTS) -> Mount:
    """The HTTP interface under /api.

    Args:
        studio: The services.
        hosts: The names under which a browser may call it.
    """
    routes: list[BaseRoute] = [
        *designs_routes.routes(studio),
        *truth_routes.routes(studio.truth),
        *trace_routes.routes(studio.truth),
        *runs_routes.routes(studio.runs, studio.forks),
        *datasets_routes.routes(studio.explorer),
    ]
    return Mount(
        "/api",
        routes=routes,
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts)),
            Middleware(TokenMiddleware, access=studio.access),
        ],
    )
