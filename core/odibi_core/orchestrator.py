"""The front door: validate, plan, run, report."""

from __future__ import annotations

import shutil
import tempfile
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from odibi_core.cache_manager import CacheManager
from odibi_core.checkpoint_manager import CheckpointManager, CheckpointMode
from odibi_core.dag_executor import DAGExecutor, RunReport
from odibi_core.dataset import Dataset
from odibi_core.distributed_executor import DistributedExecutor, ExecutionBackend
from odibi_core.engine_context import EngineContext
from odibi_core.engines.base import Engine, RunContext
from odibi_core.engines.registry import EngineSettings, engine_names, open_engine
from odibi_core.errors import PipelineInvalidError, Problem, Severity
from odibi_core.event_bus import EventBus
from odibi_core.events import EventType, NodeState
from odibi_core.journal.writer import JournalWriter, new_run_id
from odibi_core.kept.cached_run import Forecast
from odibi_core.memory import Memory, Past, Prospect
from odibi_core.metrics_manager import MetricsManager
from odibi_core.parameters import resolve_parameters
from odibi_core.pipeline import Pipeline
from odibi_core.plan.model import Plan, Tracking
from odibi_core.plan.planner import Surroundings, find_problems, make_plan
from odibi_core.plan.rendering import Values
from odibi_core.reports import Reporter
from odibi_core.retry import RetryPolicy
from odibi_core.run_result import DataMap, RunResult
from odibi_core.run_settings import RunSettings, settings_problems
from odibi_core.secret_store import Redactor, Secrets, SecretStore
from odibi_core.signals import cancel_on_signals
from odibi_core.step import Step
from odibi_core.timestamps import now
from odibi_core.tracker import Tracker
from odibi_core.workspace import Workspace

HOOK_GRACE_S = 10.0
"""How long a run that ended waits for its hooks."""


