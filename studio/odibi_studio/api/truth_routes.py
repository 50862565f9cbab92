"""The routes of what is known of a pipeline while it is edited: thin, over the services."""

from __future__ import annotations

from starlette.requests import Request
from starlette.routing import Route

from odibi_studio.api.answers import get, send
from odibi_studio.messages import Catalog, CheckAnswer, CheckRequest, RecipeAnswer, RecipeRequest
from odibi_studio.services.truth import Truth


def routes(truth: Truth) -> list[Route]:
    """The routes under /api."""

    def check(_: Request, message: CheckRequest) -> CheckAnswer:
        return truth.checker.check(message)

    def catalog(_: Request) -> Catalog:
        return truth.catalog()

    def recipe(_: Request, message: RecipeRequest) -> RecipeAnswer:
        return truth.recipes.make(message)

    return [
        get("/catalog", catalog),
        send("POST", "/check", check, CheckRequest),
        send("POST", "/recipe", recipe, RecipeRequest),
    ]
