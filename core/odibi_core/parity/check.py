"""Runs a pipeline on both engines over the same rows, and compares what each step gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from odibi_core.engines.base import Engine, RunContext, TaskError
from odibi_core.engines.registry import EngineSettings, engine_names, open_engine
from odibi_core.engines.scratch import Scratch
from odibi_core.errors import PipelineInvalidError
from odibi_core.graph.selection import select_steps
from odibi_core.parameters import resolve_parameters
from odibi_core.parity.comparison import Comparison
from odibi_core.parity.planning import ENGINES, plan_both
from odibi_core.parity.report import Parity
from odibi_core.parity.samples import Sample, take_samples
from odibi_core.parity.side import run_side
from odibi_core.pipeline import Pipeline
from odibi_core.plan.model import Plan
from odibi_core.plan.planner import Surroundings
from odibi_core.plan.rendering import Values
from odibi_core.retry import as_step_error
from odibi_core.run_settings import settings_problems
from odibi_core.secret_providers.chain import open_providers
from odibi_core.secret_store import Redactor, Secrets, SecretStore
from odibi_core.workspace import Workspace

ROWS = 10_000
TOLERANCE = 1e-9


def check_parity(
    pipeline: Pipeline,
    *,
    workspace: Workspace,
    step: str = "",
    rows: int = ROWS,
    tolerance: float = TOLERANCE,
    parameters: Mapping[str, Any] | None = None,
    secrets: Secrets | None = None,
    allowed_functions: Sequence[str] | None = None,
    spark_config: Mapping[str, str] | None = None,
    redactor: Redactor | None = None,
    on_phase: Callable[[str], object] = lambda _phase: None,
) -> Parity:
    """What the steps of a pipeline give on the engines `pandas` and `spark`, over the same rows.

    What steps would write to files goes to a scratch folder and is compared too; nothing is sent, and no
    database server is written to. Every step runs on the one engine, then on the other, whatever it says.

    Args:
        pipeline: The pipeline.
        workspace: What paths are relative to.
        step: Compare this step alone; "" compares all.
        rows: How many rows of each source are taken at the most; 0 takes all.
        tolerance: How far two floats may be apart, in parts of the larger one (of 1 where that is less).
        parameters: Values of the run's parameters.
        secrets: Name → value, or a callable that gives a name's value.
        allowed_functions: Prefixes of dotted paths that function steps may import; None allows all.
        spark_config: Spark's own settings; `spark.master` and `spark.remote` say where it runs.
        redactor: Learns the secrets that were used.
        on_phase: Told what begins now, in words.

    Raises:
        UnknownNameError: There is no such step.
        PipelineInvalidError: The pipeline is wrong.
        ParameterError: A parameter is missing or wrong.
        OdibiError: A source can't be read, or an engine can't be opened.
        RunCancelledError: It was stopped.
    """
    problems = settings_problems(pipeline.settings)
    if problems:
        raise PipelineInvalidError(problems, pipeline=pipeline.name)
    config = workspace.load()
    store = SecretStore(secrets, redactor or Redactor(), open_providers(config.secrets, workspace.root))
    values = Values.for_run(
        "parity", resolve_parameters(pipeline.parameters, parameters or {}), store.resolve
    )
    allowed = tuple(allowed_functions) if allowed_functions is not None else None
    surroundings = Surroundings(workspace, engine_names(), config.connections, allowed)
    part = select_steps(pipeline, end=step).pipeline if step else pipeline

    plans = plan_both(part, values, surroundings)
    scratch = Scratch(workspace.scratch, "parity")
    try:
        settings = EngineSettings(
            scratch.path,
            config.memory_limit or "",
            config.threads,
            spark=config.spark.with_config(spark_config or {}),
        )
        context = RunContext(
            "parity",
            workspace,
            scratch.path,
            scratch.path / "rejects",
            config.connections,
            allowed,
            resolve=values.resolve,
        )
        with _engine(ENGINES[0], settings) as first, _engine(ENGINES[1], settings) as second:
            on_phase("reading the sources")
            samples = _samples(plans.of[ENGINES[0]], first, context, rows)
            sides = []
            for engine in (first, second):
                on_phase(f"running on {engine.name}")
                folder = scratch.path / engine.name
                folder.mkdir()
                sides.append(run_side(plans.of[engine.name], samples, engine, first, context, folder))
            on_phase("comparing")
            comparison = Comparison(
                plans.of[ENGINES[0]], (first, second), (sides[0], sides[1]), scratch.path, tolerance
            )
            compared = comparison.steps(samples)
    finally:
        scratch.close()
    wanted = [each for each in (*compared, *plans.left_out) if step in ("", each.step)]
    taken = {name: (sample.rows, sample.is_whole) for name, sample in samples.items()}
    return Parity(pipeline.name, ENGINES, rows, taken, tuple(wanted))


def _samples(plan: Plan, engine: Engine, context: RunContext, rows: int) -> Mapping[str, Sample]:
    try:
        return take_samples(plan, engine, context, rows, context.scratch)
    except TaskError as error:
        raise as_step_error(error.cause, error.task) from error.cause


@contextmanager
def _engine(name: str, settings: EngineSettings) -> Iterator[Engine]:
    scratch = settings.scratch / f"engine-{name}"
    scratch.mkdir()
    engine = open_engine(name, replace(settings, scratch=scratch))
    try:
        yield engine
    finally:
        engine.close()
