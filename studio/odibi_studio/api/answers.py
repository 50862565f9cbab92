"""From a service to a route: messages in, messages out, and every error as one that a person can read."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar, overload

from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from odibi_core.errors import OdibiError, UnknownNameError
from odibi_studio.messages import ErrorAnswer
from odibi_studio.services.conflicts import ConflictError

MAX_BODY_BYTES = 20 * 1024 * 1024

M = TypeVar("M", bound=BaseModel)

_logger = logging.getLogger(__name__)


def get(path: str, serve: Callable[[Request], Any]) -> Route:
    """A route that reads: `serve` gets the request, for its path and query.

    Args:
        path: The path, such as "/designs/{id}".
        serve: Runs in a thread of its own; gives a message, or a list of messages.
    """

    async def endpoint(request: Request) -> Response:
        return await _answer(serve, request)

    return Route(path, endpoint, methods=["GET"])


def get_async(path: str, serve: Callable[[Request], Awaitable[Any]]) -> Route:
    """A route that waits for something before it answers, without a thread meanwhile.

    Args:
        path: The path, such as "/runs/{id}/events".
        serve: Gives a message, or a list of messages.
    """

    async def endpoint(request: Request) -> Response:
        return await _answered(serve(request))

    return Route(path, endpoint, methods=["GET"])


@overload
def send(method: str, path: str, serve: Callable[[Request], Any], takes: None = None) -> Route: ...
@overload
def send(method: str, path: str, serve: Callable[[Request, M], Any], takes: type[M]) -> Route: ...
def send(method: str, path: str, serve: Callable[..., Any], takes: type[BaseModel] | None = None) -> Route:
    """A route that takes a message and gives one.

    Args:
        method: POST, PUT or DELETE.
        path: The path, such as "/check".
        serve: Runs in a thread of its own; gets the request and the message, where one is taken.
        takes: What the body must be.
    """

    async def endpoint(request: Request) -> Response:
        if takes is None:
            return await _answer(serve, request)
        body = await read_body(request, MAX_BODY_BYTES)
        if body is None:
            return refusal(413, "the request is too large", f"keep it under {MAX_BODY_BYTES // 2**20} MB")
        try:
            message = takes.model_validate_json(body)
        except ValidationError as error:
            return refusal(422, _described(error), "reload the page: it may be older than the server")
        return await _answer(serve, request, message)

    return Route(path, endpoint, methods=[method])


async def read_body(request: Request, limit_bytes: int) -> bytes | None:
    """The body, or None where it is longer than the limit; then no more of it is read."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit_bytes:
            return None
    return bytes(body)


def refusal(status: int, what: str, fix: str = "", where: str = "") -> Response:
    """An error as the browser gets it."""
    answer = ErrorAnswer(what=what, where=where, fix=fix)
    return Response(answer.model_dump_json(), status, media_type="application/json")


async def _answer(serve: Callable[..., Any], *given: Any) -> Response:
    return await _answered(run_in_threadpool(serve, *given))


async def _answered(asked: Awaitable[Any]) -> Response:
    try:
        found = await asked
    except UnknownNameError as error:
        return refusal(404, error.what, error.fix, error.where)
    except ConflictError as error:
        return refusal(409, error.what, error.fix, error.where)
    except OdibiError as error:
        return refusal(400, error.what, error.fix, error.where)
    except Exception:
        _logger.exception("a request of the designer failed")
        return refusal(500, "something went wrong inside the Studio", "see the log of `odibi studio`")
    if isinstance(found, Response):
        return found
    return Response(_json(found), media_type="application/json")


def _json(found: BaseModel | Sequence[BaseModel]) -> bytes:
    if isinstance(found, BaseModel):
        return found.model_dump_json().encode()
    return TypeAdapter(list[Any]).dump_json(list(found))


def _described(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    return f"the request is wrong at {'.'.join(map(str, first['loc'])) or 'its start'}: {first['msg']}"
