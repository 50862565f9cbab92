"""A pipeline in Python source: literal `Step(...)` lists, found in the syntax tree and never run."""

from __future__ import annotations

import ast
import warnings
from pathlib import PurePath
from typing import Any

from odibi_core.design.document import DEFAULT_ENGINE
from odibi_core.design.python_literals import MISSING, LiteralReader
from odibi_core.design.reading import Design
from odibi_core.design.source import Source
from odibi_core.errors import DesignError, Severity, did_you_mean
from odibi_core.parameters import Parameter, ParameterType
from odibi_core.pipeline import Pipeline
from odibi_core.step import Step

_STEP_ARGUMENTS = (
    "layer",
    "name",
    "type",
    "engine",
    "value",
    "params",
    "inputs",
    "outputs",
    "metadata",
    "expectations",
)
_PIPELINE_ARGUMENTS = ("name", "steps", "parameters", "settings", "engine", "description")
_PARAMETER_ARGUMENTS = ("name", "type", "default", "choices", "description")
_RUNNERS = ("Orchestrator", "StreamManager")
_OF_THE_RUN = "it is for whoever runs the pipeline to say"
_OF_THE_PROGRAM = "it is an object of the program"
_RUN_ONLY = {
    "secrets": "secrets are never kept in a design",
    "context": _OF_THE_PROGRAM,
    "metrics_manager": _OF_THE_PROGRAM,
    "event_bus": _OF_THE_PROGRAM,
    "cache_manager": _OF_THE_PROGRAM,
    "workspace": _OF_THE_RUN,
    "allowed_functions": _OF_THE_RUN,
    "keeps_data": _OF_THE_RUN,
    "resume_from_checkpoint": _OF_THE_RUN,
}
_MUTATORS = frozenset(("append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse"))


