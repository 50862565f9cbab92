"""The cache: results of regions, kept for later runs of the same steps on the same data."""

from __future__ import annotations

from pathlib import Path


class CacheManager:
    """Results of regions in a folder. Several processes may share it.

    Args:
        cache_dir: The folder.
        max_bytes: How much it may hold; what was used longest ago goes first. None sets no limit.
    """

    def __init__(self, cache_dir: Path | str, max_bytes: int | None = None) -> None:
        self.folder, self.max_bytes = Path(cache_dir), max_bytes
