"""Loggers for those who hardly ever have something to say: to load `logging` takes 3 ms."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging


def logger(name: str) -> logging.Logger:
    """The logger of that name."""
    import logging

    return logging.getLogger(name)
