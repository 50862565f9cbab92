"""The settings of sources over HTTP."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Self

from pydantic import Field, PrivateAttr, model_validator

from odibi_core.formats.base import Options
from odibi_core.formats.http_client import Service


class Paging(StrEnum):
    """How the next page is asked for."""

    NONE = "none"
    """There is one page."""
    LINK = "link"
    """The answer's header `Link` has the next one's URL, as rel="next"."""
    NEXT = "next"
    """The answer holds the next one's URL."""
    CURSOR = "cursor"
    """The answer holds a text that asks for the next one."""
    PAGE = "page"
    """By its number."""
    OFFSET = "offset"
    """By the number of rows before it."""


class HttpReadOptions(Options):
    """What is asked of a service that answers in JSON."""

    path: str = Field("", description="Behind the service's URL; the step's value, where that is no URL.")
    query: dict[str, str | int | float | bool] = Field(
        default_factory=dict, description="What stands behind the ? of the URL."
    )
    headers: dict[str, str] = Field(
        default_factory=dict, description="Further headers; credentials as ${secret:NAME}."
    )
    rows: str = Field(
        "",
        description="Where in an answer the rows are, such as data.items; the answer itself if empty. "
        "One object is one row.",
    )
    paging: Paging = Field(
        Paging.NONE,
        description="How further pages are asked for: link (a header), next (a URL in the answer), cursor "
        "(a text in the answer), page (numbers), offset (rows before it).",
    )
    next: str = Field(
        "",
        description="For next and cursor: where in an answer it is, such as meta.next; none there ends it.",
    )
    page_param: str = Field(
        "", description="For cursor, page and offset: its name in the query; cursor, page or offset if empty."
    )
    first_page: int = Field(1, ge=0, description="For page: the number of the first.")
    page_size: int | None = Field(
        None, ge=1, description="How many rows a page has; a page with fewer is the last."
    )
    page_size_param: str = Field("limit", min_length=1, description="Its name in the query.")
    max_pages: int = Field(10_000, ge=1, description="More pages end the step with an error.")
    requests_per_second: float | None = Field(
        None, gt=0, description="How many requests a second are allowed; no limit if empty."
    )
    request_timeout_s: float = Field(30, gt=0, description="How long one answer may take, in seconds.")
    tries: int = Field(
        5, ge=1, le=20, description="How often a page is asked for where the service is busy or broken."
    )
    column_types: dict[str, str] | None = Field(
        default=None,
        alias="schema",
        description="Column → type. Only these are read; all are, and their types found out, if empty.",
    )

    _service: Service | None = PrivateAttr(None)
    _looked_at: list[Any] = PrivateAttr(default_factory=list)

    @model_validator(mode="after")
    def _is_whole(self) -> HttpReadOptions:
        if self.paging in (Paging.NEXT, Paging.CURSOR) and not self.next:
            raise ValueError(f"paging {self.paging.value!r} needs `next`: where in the answer it is")
        return self

    @property
    def page_name(self) -> str:
        """The name of page, offset or cursor in the query."""
        return self.page_param or self.paging.value

    def at(self, server: Service) -> Self:
        """The same options, for that service."""
        bound = self.model_copy()
        bound._service = server
        return bound

    def keep(self, page: object) -> None:
        """Have `kept` give a page once, for all that are bound from these options."""
        self._looked_at[:] = [page]

    def kept(self) -> Any:
        """The page that the plan has looked at; None where there is none, or somebody had it before."""
        return self._looked_at.pop() if self._looked_at else None

    @property
    def service(self) -> Service:
        """Whom to ask.

        Raises:
            RuntimeError: Nobody said it.
        """
        if self._service is None:
            raise RuntimeError("the options are bound to no service")
        return self._service


class HttpWriteOptions(Options):
    """Nothing: rows are sent by publish steps."""
