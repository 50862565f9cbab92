"""The routes of where rows come from and how they meet: thin, over the services."""

from __future__ import annotations

from starlette.requests import Request
from starlette.routing import Route

from odibi_studio.api.answers import send
from odibi_studio.health_messages import HealthAnswer, HealthRequest
from odibi_studio.services.truth import Truth
from odibi_studio.trace_messages import FindAnswer, FindRequest, FollowAnswer, FollowRequest


def routes(truth: Truth) -> list[Route]:
    """The routes under /api."""

    def follow(_: Request, message: FollowRequest) -> FollowAnswer:
        return truth.follower.follow(message)

    def find(_: Request, message: FindRequest) -> FindAnswer:
        return truth.finder.find(message)

    def health(_: Request, message: HealthRequest) -> HealthAnswer:
        return truth.meeting.health(message)

    return [
        send("POST", "/follow", follow, FollowRequest),
        send("POST", "/find", find, FindRequest),
        send("POST", "/health", health, HealthRequest),
    ]
