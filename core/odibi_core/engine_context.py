"""An engine for interactive use: read, query and write without a pipeline."""

from __future__ import annotations

import logging
import tempfile
import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

from odibi_core.connection_check import check_connection
from odibi_core.dataset import frame_to_arrow
from odibi_core.engines.base import Attempt, Engine, Outcome, RunContext, Task, TaskError
from odibi_core.engines.operations import Operation, Query
from odibi_core.engines.registry import EngineSettings
from odibi_core.errors import OdibiError, UnknownNameError
from odibi_core.nodes.registry import compile_step
from odibi_core.parameters import Reference
from odibi_core.plan.rendering import Values
from odibi_core.secret_providers.chain import open_providers
from odibi_core.secret_store import SecretProvider, Secrets, SecretStore
from odibi_core.step import Step
from odibi_core.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

    from odibi_core.dataset import Dataset

_log = logging.getLogger(__name__)


class HandEngine(Engine, Protocol):
    """An engine that takes frames from outside too."""

    def adopt(self, key: str, frame: Any) -> Dataset:
        """A dataset over a frame."""


class EngineContext(ABC):
    """What every engine offers for use by hand.

    Args:
        secrets: Name → value, or a callable that gives a name's value.
        providers: Asked for what is not found there.
    """

    def __init__(self, secrets: Secrets | None = None, providers: Sequence[SecretProvider] = ()) -> None:
        self.secrets = secrets
        self._store = SecretStore(secrets, providers=providers)

    def get_secret(self, key: str) -> str:
        """The value of a secret.

        Raises:
            SecretError: There is none of that name.
        """
        return self._store.resolve(key)

    @property
    def spark_config(self) -> Mapping[str, str]:
        """Spark's own settings that a run with this context takes; empty where it has none."""
        return {}

    @abstractmethod
    def connect(self, name: str) -> Self:
        """The context itself, once the workspace's connection of that name was found to work."""

    @abstractmethod
    def read(self, source: str, **options: Any) -> Any:
        """The rows of a source as a frame of the engine's own kind."""

    @abstractmethod
    def write(self, df: Any, target: str, **options: Any) -> int:
        """Write a frame; the number of rows written."""

    @abstractmethod
    def execute_sql(self, query: str) -> Any:
        """The rows of a SELECT over the registered frames."""

    @abstractmethod
    def register_temp(self, name: str, df: Any) -> None:
        """Make a frame known to SQL by a name; a frame of that name is replaced."""

    @abstractmethod
    def collect_sample(self, df: Any, n: int = 5) -> Any:
        """The first `n` rows of a frame."""


