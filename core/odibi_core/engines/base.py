"""What an engine is: it carries out regions of steps and holds the datasets that they make."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from odibi_core.dataset import CountScope, Dataset, Snapshot
from odibi_core.engines.operations import Operation, Write
from odibi_core.errors import RunCancelledError
from odibi_core.formats.base import Ticket
from odibi_core.late_dataclass import dataclass
from odibi_core.parameters import Resolver
from odibi_core.schema import Schema
from odibi_core.workspace import Workspace

if TYPE_CHECKING:
    from odibi_core.connections import Connection


@dataclass(frozen=True, slots=True)
class Task:
    """One step, as an engine sees it.

    Attributes:
        name: The step's name.
        operation: What to do.
        inputs: Name used inside the step → dataset key.
        outputs: Name inside the step → dataset key.
        is_kept: Whether its result is computed and held, rather than streamed into the next task.
        schemas: Dataset key → columns of what it takes and gives, as far as the plan knows them.
        written_by: The write whose file may hold its result for the others that take it, if there is one.
        wants_table: Whether the step asks that its result be a table of its own.
    """

    name: str
    operation: Operation
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    is_kept: bool
    schemas: Mapping[str, Schema | None] = field(default_factory=dict)
    written_by: Write | None = None
    wants_table: bool = False


@dataclass(frozen=True, slots=True)
class Profiles:
    """What the values of a task's outputs are like. They stand in no text of this: they may hold secrets.

    Attributes:
        outputs: Output name → what `profile_outcomes` tells of it.
        took_ms: How long it took to find out.
    """

    outputs: Mapping[str, Any] = field(default_factory=dict, repr=False)
    took_ms: float = 0.0


@dataclass(slots=True)
class Outcome:
    """What a task did.

    Attributes:
        name: The step's name.
        outputs: Output name → dataset.
        row_count: Rows of the first output, or rows written.
        row_count_scope: How the count is known.
        rejected_rows: Rows that could not be read and were set aside.
        rejects_path: Where they are kept.
        warnings: Sentences for the person who looks at the run.
        written: What a write did: path, mode, rows, and what its format adds.
        health: How the sides of its joins meet, as `count_meetings` tells it; empty without joins.
        checked: What was found of its expectations; empty without any. `results` (see `ExpectationResult`),
            `outputs` (output name → row_count and schema), `quarantine` (output, path, quarantined_rows and
            reasons, of each output from which rows were taken), `took_ms`.
        profiles: What the values of its outputs are like.
    """

    name: str
    outputs: dict[str, Dataset] = field(default_factory=dict)
    row_count: int | None = None
    row_count_scope: CountScope = CountScope.EXACT
    rejected_rows: int = 0
    rejects_path: str = ""
    warnings: list[str] = field(default_factory=list)
    written: dict[str, Any] = field(default_factory=dict)
    health: dict[str, Any] = field(default_factory=dict)
    checked: dict[str, Any] = field(default_factory=dict)
    profiles: Profiles = field(default_factory=Profiles)


CallInProcess = Callable[
    [Callable[..., Any], str, Mapping[str, Any], Mapping[str, Any], tuple[str, ...], threading.Event],
    dict[str, Any],
]
"""Runs a function in a worker process: (function, its name in the step, Arrow tables, params, output names,
stopped) → frames."""


@dataclass(frozen=True, slots=True)
class RunContext:
    """What an engine needs to know of the run.

    Attributes:
        run_id: The run.
        workspace: Resolves paths.
        scratch: A folder for the run's own files; it goes when the run ends.
        rejects: The folder where rows that can't be read are kept.
        connections: The named connections.
        allowed_functions: Prefixes of the dotted paths that may be imported; None allows all.
        call_in_process: Set where functions run in worker processes.
        sent_batches: Step → batches that its endpoint has accepted, so that a retry goes on behind them.
        ticket_run_ids: Step name → the run under which it writes, where that is not this one: a run that
            goes on from a checkpoint writes under the name of the run that it continues.
        written: Files and folders that the run writes.
        health: Whether the sides of joins are counted; None: where it costs no second pass.
        profile: Whether it is told what values are like; None: of what the pipeline gives, if that is cheap.
        given: Dataset keys that the pipeline gives: what steps write, and what none takes.
        lets_go: Whether datasets are let go of as soon as no step takes them any more.
        resolve: Gives the secrets and environment variables that connections refer to.
    """

    run_id: str
    workspace: Workspace
    scratch: Path
    rejects: Path
    connections: Mapping[str, Connection] = field(default_factory=dict)
    allowed_functions: tuple[str, ...] | None = None
    call_in_process: CallInProcess | None = None
    sent_batches: dict[str, int] = field(default_factory=dict)
    ticket_run_ids: Mapping[str, str] = field(default_factory=dict)
    written: frozenset[Path] = frozenset()
    health: bool | None = None
    profile: bool | None = None
    given: frozenset[str] = frozenset()
    lets_go: bool = False
    resolve: Resolver | None = None

    def ticket(self, step: str) -> Ticket:
        """What marks the writes of a step."""
        return Ticket(self.ticket_run_ids.get(step, self.run_id), step)


class Attempt:
    """One try at a region: it can be stopped from another thread, and then it writes nothing more."""

    def __init__(self) -> None:
        self._is_stopped = False
        self._stopped: threading.Event | None = None
        self._interrupts: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    @property
    def is_stopped(self) -> bool:
        """Whether the attempt is to stop: its run was cancelled, or its time is up."""
        return self._is_stopped

    @property
    def stopped(self) -> threading.Event:
        """Set when the attempt is to stop: for those who wait for it."""
        with self._lock:
            # To make an event takes longer than all else of an attempt, and most are waited for by nobody.
            if self._stopped is None:
                self._stopped = threading.Event()
                if self._is_stopped:
                    self._stopped.set()
            return self._stopped

    @contextmanager
    def on_stop(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """Within it, `interrupt` is called when the attempt is stopped; at once where it is already."""
        with self._lock:
            self._interrupts.append(interrupt)
        try:
            if self._is_stopped:
                self.stop()
            yield
        finally:
            with self._lock:
                self._interrupts.remove(interrupt)

    def stop(self) -> None:
        """Stop the attempt. Safe to call often: a query that began just now is interrupted too."""
        self._is_stopped = True
        # Under the lock nobody closes what is being interrupted.
        with self._lock:
            if self._stopped is not None:
                self._stopped.set()
            for interrupt in self._interrupts:
                with suppress(Exception):
                    interrupt()

    def check(self) -> None:
        """Go on, or not.

        Raises:
            RunCancelledError: The attempt was stopped.
        """
        if self._is_stopped:
            raise RunCancelledError("the step was stopped")


class Engine(Protocol):
    """Carries out regions. One engine serves one run, from many threads."""

    @property
    def name(self) -> str:
        """The name that steps call it by."""

    def run_region(
        self, tasks: Sequence[Task], data: Mapping[str, Dataset], context: RunContext, attempt: Attempt
    ) -> list[Outcome]:
        """Carry out tasks in the order of the data.

        Args:
            tasks: All but the last stream into later ones, unless they are kept.
            data: Dataset key → what the tasks take from outside.
            context: The run.
            attempt: Stops the region from another thread.

        Raises:
            TaskError: A task failed; the error says which, and its cause is what happened.
        """

    def profile(self, outcomes: Sequence[Outcome], context: RunContext, attempt: Attempt) -> None:
        """Have the outcomes say what the values of their columns are like, as far as the run asks for it."""

    def save(self, dataset: Dataset, path: Path, attempt: Attempt) -> None:
        """Write a dataset's rows to a Parquet file, so that `load` gives the same dataset again.

        Raises:
            UnkeepableError: Parquet can't hold it without a change.
        """

    def load(self, key: str, path: Path, snapshot: Snapshot) -> Dataset:
        """The dataset that `save` wrote; its rows are read when somebody asks.

        Args:
            key: The dataset's key.
            path: The Parquet file.
            snapshot: What the dataset looked like.
        """

    def settle(self, datasets: Sequence[Dataset]) -> None:
        """Take the snapshots of many datasets together, which costs less than one by one."""

    def release(self, dataset: Dataset) -> None:
        """Let go of a dataset's rows; its snapshot stays."""

    def close(self) -> None:
        """Let go of everything."""


class UnkeepableError(Exception):
    """A dataset can't be kept on disk without a change."""


class TaskError(Exception):
    """A task of a region failed.

    Attributes:
        task: The step's name.
        cause: What happened.
    """

    def __init__(self, task: str, cause: BaseException) -> None:
        super().__init__(str(cause))
        self.task, self.cause = task, cause
