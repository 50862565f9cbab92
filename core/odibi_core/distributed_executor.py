"""Runs independent steps at the same time, on threads or with functions in worker processes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from odibi_core.cores import usable_cores
from odibi_core.dag_executor import DAGExecutor
from odibi_core.engines.base import Engine, RunContext
from odibi_core.event_bus import EventBus
from odibi_core.memory import Memory
from odibi_core.plan.model import Plan
from odibi_core.retry import RetryPolicy
from odibi_core.run_report import RunReport
from odibi_core.workers.pool import ProcessPool

if TYPE_CHECKING:
    from odibi_core.quality.inspector import Inspector


class ExecutionBackend(StrEnum):
    """Where the Python functions of steps run. SQL always runs on threads: DuckDB needs no processes."""

    THREAD_POOL = "thread_pool"
    PROCESS_POOL = "process_pool"


class DistributedExecutor(DAGExecutor):
    """A DAGExecutor that runs several regions at once.

    Args:
        plan: What to run.
        engines: Name → engine.
        bus: Takes the events.
        context: What the engines need to know of the run.
        backend: Where functions run. In worker processes they use every core, can be stopped at any moment,
            and take only their own step with them when they die.
        max_workers: Regions that run at the same time; as many as there are cores where None.
        retry: What holds for steps that say nothing of their own.
        fail_fast: Whether the first failure ends the run.
        keeps_data: Whether datasets are held until the result is closed.
        memory: Recalls regions that need not run again.
        inspector: Looks at what steps with expectations made; where None, nobody does.
        tells_no_rows: Whether it is told where a step gives no rows.
    """

    def __init__(
        self,
        plan: Plan,
        engines: Mapping[str, Engine],
        bus: EventBus,
        context: RunContext,
        *,
        backend: ExecutionBackend = ExecutionBackend.THREAD_POOL,
        max_workers: int | None = None,
        retry: RetryPolicy,
        fail_fast: bool = True,
        keeps_data: bool = True,
        memory: Memory | None = None,
        inspector: Inspector | None = None,
        tells_no_rows: bool = False,
    ) -> None:
        size = max_workers or usable_cores()
        self._pool = ProcessPool(size, context.scratch) if backend is ExecutionBackend.PROCESS_POOL else None
        if self._pool is not None:
            context = replace(context, call_in_process=self._call)
        super().__init__(
            plan,
            engines,
            bus,
            context,
            retry=retry,
            fail_fast=fail_fast,
            max_workers=size,
            keeps_data=keeps_data,
            memory=memory,
            inspector=inspector,
            tells_no_rows=tells_no_rows,
        )

    def run(self) -> RunReport:
        """Run the plan to its end."""
        try:
            return super().run()
        finally:
            if self._pool is not None:
                self._pool.close()

    def _call(
        self,
        function: Callable[..., Any],
        name: str,
        inputs: Mapping[str, Any],
        params: Mapping[str, Any],
        outputs: tuple[str, ...],
        stopped: threading.Event,
    ) -> dict[str, Any]:
        assert self._pool is not None
        return self._pool.run(function, inputs, params, outputs=outputs, name=name, cancelled=stopped)
