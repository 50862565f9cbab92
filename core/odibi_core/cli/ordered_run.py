"""Runs a pipeline as it was ordered, alone among the runs of that pipeline."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from odibi_core.cli.session import OpenPipeline
from odibi_core.cli.terminal import Terminal
from odibi_core.errors import OdibiError
from odibi_core.event_bus import EventBus
from odibi_core.graph.selection import Selection, select_steps
from odibi_core.journal.lease import hold_lease
from odibi_core.journal.order import QUEUE_FOLDER, RunOrder
from odibi_core.journal.runs import find_run, run_summary
from odibi_core.kept.resumption import Fork
from odibi_core.run_result import RunResult
from odibi_core.workspace import Workspace


def execute_order(
    opened: OpenPipeline,
    order: RunOrder,
    bus: EventBus,
    *,
    run_id: str,
    waits: bool = False,
    on_wait: Callable[[str], object] = lambda _run_id: None,
    on_part: Callable[[Selection], object] = lambda _part: None,
) -> RunResult:
    """What became of the run.

    Args:
        opened: The pipeline.
        order: What was asked for.
        bus: Takes the events.
        run_id: The run's id.
        waits: Whether it waits for another run of the pipeline, else that is an error.
        on_wait: Called once with the run that is waited for.
        on_part: Called with the steps that will run.

    Raises:
        AlreadyRunningError: Another run of the pipeline goes on.
        PipelineInvalidError: The pipeline is wrong; nothing has run.
        ParameterError: A parameter is missing or wrong; nothing has run.
        KeyboardInterrupt: Ctrl-C: after the run has stopped cleanly.
    """
    part = select_steps(opened.pipeline, start=order.start, end=order.end, only=order.steps)
    on_part(part)
    orchestrator = opened.orchestrator(
        part.pipeline,
        engine_type=order.engine,
        spark_config=order.spark_config,
        parameters=order.parameters,
        tracking=order.tracking,
        distributed=None if order.workers is None else order.workers > 1,
        distributed_max_workers=order.workers,
        memory_limit=order.memory_limit,
        threads=order.threads,
        enable_cache=order.cache or None,
        enable_checkpoints=order.checkpoints or None,
        resume_from_checkpoint=order.resume or None,
        event_bus=bus,
        run_id=run_id,
        order=order.model_dump(mode="json", exclude_defaults=True),
        fork_of=_fork(opened.workspace, order),
    )
    with hold_lease(
        opened.workspace.state,
        opened.pipeline.name,
        run_id,
        together=order.together,
        wait=waits,
        on_wait=on_wait,
    ):
        return orchestrator.execute()


@contextmanager
def hands_queue_on(workspace: Workspace, terminal: Terminal) -> Iterator[None]:
    """At its end, however that comes, what waits in the queue is started as far as there is room.

    Args:
        workspace: Whose queue it is.
        terminal: Is told where that can't be: what became of the run stays as it is.
    """
    try:
        yield
    finally:
        try:
            if _has_queue(workspace):
                from odibi_core.run_queue import RunQueue

                RunQueue(workspace).carry_on()
        except Exception as error:  # noqa: BLE001 - what became of the run is what the command answers
            with suppress(OdibiError):
                terminal.note(("warning: ", "yellow"), f"the queue could not be carried on: {error}")


def _has_queue(workspace: Workspace) -> bool:
    """Whether any run stands in the queue, told without what the queue itself needs loaded."""
    try:
        with os.scandir(workspace.state / QUEUE_FOLDER) as entries:
            return any(not entry.name.startswith(".") for entry in entries)
    except (OdibiError, OSError):
        return False


def _fork(workspace: Workspace, order: RunOrder) -> Fork | None:
    if not order.fork_of:
        return None
    run_dir = find_run(workspace.runs, order.fork_of)
    return Fork(run_summary(run_dir).pipeline_name, run_dir.name)
