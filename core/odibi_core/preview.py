"""The first rows of a step: what it needs runs over the sources, and nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from odibi_core.dag_executor import DAGExecutor
from odibi_core.engines.base import Engine, RunContext
from odibi_core.engines.registry import EngineSettings, engine_names, open_engine
from odibi_core.engines.scratch import Scratch
from odibi_core.errors import OdibiError, PipelineInvalidError, RunCancelledError
from odibi_core.event_bus import EventBus
from odibi_core.events import EventType
from odibi_core.graph.selection import select_steps
from odibi_core.late_dataclass import dataclass
from odibi_core.parameters import resolve_parameters
from odibi_core.pipeline import Pipeline
from odibi_core.plan.model import Plan, Tracking
from odibi_core.plan.planner import Surroundings, make_plan
from odibi_core.plan.rendering import Values
from odibi_core.retry import RetryPolicy
from odibi_core.run_report import RunReport
from odibi_core.run_settings import RunSettings, settings_problems
from odibi_core.schema import Schema
from odibi_core.secret_providers.chain import open_providers
from odibi_core.secret_store import Redactor, Secrets, SecretStore
from odibi_core.signals import cancel_on_signals
from odibi_core.step import Step
from odibi_core.workspace import Workspace

if TYPE_CHECKING:
    import pyarrow as pa

_HEAD = "odibi_preview"


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows of a dataset.

    Attributes:
        step: The step that was asked for.
        dataset: The key of the dataset: what the step makes or, where it only writes, what it takes.
        schema: Its columns, also where there are no rows.
        rows: The rows.
        has_more: Whether there are further rows.
        warnings: What a person should know of these rows.
    """

    step: str
    dataset: str
    schema: Schema
    rows: pa.Table
    has_more: bool
    warnings: tuple[str, ...]


def preview_step(
    pipeline: Pipeline,
    step: str,
    *,
    rows: int,
    workspace: Workspace,
    parameters: Mapping[str, Any] | None = None,
    secrets: Secrets | None = None,
    allowed_functions: Sequence[str] | None = None,
    redactor: Redactor | None = None,
    dataset: str = "",
) -> Preview:
    """The first rows that a step makes. No target is written, and no run is kept.

    Args:
        pipeline: The pipeline.
        step: The step's name.
        rows: How many rows at the most.
        workspace: What paths are relative to.
        parameters: Values of the run's parameters.
        secrets: Name → value, or a callable that gives a name's value.
        allowed_functions: Prefixes of dotted paths that function steps may import; None allows all.
        redactor: Learns the secrets that were used.
        dataset: Which of its datasets; the first of its outputs, or of its inputs, where "".

    Raises:
        UnknownNameError: There is no such step.
        PipelineInvalidError: The pipeline is wrong as far as the step needs it.
        ParameterError: A parameter is missing or wrong.
        OdibiError: The step has no rows, or it or one that it needs failed.
        KeyboardInterrupt: Ctrl-C.
    """
    target = pipeline.step(step)
    dataset = dataset or next(iter([*target.outputs.values(), *target.inputs.values()]), "")
    if not dataset:
        raise OdibiError(
            "the step has no rows", where=f"step {step!r}", fix="preview a step that has inputs or outputs"
        )
    problems = settings_problems(pipeline.settings)
    if problems:
        raise PipelineInvalidError(problems, pipeline=pipeline.name)
    settings = RunSettings.model_validate(pipeline.settings)
    config = workspace.load()
    store = SecretStore(secrets, redactor or Redactor(), open_providers(config.secrets, workspace.root))
    values = Values.for_run(
        "preview", resolve_parameters(pipeline.parameters, parameters or {}), store.resolve
    )
    allowed = tuple(allowed_functions) if allowed_functions is not None else None
    surroundings = Surroundings(workspace, engine_names(), config.connections, allowed)
    plan = make_plan(_part(pipeline, target, dataset, rows), values, surroundings, Tracking.FUSED)
    scratch = Scratch(workspace.scratch, "preview")
    engine_settings = EngineSettings(
        scratch.path, config.memory_limit or "", config.threads, spark=config.spark
    )
    engines = {
        name: open_engine(name, engine_settings)
        for name in sorted({planned.step.engine for planned in plan.steps.values()})
    }
    context = RunContext(
        "preview",
        workspace,
        scratch.path,
        scratch.path / "rejects",
        config.connections,
        allowed,
        resolve=values.resolve,
    )
    retry = RetryPolicy(settings.max_retries, settings.retry_delay, settings.retry_backoff)
    try:
        report, warnings = _run(plan, engines, context, retry)
        head = report.data[_HEAD]
        found = head.arrow()
        return Preview(
            step, dataset, head.schema, found.slice(0, rows), found.num_rows > rows, tuple(warnings)
        )
    finally:
        for engine in engines.values():
            engine.close()
        scratch.close()


def _part(pipeline: Pipeline, target: Step, dataset: str, rows: int) -> Pipeline:
    """The steps that the dataset needs, and one that takes its first rows, so that no more are computed."""
    end = target.name
    if not target.outputs:
        producer = pipeline.producers().get(dataset)
        end = producer.name if producer is not None else end
    # Nobody looks at what is expected here: that would take all rows, where the first are enough.
    unexpecting = replace(pipeline, steps=[replace(step, expectations=[]) for step in pipeline.steps])
    part = select_steps(unexpecting, end=end).pipeline
    head = Step(
        "transform",
        f"{_HEAD} of {target.name}",
        "sql",
        target.engine,
        f"SELECT * FROM input LIMIT {rows + 1}",
        inputs={"input": dataset},
        outputs={"data": _HEAD},
    )
    return replace(part, steps=[*part.steps, head])


def _run(
    plan: Plan, engines: Mapping[str, Engine], context: RunContext, retry: RetryPolicy
) -> tuple[RunReport, list[str]]:
    warnings: list[str] = []

    def notice(event: dict[str, Any]) -> None:
        if event["event_type"] == EventType.NODE_WARNING:
            warnings.append(f"step {event['step_name']!r}: {event['message']}")

    bus = EventBus()
    bus.bind(plan.pipeline.name, context.run_id)
    bus.subscribe(notice)
    executor = DAGExecutor(plan, engines, bus, context, retry=retry, keeps_data=False)
    with cancel_on_signals(executor.cancel):
        report = executor.run()
    for run in report.steps.values():
        if run.error is not None:
            raise run.error
    if report.cancelled:
        raise RunCancelledError(f"the preview was stopped: {report.cancelled}")
    return report, warnings