class _WorkspaceContext(EngineContext):
    """What the engines' contexts share: each call is a run of its own, of one step.

    Args:
        secrets: Name → value, or a callable that gives a name's value.
        workspace: The folder that paths are relative to.
    """

    def __init__(
        self, secrets: Secrets | None = None, *, workspace: Workspace | Path | str | None = None
    ) -> None:
        self._workspace = workspace if isinstance(workspace, Workspace) else Workspace.find(workspace)
        super().__init__(secrets, open_providers(self._workspace.load().secrets, self._workspace.root))
        self._frames: dict[str, Dataset] = {}
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._opened: HandEngine | None = None

    @abstractmethod
    def _open(self, settings: EngineSettings) -> HandEngine:
        """The engine; opened when it is first needed."""

    def connect(self, name: str) -> Self:
        """The context itself, once the workspace's connection of that name was found to work.

        Raises:
            UnknownNameError: The workspace has no such connection.
            OdibiError: It does not work.
        """
        connections = self._workspace.load().connections
        if name not in connections:
            raise UnknownNameError.of("connection", name, connections)
        check_connection(connections[name], self._workspace, self._resolve)
        return self

    def read(self, source: str, **options: Any) -> Any:
        """The rows of a file, a folder or a table.

        Args:
            source: A path or glob; with `connection=…` of a database, a table or a query.
            options: `source_type`, and what the format's reader takes.

        Raises:
            SourceError: It can't be read.
            OdibiError: There is no such option or format.
        """
        scan = _operation(
            Step("ingest", "read", "config_op", "", source, options, outputs={"data": "data"}),
            self._workspace,
        )
        return self._rows(Task("read", scan, {}, {"data": "data"}, True), {})

    def write(self, df: Any, target: str, **options: Any) -> int:
        """Write a frame of the engine's own kind, or a pandas, Polars or Arrow one, atomically.

        Args:
            df: The frame.
            target: A path.
            options: `format`, `mode`, `partitionBy`, `merge_key`, and what the format's writer takes.

        Returns:
            The number of rows written.

        Raises:
            TargetError: It can't be written.
            OdibiError: There is no such option, mode or format.
        """
        write = _operation(
            Step("store", "write", "config_op", "", target, options, {"data": "data"}), self._workspace
        )
        task = Task("write", write, {"data": "data"}, {}, False)
        return self._outcome(task, {"data": self._dataset("data", df)}).row_count or 0

    def execute_sql(self, query: str) -> Any:
        """The rows of a SELECT over the registered frames.

        Raises:
            SqlError: The query can't be run.
        """
        inputs = {name: name for name in self._frames}
        return self._rows(Task("query", Query(query), inputs, {"data": "data"}, True), dict(self._frames))

    def register_temp(self, name: str, df: Any) -> None:
        """Make a frame known to SQL by a name; a frame of that name is replaced."""
        self._frames[name] = self._dataset(name, df)

    def close(self) -> None:
        """Let go of the engine and of all registered frames."""
        self._frames = {}
        if self._opened is not None:
            self._opened.close()
            self._opened = None
        if self._scratch is not None:
            self._scratch.cleanup()
            self._scratch = None

    def _engine(self) -> tuple[HandEngine, RunContext]:
        if self._scratch is None:
            self._scratch = tempfile.TemporaryDirectory(prefix="odibi-")
        scratch = Path(self._scratch.name)
        config = self._workspace.load()
        if self._opened is None:
            self._opened = self._open(EngineSettings(scratch, spark=config.spark))
        # Every call is a run of its own: a write that repeats an earlier one is meant to.
        run_id = f"by-hand-{uuid.uuid4().hex}"
        rejects = scratch / "rejects" / run_id
        context = RunContext(
            run_id, self._workspace, scratch, rejects, config.connections, resolve=self._resolve
        )
        return self._opened, context

    def _resolve(self, reference: Reference) -> str:
        """What a connection's reference stands for."""
        values = Values.for_run("by-hand", {}, self._store.resolve)
        return str(values.resolve(reference))

    def _dataset(self, key: str, frame: Any) -> Dataset:
        return self._engine()[0].adopt(key, frame)

    def _rows(self, task: Task, data: dict[str, Dataset]) -> Any:
        return self._outcome(task, data).outputs["data"].native()

    def _outcome(self, task: Task, data: dict[str, Dataset]) -> Outcome:
        engine, context = self._engine()
        try:
            (outcome,) = engine.run_region([task], data, context, Attempt())
        except TaskError as error:
            raise error.cause from None
        for warning in outcome.warnings:
            place = f"; they are in {outcome.rejects_path} until the context is closed"
            _log.warning("%s%s", warning, place if outcome.rejects_path else "")
        return outcome


class PandasEngineContext(_WorkspaceContext):
    """pandas frames in and out, DuckDB in between.

    Args:
        secrets: Name → value, or a callable that gives a name's value.
        workspace: The folder that paths are relative to.
    """

    def collect_sample(self, df: Any, n: int = 5) -> pd.DataFrame:
        """The first `n` rows of a frame."""
        from odibi_core.dataset import arrow_to_pandas

        return arrow_to_pandas(frame_to_arrow(df).slice(0, n))

    def _open(self, settings: EngineSettings) -> HandEngine:
        from odibi_core.engines.duckdb.engine import open_engine

        return open_engine(settings)


class SparkEngineContext(_WorkspaceContext):
    """Spark frames in and out. `close` stops the session where it was opened here.

    Args:
        secrets: Name → value, or a callable that gives a name's value.
        spark_config: Spark's own settings, such as `spark.executor.memory`; `spark.master` and `spark.remote`
            say where it runs.
        workspace: The folder that paths are relative to.
    """

    def __init__(
        self,
        secrets: Secrets | None = None,
        spark_config: Mapping[str, str] | None = None,
        *,
        workspace: Workspace | Path | str | None = None,
    ) -> None:
        super().__init__(secrets, workspace=workspace)
        self._config = dict(spark_config or {})

    @property
    def spark_config(self) -> Mapping[str, str]:
        """Spark's own settings that a run with this context takes."""
        return self._config

    def collect_sample(self, df: Any, n: int = 5) -> pd.DataFrame:
        """The first `n` rows of a frame, as pandas."""
        from odibi_core.dataset import arrow_to_pandas

        is_spark = type(df).__module__.startswith("pyspark.")
        return arrow_to_pandas(df.limit(n).toArrow() if is_spark else frame_to_arrow(df).slice(0, n))

    def _open(self, settings: EngineSettings) -> HandEngine:
        from odibi_core.engines.spark.engine import open_engine

        return open_engine(replace(settings, spark=settings.spark.with_config(self._config)))


def _operation(step: Step, workspace: Workspace) -> Operation:
    node = compile_step(step, workspace.root, workspace.load().connections)
    if node.operation is None:
        first, *others = node.problems
        more = "".join(f"; {problem.what}" for problem in others)
        raise OdibiError(first.what + more, where=first.field.removeprefix("params."), fix=first.fix)
    return node.operation
