"""The settings of CSV."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from odibi_core.formats.base import LateOptions
from odibi_core.formats.tolerance import TolerantOptions
from odibi_core.model import Field, field_validator, model_validator


class CsvReadOptions(TolerantOptions):
    """How CSV is read. What is not said is found out from the head of the file."""

    also_called: ClassVar[Mapping[str, str]] = {
        "separator": "delimiter",
        "delim": "delimiter",
        "field_separator": "delimiter",
        "thousands": "thousands_separator",
        "decimal": "decimal_separator",
        "na_values": "null_values",
        "null_value": "null_values",
        "nullstr": "null_values",
        "skiprows": "skip",
        "quotechar": "quote",
        "escapechar": "escape",
        "dtype": "schema",
        "names": "columns",
        "charset": "encoding",
    }

    header: bool | Literal["auto"] = Field(
        default="auto", description="Whether the first line holds the columns' names."
    )
    delimiter: str | None = Field(
        default=None,
        alias="sep",
        min_length=1,
        max_length=1,
        description="Between fields: , ; | or a tab; of files that end in .tsv a tab if empty.",
    )
    quote: str = Field(
        default='"',
        max_length=1,
        description="Around fields that hold a delimiter or a line break; empty for none.",
    )
    escape: str | None = Field(
        default=None,
        min_length=1,
        max_length=1,
        description="Before a quote that is meant; the quote itself if empty.",
    )
    encoding: str = Field(
        default="",
        description="Such as utf-8, latin-1, cp1252, utf-16; by the byte order mark, else utf-8, if empty.",
    )
    columns: tuple[str, ...] | None = Field(
        default=None, description="Names of all columns in order, in the place of the header's."
    )
    column_types: dict[str, str] | None = Field(
        default=None,
        alias="schema",
        description="Column → type, for all or some columns; the others are found out. Types are SQL's: "
        "BIGINT, DOUBLE, DECIMAL(18,2), DATE, TIMESTAMP, VARCHAR.",
    )
    null_values: tuple[str, ...] = Field(
        default=(), description="Texts that mean null beside the empty field, such as NA or NULL."
    )
    quoted_nulls: bool = Field(
        default=True,
        description='Whether a quoted empty field ("") means null too; otherwise it is an empty text.',
    )
    date_format: str | None = Field(default=None, description="Such as %d/%m/%Y; found out if empty.")
    timestamp_format: str | None = Field(
        default=None, description="Such as %d/%m/%Y %H:%M; found out if empty."
    )
    decimal_separator: Literal[".", ","] = Field(default=".", description="In numbers.")
    thousands_separator: Literal["", ",", ".", "'", " ", "_"] = Field(
        default="", description="In numbers, between groups of digits; none if empty."
    )
    skip: int = Field(default=0, ge=0, description="Lines to pass over before the header.")
    comment: str = Field(default="", max_length=1, description="Lines that begin with it don't count.")
    sample_size: int = Field(
        default=20_480,
        ge=1,
        description="Rows of the head from which types are found out; more is surer and slower.",
    )

    @model_validator(mode="after")
    def _separate(self) -> CsvReadOptions:
        if self.thousands_separator == self.decimal_separator:
            raise ValueError("thousands_separator and decimal_separator are the same: set the other one too")
        return self

    @field_validator("columns", mode="before")
    @classmethod
    def _one_name(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @field_validator("null_values", mode="before")
    @classmethod
    def _one_text(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value


class CsvWriteOptions(LateOptions):
    """How CSV is written, in UTF-8."""

    also_called: ClassVar[Mapping[str, str]] = {
        "separator": "delimiter",
        "delim": "delimiter",
        "field_separator": "delimiter",
        "na_rep": "null_text",
        "nullstr": "null_text",
        "quotechar": "quote",
        "line_terminator": "line_end",
    }

    header: bool = Field(default=True, description="Whether the first line holds the columns' names.")
    delimiter: str = Field(
        default=",",
        alias="sep",
        min_length=1,
        max_length=1,
        description="Between fields; a tab where the target ends in .tsv and nothing else is said.",
    )
    quote: str = Field(default='"', min_length=1, max_length=1, description="Around fields that need it.")
    escape: str | None = Field(
        default=None,
        min_length=1,
        max_length=1,
        description="Before a quote that is meant; the quote itself if empty.",
    )
    quote_all: bool = Field(default=False, description="Whether every field is quoted, needed or not.")
    null_text: str = Field(default="", alias="null_value", description="What stands for null.")
    date_format: str | None = Field(default=None, description="Such as %d/%m/%Y; ISO 8601 if empty.")
    timestamp_format: str | None = Field(
        default=None, description="Such as %d/%m/%Y %H:%M; ISO 8601 if empty."
    )
    compression: Literal["auto", "none", "gzip", "zstd", "bzip2", "xz", "lz4"] = Field(
        default="auto",
        description="Of the files in a folder; a single file is packed as its name's ending says.",
    )
    ordered: bool = Field(
        default=True,
        description="Whether rows are written in their order; false lets each thread write when it is ready.",
    )
    line_end: Literal["\n", "\r\n"] = Field(default="\n", description="At the end of each row.")
