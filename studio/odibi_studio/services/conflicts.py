"""What two people did to one thing."""

from __future__ import annotations

from odibi_core.errors import OdibiError


class ConflictError(OdibiError):
    """Another person, browser or program changed the same thing meanwhile; nothing was overwritten."""
