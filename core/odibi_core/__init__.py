"""Odibi core: declared data pipelines that run headless, are watched, and explain themselves."""

from __future__ import annotations

__version__ = "0.1.0"
