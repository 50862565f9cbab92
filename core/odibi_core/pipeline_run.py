"""One run: plan, execute, report."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odibi_core.clouds.environment import known_secrets
from odibi_core.dag_executor import DAGExecutor
from odibi_core.dataset import Dataset
from odibi_core.engines.base import Engine, RunContext
from odibi_core.engines.registry import EngineSettings, open_engine
from odibi_core.engines.scratch import Scratch
from odibi_core.errors import OdibiError, PipelineInvalidError, internal_error
from odibi_core.event_bus import EventBus
from odibi_core.events import EventType, NodeState
from odibi_core.journal.writer import JournalWriter
from odibi_core.late_dataclass import dataclass
from odibi_core.memory import Memory, Past, Prospect
from odibi_core.metrics_manager import MetricsManager
from odibi_core.parameters import resolve_parameters
from odibi_core.pipeline import Pipeline
from odibi_core.plan.planner import Surroundings, make_plan
from odibi_core.quality.keeper import QualityKeeper
from odibi_core.reports import Reporter
from odibi_core.retry import RetryPolicy
from odibi_core.run_report import RunReport
from odibi_core.run_result import DataMap, RunResult
from odibi_core.run_settings import RunSettings
from odibi_core.secret_providers.chain import open_providers
from odibi_core.secret_store import Redactor, Secrets, SecretStore
from odibi_core.signals import cancel_on_signals
from odibi_core.timestamps import now
from odibi_core.tracker import Tracker

if TYPE_CHECKING:
    from odibi_core.quality.inspector import Inspector

HOOK_GRACE_S = 10.0
"""How long a run that ended waits for its hooks."""


class Cancellation:
    """A request to stop, which is kept until there is an executor to take it. Safe from any thread."""

    def __init__(self) -> None:
        self._reason = ""
        self._executor: DAGExecutor | None = None

    def ask(self, reason: str) -> None:
        """Ask the run to stop, now or as soon as it is planned."""
        self._reason = reason
        # `attach` does it the other way round: whoever comes second sees the first. Twice does no harm.
        if (executor := self._executor) is not None:
            executor.cancel(reason)

    def attach(self, executor: DAGExecutor) -> None:
        """Have the executor take what was asked and what will be asked."""
        self._executor = executor
        if self._reason:
            executor.cancel(self._reason)


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What a run is made from.

    Attributes:
        pipeline: What is to run.
        settings: How.
        parameters: The values that were given.
        secrets: Name → value, or a callable that gives a name's value.
        surroundings: The workspace, its connections, the engines.
        past: What earlier runs left.
        bus: Takes the events.
        metrics: Collects the metrics.
        keeps_data: Whether every dataset is held until the result is closed.
        cancellation: Asks the run to stop.
        run_id: The run's id.
        order: What was asked for (see `RunOrder`).
        write_id: Under what it writes; its own id, or that of the run that it continues, where it is "".
        spark_config: Spark's own settings, over those of the workspace.
        redactor: Knows the secrets that were looked up before the run, and learns its own.
    """

    pipeline: Pipeline
    settings: RunSettings
    parameters: Mapping[str, Any]
    secrets: Secrets | None
    surroundings: Surroundings
    past: Past
    bus: EventBus
    metrics: MetricsManager
    keeps_data: bool
    cancellation: Cancellation
    run_id: str
    order: Mapping[str, Any]
    write_id: str = ""
    spark_config: Mapping[str, str] = field(default_factory=dict)
    redactor: Redactor = field(default_factory=Redactor)