class Orchestrator:
    """Validates, plans and runs a pipeline.

    An argument left at None takes the pipeline's own setting, else the default.

    Args:
        steps: The steps, or a whole pipeline.
        engine_type: The engine of steps that name none; "pandas" by default.
        pipeline_name: Names the run in journals and metrics.
        parameters: Values of the run's parameters.
        secrets: Name → value, or a callable that gives a name's value.
        context: An engine context; its secrets serve where `secrets` is not given.
        enable_tracker: Keep schemas, row counts and samples of every step (default True).
        enable_cache: Keep the results of steps, and take them again where nothing changed (default False).
        cache_dir: The folder of kept results, relative to the workspace (default "cache/").
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
        workspace: The folder that paths are relative to; the nearest one with an odibi.toml at or above the
            current folder, else the current folder.
        allowed_functions: Prefixes of dotted paths that function steps may import; None allows all.
        keeps_data: Whether every dataset of the run is held for `data_map`; False lets go of each as soon as
            no step takes it any more.
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
        enable_tracker: bool | None = None,
        enable_cache: bool | None = None,
        cache_dir: str | Path | None = None,
        cache_manager: CacheManager | None = None,
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
        workspace: Workspace | Path | str | None = None,
        allowed_functions: Sequence[str] | None = None,
        keeps_data: bool = True,
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
            }.items()
            if value is not None
        }
        self._parameters = dict(parameters or {})
        self._secrets = secrets if secrets is not None or context is None else context.secrets
        self._metrics = metrics_manager or MetricsManager()
        self._bus = event_bus or EventBus()
        self._cache_manager = cache_manager
        self._workspace = workspace if isinstance(workspace, Workspace) else Workspace.find(workspace)
        self._allowed_functions = tuple(allowed_functions) if allowed_functions is not None else None
        self._keeps_data = keeps_data
        self._executor: DAGExecutor | None = None

    def validate(self) -> list[Problem]:
        """Warnings; empty where all is well. No rows are read, and nothing is written.

        Raises:
            PipelineInvalidError: The pipeline is wrong; the error holds every problem.
        """
        problems = settings_problems({**self.pipeline.settings, **self._settings_given})
        problems += find_problems(self.pipeline, self._plan_values(), self._surroundings())
        if any(problem.severity is Severity.ERROR for problem in problems):
            raise PipelineInvalidError(problems, pipeline=self.pipeline.name)
        return problems

    def plan(self) -> Plan:
        """What a run would do. No rows are read, and nothing is written.

        Raises:
            PipelineInvalidError: The pipeline is wrong; the error holds every problem.
        """
        return make_plan(self.pipeline, self._plan_values(), self._surroundings(), self._settings().tracking)

    def cancel(self, reason: str = "it was asked to stop") -> None:
        """Ask the run to stop. Safe from any thread; without a run it does nothing."""
        executor = self._executor
        if executor is not None:
            executor.cancel(reason)

    def save_checkpoint(self) -> bool:
        """Whether a checkpoint will be saved when the next region ends; False where no run saves any.

        Safe from any thread and from a hook.
        """
        executor = self._executor
        return executor is not None and executor.save_checkpoint()

    def execute(self) -> RunResult:
        """Run the pipeline. A step that fails does not raise: it is in the result.

        Raises:
            PipelineInvalidError: The pipeline is wrong; nothing has run.
            ParameterError: A parameter is missing or wrong; nothing has run.
            KeyboardInterrupt: Ctrl-C: after the run has stopped cleanly.
        """
        return _Run(self).execute()

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
        values = Values.for_run("plan", parameters, lambda _name: "***")
        plan = make_plan(self.pipeline, values, surroundings, settings.tracking)
        past = Past(cache=self._past(settings).cache)
        return Prospect(past, plan, values, surroundings).forecasts()

    def _past(self, settings: RunSettings) -> Past:
        cache = checkpoints = None
        if settings.enable_cache:
            folder = self._workspace.resolve(settings.cache_dir)
            cache = self._cache_manager or CacheManager(folder)
        if settings.enable_checkpoints or settings.resume_from_checkpoint:
            checkpoints = CheckpointManager(self._workspace.resolve(settings.checkpoint_dir))
        return Past.find(
            self.pipeline.name,
            cache,
            checkpoints,
            CheckpointMode(settings.checkpoint_mode),
            resumes=settings.resume_from_checkpoint,
        )

    def _plan_values(self) -> Values:
        return Values.for_plan(self.pipeline.parameters, self._parameters)

    def _surroundings(self) -> Surroundings:
        config = self._workspace.load()
        return Surroundings(
            self._workspace,
            engine_names(),
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


class _Run:
    """One run of an orchestrator's pipeline, from its first event to its reports."""

    def __init__(self, orchestrator: Orchestrator) -> None:
        self._front = orchestrator
        self._pipeline = orchestrator.pipeline
        self._bus = orchestrator._bus
        self._settings = orchestrator._settings()
        self._run_id = new_run_id()
        self._warnings: list[str] = []
        self._redactor = Redactor()
        # From here on a mistake may show what a placeholder stands for.
        self._bus.redactor = self._redactor
        self._store = SecretStore(orchestrator._secrets, self._redactor)
        self._parameters = resolve_parameters(self._pipeline.parameters, orchestrator._parameters)
        self._surroundings = orchestrator._surroundings()
        past = orchestrator._past(self._settings)
        self._warnings += past.resumption.warnings
        values = past.values(self._run_id, self._parameters, self._store.resolve)
        tracking = past.tracking(self._settings.tracking)
        try:
            self._plan = make_plan(self._pipeline, values, self._surroundings, tracking)
        except PipelineInvalidError as error:
            self._redactor.error(error)
            raise
        self._prospect = Prospect(past, self._plan, values, self._surroundings)
        self._tracker = (
            Tracker(self._pipeline, redactor=self._redactor) if self._settings.enable_tracker else None
        )

    def _warn(self, step: str, sentence: str) -> None:
        self._warnings.append(f"step {step!r}: {sentence}")
        layer = self._plan.steps[step].step.layer
        self._bus.emit(EventType.NODE_WARNING, step_name=step, layer=layer, message=sentence)

    def execute(self) -> RunResult:
        """Run the plan, report, and give the result."""
        scratch = Path(tempfile.mkdtemp(prefix="run-", dir=self._front._workspace.scratch))
        try:
            engines = self._open_engines(scratch)
        except BaseException:
            shutil.rmtree(scratch, ignore_errors=True)
            raise
        journal = JournalWriter(
            self._front._workspace.runs, self._run_id, self._pipeline, redactor=self._redactor
        )
        watchers = [journal.observe, self._front._metrics.observe]
        if self._tracker is not None:
            watchers.append(self._tracker.observe)
        reporter = Reporter(journal.run_dir, self._tracker, self._front._metrics, self._bus)
        watchers.append(reporter.observe)
        self._bus.bind(self._pipeline.name, self._run_id)
        for watcher in watchers:
            self._bus.subscribe(watcher)
        try:
            return self._run(engines, scratch, reporter, journal.run_dir)
        except BaseException:
            _let_go(engines, scratch)
            raise
        finally:
            for watcher in watchers:
                self._bus.unsubscribe(watcher)
            journal.close()

    def _run(
        self, engines: Mapping[str, Engine], scratch: Path, reporter: Reporter, run_dir: Path
    ) -> RunResult:
        context = RunContext(
            self._run_id,
            self._front._workspace,
            scratch,
            run_dir / "rejects",
            self._surroundings.connections,
            self._front._allowed_functions,
            ticket_run_ids=self._prospect.ticket_run_ids,
        )
        memory = self._prospect.open(engines, context, self._warn)
        executor = self._make_executor(engines, context, memory)
        self._front._executor = executor
        begun = time.perf_counter()
        with cancel_on_signals(executor.cancel):
            self._bus.emit(
                EventType.PIPELINE_START,
                start_time=now(),
                total_steps=len(self._plan.steps),
                engine=self._pipeline.engine,
                tracking=self._plan.tracking.value,
                parameters=self._parameters,
            )
            try:
                report = executor.run()
            finally:
                self._front._executor = None
            self._settle(engines, report)
            duration_ms = round((time.perf_counter() - begun) * 1000, 3)
            data_map = DataMap(report.data)
            # The rows live as long as somebody can ask for them.
            close = weakref.finalize(data_map, _let_go, engines, scratch)
            if memory and memory.finish and report.is_success:
                memory.finish()
            reasons = dict(memory.reasons) if memory else {}
            result = self._end(
                report, duration_ms, data_map, close, reporter, run_dir=run_dir, cache_reasons=reasons
            )
            self._bus.flush(HOOK_GRACE_S)
        return result

    def _make_executor(
        self, engines: Mapping[str, Engine], context: RunContext, memory: Memory | None
    ) -> DAGExecutor:
        settings = self._settings
        retry = RetryPolicy(settings.max_retries, settings.retry_delay, settings.retry_backoff)
        if settings.distributed:
            return DistributedExecutor(
                self._plan,
                engines,
                self._bus,
                context,
                backend=ExecutionBackend(settings.execution_backend),
                max_workers=settings.distributed_max_workers,
                retry=retry,
                fail_fast=settings.fail_fast,
                keeps_data=self._front._keeps_data,
                memory=memory,
            )
        return DAGExecutor(
            self._plan,
            engines,
            self._bus,
            context,
            retry=retry,
            fail_fast=settings.fail_fast,
            keeps_data=self._front._keeps_data,
            memory=memory,
        )

    def _open_engines(self, scratch: Path) -> dict[str, Engine]:
        config = self._front._workspace.load()
        # More threads than one only cost where every query is over in a moment.
        threads = config.threads or (1 if self._plan.tracking is Tracking.EXACT else None)
        settings = EngineSettings(scratch, config.memory_limit or "", threads)
        names = {planned.step.engine for planned in self._plan.steps.values()}
        return {name: open_engine(name, settings) for name in sorted(names)}

    def _settle(self, engines: Mapping[str, Engine], report: RunReport) -> None:
        """Take the snapshots of everything that was made, while it is there."""
        if self._tracker is None:
            return
        made: dict[str, list[Dataset]] = {}
        for planned in self._plan.steps.values():
            for key in planned.step.outputs.values():
                if key in report.data:
                    made.setdefault(planned.step.engine, []).append(report.data[key])
        for name, datasets in made.items():
            engines[name].settle(datasets)
        self._tracker.settle()

    def _end(
        self,
        report: RunReport,
        duration_ms: float,
        data_map: DataMap,
        close: Callable[[], object],
        reporter: Reporter,
        *,
        run_dir: Path,
        cache_reasons: dict[str, str],
    ) -> RunResult:
        states = {name: run.state for name, run in report.steps.items()}
        failed = [name for name, state in states.items() if state is NodeState.FAILED]
        good = [name for name, state in states.items() if state in (NodeState.SUCCESS, NodeState.CACHED)]
        state = "cancelled" if report.cancelled else "failed" if failed else "success"
        if failed:
            error = report.steps[failed[0]].error
            assert error is not None
            self._bus.emit(
                EventType.PIPELINE_ERROR, error_message=error.what, failed_step=failed[0], fix=error.fix
            )
        if report.cancelled:
            self._bus.emit(EventType.RUN_CANCELLED, reason=report.cancelled, duration_ms=duration_ms)
        else:
            self._bus.emit(
                EventType.PIPELINE_COMPLETE,
                duration_ms=duration_ms,
                nodes_executed=sum(state is NodeState.SUCCESS for state in states.values()),
                success_count=len(good),
                state=state,
                _tracker=self._tracker,
                _metrics=self._front._metrics,
            )
        return RunResult(
            success=state == "success",
            run_id=self._run_id,
            pipeline_name=self._pipeline.name,
            state=state,
            nodes_executed=sum(state is NodeState.SUCCESS for state in states.values()),
            successful_nodes=good,
            failed_nodes=failed,
            skipped_nodes=[
                name for name, state in states.items() if state in (NodeState.SKIPPED, NodeState.CANCELLED)
            ],
            cache_reasons=cache_reasons,
            cached_nodes=[name for name, state in states.items() if state is NodeState.CACHED],
            duration_ms=duration_ms,
            errors={name: run.error for name, run in report.steps.items() if run.error is not None},
            warnings=[*self._warnings, *report.warnings, *reporter.warnings],
            tracker=self._tracker,
            metrics=self._front._metrics,
            data_map=data_map,
            run_dir=run_dir,
            close=close,
        )


def _let_go(engines: Mapping[str, Engine], scratch: Path) -> None:
    for engine in engines.values():
        engine.close()
    shutil.rmtree(scratch, ignore_errors=True)
