"""Bring inputs together: side by side by keys, or one below the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import Field

from odibi_studio.recipes.names import sql_name
from odibi_studio.recipes.recipe import (
    FieldProblem,
    Input,
    Recipe,
    Settings,
    Unready,
    column,
    columns,
    select,
)


class JoinKey(Settings):
    """A pair of columns that must be equal."""

    left: str = column("Left")
    right: str = column("Right", of=1)


class JoinSettings(Settings):
    """How two inputs meet."""

    how: Literal["inner", "left", "right", "full", "semi", "anti"] = Field(
        "inner",
        title="Keep",
        description="inner: rows with a partner; left, right, full: also those without, of that side or "
        "both; semi, anti: rows of the left that have a partner, or none, with the left's columns alone.",
    )
    keys: tuple[JoinKey, ...] = Field((), title="Keys")
    right_columns: tuple[str, ...] = columns("Columns of the right", "All but the keys if empty.", of=1)


class Join(Recipe[JoinSettings]):
    """Two inputs side by side."""

    name = "join"
    title = "Join"
    description = "Bring the columns of two inputs together where keys are equal."
    inputs = 2
    settings = JoinSettings

    def sql(self, settings: JoinSettings, inputs: Sequence[Input]) -> str:
        """A SELECT with a JOIN."""
        left, right = inputs
        if not settings.keys:
            raise Unready("keys", "no key is chosen", "choose a column of each input")
        matches = [
            f"{left.sql}.{sql_name(key.left)} = {right.sql}.{sql_name(key.right)}" for key in settings.keys
        ]
        condition = "\n    AND ".join(matches)
        join = f"{settings.how.upper()} JOIN {right.sql}\n    ON {condition}"
        if settings.how in ("semi", "anti"):
            return select([f"{left.sql}.*"], left.sql, join)
        return select([_left_star(settings, left, right), *_right(settings, left, right)], left.sql, join)


def _left_star(settings: JoinSettings, left: Input, right: Input) -> str:
    star = f"{left.sql}.*"
    if settings.how not in ("right", "full"):
        return star
    # A row without a partner on the left has its key on the right alone.
    keys = {key.left.casefold(): key for key in reversed(settings.keys)}
    pairs = ",\n        ".join(
        f"COALESCE({left.sql}.{sql_name(key.left)}, {right.sql}.{sql_name(key.right)})"
        f" AS {sql_name(key.left)}"
        for key in reversed(keys.values())
    )
    return f"{star} REPLACE (\n        {pairs}\n    )"


def _right(settings: JoinSettings, left: Input, right: Input) -> Iterator[str]:
    keys = list(dict.fromkeys(key.right for key in settings.keys))
    folded = {key.casefold() for key in keys}
    known = right.schema.names if right.schema is not None else ()
    wanted = settings.right_columns or tuple(name for name in known if name.casefold() not in folded)
    if not wanted and right.schema is not None:
        return
    clash = [name for name in wanted if left.has(name)]
    if settings.right_columns or clash:
        taken = {name.casefold() for name in (left.schema.names if left.schema is not None else ())}
        for name in wanted:
            free = _free(name, right.name, taken)
            taken.add(free.casefold())
            item = f"{right.sql}.{sql_name(name)}"
            yield item if free == name else f"{item} AS {sql_name(free)}"
        return
    yield f"{right.sql}.* EXCLUDE ({', '.join(map(sql_name, keys))})"


def _free(name: str, owner: str, taken: set[str]) -> str:
    free, number = name, 1
    while free.casefold() in taken:
        free = f"{name}_{owner}" if number == 1 else f"{name}_{owner}_{number}"
        number += 1
    return free


class UnionSettings(Settings):
    """How inputs are put one below the other."""

    match: Literal["name", "position"] = Field(
        "name",
        title="Match columns by",
        description="name: what an input lacks is empty; position: all have the same number of columns.",
    )
    distinct: bool = Field(False, title="Remove duplicates", description="Keep each different row once.")


class Union(Recipe[UnionSettings]):
    """Inputs one below the other."""

    name = "union"
    title = "Union"
    description = "Put the rows of two or more inputs one below the other."
    inputs = 0
    settings = UnionSettings

    def sql(self, settings: UnionSettings, inputs: Sequence[Input]) -> str:
        """A UNION."""
        joint = "UNION" if settings.distinct else "UNION ALL"
        joint += " BY NAME" if settings.match == "name" else ""
        return f"\n{joint}\n".join(select(["*"], source.sql) for source in inputs)

    def problems(self, settings: UnionSettings, inputs: Sequence[Input]) -> Iterator[FieldProblem]:
        """Inputs with other numbers of columns."""
        counts = {len(source.schema) for source in inputs if source.schema is not None}
        if settings.match == "position" and len(counts) > 1:
            yield FieldProblem(
                "match", "the inputs have different numbers of columns", "match the columns by name"
            )