def parse_python(source: Source) -> ast.Module:
    """The syntax tree of the text.

    Raises:
        DesignError: It is not Python.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source.text)
    except SyntaxError as error:
        where = source.place(error.lineno or 1, max(error.offset or 1, 1))
        fix = "mend the syntax; an editor shows where"
        raise DesignError(f"the text is not Python: {error.msg}", where=where, fix=fix) from error
    except UnicodeEncodeError as error:
        where = source.place_at(error.start)
        raise DesignError("the text holds half a character", where=where, fix="remove it") from error
    except ValueError as error:
        raise DesignError(f"the text is not Python: {error}", where=source.file, fix="remove it") from error
    except (RecursionError, MemoryError) as error:
        fix = "write flat literals"
        raise DesignError("the text is nested too deep", where=source.file, fix=fix) from error


class PythonReader:
    """Reads the pipeline of one source."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._tree = parse_python(source)
        self._literals = LiteralReader(source, _aliases(self._tree))
        self._bound = _bindings(self._tree)
        self._read: set[ast.Call] = set()

    def design(self) -> Design:
        """The pipeline and what could not be read.

        Raises:
            DesignError: There is no list of steps, or more than one pipeline.
        """
        declared = self._only(("Pipeline",))
        runner = self._only(_RUNNERS)
        name = PurePath(self._source.file).stem or "pipeline"
        pipeline = Pipeline(name, engine=DEFAULT_ENGINE)
        steps: ast.expr | None = None
        if declared is not None:
            steps = self._declared(declared, pipeline)
        if runner is not None:
            run = self._runner(runner, pipeline, is_declared=declared is not None)
            steps = run if declared is None else steps
        if declared is None and steps is None:
            steps = self._only_list()
        pipeline.steps = self._steps(steps) if steps is not None else []
        for call in self._calls(("Step",)):
            if call not in self._read:
                fix = "put it into the one list that the pipeline takes"
                self._literals.note(call, "this step is in no list that is read", fix)
        return Design(pipeline, tuple(self._literals.problems))

    def _calls(self, names: tuple[str, ...]) -> list[ast.Call]:
        return [
            node
            for node in ast.walk(self._tree)
            if isinstance(node, ast.Call) and self._literals.called(node) in names
        ]

    def _only(self, names: tuple[str, ...]) -> ast.Call | None:
        calls = self._calls(names)
        if len(calls) > 1:
            lines = " and ".join(str(call.lineno) for call in calls[:5])
            raise DesignError(
                f"the file makes more than one {names[0]}, on lines {lines}",
                where=self._source.file,
                fix="give each pipeline a file of its own",
            )
        return calls[0] if calls else None

    def _only_list(self) -> ast.expr:
        lists = {
            name: nodes[0]
            for name, nodes in self._bound.items()
            if isinstance(nodes[0], ast.List | ast.Tuple) and any(map(self._is_step, nodes[0].elts))
        }
        if len(lists) == 1:
            return ast.copy_location(ast.Name(next(iter(lists))), next(iter(lists.values())))
        if lists:
            what = "the file has several lists of steps: " + ", ".join(lists)
            fix = "hand the right one to a Pipeline, or give each a file of its own"
        else:
            what = "there is no list of steps in the file"
            fix = "write `steps = [Step(…), …]`"
        raise DesignError(what, where=self._source.file, fix=fix)

    def _declared(self, call: ast.Call, pipeline: Pipeline) -> ast.expr | None:
        read = self._literals
        given = read.arguments(call, _PIPELINE_ARGUMENTS, "Pipeline")
        for name in ("name", "engine", "description"):
            if name in given:
                setattr(pipeline, name, read.text(given[name], "", name))
        if "settings" in given:
            pipeline.settings = self._mapping(given["settings"], "", "settings")
        if "parameters" in given:
            pipeline.parameters = self._parameters(given["parameters"])
        return given.get("steps")

    def _runner(self, call: ast.Call, pipeline: Pipeline, *, is_declared: bool) -> ast.expr | None:
        read = self._literals
        is_stream = read.called(call) == "StreamManager"
        steps: ast.expr | None = None
        for name, node in _named(call, ("steps", "engine_type")):
            if name is None:
                read.note(node, "the argument can't be read", "name it, and write it out")
            elif name == "steps":
                steps = node
            elif name == "engine_type":
                pipeline.engine = read.text(node, "", "engine") or pipeline.engine
            elif name == "pipeline_name":
                pipeline.name = read.text(node, "", "name") or pipeline.name
            elif name == "parameters" and not is_declared:
                pipeline.parameters = self._values(node)
            elif name in _RUN_ONLY or name == "parameters" or (is_stream and name != "enable_tracker"):
                what = f"{name} was left out: {_RUN_ONLY.get(name, _OF_THE_RUN)}"
                read.note(node, what, "", field=name, severity=Severity.WARNING)
            else:
                value = read.value(node, "", f"settings.{name}")
                if value is not MISSING:
                    pipeline.settings[name] = value
        return steps

    def _steps(self, node: ast.expr) -> list[Step]:
        name = node.id if isinstance(node, ast.Name) else ""
        found = self._resolved(node)
        if name:
            self._refuse_changes(name)
        if not isinstance(found, ast.List | ast.Tuple):
            fix = "write `steps = [Step(…), …]`, and nothing that changes it later"
            self._literals.note(node, "the steps are not a literal list", fix, field="steps")
            return []
        steps: list[Step] = []
        for item in found.elts:
            call = self._resolved(item)
            if isinstance(call, ast.Call) and self._is_step(call):
                steps.append(self._step(call, len(steps) + 1))
            else:
                fix = "write Step(…) itself, or a name that stands for one"
                self._literals.note(item, "this is not a Step", fix, field="steps")
        return steps

    def _step(self, call: ast.Call, number: int) -> Step:
        self._read.add(call)
        read = self._literals
        label = _label(call) or f"#{number}"
        given = read.arguments(call, _STEP_ARGUMENTS, "Step", label)
        for name in _STEP_ARGUMENTS[:5]:
            if name not in given:
                read.note(call, f"{name!r} is missing", f"add {name}=…", step=label, field=name)

        def text(name: str) -> str:
            return read.text(given[name], label, name) if name in given else ""

        def mapping(name: str) -> dict[str, Any]:
            return self._mapping(given[name], label, name) if name in given else {}

        value = read.value(given["value"], label, "value") if "value" in given else ""
        return Step(
            layer=text("layer"),
            name=text("name"),
            type=text("type"),
            engine=text("engine"),
            value="" if value is MISSING else value,
            params=mapping("params"),
            inputs=mapping("inputs"),
            outputs=mapping("outputs"),
            metadata=mapping("metadata"),
            expectations=self._listing(given["expectations"], label) if "expectations" in given else [],
        )

    def _listing(self, node: ast.expr, step: str) -> list[dict[str, Any]]:
        value = self._literals.value(node, step, "expectations")
        if isinstance(value, list | tuple) and all(isinstance(item, dict) for item in value):
            return list(value)
        if value is not None and value is not MISSING:
            fix = 'write a list of dicts: [{"check": "not_null", …}]'
            what = f"it must be a list of dicts, not {value!r}"
            self._literals.note(node, what, fix, step=step, field="expectations")
        return []

    def _mapping(self, node: ast.expr, step: str, field: str) -> dict[str, Any]:
        value = self._literals.value(node, step, field)
        if isinstance(value, dict):
            return value
        if value is not None and value is not MISSING:
            fix = "write a dict: {…}"
            self._literals.note(node, f"it must be a dict, not {value!r}", fix, step=step, field=field)
        return {}

    def _parameters(self, node: ast.expr) -> dict[str, Parameter]:
        node = self._resolved(node)
        if isinstance(node, ast.Constant) and node.value is None:
            return {}
        if not isinstance(node, ast.Dict):
            fix = 'write {"name": Parameter("name", …)}'
            self._literals.note(node, "the parameters are not a literal dict", fix, field="parameters")
            return {}
        made: dict[str, Parameter] = {}
        for key, item in zip(node.keys, node.values, strict=True):
            name = self._literals.text(key, "", "parameters") if key is not None else ""
            if self._literals.called(item) != "Parameter" or not isinstance(item, ast.Call):
                fix = f"write Parameter({name!r}, …)"
                self._literals.note(item, "this is not a Parameter", fix, field=f"parameters.{name}")
            else:
                made[name] = self._parameter(item, name)
        return made

    def _parameter(self, call: ast.Call, name: str) -> Parameter:
        read, place = self._literals, f"parameters.{name}"
        given = read.arguments(call, _PARAMETER_ARGUMENTS, "Parameter")
        said = read.text(given["name"], "", f"{place}.name") if "name" in given else name
        if said != name:
            read.note(call, f"it is declared as {said!r}", "give it one name", field=place)
        type_ = read.text(given["type"], "", f"{place}.type") if "type" in given else ParameterType.TEXT
        if type_ not in tuple(ParameterType):
            hint = did_you_mean(type_, [known.value for known in ParameterType])
            read.note(given["type"], f"{type_!r} is not a type of parameter", hint, field=f"{place}.type")
            type_ = ParameterType.TEXT
        default = read.value(given["default"], "", f"{place}.default") if "default" in given else None
        choices = read.value(given["choices"], "", f"{place}.choices") if "choices" in given else ()
        description = given.get("description")
        return Parameter(
            name,
            ParameterType(type_),
            None if default is MISSING else default,
            tuple(choices) if isinstance(choices, list | tuple) else (),
            read.text(description, "", f"{place}.description") if description is not None else "",
        )

    def _values(self, node: ast.expr) -> dict[str, Parameter]:
        """Values that a run gets, as parameters with these defaults."""
        values = self._mapping(self._resolved(node), "", "parameters")
        made = {}
        for name, value in values.items():
            type_ = _TYPES.get(type(value))
            if type_ is None:
                fix = "declare it in a Pipeline: Parameter(…)"
                what = f"{value!r} can't be a parameter's default"
                self._literals.note(node, what, fix, field=f"parameters.{name}")
            else:
                made[name] = Parameter(name, type_, value)
        return made

    def _resolved(self, node: ast.expr) -> ast.expr:
        """The literal that a name stands for, where it is bound once; else the node itself."""
        if isinstance(node, ast.Name):
            bound = self._bound.get(node.id, [])
            return bound[0] if len(bound) == 1 and bound[0] is not None else node
        return node

    def _is_step(self, node: ast.expr) -> bool:
        return self._literals.called(self._resolved(node)) == "Step"

    def _refuse_changes(self, name: str) -> None:
        """Note what changes the list after it was written: only a program that runs would see it."""
        for node in ast.walk(self._tree):
            changed: ast.expr | None = None
            match node:
                case ast.Call(func=ast.Attribute(attr=attribute, value=owner)) if attribute in _MUTATORS:
                    changed = owner
                case ast.Subscript(ctx=ast.Store() | ast.Del()) | ast.Attribute(ctx=ast.Store()):
                    changed = node.value
            while isinstance(changed, ast.Subscript | ast.Attribute):
                changed = changed.value
            if isinstance(changed, ast.Name) and changed.id == name:
                fix = "write the list as it shall be"
                self._literals.note(
                    changed, f"{name!r} is changed here, which is not run", fix, field="steps"
                )


