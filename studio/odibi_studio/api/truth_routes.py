"""The routes of what is known of a pipeline while it is edited: thin, over the services."""

from __future__ import annotations

from starlette.requests import Request
from starlette.routing import Route

from odibi_studio.api.answers import send
from odibi_studio.messages import CheckAnswer, CheckRequest
from odibi_studio.services.truth import Truth


def routes(truth: Truth) -> list[Route]:
    """The routes under /api."""

    def check(_: Request, message: CheckRequest) -> CheckAnswer:
        return truth.checker.check(message)

    return [send("POST", "/check", check, CheckRequest)]
