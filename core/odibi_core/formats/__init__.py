"""File formats: one a module, each declaring what it can read, write, append, merge and partition."""

from odibi_core.formats.catalog import describe_formats
from odibi_core.formats.registry import format_named, format_names, format_of

__all__ = ["describe_formats", "format_named", "format_names", "format_of"]
