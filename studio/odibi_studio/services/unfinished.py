"""Forms that make no SQL yet: what they still ask for, in the place of the SQL that their steps lack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from odibi_core.errors import Problem
from odibi_core.schema import Schema
from odibi_core.step import Step, StepType
from odibi_studio.messages import Column, ProblemForm, RecipeRequest
from odibi_studio.recipes.registry import RECIPES
from odibi_studio.services.making import RecipeMaker


def with_form_problems(
    problems: Iterable[Problem],
    steps: Iterable[Step],
    schemas: Mapping[str, Schema | None],
    maker: RecipeMaker,
) -> list[Problem]:
    """The problems, those of a form that makes no SQL at the fields that it waits for.

    Args:
        problems: What the core found.
        steps: The steps as they were declared.
        schemas: Dataset → its columns; None where only a run can tell.
        maker: Makes the SQL of forms.
    """
    blank = {step.name: step for step in steps if _waits(step)}
    told: list[Problem] = []
    asked: set[str] = set()
    for problem in problems:
        step = blank.get(problem.step)
        if step is None or problem.field != "value":
            told.append(problem)
        elif step.name not in asked:
            asked.add(step.name)
            told += _asked_for(step, schemas, maker) or [problem]
    return told


def _waits(step: Step) -> bool:
    recipe = step.metadata.get("recipe")
    is_form = isinstance(recipe, Mapping) and recipe.get("name") in RECIPES
    return is_form and step.type == StepType.SQL and not str(step.value or "").strip()


def _asked_for(step: Step, schemas: Mapping[str, Schema | None], maker: RecipeMaker) -> list[Problem]:
    recipe = step.metadata["recipe"]
    settings = recipe.get("settings") or {}
    request = RecipeRequest(
        recipe=recipe["name"],
        settings=settings if isinstance(settings, dict) else {},
        inputs={alias: _columns(schemas.get(key)) for alias, key in step.inputs.items() if key},
    )
    return list(_of_step(step, maker.make(request).problems))


def _columns(schema: Schema | None) -> list[Column] | None:
    return None if schema is None else [Column(name=name, type=type_) for name, type_ in schema]


def _of_step(step: Step, problems: Iterable[ProblemForm]) -> Iterator[Problem]:
    for problem in problems:
        field = problem.field
        place = f"metadata.recipe.settings.{field}" if field and field != "inputs" else "inputs"
        yield Problem(problem.what, step.name, place, problem.fix)
