"""Calling a step's function, in this process or in a worker's."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from odibi_core.dataset import Dataset
from odibi_core.engines.base import Attempt, Outcome, RunContext, Task, TaskError
from odibi_core.engines.duckdb.datasets import FrameDataset
from odibi_core.engines.duckdb.session import Session
from odibi_core.engines.operations import Call
from odibi_core.functions.calling import call_function
from odibi_core.functions.origins import broken_promise, declared_origins
from odibi_core.functions.registry import resolve_function
from odibi_core.sql.faults import explain_error


def carry_out_call(
    task: Task,
    operation: Call,
    data: Mapping[str, Dataset],
    session: Session,
    context: RunContext,
    attempt: Attempt,
) -> Outcome:
    """What a step did that calls a function. The run's database is not asked for anything.

    Raises:
        TaskError: The function is unknown, can't take what it is given, raised, or returned no frame.
        RunCancelledError: The attempt was stopped.
    """
    attempt.check()
    maker = str(operation.function)
    try:
        frames = _call(
            operation, {alias: data[key] for alias, key in task.inputs.items()}, task, context, attempt
        )
        # Counted before the frames are handed on: an argument is a reference too.
        shared = {name: _references(frames, name) > _OWN_REFERENCES for name in frames}
        outputs: dict[str, Dataset] = {
            name: FrameDataset(task.outputs[name], session, frames[name], maker, is_shared=shared[name])
            for name in frames
        }
    except Exception as error:
        attempt.check()
        raise TaskError(task.name, _explained(error, data, task)) from error
    first = next(iter(outputs.values()))
    outcome = Outcome(task.name, outputs, row_count=first.row_count())
    outcome.warnings += _broken_promises(operation, data, task, outputs, context)
    return outcome


def _references(frames: Mapping[str, Any], name: str) -> int:
    return sys.getrefcount(frames[name])


_OWN_REFERENCES = _references({"": object()}, "")
"""How many there are where the mapping alone holds the frame: pandas counts them too, before it copies."""


def _broken_promises(
    operation: Call,
    data: Mapping[str, Dataset],
    task: Task,
    outputs: Mapping[str, Dataset],
    context: RunContext,
) -> Iterator[str]:
    """Where the function gave other columns than it says to be made of what."""
    function = operation.function
    called = resolve_function(function, context.allowed_functions) if isinstance(function, str) else function
    for output, dataset in outputs.items():
        said = declared_origins(called, output, outputs)
        if said is None:
            continue
        inputs = {alias: data[key].schema.names for alias, key in task.inputs.items()}
        if broken := broken_promise(said, inputs, dataset.schema.names):
            yield f"what the function declares of the columns of {dataset.key!r} does not hold: {broken}"


def _explained(error: Exception, data: Mapping[str, Dataset], task: Task) -> Exception:
    """The error as a person would say it: reading an input may have made DuckDB raise it."""
    from odibi_core import late_duckdb as duckdb

    if not isinstance(error, duckdb.Error):
        return error
    told = explain_error(error, "", {alias: data[key].schema for alias, key in task.inputs.items()})
    told.__cause__ = error
    return told


def _call(
    operation: Call, inputs: Mapping[str, Dataset], task: Task, context: RunContext, attempt: Attempt
) -> dict[str, Any]:
    """What the function returns: output name → frame.

    Raises:
        FunctionError: The function is unknown, can't take what it is given, raised, or returned no frame.
        TransientError: It raised an error that may pass.
    """
    function, name = operation.function, ""
    if isinstance(function, str):
        name = function
        function = resolve_function(function, context.allowed_functions)
    if context.call_in_process is not None:
        tables = {alias: dataset.arrow() for alias, dataset in inputs.items()}
        return context.call_in_process(
            function, name, tables, operation.params, tuple(task.outputs), attempt.stopped
        )
    return call_function(function, inputs, operation.params, outputs=tuple(task.outputs), name=name)
