"""What a stream is told."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Any

from pydantic import Field

from odibi_core.formats.base import Options


class StreamMode(StrEnum):
    """Where batches come from."""

    FILE_WATCH = "file_watch"
    """Each new whole file of a folder."""
    INCREMENTAL = "incremental"
    """Rows of a source past the watermark."""
    INTERVAL = "interval"
    """The whole source, every so often."""
    EVENT = "event"
    """What programs hand over, by HTTP or in Python."""


class StreamConfig(Options):
    """Where a stream reads, and how."""

    source_path: str = Field(
        min_length=1, description="The folder, file or table; the step whose value this is reads the batches."
    )
    file_pattern: str = Field(
        "*", min_length=1, description="Which files of the folder count, such as *.csv."
    )
    format: str | None = Field(
        None,
        description="The format of the files; where unset, the step's source_type or the ending says it.",
    )
    batch_size: int | None = Field(
        None, ge=1, description="Rows of a batch at most; unset: a whole file, or all rows that are new."
    )
    watermark_column: str | None = Field(
        None, min_length=1, description="The column that tells how far rows were taken; it grows."
    )
    lateness: str | float | None = Field(
        None,
        description="How far behind the watermark late rows are still taken: a span such as 2h for times, a "
        "number for numbers.",
    )
    poll_interval_s: float = Field(
        1.0,
        gt=0,
        description="How long, in seconds, nobody looks for what is new; in mode interval, the interval.",
    )
    settle_s: float = Field(
        0.5, ge=0, description="How long, in seconds, a file must stay as it is before it counts as whole."
    )
    processed_dir: str | None = Field(
        None, description="Where files go that were taken; unset: processed/ in the source's folder."
    )
    failed_dir: str | None = Field(
        None, description="Where files go that can't be taken, each with its reason; unset: failed/ there."
    )
    keep_processed: bool = Field(True, description="Whether files that were taken are kept.")
    allow_duplicates: bool = Field(
        False, description="Whether a file counts although one with the same content was taken before."
    )
    max_attempts: int = Field(
        3, ge=1, description="How often a batch is tried whose errors may pass, before it counts as failed."
    )
    max_waiting_events: int = Field(
        10_000, ge=1, description="How many posts may wait; more are refused until there is room."
    )
    host: str = Field("127.0.0.1", description="The address where mode event listens.")
    port: int | None = Field(
        None,
        ge=0,
        le=65535,
        description="The port where mode event listens; 0 takes a free one, unset listens to none.",
    )

    def params_of(self, params: dict[str, Any]) -> dict[str, Any]:
        """The params of the step that reads the batches."""
        return {**params, "source_type": self.format} if self.format else params


def state_folder(mode: StreamMode, source_path: str) -> str:
    """The name of the folder, inside that of a stream's checkpoints, that keeps what it took of a source."""
    return f"{mode.value}-{hashlib.sha256(f'{mode.value} {source_path}'.encode()).hexdigest()[:8]}"
