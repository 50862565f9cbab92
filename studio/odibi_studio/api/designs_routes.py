"""The routes of designs: thin, over the services."""

from __future__ import annotations

from starlette.requests import Request
from starlette.routing import Route

from odibi_core.errors import OdibiError
from odibi_studio.api.answers import get, send
from odibi_studio.messages import (
    AutosaveAnswer,
    AutosaveRequest,
    CopyRequest,
    CreateRequest,
    Design,
    DesignCard,
    Diff,
    Document,
    ExportAnswer,
    ImportAnswer,
    ImportRequest,
    ResolveRequest,
    RestoreRequest,
    Version,
    VersionRequest,
)
from odibi_studio.services.exchange import export, import_text
from odibi_studio.services.studio import Studio


def routes(studio: Studio) -> list[Route]:
    """The routes under /api."""
    designs, versions = studio.designs, studio.versions

    def cards(_: Request) -> list[DesignCard]:
        return designs.cards()

    def create(_: Request, message: CreateRequest) -> Design:
        return designs.create(message.name, message.template)

    def open_(request: Request) -> Design:
        return designs.open(_id(request))

    def autosave(request: Request, message: AutosaveRequest) -> AutosaveAnswer:
        return designs.autosave(_id(request), message)

    def copy(request: Request, message: CopyRequest) -> Design:
        return designs.duplicate(_id(request), message.document)

    def list_versions(request: Request) -> list[Version]:
        return versions.list(_id(request))

    def make_version(request: Request, message: VersionRequest) -> Version:
        return versions.make(_id(request), message)

    def read_version(request: Request) -> Document:
        return versions.read(_id(request), request.path_params["number"])

    def diff(request: Request) -> Diff:
        return versions.diff(_id(request), _number(request, "before"), _number(request, "after"))

    def restore(request: Request, message: RestoreRequest) -> Design:
        return versions.restore(_id(request), message.version)

    def resolve(request: Request, message: ResolveRequest) -> Design:
        return versions.resolve(_id(request), message.take)

    def export_(request: Request) -> ExportAnswer:
        match request.query_params.get("form", "yaml"):
            case "yaml" | "python" as form:
                return export(designs, _id(request), form)
            case other:
                raise OdibiError(f"there is no form {other!r}", where="form", fix="ask for yaml or python")

    def import_(_: Request, message: ImportRequest) -> ImportAnswer:
        return import_text(designs, message.file_name, message.text)

    return [
        get("/designs", cards),
        send("POST", "/designs", create, CreateRequest),
        get("/designs/{id}", open_),
        send("PUT", "/designs/{id}", autosave, AutosaveRequest),
        send("POST", "/designs/{id}/copies", copy, CopyRequest),
        get("/designs/{id}/versions", list_versions),
        send("POST", "/designs/{id}/versions", make_version, VersionRequest),
        get("/designs/{id}/versions/{number:int}", read_version),
        get("/designs/{id}/diff", diff),
        send("POST", "/designs/{id}/restore", restore, RestoreRequest),
        send("POST", "/designs/{id}/resolve", resolve, ResolveRequest),
        get("/designs/{id}/export", export_),
        send("POST", "/import", import_, ImportRequest),
    ]


def _id(request: Request) -> str:
    found: str = request.path_params["id"]
    return found


def _number(request: Request, name: str) -> int:
    given = request.query_params.get(name, "0")
    if not given.isascii() or not given.isdigit() or len(given) > 9:
        raise OdibiError(f"{given!r} is no version", where=name, fix="give its number, or 0 for now")
    return int(given)