_TYPES = {
    str: ParameterType.TEXT,
    bool: ParameterType.BOOLEAN,
    int: ParameterType.NUMBER,
    float: ParameterType.NUMBER,
}


def _label(call: ast.Call) -> str:
    """The name of the step that a call makes, where it is a literal."""
    named = [keyword.value for keyword in call.keywords if keyword.arg == "name"]
    for node in [*named, *call.args[1:2]]:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
    return ""


def _aliases(tree: ast.Module) -> dict[str, str]:
    return {
        alias.asname: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname
    }


def _bindings(tree: ast.Module) -> dict[str, list[ast.expr]]:
    """Name → everything that is ever assigned to it."""
    bound: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)]):
                bound.setdefault(name, []).append(node.value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                bound.setdefault(name, []).append(value)
            case ast.AugAssign(target=ast.Name(id=name)):
                bound.setdefault(name, []).append(node.value)
    return bound


def _named(call: ast.Call, names: tuple[str, ...]) -> list[tuple[str | None, ast.expr]]:
    named: list[tuple[str | None, ast.expr]] = [
        (None if isinstance(node, ast.Starred) or position >= len(names) else names[position], node)
        for position, node in enumerate(call.args)
    ]
    return [*named, *((keyword.arg, keyword.value) for keyword in call.keywords)]
