"""The settings that a step's `params` may hold: one model a node kind.

These models are the only description of the settings: they validate, they make the JSON Schema, and the
Studio draws its forms from them. What a format takes beside them is in the format's own options.
"""

from __future__ import annotations

from typing import Any, Literal

from odibi_core.formats.base import LateOptions, WriteMode
from odibi_core.model import Field, field_validator


class StepSettings(LateOptions):
    """What every step takes."""

    max_retries: int | None = Field(
        None, ge=0, le=100, description="Tries after the first one, for errors that may pass."
    )
    retry_delay: float | None = Field(None, ge=0, description="Seconds before the first retry.")
    retry_backoff: bool | None = Field(None, description="Wait twice as long before each further retry.")
    timeout_s: float | None = Field(
        None, gt=0, description="Seconds after which the step is stopped and fails."
    )
    cache: bool | None = Field(None, description="Keep the result for later runs; false never does.")


class TransformSettings(StepSettings):
    """What a transform takes: the step's own settings, and how its result is held."""

    materialize: bool | None = Field(
        None,
        description="Compute the result once and keep it, also where it could stream into the next step.",
    )


class SqlSettings(TransformSettings):
    """What a SQL step takes."""

    dialect: Literal["auto", "duckdb", "spark"] = Field(
        "auto", description="The SQL dialect the text is written in; auto tries the engine's own first."
    )


class IngestSettings(StepSettings):
    """What an ingest step takes, beside the options of its format."""

    source_type: str | None = Field(None, description="The format; taken from the path where it is not said.")
    connection: str | None = Field(
        None, description="A named connection; the value is then a path inside it, a table or a query."
    )
    materialize: bool | None = Field(None, description="Read the source once and keep it.")


class StoreSettings(StepSettings):
    """What a store step takes, beside the options of its format."""

    format: str | None = Field(None, description="The format; taken from the path where it is not said.")
    mode: WriteMode = Field(WriteMode.OVERWRITE, description="What happens to what the target already holds.")
    if_exists: Literal["replace", "append", "fail", "ignore"] | None = Field(
        None, description="The mode in the words that databases use; for tables of a database only."
    )
    merge_key: tuple[str, ...] = Field((), description="Columns that tell whether a row is there already.")
    partition_by: tuple[str, ...] = Field(
        (), alias="partitionBy", description="Columns whose values become folders."
    )
    connection: str | None = Field(
        None, description="A named connection; the value is then a path inside it, or a table."
    )

    @field_validator("merge_key", "partition_by", mode="before")
    @classmethod
    def _one_or_many(cls, given: Any) -> Any:
        return (given,) if isinstance(given, str) else given


class PublishSettings(StoreSettings):
    """What a publish step takes where it writes a file: the same as a store."""


class HttpPublishSettings(StepSettings):
    """What a publish step takes where it sends to an HTTP endpoint."""

    connection: str | None = Field(
        None, description="A connection of kind http: the value is then a path behind its URL."
    )
    method: Literal["POST", "PUT", "PATCH"] = Field("POST", description="The HTTP method.")
    headers: dict[str, str] = Field(
        default_factory=dict, description="Request headers; secrets as ${secret:NAME}."
    )
    batch_size: int = Field(500, ge=1, le=100_000, description="Rows in one request.")
    request_timeout_s: float = Field(30, gt=0, description="Seconds to wait for one answer.")


class ConnectSettings(StepSettings):
    """What a connect step takes."""

    connection: str = Field(description="The name of the connection that is checked.")
