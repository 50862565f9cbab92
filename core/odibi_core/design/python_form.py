"""A pipeline as Python: read without running it, written as a script."""

from __future__ import annotations

from pathlib import Path

from odibi_core.design.document import Plain, document
from odibi_core.design.python_reader import PythonReader
from odibi_core.design.python_writer import write_script
from odibi_core.design.reading import Design
from odibi_core.design.source import read_source
from odibi_core.pipeline import Pipeline


def read_python(given: str | Path) -> Design:
    """As much of the pipeline in a Python text or file as is literal, and what could not be read.

    Lists of `Step(...)`, a `Pipeline(...)`, and the settings given to an `Orchestrator(...)` are read from
    the syntax tree; nothing is imported or run.

    Args:
        given: A `str` is the text itself; a `Path` is a file.

    Raises:
        DesignError: There is no such file, it is not Python, or it has no list of steps, or several.
    """
    return PythonReader(read_source(given)).design()


def load_python(given: str | Path) -> Pipeline:
    """The pipeline in a Python text or file, read as `read_python` does.

    Args:
        given: A `str` is the text itself; a `Path` is a file.

    Raises:
        DesignError: There is no such file, it is not Python, or it has no list of steps, or several.
        PipelineInvalidError: Something in it is not literal; it names every such thing with its place.
    """
    return read_python(given).checked()


def dump_python(pipeline: Pipeline) -> str:
    """The pipeline as a script that runs it; `load_python` gives an equal pipeline back.

    Args:
        pipeline: Any pipeline, also one that could not run.

    Raises:
        PipelineInvalidError: Some values can't be held as literals; it names each.
    """
    return write_script(document(pipeline, Plain("Python", holds_surrogates=True)))
