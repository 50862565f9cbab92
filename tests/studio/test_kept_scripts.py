"""Browsers keep scripts whose names say what is in them, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

import odibi_studio
from odibi_studio.kept_scripts import KeptScriptsMiddleware

FOLDER = "/_stcore/bidi-components/odibi-studio.designer"
BUILT = sorted(path.name for path in Path(odibi_studio.__file__).parent.glob("designer/static/*.js"))


@pytest.fixture
def client() -> TestClient:
    async def give(request: Request) -> Response:
        status = 404 if request.url.path.endswith("part-notthere.js") else 200
        return Response("1", status, headers={"Cache-Control": "public"})

    route = Route("/{path:path}", give)
    return TestClient(Starlette(routes=[route], middleware=[Middleware(KeptScriptsMiddleware)]))


def test_each_script_of_the_build_is_kept(client: TestClient) -> None:
    assert BUILT
    for name in BUILT:
        kept = client.get(f"{FOLDER}/{name}").headers["cache-control"]
        assert kept == "public, max-age=31536000, immutable", name


@pytest.mark.parametrize(
    "path", [f"{FOLDER}/sources.json", f"{FOLDER}/designer.js", f"{FOLDER}/part-notthere.js", "/api/designs"]
)
def test_nothing_else_is_kept(client: TestClient, path: str) -> None:
    assert client.get(path).headers["cache-control"] == "public"
