"""Steps that ask a service over HTTP: by its URL, or a path behind that of a connection."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from odibi_core.connections import HttpConnection
from odibi_core.errors import Problem, UnknownNameError
from odibi_core.formats.registry import format_of
from odibi_core.nodes.base import Known
from odibi_core.step import Step

HTTP = "http"


@dataclass(frozen=True, slots=True)
class ServicePlace:
    """What a step asks.

    Attributes:
        url: The service's URL, without what may be secret in it.
        connection: The connection that leads there; "" for none.
        path: What stands behind the connection's URL.
    """

    url: str
    connection: str
    path: str


def service_place(
    step: Step, connection: str | None, source_type: str | None, connections: Known
) -> tuple[ServicePlace | None, list[Problem]]:
    """The service that a step asks, None where it asks none, and what is wrong.

    Args:
        step: The step.
        connection: The connection that it names.
        source_type: The type of source that it names.
        connections: The named connections; None where they are not known.
    """
    named, value = (connections or {}).get(connection or ""), step.value
    is_url = isinstance(value, str) and value.startswith(("http://", "https://"))
    if isinstance(named, HttpConnection):
        if value is not None and (not isinstance(value, str) or is_url):
            what = "the value must be a path behind the connection's URL"
            return None, [Problem(what, step.name, "value", "such as orders, or leave it empty")]
        if source_type not in (None, HTTP):
            what = f"the connection is a service over HTTP, not {source_type}"
            fix = "leave it out: the connection says it"
            return None, [Problem(what, step.name, "params.source_type", fix)]
        return ServicePlace(named.url, connection or "", value or ""), []
    if not is_url and source_type != HTTP:
        return None, []
    if connection and connections is not None:
        what = f"the connection {connection!r} leads to no service over HTTP"
        return None, [Problem(what, step.name, "params.connection", "leave it out, or name another one")]
    if not isinstance(value, str) or not is_url:
        what = "the value must be a URL, or params.connection name a service"
        return None, [Problem(what, step.name, "value", "write a URL such as https://api.example.com/orders")]
    try:
        urlsplit(value)
    except ValueError as error:
        return None, [Problem(f"the URL can't be used: {error}", step.name, "value", "mend it")]
    source_type = source_type or _file_type(value)
    if source_type not in (None, HTTP, "json"):
        what = f"steps read JSON over HTTP, and no {source_type} files"
        fix = "fetch the file into the workspace first, with a function step or by hand"
        return None, [Problem(what, step.name, "params.source_type", fix)]
    return ServicePlace(value, "", ""), []


def _file_type(url: str) -> str | None:
    """The format of the file that a URL names; None where it names none."""
    try:
        return format_of(PurePosixPath(urlsplit(url).path).name).name
    except UnknownNameError:
        return None


def with_path(rest: dict[str, Any], place: ServicePlace) -> dict[str, Any]:
    """The format's options with the path that the step's value names."""
    return {**rest, "path": place.path} if place.path else rest
