"""The front door: validate, plan, run, report."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odibi_core.engines.registry import EngineNames
from odibi_core.errors import PipelineInvalidError, Problem, Severity
from odibi_core.event_bus import EventBus
from odibi_core.garbage import patient_collector, paused_collector
from odibi_core.journal.writer import new_run_id
from odibi_core.memory import Past, Prospect
from odibi_core.metrics_manager import MetricsManager
from odibi_core.parameters import resolve_parameters
from odibi_core.pipeline import Pipeline
from odibi_core.pipeline_run import Cancellation, PipelineRun, RunRequest
from odibi_core.plan.model import Plan
from odibi_core.plan.planner import Surroundings, find_problems, make_plan
from odibi_core.plan.rendering import Values
from odibi_core.plan.sizes import bytes_read, measure_sources
from odibi_core.run_result import RunResult
from odibi_core.run_settings import RunSettings, settings_problems
from odibi_core.secret_providers.chain import open_providers
from odibi_core.secret_store import Redactor, Secrets, SecretStore
from odibi_core.step import Step
from odibi_core.workspace import Workspace

if TYPE_CHECKING:
    from odibi_core.checkpoint_manager import CheckpointMode
    from odibi_core.distributed_executor import ExecutionBackend
    from odibi_core.engine_context import EngineContext
    from odibi_core.kept.cached_run import Forecast
    from odibi_core.kept.result_cache import ResultCache
    from odibi_core.kept.resumption import Fork


class Orchestrator:
    """Validates, plans and runs a pipeline.

    An argument left at None takes the pipeline's own setting, else the default.

    Args:
        steps: The steps, or a whole pipeline.
        engine_type: The engine of steps that name none; "pandas" by default.
        pipeline_name: Names the run in journals and metrics.
        parameters: Values of the run's parameters.
        secrets: Name → value, or a callable that gives a name's value.
        context: An engine context; its secrets and Spark settings serve where these are not given.
        spark_config: Spark's own settings for this run, over those of the workspace; `spark.master` and
            `spark.remote` say where it runs.
        enable_tracker: Keep schemas, row counts and samples of every step (default True).
        enable_cache: Keep the results of steps, and take them again where nothing changed (default False).
        cache_dir: The folder of kept results, relative to the workspace (default "cache/"), or a URL such as
            "s3://bucket/folder".
        cache_manager: Keeps the results; one for `cache_dir` is made where None is given. Giving one switches
            the cache on.
        enable_checkpoints: Save where the run stands, so that it can be resumed (default False).
        checkpoint_mode: When a checkpoint is saved (default when a layer is complete).
        checkpoint_dir: The folder of checkpoints, relative to the workspace (default "checkpoints/").
        resume_from_checkpoint: Go on from the latest checkpoint of a run that did not succeed (default
            False); this run saves checkpoints too.
        max_retries: Tries after the first one, for errors that may pass (default 0).
        retry_delay: Seconds before the first retry (default 1.0).
        retry_backoff: Wait twice as long before each further retry (default False).
        fail_fast: End the run at the first failure; else go on with the branches that don't need it
            (default True).
        metrics_manager: Collects the run's metrics; one is made where None is given.
        event_bus: Takes the run's events; one is made where None is given.
        distributed: Run independent steps at the same time (default False).
        execution_backend: Where Python functions run (default threads).
        distributed_max_workers: Steps at the same time; as many as there are cores by default.
        tracking: "exact", "fused" or "auto" (default).
        ordered: Whether rows keep their order where no query sorts them (default True).
        memory_limit: How much memory the run may take, such as "4GB"; the workspace's by default. What is
            more goes to the disk, into the run's own folder in .odibi, which goes when the run ends.
        threads: How many threads an engine may use; the workspace's by default.
        workspace: The folder that paths are relative to; the nearest one with an odibi.toml at or above the
            current folder, else the current folder.
        allowed_functions: Prefixes of dotted paths that function steps may import; None allows all.
        keeps_data: Whether every dataset of the run is held for `data_map`; False lets go of each as soon as
            no step takes it any more.
        run_id: The id of the run; each run makes one of its own where it is empty.
        order: What was asked for (see `RunOrder`), kept in the journal.
        fork_of: The run from whose newest checkpoint this one goes on. Steps that have changed since, and
            what comes after them, run again.
        write_id: Under what the run writes, where that is not its own id: what another run has written under
            the same is not written again.
    """

    def __init__(
        self,
        steps: Sequence[Step] | Pipeline,
        engine_type: str = "",
        *,
        pipeline_name: str = "",
        parameters: Mapping[str, Any] | None = None,
        secrets: Secrets | None = None,
        context: EngineContext | None = None,
        spark_config: Mapping[str, str] | None = None,
        enable_tracker: bool | None = None,
        enable_cache: bool | None = None,
        cache_dir: str | Path | None = None,
        cache_manager: ResultCache | None = None,
        enable_checkpoints: bool | None = None,
        checkpoint_mode: CheckpointMode | None = None,
        checkpoint_dir: str | Path | None = None,
        resume_from_checkpoint: bool | None = None,
        max_retries: int | None = None,
        retry_delay: float | None = None,
        retry_backoff: bool | None = None,
        fail_fast: bool | None = None,
        metrics_manager: MetricsManager | None = None,
        event_bus: EventBus | None = None,
        distributed: bool | None = None,
        execution_backend: ExecutionBackend | None = None,
        distributed_max_workers: int | None = None,
        tracking: str | None = None,
        ordered: bool | None = None,
        memory_limit: str | None = None,
        threads: int | None = None,
        workspace: Workspace | Path | str | None = None,
        allowed_functions: Sequence[str] | None = None,
        keeps_data: bool = True,
        run_id: str = "",
        order: Mapping[str, Any] | None = None,
        fork_of: Fork | None = None,
        write_id: str = "",
    ) -> None:
        self.pipeline = _as_pipeline(steps, engine_type, pipeline_name)
        self._settings_given = {
            name: value
            for name, value in {
                "enable_tracker": enable_tracker,
                "enable_cache": True if enable_cache is None and cache_manager else enable_cache,
                "cache_dir": str(cache_dir) if cache_dir is not None else None,
                "enable_checkpoints": enable_checkpoints,
                "checkpoint_mode": checkpoint_mode,
                "checkpoint_dir": str(checkpoint_dir) if checkpoint_dir is not None else None,
                "resume_from_checkpoint": resume_from_checkpoint,
                "max_retries": max_retries,
                "retry_delay": retry_delay,
                "retry_backoff": retry_backoff,
                "fail_fast": fail_fast,
                "distributed": distributed,
                "execution_backend": execution_backend,
                "distributed_max_workers": distributed_max_workers,
                "tracking": tracking,
                "ordered": ordered,
                "memory_limit": memory_limit,
                "threads": threads,
            }.items()
            if value is not None
        }
        self._parameters = dict(parameters or {})
        self._secrets = secrets if secrets is not None or context is None else context.secrets
        if spark_config is None and context is not None:
            spark_config = context.spark_config
        self._spark_config = dict(spark_config or {})
        self._metrics = metrics_manager or MetricsManager()
        self._bus = event_bus or EventBus()
        self._cache_manager = cache_manager
        self._workspace = workspace if isinstance(workspace, Workspace) else Workspace.find(workspace)
        self._allowed_functions = tuple(allowed_functions) if allowed_functions is not None else None
        self._keeps_data = keeps_data
        self._run_id, self._order, self._fork = run_id, dict(order or {}), fork_of
        self._write_id = write_id
        self._run: PipelineRun | None = None
        self._cancellation: Cancellation | None = None

    def validate(self) -> list[Problem]:
        """Warnings; empty where all is well. No rows are read, and nothing is written.

        Raises:
            PipelineInvalidError: The pipeline is wrong; the error holds every problem.
        """
        problems = self.problems()
        if any(problem.severity is Severity.ERROR for problem in problems):
            raise PipelineInvalidError(problems, pipeline=self.pipeline.name)
        return problems

    def problems(self, *, elsewhere: Collection[str] | None = ()) -> list[Problem]:
        """Every mistake and warning. No rows are read, and nothing is written.

        Args:
            elsewhere: Datasets that steps make which were left out; None where there may be any.
        """
        problems = settings_problems({**self.pipeline.settings, **self._settings_given})
        surroundings = self._surroundings()
        problems += find_problems(self.pipeline, self._plan_values(), surroundings, elsewhere=elsewhere)
        return problems

    def plan(self) -> Plan:
        """What a run would do. No rows are read, and nothing is written.

        Raises:
            PipelineInvalidError: The pipeline is wrong; the error holds every problem.
        """
        surroundings = self._surroundings()
        plan = make_plan(self.pipeline, self._plan_values(), surroundings, self._settings().tracking)
        sizes = measure_sources(plan, surroundings.place)
        return replace(plan, sizes=sizes, bytes_read=bytes_read(plan, sizes))

    def cancel(self, reason: str = "it was asked to stop") -> None:
        """Ask the run to stop. Safe from any thread; without a run it does nothing."""
        cancellation = self._cancellation
        if cancellation is not None:
            cancellation.ask(reason)

    def save_checkpoint(self) -> bool:
        """Whether a checkpoint will be saved when the next region ends; False where no run saves any.

        Safe from any thread and from a hook.
        """
        run = self._run
        return run is not None and run.save_checkpoint()

    def execute(self) -> RunResult:
        """Run the pipeline. A step that fails does not raise: it is in the result.

        Raises:
            PipelineInvalidError: The pipeline is wrong; nothing has run.
            ParameterError: A parameter is missing or wrong; nothing has run.
            KeyboardInterrupt: Ctrl-C: after the run has stopped cleanly.
        """
        self._cancellation = Cancellation()
        try:
            with patient_collector(len(self.pipeline.steps)):
                settings, redactor = self._settings(), Redactor()
                with paused_collector(len(self.pipeline.steps)):
                    self._run = PipelineRun(
                        RunRequest(
                            self.pipeline,
                            settings,
                            self._parameters,
                            self._secrets,
                            self._surroundings(),
                            self._past(settings, redactor),
                            self._bus,
                            self._metrics,
                            self._keeps_data,
                            self._cancellation,
                            self._run_id or new_run_id(),
                            self._order,
                            self._write_id,
                            self._spark_config,
                            redactor,
                        )
                    )
                return self._run.execute()
        finally:
            self._run = self._cancellation = None

    def _settings(self) -> RunSettings:
        given = {**self.pipeline.settings, **self._settings_given}
        problems = settings_problems(given)
        if problems:
            raise PipelineInvalidError(problems, pipeline=self.pipeline.name)
        return RunSettings.model_validate(given)

    def cache_forecasts(self) -> dict[str, Forecast]:
        """Region name → whether the cache holds it now and, where it does not, why each step must run.

        Nothing runs. Empty where the cache is off.

        Raises:
            PipelineInvalidError: The pipeline is wrong; the error holds every problem.
            ParameterError: A parameter is missing or wrong.
        """
        settings, surroundings = self._settings(), self._surroundings()
        parameters = resolve_parameters(self.pipeline.parameters, self._parameters)
        values = replace(Values.for_run("plan", parameters, lambda _name: "***"), has_secrets=False)
        plan = make_plan(self.pipeline, values, surroundings, settings.tracking)
        past = Past(cache=self._past(settings, Redactor()).cache)
        return Prospect(past, plan, values, surroundings).forecasts()

    def _past(self, settings: RunSettings, redactor: Redactor) -> Past:
        cache = None
        if settings.enable_cache:
            cache = self._cache_manager or self._open_cache(settings.cache_dir, redactor)
        if not (settings.enable_checkpoints or settings.resume_from_checkpoint or self._fork is not None):
            return Past(cache)
        from odibi_core.checkpoint_manager import CheckpointManager, CheckpointMode

        return Past.find(
            self.pipeline.name,
            cache,
            CheckpointManager(self._workspace.resolve(settings.checkpoint_dir)),
            CheckpointMode(settings.checkpoint_mode),
            resumes=settings.resume_from_checkpoint,
            fork=self._fork,
        )

    def _open_cache(self, place: str, redactor: Redactor) -> ResultCache:
        from odibi_core.cache_manager import CacheManager

        if "://" in place:
            from odibi_core.kept.cloud_cache import CloudCacheManager

            config = self._workspace.load()
            providers = open_providers(config.secrets, self._workspace.root)
            store = SecretStore(self._secrets, redactor, providers)
            resolve = Values.for_run("cache", {}, store.resolve).resolve
            return CloudCacheManager.at(place, connections=config.connections, resolve=resolve)
        return CacheManager(self._workspace.resolve(place))

    def _plan_values(self) -> Values:
        return Values.for_plan(self.pipeline.parameters, self._parameters)

    def _surroundings(self) -> Surroundings:
        config = self._workspace.load()
        return Surroundings(
            self._workspace,
            EngineNames(),
            config.connections,
            self._allowed_functions,
        )


def _as_pipeline(steps: Sequence[Step] | Pipeline, engine: str, name: str) -> Pipeline:
    if not isinstance(steps, Pipeline):
        return Pipeline(name or "pipeline", list(steps), engine=engine or "pandas")
    return Pipeline(
        name or steps.name,
        steps.steps,
        steps.parameters,
        steps.settings,
        engine or steps.engine,
        steps.description,
    )
