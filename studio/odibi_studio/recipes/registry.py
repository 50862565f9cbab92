"""The recipes that there are, in the order of the palette."""

from __future__ import annotations

from typing import Any

from odibi_core.errors import UnknownNameError
from odibi_studio.recipes.filtering import Filter
from odibi_studio.recipes.grouping import Aggregation, Pivot, Unpivot
from odibi_studio.recipes.joining import Join, Union
from odibi_studio.recipes.ordering import Dedupe, Sample, Sort, SplitText
from odibi_studio.recipes.recipe import Recipe
from odibi_studio.recipes.selecting import Cast, FillMissing, Formulas, Select

RECIPES: dict[str, Recipe[Any]] = {
    recipe.name: recipe
    for recipe in (
        Filter(),
        Select(),
        Formulas(),
        Join(),
        Aggregation(),
        Sort(),
        Dedupe(),
        Union(),
        Cast(),
        FillMissing(),
        Pivot(),
        Unpivot(),
        SplitText(),
        Sample(),
    )
}


def recipe_named(name: str) -> Recipe[Any]:
    """The recipe of that name.

    Raises:
        UnknownNameError: There is none; the error says the near names.
    """
    if name not in RECIPES:
        raise UnknownNameError.of("the recipe", name, RECIPES)
    return RECIPES[name]
