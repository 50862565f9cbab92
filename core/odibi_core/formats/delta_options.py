"""The settings of Delta."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from pydantic import Field, field_validator, model_validator

from odibi_core.formats.base import Options


class DeltaReadOptions(Options):
    """How a Delta table is read."""

    version: int | None = Field(
        default=None, ge=0, alias="versionAsOf", description="The table's version; the newest if empty."
    )
    timestamp: datetime | None = Field(
        default=None,
        alias="timestampAsOf",
        description="The version that was the newest at this moment; UTC where it names no zone.",
    )
    change_feed: bool = Field(
        default=False,
        alias="readChangeFeed",
        description="Whether the changes are read in the place of the rows: each row that was inserted, "
        "updated or deleted, with _change_type, _commit_version and _commit_timestamp.",
    )
    starting_version: int | None = Field(
        default=None, ge=0, alias="startingVersion", description="The first version of the change feed."
    )
    ending_version: int | None = Field(
        default=None, ge=0, alias="endingVersion", description="The last version of the change feed."
    )
    starting_timestamp: datetime | None = Field(
        default=None, alias="startingTimestamp", description="The change feed from this moment on."
    )
    ending_timestamp: datetime | None = Field(
        default=None, alias="endingTimestamp", description="The change feed up to this moment."
    )

    @field_validator("timestamp", "starting_timestamp", "ending_timestamp")
    @classmethod
    def _in_utc(cls, moment: datetime | None) -> datetime | None:
        return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment

    @model_validator(mode="after")
    def _fit(self) -> DeltaReadOptions:
        if self.version is not None and self.timestamp is not None:
            raise ValueError("version and timestamp exclude each other: give one of them")
        ends = (self.starting_version, self.ending_version, self.starting_timestamp, self.ending_timestamp)
        if not self.change_feed and any(end is not None for end in ends):
            raise ValueError("a starting or ending version or timestamp needs change_feed: true")
        if self.change_feed and (self.version is not None or self.timestamp is not None):
            raise ValueError("the change feed has no version but a beginning: use starting_version")
        return self


class DeltaWriteOptions(Options):
    """How a Delta table is written."""

    compression: Literal["zstd", "snappy", "gzip", "none"] = Field(
        default="zstd", description="zstd makes the smallest files, snappy is read by the oldest tools."
    )
    schema_mode: Literal["merge", "overwrite"] | None = Field(
        default=None,
        description="How the table's columns may change: merge adds new ones and leaves missing ones null, "
        "overwrite (with mode overwrite) replaces them. Rows of other columns are refused if empty.",
    )
    merge_schema: bool = Field(
        default=False, alias="mergeSchema", description="The same as schema_mode: merge."
    )
    overwrite_schema: bool = Field(
        default=False, alias="overwriteSchema", description="The same as schema_mode: overwrite."
    )
    replace_where: str | None = Field(
        default=None,
        min_length=1,
        alias="replaceWhere",
        description="With mode overwrite: only rows that meet this condition are replaced, such as "
        "day = '2024-01-31'. The new rows must meet it too.",
    )
    partition_overwrite: Literal["static", "dynamic"] = Field(
        default="static",
        alias="partitionOverwriteMode",
        description="With mode overwrite: dynamic replaces only the partitions that the new rows are in.",
    )
    change_feed: bool = Field(
        default=False,
        alias="enableChangeDataFeed",
        description="Whether the table keeps from now on what each commit changes, for readers of the feed.",
    )

    @property
    def evolution(self) -> Literal["merge", "overwrite"] | None:
        """How the columns may change."""
        if self.schema_mode is None and self.merge_schema:
            return "merge"
        return "overwrite" if self.schema_mode is None and self.overwrite_schema else self.schema_mode

    @model_validator(mode="after")
    def _fit(self) -> DeltaWriteOptions:
        wishes = {self.schema_mode, self.merge_schema and "merge", self.overwrite_schema and "overwrite"}
        if len(wishes - {None, False}) > 1:
            raise ValueError("schema_mode, mergeSchema and overwriteSchema differ: give one of them")
        if self.replace_where and self.partition_overwrite == "dynamic":
            raise ValueError("replace_where and partition_overwrite exclude each other: give one of them")
        return self
