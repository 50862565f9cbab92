"""How much a run would read: from the sizes of files and their metadata alone."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from odibi_core.engines.operations import Scan
from odibi_core.errors import OdibiError
from odibi_core.formats.registry import format_named
from odibi_core.plan.model import Plan, SourceSize


def measure_sources(plan: Plan, place: Callable[[Scan], Path]) -> dict[str, SourceSize]:
    """Name of a step that reads files → how much there is to read; nothing for sources that are not there.

    Args:
        plan: The plan.
        place: Gives the absolute path of a scan.
    """
    from odibi_core import late_duckdb as duckdb

    sizes: dict[str, SourceSize] = {}
    with duckdb.connect(":memory:", config={"threads": "1"}) as connection:
        for name, planned in plan.steps.items():
            scan = planned.node.operation
            if not isinstance(scan, Scan):
                continue
            try:
                path = place(scan)
                rows = format_named(scan.format).count_rows(str(path), connection)
            except OdibiError:
                continue  # told with the problems
            sizes[name] = SourceSize(sum(file_sizes(path)), rows)
    return sizes


def bytes_read(plan: Plan, sizes: Mapping[str, SourceSize]) -> dict[str, int]:
    """Name of a region → bytes of the files that it reads, as if all their columns were needed.

    A source that several regions read counts for each.
    """
    makers = {
        key: name
        for name in sizes
        if not plan.steps[name].is_kept
        for key in plan.steps[name].step.outputs.values()
    }
    read: dict[str, int] = {}
    for region in plan.regions:
        taken = {
            makers[key]
            for name in region.steps
            for key in plan.steps[name].step.inputs.values()
            if key in makers
        }
        own = {name for name in region.steps if name in sizes and plan.steps[name].is_kept}
        read[region.name] = sum(sizes[name].size_bytes for name in taken | own)
    return read


def file_sizes(path: Path) -> Iterator[int]:
    """The sizes in bytes of the files that a path names: a file, a folder, or a glob."""
    pattern = str(path)
    matches = glob.iglob(pattern, recursive=True) if glob.has_magic(pattern) else [pattern]  # noqa: PTH207 - absolute
    for match in matches:
        try:
            if not Path(match).is_dir():
                yield Path(match).stat().st_size
                continue
            for folder, _, names in os.walk(match):
                yield from ((Path(folder) / name).stat().st_size for name in names)
        except OSError:
            continue
