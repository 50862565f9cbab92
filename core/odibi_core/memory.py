"""What a run need not do again: the seam between the executor, the cache and the checkpoints."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from odibi_core.dataset import Dataset
from odibi_core.engines.base import Attempt, Engine, Outcome, RunContext
from odibi_core.kept.resumption import (
    Fork,
    Resumption,
    check_unchanged,
    find_fork,
    find_resumption,
    ticket_run_ids,
)
from odibi_core.late_dataclass import dataclass
from odibi_core.plan.model import Plan, Region, Tracking
from odibi_core.plan.planner import Surroundings
from odibi_core.plan.rendering import Values
from odibi_core.secret_store import Redactor

if TYPE_CHECKING:
    from odibi_core.checkpoint_manager import CheckpointManager, CheckpointMode, RunRecord
    from odibi_core.kept.cached_run import CachedRun, Forecast
    from odibi_core.kept.checkpointed_run import CheckpointedRun
    from odibi_core.kept.result_cache import ResultCache
    from odibi_core.plan.fingerprint import Fingerprint

Save = Callable[[Attempt], dict[str, Any]]
"""Saves a checkpoint, which may take a while, and gives the keys of the event that says so."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Recalls regions that need not run, and remembers those that ran.

    Attributes:
        cache: Results of earlier runs; None where the cache is off.
        checkpoints: What this run did before it was resumed; None where checkpoints are off.
        finish: Called when the run has succeeded: nobody resumes it any more. None where checkpoints are off.
    """

    cache: CachedRun | None
    checkpoints: CheckpointedRun | None
    finish: Callable[[], object] | None

    def recall(
        self, region: Region, data: Mapping[str, Dataset], is_stale: Callable[[Sequence[Outcome]], bool]
    ) -> list[Outcome] | None:
        """What the region did before, where that still holds; None where it must run.

        Args:
            region: The region.
            data: Dataset key → what earlier regions made.
            is_stale: Whether what the cache kept has grown too old. What a checkpoint holds is of the run
                that goes on: it was looked at then, and other steps have taken it already.
        """
        outcomes = self.checkpoints.recall(region, data) if self.checkpoints else None
        if outcomes is None and self.cache:
            outcomes = self.cache.recall(region, data)
            if outcomes is not None and is_stale(outcomes):
                outcomes = None
        return outcomes

    def keep(self, region: Region, outcomes: Sequence[Outcome], attempt: Attempt) -> None:
        """Keep what the region did just now for later runs. Called in the thread that ran it."""
        if self.cache:
            self.cache.keep(region, outcomes, attempt)

    def take(self, outcomes: Sequence[Outcome]) -> None:
        """Know that the steps of a region are done."""
        if self.checkpoints:
            self.checkpoints.take(outcomes)

    @property
    def reasons(self) -> Mapping[str, str]:
        """Name of a step that ran although the cache is on → why."""
        return self.cache.reasons if self.cache else {}

    def want_checkpoint(self) -> bool:
        """Whether a checkpoint will be saved at the end of the next region."""
        if self.checkpoints:
            self.checkpoints.want()
        return self.checkpoints is not None

    def next_save(self, failed: Collection[str], *, is_end: bool = False) -> Save | None:
        """What saves a checkpoint of the run as it stands; None where none is due."""
        return self.checkpoints.next_save(failed, is_end=is_end) if self.checkpoints else None


@dataclass(frozen=True, slots=True)
class Past:
    """What a run finds of earlier runs, before it is planned.

    Attributes:
        cache: The cache; None where it is off.
        checkpoints: The checkpoints; None where they are off.
        mode: When one is saved; None where they are off.
        resumption: What the run goes on from.
    """

    cache: ResultCache | None = None
    checkpoints: CheckpointManager | None = None
    mode: CheckpointMode | None = None
    resumption: Resumption = field(default_factory=Resumption)

    @classmethod
    def find(
        cls,
        pipeline: str,
        cache: ResultCache | None,
        checkpoints: CheckpointManager,
        mode: CheckpointMode,
        *,
        resumes: bool,
        fork: Fork | None = None,
    ) -> Past:
        """The past of a run of the pipeline.

        Args:
            pipeline: Its name.
            cache: The cache; None where it is off.
            checkpoints: The checkpoints.
            mode: When one is saved.
            resumes: Whether it goes on with the latest run of the pipeline.
            fork: The run that it takes over from.

        Raises:
            CheckpointError: The checkpoint to resume is of another pipeline, or the run to take over from has
                none.
        """
        if fork is not None:
            return cls(cache, checkpoints, mode, find_fork(checkpoints, fork))
        if not resumes:
            return cls(cache, checkpoints, mode)
        return cls(cache, checkpoints, mode, find_resumption(checkpoints, pipeline))

    def values(self, run_id: str, parameters: Mapping[str, Any], secret: Callable[[str], str]) -> Values:
        """What placeholders stand for; a run that continues another keeps its id and day, a fork the day."""
        record = self.resumption.record or self.resumption.forked
        if record is None:
            return Values.for_run(run_id, parameters, secret)
        if "date" not in parameters:
            with suppress(ValueError):
                parameters = {**parameters, "date": dt.date.fromisoformat(record.day)}
        is_its_own = self.resumption.record is None
        return Values.for_run(run_id if is_its_own else record.run_id, parameters, secret)

    def tracking(self, wanted: Tracking) -> Tracking:
        """How closely steps are watched; a run that continues another has that one's regions."""
        record = self.resumption.record or self.resumption.forked
        return Tracking(record.tracking) if record else wanted


