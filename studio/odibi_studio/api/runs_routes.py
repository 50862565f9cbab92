"""The routes of runs: thin, over the services."""

from __future__ import annotations

import asyncio

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.routing import Route

from odibi_core.errors import OdibiError
from odibi_core.journal.record import RunState
from odibi_studio.api.answers import get, get_async, send
from odibi_studio.health_messages import HealthAnswer
from odibi_studio.messages import Design
from odibi_studio.run_messages import (
    RepeatRunRequest,
    RunEvents,
    RunList,
    RunSamples,
    RunSteps,
    RunSummary,
    StartRunRequest,
)
from odibi_studio.services.runs.desk import RunDesk, RunFilter
from odibi_studio.services.runs.forks import Forks

LOOK_EVERY_S = 0.25
LONGEST_WAIT_S = 25.0
MOST_RUNS = 500


def routes(runs: RunDesk, forks: Forks) -> list[Route]:
    """The routes under /api."""

    def start(_: Request, message: StartRunRequest) -> RunSummary:
        return runs.start(message)

    def repeat(request: Request, message: RepeatRunRequest) -> RunSummary:
        return runs.repeat(_id(request), message)

    def fork(request: Request) -> Design:
        return forks.open(_id(request))

    def design(request: Request) -> Design:
        return forks.read(_id(request))

    def cancel(request: Request) -> RunSummary:
        return runs.cancel(_id(request))

    def find(request: Request) -> RunList:
        return runs.find(_filter(request), min(_number(request, "limit", 50), MOST_RUNS))

    def summary(request: Request) -> RunSummary:
        return runs.summary(_id(request))

    def steps(request: Request) -> RunSteps:
        return runs.steps(_id(request))

    def samples(request: Request) -> RunSamples:
        return runs.samples(_id(request), request.query_params.get("step", ""))

    def health(request: Request) -> HealthAnswer:
        return runs.step_health(_id(request))

    async def events(request: Request) -> RunEvents:
        run_id, after = _id(request), _number(request, "after", 0)
        until = asyncio.get_running_loop().time() + min(_number(request, "wait_s", 0), LONGEST_WAIT_S)
        while True:
            answer = await run_in_threadpool(runs.events, run_id, after)
            is_late = asyncio.get_running_loop().time() >= until
            if answer.events or answer.is_over or is_late or await request.is_disconnected():
                return answer
            # No thread waits meanwhile: there may be as many pages that ask as people.
            await asyncio.sleep(LOOK_EVERY_S)

    return [
        get("/runs", find),
        send("POST", "/runs", start, StartRunRequest),
        get("/runs/{id}", summary),
        send("POST", "/runs/{id}/cancel", cancel),
        send("POST", "/runs/{id}/repeat", repeat, RepeatRunRequest),
        send("POST", "/runs/{id}/fork", fork),
        get("/runs/{id}/design", design),
        get_async("/runs/{id}/events", events),
        get("/runs/{id}/steps", steps),
        get("/runs/{id}/samples", samples),
        get("/runs/{id}/health", health),
    ]


def _id(request: Request) -> str:
    found: str = request.path_params["id"]
    return found


def _number(request: Request, name: str, default: int) -> int:
    given = request.query_params.get(name, str(default))
    if not given.isascii() or not given.isdigit() or len(given) > 15:
        raise OdibiError(f"{given!r} is no number", where=name, fix="give a whole number from 0")
    return int(given)


def _filter(request: Request) -> RunFilter:
    query = request.query_params
    return RunFilter(
        pipeline=query.get("pipeline", ""),
        states=frozenset(_state(text) for text in query.getlist("state")),
        trigger=query.get("trigger", ""),
        since=query.get("since", ""),
        until=query.get("until", ""),
        text=query.get("text", ""),
    )


def _state(text: str) -> RunState:
    try:
        return RunState(text)
    except ValueError:
        known = ", ".join(state.value for state in RunState)
        raise OdibiError(f"{text!r} is no state of a run", where="state", fix=f"known: {known}") from None
