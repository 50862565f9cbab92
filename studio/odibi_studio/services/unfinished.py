"""Forms that make no SQL yet: what they still ask for, in the place of the SQL that their steps lack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import get_args

from pydantic import BaseModel

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
    return list(_of_step(step, maker.make(request).problems, RECIPES[request.recipe].settings))


def _columns(schema: Schema | None) -> list[Column] | None:
    return None if schema is None else [Column(name=name, type=type_) for name, type_ in schema]


def _of_step(step: Step, problems: Iterable[ProblemForm], form: type[BaseModel]) -> Iterator[Problem]:
    for problem in problems:
        field = problem.field
        if not field or field == "inputs":
            yield Problem(problem.what, step.name, "inputs" if field else "value", problem.fix)
            continue
        what = f"{_title(form, field)}: {problem.what}"
        yield Problem(what, step.name, f"metadata.recipe.settings.{field}", problem.fix)


def _title(form: type[BaseModel], path: str) -> str:
    """A field as the form names it: "Conditions 1, Column" is `conditions.0.column`."""
    names: list[str] = []
    fields = form.model_fields
    for part in path.split("."):
        if part.isdigit() and names:
            names[-1] += f" {int(part) + 1}"
            continue
        field = fields.get(part)
        names.append(field.title or part if field is not None else part)
        inner = get_args(field.annotation)[:1] if field is not None else ()
        is_row = bool(inner) and isinstance(inner[0], type) and issubclass(inner[0], BaseModel)
        fields = inner[0].model_fields if is_row else {}
    return ", ".join(names)
