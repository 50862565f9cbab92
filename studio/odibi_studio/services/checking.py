"""What is true of a pipeline while a person edits it: the columns of every port, and every mistake."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from odibi_core.engines.operations import Scan
from odibi_core.engines.registry import engine_names
from odibi_core.errors import OdibiError, Problem, Severity
from odibi_core.pipeline import Pipeline
from odibi_core.plan.model import Plan, Tracking
from odibi_core.plan.planner import Surroundings, Survey
from odibi_core.plan.rendering import Values
from odibi_core.run_settings import settings_problems
from odibi_core.schema import Schema
from odibi_core.sql.remembering import RememberingBinder
from odibi_core.step import Step, StepType
from odibi_core.workspace import Workspace
from odibi_core.workspace_settings import WorkspaceSettings
from odibi_studio.messages import CheckAnswer, CheckRequest, Column, StepTruth
from odibi_studio.services.documents import core_pipeline
from odibi_studio.services.heads import Heads
from odibi_studio.services.making import RecipeMaker
from odibi_studio.services.problem_forms import problem_forms
from odibi_studio.services.unfinished import with_form_problems


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a pipeline.

    Attributes:
        pipeline: The pipeline.
        settings: Those of the workspace.
        surroundings: What it was planned in.
        values: What its placeholders were filled with.
        survey: What the core told of it.
        problems: Every mistake, errors first.
    """

    pipeline: Pipeline
    settings: WorkspaceSettings
    surroundings: Surroundings
    values: Values
    survey: Survey
    problems: list[Problem]


class Checker:
    """Tells the columns and the mistakes of pipelines, and remembers what a change leaves as it was.

    Args:
        workspace: What the pipelines' paths are relative to.

    Attributes:
        recipes: Makes the SQL of self-service forms.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.recipes = RecipeMaker()
        self._heads = Heads()
        self._binder = RememberingBinder()
        # At the end, so that a module of the workspace never takes the place of an installed one.
        if str(workspace.root) not in sys.path:
            sys.path.append(str(workspace.root))

    def check(self, request: CheckRequest) -> CheckAnswer:
        """The columns of every port, and every problem. No row is read."""
        begun = time.perf_counter()
        pipeline = core_pipeline(request.pipeline)
        look = self.look(pipeline)
        notes = [problem for problem in look.problems if is_note(problem, look.survey.steps)]
        problems = [problem for problem in look.problems if problem not in notes]
        tracking = pipeline.settings.get("tracking", Tracking.AUTO)
        plan = look.survey.plan(Tracking(tracking) if tracking in tuple(Tracking) else Tracking.AUTO)
        # Once for each dataset: a port takes what another gives.
        columns = {key: columns_of(schema) for key, schema in look.survey.ports.schemas.items()}
        return CheckAnswer(
            revision=request.revision,
            steps={step.name: _truth(step, plan, columns, notes) for step in pipeline.steps},
            problems=problem_forms(problems, pipeline.steps, look.values),
            elapsed_ms=(time.perf_counter() - begun) * 1_000,
        )

    def warm_up(self) -> None:
        """Load what the first check needs."""
        self._binder.bind("SELECT one FROM rows", {"rows": Schema.of({"one": "INTEGER"})})

    def look(self, pipeline: Pipeline, values: Values | None = None) -> Look:
        """What the core tells of a pipeline, right or wrong.

        Args:
            pipeline: The pipeline.
            values: What placeholders stand for; stand-ins where None.
        """
        found: list[Problem] = []
        settings = WorkspaceSettings()
        try:
            settings = self._workspace.load()
        except OdibiError as error:
            place = error.where.removeprefix(f"{self._workspace.root}/")
            found.append(Problem(f"{place}: {error.what}", fix=error.fix))
        surroundings = Surroundings(
            self._workspace,
            engine_names(),
            settings.connections,
            settings.functions.allow,
            probe=self._heads.probe,
            binder=self._binder,
        )
        values = values or Values.for_plan(pipeline.parameters, {})
        survey = Survey(pipeline, values, surroundings)
        told = with_form_problems(survey.problems, pipeline.steps, survey.ports.schemas, self.recipes)
        found += [*settings_problems(pipeline.settings), *told]
        found.sort(key=lambda problem: problem.severity)
        return Look(pipeline, settings, surroundings, values, survey, found)

    def probe(self, scan: Scan, path: Path) -> Schema:
        """The columns of a source.

        Raises:
            OdibiError: The source can't be read.
        """
        return self._heads.probe(scan, path)

    def close(self) -> None:
        """Let go of the databases."""
        self._heads.close()
        self._binder.close()
        self.recipes.close()


def columns_of(schema: Schema | None) -> list[Column] | None:
    """The columns as a message; None where only a run can tell them."""
    return None if schema is None else [Column(name=name, type=type_) for name, type_ in schema]


def is_note(problem: Problem, steps: Mapping[str, Step]) -> bool:
    """Whether it says what a translation changes: no run fails for that, so it is no problem."""
    step = steps.get(problem.step)
    return problem.severity is Severity.WARNING and step is not None and step.type == StepType.SQL


def _truth(
    step: Step, plan: Plan, columns: Mapping[str, list[Column] | None], notes: Iterable[Problem]
) -> StepTruth:
    planned = plan.steps.get(step.name)
    return StepTruth(
        kind=step.kind.value if step.kind is not None else "",
        inputs={alias: columns.get(key) for alias, key in step.inputs.items()},
        outputs={name: columns.get(key) for name, key in step.outputs.items()},
        region=planned.region if planned is not None else "",
        why=planned.reason if planned is not None else "",
        notes=[note.what for note in notes if note.step == step.name],
    )
