"""From a self-service form to SQL, with the form's mistakes at its fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from odibi_core.errors import SqlError, did_you_mean
from odibi_core.schema import Schema
from odibi_core.sql.binding import Binder
from odibi_core.sql.compose import Dialect
from odibi_core.sql.dialect import translate
from odibi_studio.messages import ProblemForm, RecipeAnswer, RecipeRequest, Severity
from odibi_studio.recipes.names import UnfitValueError
from odibi_studio.recipes.recipe import (
    FieldProblem,
    Input,
    Recipe,
    Settings,
    Unready,
    column_problems,
    filled,
)
from odibi_studio.recipes.registry import recipe_named
from odibi_studio.services.problem_forms import near_names, word_span


class RecipeMaker:
    """Makes the SQL of forms, and looks at the pieces of SQL in them."""

    def __init__(self) -> None:
        self._binder = Binder()

    def make(self, request: RecipeRequest) -> RecipeAnswer:
        """The SQL of a form; no SQL where something is missing without which there is none.

        Raises:
            UnknownNameError: There is no such recipe.
        """
        recipe = recipe_named(request.recipe)
        inputs = [
            Input(name, None if columns is None else Schema.of((each.name, each.type) for each in columns))
            for name, columns in request.inputs.items()
        ]
        refusal = _refused_inputs(recipe, inputs)
        if refusal:
            return RecipeAnswer(sql="", problems=[ProblemForm(what=refusal, field="inputs", fix=_CONNECT)])
        try:
            settings = recipe.settings.model_validate(request.settings)
        except ValidationError as error:
            return RecipeAnswer(sql="", problems=_invalid(error, recipe))
        found = [*column_problems(settings, inputs), *recipe.problems(settings, inputs)]
        try:
            sql = recipe.sql(settings, inputs)
        except Unready as unready:
            sql, found = "", [*found, unready.problem]
        except UnfitValueError as error:
            sql, found = "", [*found, FieldProblem("", str(error), "rename it in a step before")]
        problems = [_form(problem) for problem in found]
        if sql and request.engine == Dialect.SPARK:
            problems += _on_spark(sql, inputs)
        return RecipeAnswer(sql=sql, problems=[*problems, *self._expressions(settings, inputs)])

    def close(self) -> None:
        """Let go of the database."""
        self._binder.close()

    def _expressions(self, settings: Settings, inputs: Sequence[Input]) -> Iterator[ProblemForm]:
        """What is wrong with the pieces of SQL in a form, each with its place."""
        known = {each.name: each.schema for each in inputs if each.schema is not None}
        if len(known) < len(inputs):
            return
        for place, text, _ in filled(settings, "expression"):
            if "{" in text:
                continue  # what a parameter stands for is known where the whole pipeline is checked
            try:
                self._binder.bind(f"SELECT (\n{text}\n) AS value FROM {inputs[0].sql}", known)
                bare = self._binder.bind(f"SELECT\n{text}\nAS value FROM {inputs[0].sql}", known)
            except SqlError as error:
                yield _expression_problem(place, text, error)
                continue
            if bare is not None and len(bare) != 1:
                yield ProblemForm(what="these are several values", field=place, fix="write one formula")


def _on_spark(sql: str, inputs: Sequence[Input]) -> list[ProblemForm]:
    """What Spark can't do as the form means it: the SQL is DuckDB's, and is translated."""
    schemas = {each.name: each.schema for each in inputs}
    try:
        said = translate(sql, Dialect.DUCKDB, Dialect.SPARK, inputs=schemas).warnings
    except SqlError as error:
        is_sure = all(schema is not None for schema in schemas.values())
        severity = Severity.ERROR if is_sure else Severity.WARNING
        return [ProblemForm(what=error.what, fix=error.fix, severity=severity)]
    return [ProblemForm(what=f"on Spark: {what}", severity=Severity.WARNING) for what in said]


_CONNECT = "draw edges to the step on the canvas"


def _refused_inputs(recipe: Recipe[Any], inputs: Sequence[Input]) -> str:
    if recipe.inputs and len(inputs) != recipe.inputs:
        wanted = "one input" if recipe.inputs == 1 else f"{recipe.inputs} inputs"
        return f"the step takes {wanted}, and has {len(inputs) or 'none'}"
    return "the step takes two inputs or more" if not recipe.inputs and len(inputs) < 2 else ""


def _expression_problem(place: str, text: str, error: SqlError) -> ProblemForm:
    span = None
    if error.line is not None and error.column is not None and 1 < error.line <= text.count("\n") + 2:
        span = word_span(text, error.line - 1, error.column)
    return ProblemForm(
        what=error.what, field=place, fix=error.fix, span=span, suggestions=near_names(error.fix)
    )


def _form(problem: FieldProblem) -> ProblemForm:
    return ProblemForm(
        what=problem.what, field=problem.field, fix=problem.fix, suggestions=near_names(problem.fix)
    )


def _invalid(error: ValidationError, recipe: Recipe[Any]) -> list[ProblemForm]:
    return [_form(_mistake(item, recipe)) for item in error.errors(include_input=False, include_url=False)]


def _mistake(item: Mapping[str, Any], recipe: Recipe[Any]) -> FieldProblem:
    place = ".".join(map(str, item["loc"]))
    match item["type"]:
        case "missing":
            return FieldProblem(place, "the field is empty", "fill it in")
        case "extra_forbidden":
            known = recipe.settings.model_fields
            return FieldProblem(place, f"there is no field {place!r}", did_you_mean(place, known))
    message = str(item["msg"]).removeprefix("Value error, ")
    return FieldProblem(place, message[:1].lower() + message[1:])
