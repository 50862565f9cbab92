"""What is cut off, covered or out of the window on a page, as a person would see it."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator

_FIND = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


def faults(part: Locator) -> list[str]:
    """What is wrong with how a part of a page is laid out, in words; nothing where all can be read."""
    found: list[str] = part.evaluate(_FIND)
    return found