class PipelineRun:
    """One run of a pipeline, from its plan to its reports.

    Args:
        request: What it is made from.

    Raises:
        PipelineInvalidError: The pipeline is wrong; nothing has run.
        ParameterError: A parameter is missing or wrong; nothing has run.
    """

    def __init__(self, request: RunRequest) -> None:
        self._pipeline, self._settings = request.pipeline, request.settings
        self._bus, self._metrics = request.bus, request.metrics
        self._surroundings, self._workspace = request.surroundings, request.surroundings.workspace
        self._keeps_data, self._cancellation = request.keeps_data, request.cancellation
        self._executor: DAGExecutor | None = None
        self._begun: float | None = None
        self._run_id, self._order, self._write_id = request.run_id, request.order, request.write_id
        self._spark_config = request.spark_config
        self._warnings: list[str] = []
        self._redactor = request.redactor
        # From here on a mistake may show what a placeholder stands for.
        self._bus.redactor = self._redactor
        for value in known_secrets(request.pipeline):
            self._redactor.add(value)
        providers = open_providers(self._workspace.load().secrets, self._workspace.root)
        self._store = SecretStore(request.secrets, self._redactor, providers)
        self._parameters = resolve_parameters(self._pipeline.parameters, request.parameters)
        past = request.past
        self._warnings += past.resumption.warnings
        values = past.values(self._run_id, self._parameters, self._store.resolve)
        self._values = values
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

    def save_checkpoint(self) -> bool:
        """Whether a checkpoint will be saved when the next region ends. Safe from any thread."""
        executor = self._executor
        return executor is not None and executor.save_checkpoint()

    def _warn(self, step: str, sentence: str) -> None:
        self._warnings.append(f"step {step!r}: {sentence}")
        layer = self._plan.steps[step].step.layer
        self._bus.emit(EventType.NODE_WARNING, step_name=step, layer=layer, message=sentence)

    def execute(self) -> RunResult:
        """Run the plan, report, and give the result."""
        scratch, engines = Scratch(self._workspace.scratch, "run"), dict[str, Engine]()
        try:
            engines.update(self._open_engines(scratch.path))
            return self._run_watched(engines, scratch)
        except BaseException:
            _let_go(engines, scratch)
            raise

    def _run_watched(self, engines: Mapping[str, Engine], scratch: Scratch) -> RunResult:
        journal = JournalWriter(self._workspace.runs, self._run_id, self._pipeline, redactor=self._redactor)
        keeper = QualityKeeper(self._workspace, self._redactor, self._bus)
        watchers = [journal.observe, self._metrics.observe, keeper.observe]
        if self._tracker is not None:
            watchers.append(self._tracker.observe)
        reporter = Reporter(journal.run_dir, self._tracker, self._metrics, self._bus)
        watchers.append(reporter.observe)
        self._bus.bind(self._pipeline.name, self._run_id)
        for watcher in watchers:
            self._bus.subscribe(watcher)
        try:
            return self._run(engines, scratch, reporter, journal.run_dir)
        except Exception as error:
            self._tell_broken(error)
            raise
        finally:
            for watcher in watchers:
                self._bus.unsubscribe(watcher)
            journal.close()

    def _run(
        self, engines: Mapping[str, Engine], scratch: Scratch, reporter: Reporter, run_dir: Path
    ) -> RunResult:
        context = RunContext(
            self._run_id,
            self._workspace,
            scratch.path,
            run_dir / "rejects",
            self._surroundings.connections,
            self._surroundings.allowed_functions,
            ticket_run_ids=dict.fromkeys(self._plan.steps, self._write_id)
            if self._write_id
            else self._prospect.ticket_run_ids,
            written=self._surroundings.written(self._plan.steps.values()),
            health=self._settings.health,
            profile=self._settings.profile if self._tracker is not None else False,
            given=self._plan.given,
            lets_go=not self._keeps_data,
            resolve=self._values.resolve,
        )
        memory = self._prospect.open(engines, context, self._warn, self._redactor)
        executor = self._make_executor(engines, context, memory)
        self._executor = executor
        self._cancellation.attach(executor)
        begun = self._begun = time.perf_counter()
        with cancel_on_signals(executor.cancel):
            self._bus.emit(
                EventType.PIPELINE_START,
                start_time=now(),
                total_steps=len(self._plan.steps),
                engine=self._pipeline.engine,
                tracking=self._plan.tracking.value,
                parameters=self._parameters,
                order=self._order,
            )
            for step, note in self._prospect.notes.items():
                self._warn(step, note)
            try:
                report = executor.run()
            finally:
                self._executor = None
            if self._tracker is not None:
                self._settle(self._tracker, engines, report)
            duration_ms = round((time.perf_counter() - begun) * 1000, 3)
            data_map = DataMap(report.data)
            # The rows live as long as somebody can ask for them.
            close = weakref.finalize(data_map, _let_go, engines, scratch)
            if memory and memory.finish and report.is_success:
                self._finish(memory.finish)
            reasons = dict(memory.reasons) if memory else {}
            result = self._end(
                report, duration_ms, data_map, close, reporter, run_dir=run_dir, cache_reasons=reasons
            )
            self._bus.flush(HOOK_GRACE_S)
        return result

    def _tell_broken(self, error: Exception) -> None:
        """Have the run end as failed for all who watch it: nobody would speak of it again."""
        known = error if isinstance(error, OdibiError) else internal_error(error)
        keys = {"error_message": known.what, "where": known.where, "fix": known.fix}
        if self._begun is None:
            self._bus.emit(EventType.RUN_REFUSED, **keys)
            return
        self._bus.emit(EventType.PIPELINE_ERROR, **keys)
        self._bus.emit(
            EventType.PIPELINE_COMPLETE,
            duration_ms=round((time.perf_counter() - self._begun) * 1000, 3),
            state="failed",
            _tracker=self._tracker,
            _metrics=self._metrics,
        )
        self._bus.flush(HOOK_GRACE_S)

    def _make_executor(
        self, engines: Mapping[str, Engine], context: RunContext, memory: Memory | None
    ) -> DAGExecutor:
        settings = self._settings
        retry = RetryPolicy(settings.max_retries, settings.retry_delay, settings.retry_backoff)
        inspector = self._make_inspector(engines, context)
        tells_no_rows = settings.no_rows == "warn"
        if settings.distributed:
            from odibi_core.distributed_executor import DistributedExecutor, ExecutionBackend

            return DistributedExecutor(
                self._plan,
                engines,
                self._bus,
                context,
                backend=ExecutionBackend(settings.execution_backend),
                max_workers=settings.distributed_max_workers,
                retry=retry,
                fail_fast=settings.fail_fast,
                keeps_data=self._keeps_data,
                memory=memory,
                inspector=inspector,
                tells_no_rows=tells_no_rows,
            )
        return DAGExecutor(
            self._plan,
            engines,
            self._bus,
            context,
            retry=retry,
            fail_fast=settings.fail_fast,
            keeps_data=self._keeps_data,
            memory=memory,
            inspector=inspector,
            tells_no_rows=tells_no_rows,
        )

    def _make_inspector(self, engines: Mapping[str, Engine], context: RunContext) -> Inspector | None:
        """What looks at what steps made; None where nobody expects anything of it."""
        if not any(planned.node.expectations for planned in self._plan.steps.values()):
            return None
        from odibi_core.quality.history import QualityHistory
        from odibi_core.quality.inspector import Inspector
        from odibi_core.quality.variants import variant_of

        past = partial(
            QualityHistory(self._workspace).good_runs,
            variant=variant_of(self._redactor.value(self._parameters)),
        )
        return Inspector(self._plan, engines, context, past)

    def _open_engines(self, scratch: Path) -> Iterator[tuple[str, Engine]]:
        config, given = self._workspace.load(), self._settings
        threads = given.threads or config.threads
        memory_limit = given.memory_limit or config.memory_limit or ""
        spark = config.spark.with_config(self._spark_config)
        settings = EngineSettings(
            scratch, memory_limit, threads, given.ordered, spark, most_threads=self._plan.threads
        )
        names = {planned.step.engine for planned in self._plan.steps.values()}
        for name in sorted(names):
            yield name, open_engine(name, settings)

    def _settle(self, tracker: Tracker, engines: Mapping[str, Engine], report: RunReport) -> None:
        """Take the snapshots of everything that was made, while it is there."""
        made: dict[str, list[Dataset]] = {}
        for planned in self._plan.steps.values():
            for key in planned.step.outputs.values():
                if key in report.data:
                    made.setdefault(planned.step.engine, []).append(report.data[key])
        try:
            for name, datasets in made.items():
                engines[name].settle(datasets)
            tracker.settle()
        except Exception as error:  # noqa: BLE001 - what is told of a run never changes its outcome
            self._warnings.append(f"some snapshots could not be taken: {error}")
            self._bus.emit(EventType.REPORT_FAILED, report="snapshots", error_message=str(error))

    def _finish(self, finish: Callable[[], object]) -> None:
        """Note that nobody needs to resume the run."""
        try:
            finish()
        except Exception as error:  # noqa: BLE001 - what is told of a run never changes its outcome
            self._warnings.append(f"the checkpoints don't say that the run succeeded: {error}")
            self._bus.emit(EventType.REPORT_FAILED, report="checkpoint", error_message=str(error))

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
                **report.quality,
                _tracker=self._tracker,
                _metrics=self._metrics,
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
            metrics=self._metrics,
            data_map=data_map,
            run_dir=run_dir,
            close=close,
        )


def _let_go(engines: Mapping[str, Engine], scratch: Scratch) -> None:
    for engine in engines.values():
        engine.close()
    scratch.close()
