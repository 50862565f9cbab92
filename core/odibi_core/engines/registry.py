"""The engines that there are: built-in ones and those that installed packages bring.

A package adds an engine by an entry point in the group `odibi.engines` that names a function taking
`EngineSettings` and giving an `Engine`. The built-in ones come through the same door.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import EntryPoint
from pathlib import Path

from odibi_core.engines.base import Engine
from odibi_core.errors import UnknownNameError
from odibi_core.extensions import brought
from odibi_core.workspace_settings import SparkSettings

GROUP = "odibi.engines"

_BUILT_IN = (
    EntryPoint("pandas", "odibi_core.engines.duckdb.engine:open_engine", GROUP),
    EntryPoint("spark", "odibi_core.engines.spark.engine:open_engine", GROUP),
)


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What an engine is opened with.

    Attributes:
        scratch: A folder of the run's own, for spilling.
        memory_limit: Such as "4GB"; the engine's default where empty.
        threads: Threads that one query may use; the engine's default where None.
        ordered: Whether rows keep their order where no query sorts them.
        spark: Where Spark is, for an engine that wants it.
    """

    scratch: Path
    memory_limit: str = ""
    threads: int | None = None
    ordered: bool = True
    spark: SparkSettings = field(default_factory=SparkSettings)


@cache
def _doors() -> dict[str, EntryPoint]:
    return {door.name: door for door in (*brought(GROUP), *_BUILT_IN)}


def engine_names() -> tuple[str, ...]:
    """The names of all engines."""
    return tuple(sorted(_doors()))


def open_engine(name: str, settings: EngineSettings) -> Engine:
    """An engine for one run.

    Raises:
        UnknownNameError: There is none of that name.
    """
    if name not in _doors():
        raise UnknownNameError.of("engine", name, engine_names())
    engine: Engine = _doors()[name].load()(settings)
    return engine
