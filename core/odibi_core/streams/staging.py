"""Rows put aside before they are taken, so that a batch is the same however often it is tried."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from odibi_core.connections import Connection
from odibi_core.engines.base import Attempt, Outcome, RunContext, Task, TaskError
from odibi_core.engines.registry import EngineSettings, open_engine
from odibi_core.engines.scratch import Scratch
from odibi_core.errors import OdibiError
from odibi_core.nodes.registry import compile_step
from odibi_core.parameters import Reference
from odibi_core.plan.rendering import Values
from odibi_core.secret_providers.chain import open_providers
from odibi_core.secret_store import Redactor, Secrets, SecretStore
from odibi_core.step import Step
from odibi_core.workspace import Workspace


def stage(workspace: Workspace, steps: Sequence[Step], secrets: Secrets | None = None) -> list[Outcome]:
    """What steps did that were carried out without a run of their own: nobody needs a journal of them.

    Args:
        workspace: Has the connections, and says where secrets come from.
        steps: What is to be done, in order.
        secrets: Asked for secrets first.

    Raises:
        OdibiError: One failed.
    """
    scratch = Scratch(workspace.scratch, "stream")
    config = workspace.load()
    redactor = Redactor()
    store = SecretStore(secrets, redactor, open_providers(config.secrets, workspace.root))
    values = Values.for_run("stream", {}, store.resolve)

    def resolve(reference: Reference) -> str:
        return str(values.resolve(reference))

    engine = open_engine(
        "pandas", EngineSettings(scratch.path, config.memory_limit or "", config.threads, True)
    )
    try:
        context = RunContext(
            f"stage-{uuid.uuid4().hex}",
            workspace,
            scratch.path,
            scratch.path / "rejects",
            config.connections,
            resolve=resolve,
        )
        tasks = [_task(step, workspace.root, config.connections) for step in steps]
        return engine.run_region(tasks, {}, context, Attempt())
    except TaskError as error:
        if isinstance(error.cause, OdibiError):
            raise redactor.error(error.cause) from None
        raise redactor.error(OdibiError(str(error.cause), where=f"step {error.task!r}")) from None
    finally:
        engine.close()
        scratch.close()


def write_step(name: str, dataset: str, path: Path) -> Step:
    """A step that writes a dataset to a Parquet file."""
    return Step("store", name, "config_op", "", str(path), {"format": "parquet"}, {"data": dataset})


def read_step(name: str, path: Path) -> Step:
    """A step that reads a Parquet file into the dataset `name`."""
    return Step(
        "ingest", name, "config_op", "", str(path), {"source_type": "parquet"}, outputs={"data": name}
    )


def _task(step: Step, root: Path, connections: Mapping[str, Connection]) -> Task:
    node = compile_step(step, root, connections)
    if node.operation is None:
        problem = node.problems[0]
        raise OdibiError(problem.what, where=problem.where, fix=problem.fix)
    return Task(step.name, node.operation, step.inputs, step.outputs, False)
