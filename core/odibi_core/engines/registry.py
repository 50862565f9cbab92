"""The engines that there are: built-in ones and those that installed packages bring.

A package adds an engine by an entry point in the group `odibi.engines` that names a function taking
`EngineSettings` and giving an `Engine`. The built-in ones come through the same door.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, overload

from odibi_core.engines.base import Engine
from odibi_core.errors import UnknownNameError
from odibi_core.extensions import Door, brought
from odibi_core.late_dataclass import dataclass
from odibi_core.workspace_settings import SparkSettings

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "odibi.engines"

_BUILT_IN = {
    "pandas": Door("pandas", "odibi_core.engines.duckdb.engine:open_engine", GROUP),
    "spark": Door("spark", "odibi_core.engines.spark.engine:open_engine", GROUP),
}


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What an engine is opened with.

    Attributes:
        scratch: A folder of the run's own, for spilling.
        memory_limit: Such as "4GB"; the engine's default where empty.
        threads: Threads that one query may use; the engine's default where None.
        ordered: Whether rows keep their order where no query sorts them.
        spark: Where Spark is, for an engine that wants it.
        most_threads: Threads that a query has use for, where nobody said how many it may use.
    """

    scratch: Path
    memory_limit: str = ""
    threads: int | None = None
    ordered: bool = True
    spark: SparkSettings = field(default_factory=SparkSettings)
    most_threads: int | None = None


@cache
def _doors() -> dict[str, EntryPoint | Door]:
    return {door.name: door for door in (*brought(GROUP), *_BUILT_IN.values())}


def engine_names() -> tuple[str, ...]:
    """The names of all engines."""
    return tuple(sorted(_doors()))


class EngineNames(Sequence[str]):
    """The names of all engines. Installed packages are looked through for a name that is not built in."""

    def __contains__(self, name: object) -> bool:
        return name in _BUILT_IN or name in engine_names()

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        return engine_names()[index]

    def __len__(self) -> int:
        return len(engine_names())


def open_engine(name: str, settings: EngineSettings) -> Engine:
    """An engine for one run.

    Raises:
        UnknownNameError: There is none of that name.
    """
    door = _BUILT_IN.get(name) or _doors().get(name)
    if door is None:
        raise UnknownNameError.of("engine", name, engine_names())
    engine: Engine = door.load()(settings)
    return engine
