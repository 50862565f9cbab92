"""Publish: hands a dataset to somebody else, as a file or over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from odibi_core.engines.operations import Send
from odibi_core.errors import Problem
from odibi_core.nodes.base import Known, Node, parse, text_value
from odibi_core.nodes.databases import unknown_connection
from odibi_core.nodes.services import named_service
from odibi_core.nodes.settings import HttpPublishSettings, PublishSettings, StepSettings
from odibi_core.nodes.store import store
from odibi_core.step import Step

if TYPE_CHECKING:
    from odibi_core.connections import HttpConnection


def publish(step: Step, root: Path, connections: Known = None) -> Node:
    """The write or the requests that the step asks for; a path is relative to `root`."""
    named = named_service(str(step.params.get("connection") or ""), connections)
    is_url = isinstance(step.value, str) and step.value.startswith(("http://", "https://"))
    if not is_url and named is None:
        return store(step, root, connections, PublishSettings)
    settings, problems = parse(HttpPublishSettings, step.params, step)
    if settings is None:
        return Node(None, StepSettings(), tuple(problems))
    problems += unknown_connection(step, settings.connection, connections)
    url, mistakes = _endpoint(step, settings, named, connections)
    problems += mistakes
    if problems:
        return Node(None, settings, tuple(problems))
    send = Send(
        url,
        settings.method,
        settings.headers,
        settings.batch_size,
        settings.request_timeout_s,
        settings.connection or "",
    )
    return Node(send, settings)


def _endpoint(
    step: Step, settings: HttpPublishSettings, named: HttpConnection | None, connections: Known
) -> tuple[str, list[Problem]]:
    """The URL that rows are sent to, and what is wrong."""
    if named is not None:
        if step.value is not None and (not isinstance(step.value, str) or "://" in step.value):
            what = "the value must be a path behind the connection's URL"
            return "", [Problem(what, step.name, "value", "such as orders, or leave it empty")]
        path = (step.value or "").lstrip("/")
        return f"{named.url.rstrip('/')}/{path}" if path else named.url, []
    if settings.connection and connections is not None and settings.connection in connections:
        what = f"the connection {settings.connection!r} leads to no service over HTTP"
        return "", [Problem(what, step.name, "params.connection", "leave it out, or name another one")]
    return str(step.value), text_value(step, "the URL")
