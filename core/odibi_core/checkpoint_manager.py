"""Checkpoints: where a run stands, saved so that it can be resumed."""

from __future__ import annotations

from enum import StrEnum


class CheckpointMode(StrEnum):
    """When a checkpoint is saved.

    `manual`: only when somebody asks (`Orchestrator.save_checkpoint()`), at the end of the next region.
    `auto`: after every region. `interval`: every 10 finished steps or 60 seconds, whichever comes first.
    `layer`: when a layer is complete.
    """

    MANUAL = "manual"
    AUTO = "auto"
    INTERVAL = "interval"
    LAYER = "layer"
