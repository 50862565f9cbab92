"""Every mistake of a pipeline, at once. Nothing is run, read or written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from odibi_core.engines.operations import Call, Check, Scan, Write
from odibi_core.errors import OdibiError, Problem, did_you_mean
from odibi_core.graph.steps import StepGraph
from odibi_core.nodes.base import Node
from odibi_core.parameters import BUILT_IN_NAMES, Parameter, ParameterType, placeholder_problems
from odibi_core.pipeline import Pipeline
from odibi_core.schema import Schema
from odibi_core.step import CODE_TYPES, MAPPINGS, NodeKind, Step, StepType

_TYPES = frozenset(StepType)
_SHAPES = {
    NodeKind.CONNECT: ("takes no inputs and has no outputs", 0, 0),
    NodeKind.INGEST: ("takes no inputs and has one output", 0, 1),
    NodeKind.STORE: ("takes one input and has no outputs", 1, 0),
    NodeKind.PUBLISH: ("takes one input and has no outputs", 1, 0),
}


def form_problems(pipeline: Pipeline, engines: Collection[str]) -> list[Problem]:
    """The mistakes of form: missing and double names, unknown types and engines, wrong mappings."""
    if not pipeline.steps:
        return [Problem("the pipeline has no steps", fix="add a step")]
    problems: list[Problem] = []
    for position, step in enumerate(pipeline.steps, start=1):
        engine = pipeline.engine if step.engine in (None, "") else step.engine
        is_well_formed = (
            has_form(step)
            and step.layer.strip()
            and step.type in _TYPES
            and isinstance(engine, str)
            and engine in engines
        )
        if not is_well_formed:
            problems += _step_form(step, position, engines, engine)
    problems += _duplicate_names(pipeline.steps)
    return problems


def has_form(step: Step) -> bool:
    """Whether the step can be looked at further: it has a name, and its mappings are mappings of names."""
    return (
        isinstance(step.name, str)
        and bool(step.name.strip())
        and isinstance(step.layer, str)
        and isinstance(step.type, str)
        and isinstance(step.engine, str | None)
        and isinstance(step.params, MAPPINGS)
        and isinstance(step.expectations, list)
        and _are_names(step.inputs)
        and _are_names(step.outputs)
    )


def _step_form(step: Step, position: int, engines: Collection[str], engine: str) -> Iterator[Problem]:
    name = step.name
    if not isinstance(name, str) or not name.strip():
        yield Problem(
            f"step number {position} has no name", field="name", fix="give it a name that says what it does"
        )
        return
    if not isinstance(step.layer, str) or not step.layer.strip():
        yield Problem("the layer is missing", name, "layer", "name one, such as bronze, silver or transform")
    if not isinstance(step.type, str) or step.type not in _TYPES:
        yield Problem(
            f"there is no step type {step.type!r}",
            name,
            "type",
            did_you_mean(str(step.type), tuple(StepType)),
        )
    if not isinstance(engine, str) or engine not in engines:
        yield Problem(f"there is no engine {engine!r}", name, "engine", did_you_mean(str(engine), engines))
    for field in ("inputs", "outputs", "params"):
        given = getattr(step, field)
        if not isinstance(given, MAPPINGS):
            yield Problem(
                f"{field} must be a mapping, not {type(given).__name__}",
                name,
                field,
                f"write {field} as a mapping",
            )
        elif field != "params":
            yield from _names(step, field, given)
    if not isinstance(step.expectations, list):
        yield Problem(
            f"expectations must be a list, not {type(step.expectations).__name__}",
            name,
            "expectations",
            "write each as `- {check: not_null, columns: [id]}`",
        )


def _is_name(given: Any) -> bool:
    return isinstance(given, str) and bool(given.strip())


def _are_names(given: Any) -> bool:
    if not isinstance(given, MAPPINGS):
        return False
    try:
        return all(map(str.strip, given)) and all(map(str.strip, given.values()))
    except TypeError:
        return False


def _names(step: Step, field: str, given: Mapping[Any, Any]) -> Iterator[Problem]:
    for inner, key in given.items():
        if not (_is_name(inner) and _is_name(key)):
            yield Problem(
                f"{inner!r}: {key!r} is not a pair of names",
                step.name,
                field,
                "write the name used inside the step, then the dataset's key",
            )


def _duplicate_names(steps: Iterable[Step]) -> Iterator[Problem]:
    for name, count in Counter(step.name for step in steps if isinstance(step.name, str)).items():
        if count > 1 and name.strip():
            yield Problem(f"{count} steps have this name", name, "name", "give each step a name of its own")


def graph_problems(
    pipeline: Pipeline, graph: StepGraph, *, elsewhere: Collection[str] | None = ()
) -> Iterator[Problem]:
    """Unknown inputs, two writers of one key, cycles, and steps whose shape fits no node kind.

    Args:
        pipeline: The steps.
        graph: Their graph.
        elsewhere: Datasets that steps make which were left out; None where there may be any.
    """
    yield from _two_writers(pipeline.steps)
    made = {key for step in pipeline.steps for key in step.outputs.values()} | set(elsewhere or ())
    for step in pipeline.steps:
        for inner, key in step.inputs.items():
            if elsewhere is not None and key not in made:
                yield Problem(
                    f"no step makes the dataset {key!r}",
                    step.name,
                    f"inputs.{inner}",
                    did_you_mean(key, made),
                )
        for number, expectation in enumerate(step.expectations):
            there = str(expectation.get("references") or "") if isinstance(expectation, MAPPINGS) else ""
            if elsewhere is not None and there and there not in made:
                yield Problem(
                    f"no step makes the dataset {there!r} that an expectation looks into",
                    step.name,
                    f"expectations[{number}].references",
                    did_you_mean(there, made),
                )
        yield from _shape(step)
    for cycle in graph.cycles():
        path = " → ".join([*cycle, cycle[0]])
        yield Problem(
            f"the steps need each other in a circle: {path}",
            cycle[0],
            "inputs",
            "take one of these inputs from another step",
        )


def _two_writers(steps: Iterable[Step]) -> Iterator[Problem]:
    writers: dict[str, str] = {}
    for step in steps:
        for inner, key in step.outputs.items():
            if key in writers:
                yield Problem(
                    f"the dataset {key!r} is made by {writers[key]!r} already",
                    step.name,
                    f"outputs.{inner}",
                    "give this output a key of its own",
                )
            else:
                writers[key] = step.name


def column_problems(
    steps: Mapping[str, Step], nodes: Mapping[str, Node], schemas: Mapping[str, Schema | None]
) -> Iterator[Problem]:
    """Columns that a write names and its input lacks."""
    for name, step in steps.items():
        operation = nodes[name].operation
        schema = schemas.get(next(iter(step.inputs.values()), ""))
        if not isinstance(operation, Write) or schema is None:
            continue
        for field, columns in (
            ("merge_key", operation.merge_key),
            ("partitionBy", operation.partition_by),
        ):
            for column in columns:
                if column not in schema.names:
                    yield Problem(
                        f"there is no column {column!r} in what the step writes",
                        name,
                        f"params.{field}",
                        did_you_mean(column, schema.names),
                    )


def _shape(step: Step) -> Iterator[Problem]:
    kind = step.kind
    if step.type not in _TYPES:
        return
    if kind is None:
        yield Problem(
            f"a {step.type} step with both inputs and outputs is of no kind",
            step.name,
            "type",
            "use type sql or function to transform; leave out inputs to read, or outputs to write",
        )
        return
    is_code = step.type in CODE_TYPES
    if kind is NodeKind.TRANSFORM:
        if not is_code:
            yield Problem(
                f"a transform is SQL or a function, not {step.type}",
                step.name,
                "type",
                "use type sql or function",
            )
        elif not step.outputs:
            yield Problem(
                "a transform needs an output", step.name, "outputs", "add outputs, such as {data: my_rows}"
            )
        elif step.type == StepType.SQL and len(step.outputs) > 1:
            yield Problem(
                "a SQL step has one output", step.name, "outputs", "leave one, or use a step for each"
            )
        return
    shape, inputs, outputs = _SHAPES[kind]
    if is_code:
        yield Problem(
            f"layer {kind.value!r} says that the step {shape}, but its type is {step.type}",
            step.name,
            "type",
            f"use type config_op, or another layer, such as {'silver' if step.inputs else 'bronze'}",
        )
    elif len(step.inputs) != inputs or len(step.outputs) != outputs:
        yield Problem(
            f"a step that {_VERBS[kind]} {shape}; this one has "
            f"{_count(len(step.inputs), 'input')} and {_count(len(step.outputs), 'output')}",
            step.name,
            "outputs" if len(step.outputs) != outputs else "inputs",
            "change its inputs and outputs, or its layer",
        )


_VERBS = {
    NodeKind.CONNECT: "connects",
    NodeKind.INGEST: "ingests",
    NodeKind.STORE: "stores",
    NodeKind.PUBLISH: "publishes",
}


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def parameter_problems(pipeline: Pipeline, known: Mapping[str, Any]) -> Iterator[Problem]:
    """Placeholders that stand for nothing, and defaults that are not of their parameter's type."""
    for name, parameter in pipeline.parameters.items():
        if not name.isidentifier() or name in BUILT_IN_NAMES[1:]:
            yield Problem(
                f"{name!r} can't be a parameter's name",
                field=f"parameters.{name}",
                fix="use letters, digits and underscores, and none of " + ", ".join(BUILT_IN_NAMES[1:]),
            )
        if parameter.type not in tuple(ParameterType):
            yield Problem(
                f"{parameter.type!r} is not a type of parameter",
                field=f"parameters.{name}.type",
                fix=did_you_mean(parameter.type, tuple(ParameterType)),
            )
        elif parameter.type == ParameterType.CHOICE and not parameter.choices:
            yield Problem(
                "there is nothing to choose from",
                field=f"parameters.{name}.choices",
                fix="list the values that it may have, such as `choices: [all, North, South]`",
            )
        else:
            yield from _value_problems(parameter)
    names = dict.fromkeys([*BUILT_IN_NAMES, *pipeline.parameters, *known])
    for step in pipeline.steps:
        yield from placeholder_problems(step.name, "value", step.value, names)
        for key, value in step.params.items():
            yield from placeholder_problems(step.name, f"params.{key}", value, names)
        for number, expectation in enumerate(step.expectations):
            yield from placeholder_problems(step.name, f"expectations[{number}]", expectation, names)


