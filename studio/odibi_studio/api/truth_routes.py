"""The routes of what is known of a pipeline while it is edited: thin, over the services."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from odibi_core.errors import OdibiError
from odibi_studio.api.answers import get, refusal, send
from odibi_studio.messages import (
    Catalog,
    CheckAnswer,
    CheckRequest,
    Folder,
    PinAnswer,
    PinRequest,
    PreviewAheadAnswer,
    PreviewRequest,
    ProfileAnswer,
    ProfileRequest,
    RecipeAnswer,
    RecipeRequest,
    SqlAnswer,
    SqlRequest,
    SuggestAnswer,
    SuggestRequest,
)
from odibi_studio.services.sources import MAX_BYTES
from odibi_studio.services.sql_text import format_sql, translate_sql
from odibi_studio.services.truth import Truth

_OVERHEAD_BYTES = 1 << 20


def routes(truth: Truth) -> list[Route]:
    """The routes under /api."""

    def catalog(_: Request) -> Catalog:
        return truth.catalog()

    def check(_: Request, message: CheckRequest) -> CheckAnswer:
        return truth.checker.check(message)

    def preview(_: Request, message: PreviewRequest) -> Response:
        return Response(truth.previews.answer(message), media_type="application/json")

    def look_ahead(_: Request, message: PreviewRequest) -> PreviewAheadAnswer:
        return truth.previews.look_ahead(message)

    def profile(_: Request, message: ProfileRequest) -> ProfileAnswer:
        return truth.profiler.profile(message)

    def suggest(_: Request, message: SuggestRequest) -> SuggestAnswer:
        return truth.suggester.suggest(message)

    def pin(_: Request, message: PinRequest) -> PinAnswer:
        return truth.pinner.pin(message)

    def recipe(_: Request, message: RecipeRequest) -> RecipeAnswer:
        return truth.recipes.make(message)

    def lay_out(_: Request, message: SqlRequest) -> SqlAnswer:
        return format_sql(message)

    def translate(_: Request, message: SqlRequest) -> SqlAnswer:
        return translate_sql(message)

    def folder(request: Request) -> Folder:
        return truth.files.folder(request.query_params.get("path", ""))

    async def take_file(request: Request) -> Response:
        length = request.headers.get("content-length", "")
        if not length.isdigit() or int(length) > MAX_BYTES + _OVERHEAD_BYTES:
            return refusal(413, f"a file may have up to {MAX_BYTES >> 20} MB", "copy it into the workspace")
        async with request.form(max_files=1, max_fields=4) as form:
            file = next((each for each in form.values() if isinstance(each, UploadFile)), None)
            if file is None:
                return refusal(400, "the request holds no file")
            try:
                answer = await run_in_threadpool(truth.sources.take, file.filename or "", file.file)
            except OdibiError as error:
                return refusal(400, error.what, error.fix, error.where)
        return Response(answer.model_dump_json(), media_type="application/json")

    return [
        get("/catalog", catalog),
        send("POST", "/check", check, CheckRequest),
        send("POST", "/preview", preview, PreviewRequest),
        send("POST", "/preview/ahead", look_ahead, PreviewRequest),
        send("POST", "/profile", profile, ProfileRequest),
        send("POST", "/suggest", suggest, SuggestRequest),
        send("POST", "/pin", pin, PinRequest),
        send("POST", "/recipe", recipe, RecipeRequest),
        send("POST", "/sql/format", lay_out, SqlRequest),
        send("POST", "/sql/translate", translate, SqlRequest),
        get("/files", folder),
        Route("/files", take_file, methods=["POST"]),
    ]
