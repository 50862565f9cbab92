"""The settings of JSON."""

from __future__ import annotations

from typing import Literal

from odibi_core.formats.base import LateOptions
from odibi_core.formats.tolerance import TolerantOptions
from odibi_core.model import Field


class JsonReadOptions(TolerantOptions):
    """How JSON is read. Nested values stay nested, as STRUCT and LIST."""

    lines: bool | Literal["auto"] = Field(
        default="auto",
        description="Whether each line is an object of its own; otherwise the file is one array.",
    )
    encoding: str = Field(
        default="", description="Such as utf-8 or utf-16; by the byte order mark, else utf-8, if empty."
    )
    column_types: dict[str, str] | None = Field(
        default=None,
        alias="schema",
        description="Column → type. Only these are read; all are, and their types found out, if empty.",
    )
    sample_size: int = Field(
        default=-1,
        ge=-1,
        description="Objects from which columns and types are found out; -1 for all: no key is missed.",
    )


class JsonWriteOptions(LateOptions):
    """How JSON is written, in UTF-8."""

    lines: bool = Field(
        default=True, description="Whether each row is a line; otherwise the file is one array."
    )
    compression: Literal["auto", "none", "gzip", "zstd", "bzip2", "xz", "lz4"] = Field(
        default="auto",
        description="Of the files in a folder; a single file is packed as its name's ending says.",
    )
    ordered: bool = Field(
        default=True,
        description="Whether rows are written in their order; false lets each thread write when it is ready.",
    )
