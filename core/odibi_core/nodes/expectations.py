"""A step's expectations, checked: what is written of each, and what is known of the columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from odibi_core.errors import Problem, did_you_mean
from odibi_core.expectations.model import KINDS, Expectation, named
from odibi_core.nodes.base import parse
from odibi_core.step import Step


def expectations_of(step: Step, written: Step) -> tuple[dict[str, Expectation], list[Problem]]:
    """Name → expectation, of those that are right, and what is wrong with the others.

    Args:
        step: The step with its placeholders filled in.
        written: The step as it was written: names tell of placeholders, never of what they stand for.
    """
    if not step.expectations:
        return {}, []
    if not step.outputs:
        what = "expectations are about what a step makes, and this one makes nothing"
        return {}, [Problem(what, step.name, "expectations", "write them at the step that makes its input")]
    found, problems = [], []
    for number, given in enumerate(step.expectations):
        expectation, mistakes = _expectation(step, given, f"expectations[{number}]")
        problems += mistakes
        if expectation is not None:
            found.append(expectation.called_as(written.expectations[number], number))
    return named(tuple(found)), problems


def _expectation(step: Step, given: Any, place: str) -> tuple[Expectation | None, list[Problem]]:
    if not isinstance(given, Mapping):
        what = "an expectation must be a mapping"
        return None, [Problem(what, step.name, place, "write {check: not_null, columns: [id]}")]
    if "check" not in given:
        near = [name for name in ("type", "expectation", "expect") if name in given]
        fix = f"did you mean 'check' for {near[0]!r}?" if near else f"check: one of {', '.join(KINDS)}"
        return None, [Problem("it does not say what to check", step.name, f"{place}.check", fix)]
    kind = given["check"]
    model = KINDS.get(str(kind))
    if model is None:
        what = f"there is no check {kind!r}"
        return None, [Problem(what, step.name, f"{place}.check", _near_check(str(kind)))]
    expectation, problems = parse(model, given, step, place=place)
    if expectation is not None and expectation.output is not None and expectation.output not in step.outputs:
        what = f"the step has no output {expectation.output!r}"
        return None, [
            Problem(what, step.name, f"{place}.output", did_you_mean(expectation.output, step.outputs))
        ]
    return expectation, problems


_ALSO_CALLED = {
    "notnull": "not_null",
    "required": "not_null",
    "distinct": "unique",
    "primary_key": "unique",
    "between": "range",
    "in": "set",
    "in_set": "set",
    "accepted_values": "set",
    "enum": "set",
    "regex": "pattern",
    "match": "pattern",
    "relationships": "foreign_key",
    "references": "foreign_key",
    "count": "row_count",
    "rows": "row_count",
    "max_age": "freshness",
    "condition": "sql",
    "expression": "sql",
    "custom": "sql",
    "columns": "schema",
    "drift": "schema_drift",
}


def _near_check(kind: str) -> str:
    meant = _ALSO_CALLED.get(kind.casefold())
    return f"did you mean {meant!r}?" if meant else did_you_mean(kind, KINDS)
