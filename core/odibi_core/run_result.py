"""What a run gives back: it reads as a mapping and as attributes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from odibi_core.dataset import Dataset
from odibi_core.errors import OdibiError, UnknownNameError, did_you_mean
from odibi_core.late_dataclass import dataclass
from odibi_core.metrics_manager import MetricsManager
from odibi_core.tracker import Tracker


class DataMap(Mapping[str, Any]):
    """Dataset key → frame of the engine's own kind, made when it is asked for.

    `dataset(key)` gives the handle, for its schema, its row count, or its rows as Arrow or Polars.
    """

    def __init__(self, datasets: Mapping[str, Dataset]) -> None:
        self._datasets = datasets

    def __getitem__(self, key: str) -> Any:
        if key not in self._datasets:
            raise KeyError(_missing("dataset", key, self._datasets))
        return self._datasets[key].native()

    def __contains__(self, key: object) -> bool:
        return key in self._datasets

    def __iter__(self) -> Iterator[str]:
        return iter(self._datasets)

    def __len__(self) -> int:
        return len(self._datasets)

    def dataset(self, key: str) -> Dataset:
        """The handle of a dataset.

        Raises:
            UnknownNameError: The run made no such dataset.
        """
        try:
            return self._datasets[key]
        except KeyError:
            raise UnknownNameError.of("dataset", key, self._datasets) from None


@dataclass(frozen=True, slots=True)
class RunResult(Mapping[str, Any]):
    """What became of a run.

    The rows in `data_map` live as long as the result, or until `close()`.

    Attributes:
        success: Whether every step ended well.
        run_id: The run.
        pipeline_name: The pipeline.
        state: "success", "failed" or "cancelled".
        nodes_executed: How many steps ran to a good end; cached ones are not among them.
        successful_nodes: Names of the steps that ended well, cached ones too.
        failed_nodes: Names of the steps that failed.
        skipped_nodes: Names of the steps that were skipped or cancelled.
        cached_nodes: Names of the steps whose results were kept from an earlier run.
        cache_reasons: Name of a step that ran although the cache is on → why: "settings changed",
            "input changed", "code changed" or "not cached".
        duration_ms: How long the run took.
        errors: Name of a failed step → its error.
        warnings: What a person should look at although the run went on.
        tracker: The run's tracker; None where it was switched off.
        metrics: The run's metrics.
        data_map: Dataset key → frame.
        run_dir: The folder of the run's journal.
    """

    success: bool
    run_id: str
    pipeline_name: str
    state: str
    nodes_executed: int
    successful_nodes: list[str]
    failed_nodes: list[str]
    skipped_nodes: list[str]
    cached_nodes: list[str]
    cache_reasons: dict[str, str]
    duration_ms: float
    errors: dict[str, OdibiError]
    warnings: list[str]
    tracker: Tracker | None
    metrics: MetricsManager
    data_map: DataMap
    run_dir: Path
    close: Callable[[], object]

    def story(self) -> Path | None:
        """The story of the run, made now where the run left it to be made; None without tracker.

        Raises:
            OdibiError: It can't be written.
        """
        from odibi_core.story_generator import story_of

        return story_of(self.run_dir)

    def __getitem__(self, name: str) -> Any:
        if name in _NAMES:
            return getattr(self, name)
        if name in self.data_map:
            raise KeyError(f"{name!r} is a dataset: it is in data_map[{name!r}]")
        raise KeyError(_missing("part of a result", name, _NAMES))

    def __contains__(self, name: object) -> bool:
        return name in _NAMES

    def __iter__(self) -> Iterator[str]:
        return iter(_NAMES)

    def __len__(self) -> int:
        return len(_NAMES)

    def __hash__(self) -> int:
        return hash(self.run_id)

    def __repr__(self) -> str:
        return (
            f"RunResult({self.pipeline_name!r}, run_id={self.run_id!r}, state={self.state!r}, "
            f"nodes_executed={self.nodes_executed}, failed_nodes={self.failed_nodes})"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _missing(kind: str, name: str, known: Iterable[str]) -> str:
    hint = did_you_mean(name, known)
    return f"{name!r} is no {kind}; {hint}" if hint else f"{name!r} is no {kind}"


_NAMES = tuple(field.name for field in fields(RunResult) if field.name != "close")
