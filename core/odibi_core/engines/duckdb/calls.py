"""Calling a step's function, in this process or in a worker's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from odibi_core.dataset import Dataset
from odibi_core.engines.base import Attempt, RunContext, Task
from odibi_core.engines.operations import Call
from odibi_core.functions.calling import call_function
from odibi_core.functions.registry import resolve_function


def call(
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
