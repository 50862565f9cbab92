"""Steps that read over HTTP: what a service answers, or a file, by URL or by a path behind a connection's."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from odibi_core.errors import Problem, UnknownNameError
from odibi_core.formats.registry import format_names, format_of
from odibi_core.late_dataclass import dataclass
from odibi_core.nodes.base import Known
from odibi_core.step import Step

if TYPE_CHECKING:
    from odibi_core.connections import HttpConnection

HTTP = "http"
_FOLDERS = ("delta",)
_LINES = re.compile(r"\.(jsonl|ndjson)(\.(gz|zst))?$|\.json\.(gz|zst)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ServicePlace:
    """What a step asks.

    Attributes:
        url: The service's URL, without what may be secret in it.
        connection: The connection that leads there; "" for none.
        path: What stands behind the connection's URL.
        format: The format of the file that is fetched; "" where the service answers in JSON.
    """

    url: str
    connection: str
    path: str
    format: str = ""


def named_service(name: str | None, connections: Known) -> HttpConnection | None:
    """The connection of the name, where it leads to a service over HTTP."""
    named = (connections or {}).get(name or "")
    if named is None:
        return None
    from odibi_core.connections import HttpConnection

    return named if isinstance(named, HttpConnection) else None


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
    named, value = named_service(connection, connections), step.value
    is_url = isinstance(value, str) and value.startswith(("http://", "https://"))
    if named is not None:
        if value is not None and (not isinstance(value, str) or is_url):
            what = "the value must be a path behind the connection's URL"
            return None, [Problem(what, step.name, "value", "such as orders, or leave it empty")]
        path, type_ = value or "", _file_type(value or "", source_type)
        if not type_:
            return ServicePlace(named.url, connection or "", path), []
        whole = f"{named.url.rstrip('/')}/{path.lstrip('/')}" if path else named.url
        return ServicePlace(whole, connection or "", "", type_), _is_one_file(step, type_)
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
    type_ = _file_type(urlsplit(value).path, source_type)
    return ServicePlace(value, "", "", type_), _is_one_file(step, type_)


def _file_type(path: str, source_type: str | None) -> str:
    """The format of the file at a path; "" where it is what a service answers in JSON."""
    if source_type == HTTP:
        return ""
    name = PurePosixPath(path).name
    if source_type is None:
        try:
            source_type = format_of(name).name
        except UnknownNameError:
            return ""
    # What ends in .json may have pages; lines and packed files have none.
    return "" if source_type == "json" and not _LINES.search(name) else source_type


def _is_one_file(step: Step, type_: str) -> list[Problem]:
    """A problem where a format is that of no single file that can be fetched."""
    if not type_ or (type_ in format_names() and type_ not in _FOLDERS):
        return []
    what = f"{type_!r} is no format of files that are fetched over HTTP"
    known = ", ".join(name for name in format_names() if name not in _FOLDERS)
    return [Problem(what, step.name, "params.source_type", f"use one of {known}, or http")]


def with_path(rest: dict[str, Any], place: ServicePlace) -> dict[str, Any]:
    """The format's options with the path that the step's value names."""
    return {**rest, "path": place.path} if place.path else rest
