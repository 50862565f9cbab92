"""File formats: one a module, each declaring what it can read, write, append, merge and partition.

A name brings its module when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from odibi_core.lazy_names import lazy_names

if TYPE_CHECKING:
    from odibi_core.formats.catalog import describe_formats
    from odibi_core.formats.registry import format_named, format_names, format_of

_HOMES = {
    "describe_formats": "odibi_core.formats.catalog",
    "format_named": "odibi_core.formats.registry",
    "format_names": "odibi_core.formats.registry",
    "format_of": "odibi_core.formats.registry",
}

__all__ = ["describe_formats", "format_named", "format_names", "format_of"]

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
