"""The plans of a pipeline for both engines, and the steps that neither runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from odibi_core.engines.operations import Check, Send, Write
from odibi_core.engines.places import is_in_cloud
from odibi_core.errors import OdibiError, PipelineInvalidError, Severity
from odibi_core.graph.steps import StepGraph
from odibi_core.late_dataclass import dataclass
from odibi_core.parity.report import StepParity, Verdict
from odibi_core.pipeline import Pipeline
from odibi_core.plan.model import Plan, Tracking
from odibi_core.plan.planner import Surroundings, make_plan
from odibi_core.plan.rendering import Values
from odibi_core.step import Step

ENGINES = ("pandas", "spark")


@dataclass(frozen=True, slots=True)
class Plans:
    """What is run on both engines.

    Attributes:
        of: Engine → plan; both have the same steps.
        left_out: The other steps, with the reason.
    """

    of: Mapping[str, Plan]
    left_out: tuple[StepParity, ...]


def plan_both(pipeline: Pipeline, values: Values, surroundings: Surroundings) -> Plans:
    """The plans for both engines, of the steps that can run on both and keep their rows here.

    Raises:
        PipelineInvalidError: The pipeline is wrong for either engine.
        OdibiError: No step is left.
    """

    def planned(engine: str, steps: Sequence[Step]) -> Plan:
        own = [replace(each, engine=engine) for each in steps]
        return make_plan(replace(pipeline, steps=own, engine=engine), values, surroundings, Tracking.EXACT)

    plans: dict[str, Plan] = {}
    refusals: dict[str, PipelineInvalidError] = {}
    for engine in ENGINES:
        try:
            plans[engine] = planned(engine, pipeline.steps)
        except PipelineInvalidError as error:
            refusals[engine] = error
    if not plans:
        raise refusals[ENGINES[0]]
    left_out = _refused(pipeline, refusals)
    gone = _gone(next(iter(plans.values())))
    left_out |= {
        step.name: StepParity(
            step.name,
            step.layer,
            next(iter(step.inputs.values()), ""),
            Verdict.NOT_RUN,
            notes=(gone[step.name],),
        )
        for step in pipeline.steps
        if step.name in gone and step.name not in left_out
    }
    kept = [step for step in pipeline.steps if step.name not in left_out]
    if not kept and not refusals:
        raise OdibiError("there is nothing to compare: every step only sends, checks or writes to a server")
    if left_out:
        plans = {engine: planned(engine, kept) for engine in ENGINES}
    return Plans(plans, tuple(left_out[step.name] for step in pipeline.steps if step.name in left_out))


def _refused(pipeline: Pipeline, refusals: Mapping[str, PipelineInvalidError]) -> dict[str, StepParity]:
    """The steps that an engine can't run, and those that need them.

    Raises:
        PipelineInvalidError: What is wrong belongs to no step.
    """
    found: dict[str, StepParity] = {}
    graph = StepGraph(pipeline.steps)
    for engine, error in refusals.items():
        wrong = [problem for problem in error.problems if problem.severity is Severity.ERROR]
        if any(not problem.step for problem in wrong):
            raise error
        for name in dict.fromkeys(problem.step for problem in wrong):
            step = pipeline.step(name)
            dataset = next(iter(step.outputs.values()), "")
            told = "; ".join(problem.what for problem in wrong if problem.step == name)
            found[name] = StepParity(name, step.layer, dataset, Verdict.FAILED, errors={engine: told})
    for name in [*found]:
        for after in graph.downstream(name):
            step = pipeline.step(after)
            dataset = next(iter([*step.outputs.values(), *step.inputs.values()]), "")
            reason = "a step before it failed"
            found.setdefault(
                after,
                StepParity(after, step.layer, dataset, Verdict.NOT_RUN, after=(name,), notes=(reason,)),
            )
    return found


def _gone(plan: Plan) -> dict[str, str]:
    """Step that is not run, as its rows would leave → why."""
    found = {}
    for name, planned in plan.steps.items():
        match planned.node.operation:
            case Send():
                found[name] = "it sends its rows away"
            case Check():
                found[name] = "it only checks a connection"
            case Write(server=server) as write if server and not is_in_cloud(write):
                found[name] = "it writes to a database server"
    return found
