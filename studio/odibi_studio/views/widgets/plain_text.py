"""Text that Streamlit shows as it stands."""

from __future__ import annotations

_SIGNS = frozenset(r"\`*_{}[]()#+-.!|~$:<>")


def plain(text: str) -> str:
    """The text for a label or a caption, with nothing in it that Streamlit takes for Markdown."""
    return "".join(f"\\{letter}" if letter in _SIGNS else letter for letter in text)
