"""The pages' styles stand in the page itself."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from odibi_studio.page_styles import StylesMiddleware

PAGE = f"<html><head></head><body><div>{'x' * 2_000}</div></body></html>"


@pytest.fixture
def client() -> TestClient:
    async def page(request: Request) -> Response:
        if "if-none-match" in request.headers:
            return Response(status_code=304)
        return HTMLResponse(PAGE, headers={"ETag": '"one"', "Last-Modified": "Mon, 30 Nov 2026 00:00:00 GMT"})

    async def told(_: Request) -> Response:
        return JSONResponse({"text": "</body>"})

    routes = [Route("/", page), Route("/told", told)]
    return TestClient(
        Starlette(routes=routes, middleware=[Middleware(StylesMiddleware), Middleware(GZipMiddleware)])
    )


def test_a_page_has_the_styles_behind_all_that_is_in_it(client: TestClient) -> None:
    answer = client.get("/", headers={"Accept": "text/html,*/*", "Accept-Encoding": "gzip"})
    before, style, after = answer.text.partition("<style>")
    assert before == PAGE.removesuffix("</body></html>")
    assert "st-key-card_" in style + after
    assert after.endswith("</style></body></html>")
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_no_browser_keeps_a_page_with_the_styles_of_before(client: TestClient) -> None:
    answer = client.get("/", headers={"Accept": "text/html", "If-None-Match": '"one"'})
    assert answer.status_code == 200
    assert "etag" not in answer.headers
    assert "last-modified" not in answer.headers


def test_what_is_no_page_stays_as_it_is(client: TestClient) -> None:
    assert client.get("/told", headers={"Accept": "text/html"}).json() == {"text": "</body>"}
    assert client.head("/", headers={"Accept": "text/html"}).status_code == 200
    assert client.get("/").text == PAGE
