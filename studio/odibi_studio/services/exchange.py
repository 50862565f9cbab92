"""Pipelines in and out as files: YAML and Python, read without running anything."""

from __future__ import annotations

from pathlib import PurePath
from typing import Literal

from odibi_core.design.python_form import dump_python
from odibi_core.design.python_reader import PythonReader
from odibi_core.design.reading import Design
from odibi_core.design.source import Source, read_source
from odibi_core.design.yaml_form import dump_yaml, load_yaml
from odibi_core.errors import DesignError, OdibiError, PipelineInvalidError, Problem, Severity
from odibi_core.workspace import PIPELINE_SUFFIXES, file_name
from odibi_studio.messages import ExportAnswer, ImportAnswer, ProblemForm
from odibi_studio.messages import Severity as SeverityForm
from odibi_studio.services.designs import Designs
from odibi_studio.services.documents import Content

PYTHON_SUFFIX = ".py"

Form = Literal["yaml", "python"]


def export(designs: Designs, design_id: str, form: Form) -> ExportAnswer:
    """A design as it is now, as a file. YAML is byte for byte what is kept.

    Raises:
        UnknownNameError: There is no such design.
        PipelineInvalidError: Python can't hold some of its values.
    """
    content = designs.content(design_id)
    pipeline = content.pipeline
    name = file_name(pipeline.name or "pipeline")
    if form == "yaml":
        return ExportAnswer(file_name=f"{name}{PIPELINE_SUFFIXES[0]}", text=content.text)
    return ExportAnswer(file_name=f"{name}{PYTHON_SUFFIX}", text=dump_python(pipeline))


def import_text(designs: Designs, name: str, text: str) -> ImportAnswer:
    """The design of a YAML or Python text, with its first version, or every reason why there is none.

    YAML is kept as it is. Of Python the literal steps are read from the syntax tree: nothing is run.

    Args:
        designs: Where the design goes.
        name: The file's name; its ending says which of the two it is.
        text: What the file holds.
    """
    try:
        content, problems = _read(name, text)
    except PipelineInvalidError as error:
        return ImportAnswer(problems=[problem_form(problem) for problem in error.problems])
    except OdibiError as error:
        found = ProblemForm(what=error.what, place=error.where, fix=error.fix)
        return ImportAnswer(problems=[found])
    warnings = [problem_form(problem) for problem in problems]
    design = designs.add(content, f"Imported from {PurePath(name).name}")
    if not design.version:
        warnings.append(_taken(content.pipeline.name))
    return ImportAnswer(design=design, problems=warnings)


def problem_form(problem: Problem) -> ProblemForm:
    """A problem of the core for the browser."""
    return ProblemForm(
        what=problem.what,
        step=problem.step,
        field=problem.field,
        fix=problem.fix,
        severity=SeverityForm(problem.severity),
        place=problem.place,
    )


def _taken(name: str) -> ProblemForm:
    why = f"there is another pipeline of the name {name!r}" if name.strip() else "it has no name"
    return ProblemForm(
        what=f"no version was made: {why}",
        field="name",
        fix="give it a name of its own, then save a version",
        severity=SeverityForm.WARNING,
    )


def _read(name: str, text: str) -> tuple[Content, list[Problem]]:
    """The content of a text, and warnings."""
    suffix = PurePath(name).suffix.lower()
    if suffix in PIPELINE_SUFFIXES:
        load_yaml(text)
        return Content(text), []
    if suffix != PYTHON_SUFFIX:
        raise DesignError(
            f"{PurePath(name).name!r} is neither YAML nor Python",
            fix="give a file that ends in .yaml, .yml or .py",
        )
    design = _python(name, text)
    if any(problem.severity is Severity.ERROR for problem in design.problems):
        raise PipelineInvalidError(design.problems, pipeline=design.pipeline.name)
    return Content(dump_yaml(design.pipeline)), list(design.problems)


def _python(name: str, text: str) -> Design:
    return PythonReader(Source(read_source(text).text, PurePath(name).name)).design()