def _value_problems(parameter: Parameter) -> Iterator[Problem]:
    """Choices that the parameter's type can't have, and a default that is none of it or none of them."""
    field = f"parameters.{parameter.name}"
    if parameter.type != ParameterType.CHOICE:
        for choice in parameter.choices:
            try:
                replace(parameter, choices=()).parse(choice)
            except OdibiError as error:
                yield Problem(f"a choice: {error.what}", field=f"{field}.choices", fix=error.fix)
    if parameter.default is not None:
        try:
            parameter.parse(parameter.default)
        except OdibiError as error:
            yield Problem(f"the default: {error.what}", field=field, fix=error.fix)


def reference_problems(
    steps: Iterable[Step],
    nodes: Mapping[str, Node],
    connections: Iterable[str],
    allowed_functions: tuple[str, ...] | None,
) -> Iterator[Problem]:
    """Functions and connections that don't exist, and functions that can't take what the step gives."""
    known = list(connections)
    for step in steps:
        name, node = step.name, nodes[step.name]
        match node.operation:
            case Call() as call:
                yield from _call_problems(step, call, allowed_functions)
            case Check(connection=wanted) | Scan(connection=wanted) | Write(connection=wanted) if wanted:
                if wanted not in known:
                    hint = did_you_mean(wanted, known) or "declare it in odibi.toml under [connections]"
                    yield Problem(f"there is no connection {wanted!r}", name, "params.connection", hint)


def _call_problems(step: Step, call: Call, allowed_functions: tuple[str, ...] | None) -> Iterator[Problem]:
    resolve_function, bind_function = _binding()
    function = call.function
    try:
        called = resolve_function(function, allowed_functions) if isinstance(function, str) else function
        bind_function(called, str(function), tuple(step.inputs), tuple(call.params))
    except OdibiError as error:
        yield Problem(error.what, step.name, "value", error.fix)


@cache
def _binding() -> tuple[Callable[..., Any], Callable[..., Any]]:
    """What finds and binds functions, loaded once: a pipeline without any does without."""
    from odibi_core.functions.binding import bind_function
    from odibi_core.functions.registry import resolve_function

    return resolve_function, bind_function