class Prospect:
    """What the past means for one plan.

    Args:
        past: The past.
        plan: The plan.
        values: What its placeholders stand for.
        surroundings: What it was planned in.

    Attributes:
        notes: Step → what a person should know of the rows that it takes over.

    Raises:
        CheckpointError: Steps that are done have changed since the checkpoint.
    """

    def __init__(self, past: Past, plan: Plan, values: Values, surroundings: Surroundings) -> None:
        self._past, self._plan, self._place = past, plan, surroundings.place
        self._day = str(values.parameters["date"])
        self._fingerprints: Mapping[str, Fingerprint] = {}
        # A run that keeps nothing and takes nothing loads none of what follows.
        if past.cache or past.checkpoints:
            from odibi_core.plan.fingerprint import fingerprint_steps

            self._fingerprints = fingerprint_steps(
                plan, values, surroundings.place, surroundings.allowed_functions
            )
        self._checkpoint = past.resumption.checkpoint
        self.notes: Mapping[str, str] = {}
        if self._checkpoint is not None and past.resumption.forked is not None:
            from odibi_core.kept.taking_over import Takeover

            taken = Takeover(self._checkpoint, plan, self._fingerprints, surroundings.place)
            self._checkpoint, self.notes = taken.part(), taken.notes
        elif self._checkpoint is not None:
            check_unchanged(self._checkpoint, plan.pipeline.name, self._fingerprints)

    @property
    def ticket_run_ids(self) -> dict[str, str]:
        """Step name → the run under whose name it writes, where that is not the present one."""
        return ticket_run_ids(self._past.resumption.record, self._fingerprints)

    def forecasts(self) -> dict[str, Forecast]:
        """Region name → what the cache would do for it now; empty where the cache is off."""
        cache = self._past.cache
        if not cache:
            return {}
        from odibi_core.kept.cached_run import CacheView

        return CacheView(cache, self._plan, self._fingerprints, self._place).forecasts()

    def open(
        self,
        engines: Mapping[str, Engine],
        context: RunContext,
        warn: Callable[[str, str], object],
        redactor: Redactor,
    ) -> Memory | None:
        """The memory of a run that begins now; None where cache and checkpoints are off.

        Args:
            engines: Name → engine.
            context: The run.
            warn: Takes (step, sentence) where a person should know.
            redactor: Hides secrets in what is kept.

        Raises:
            TargetError: The folder of the checkpoints can't be written.
        """
        past, pipeline = self._past, self._plan.pipeline.name
        cached = checkpointed = None
        finish: Callable[[], object] | None = None
        if past.cache is not None:
            from odibi_core.kept.cached_run import CachedRun, CacheView

            view = CacheView(past.cache, self._plan, self._fingerprints, self._place)
            cached = CachedRun(view, engines, context, warn, redactor)
        if past.checkpoints is not None and past.mode is not None:
            from odibi_core.kept.checkpoint_saver import CheckpointSaver
            from odibi_core.kept.checkpointed_run import CheckpointedRun
            from odibi_core.kept.rereading import Sources

            record = past.resumption.record or self._new_record(context.run_id)
            past.checkpoints.begin(pipeline, record)
            finish = partial(past.checkpoints.begin, pipeline, replace(record, is_complete=True))
            checkpointed = CheckpointedRun(
                self._plan,
                engines,
                CheckpointSaver(
                    past.checkpoints,
                    record.run_id,
                    self._plan,
                    self._fingerprints,
                    engines,
                    Sources(self._plan, self._fingerprints, self._place),
                    redactor,
                ),
                past.mode,
                self._checkpoint,
                context,
            )
        return Memory(cached, checkpointed, finish) if cached or checkpointed else None

    def _new_record(self, run_id: str) -> RunRecord:
        from odibi_core.checkpoint_manager import RunRecord

        chains = {name: print_.chain for name, print_ in self._fingerprints.items()}
        return RunRecord(run_id, self._day, self._plan.tracking.value, chains)
