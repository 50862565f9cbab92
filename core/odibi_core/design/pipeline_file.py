"""A pipeline in a file, whichever form it is in."""

from __future__ import annotations

from pathlib import Path

from odibi_core.design.reading import Design
from odibi_core.errors import DesignError
from odibi_core.pipeline import Pipeline


def read_pipeline(path: Path) -> Pipeline:
    """The pipeline in a YAML or Python file. Nothing in it is run.

    Raises:
        DesignError: It is neither, or can't be read.
        PipelineInvalidError: It can be read, but is no pipeline.
    """
    return read_design(path).checked()


def read_design(path: Path) -> Design:
    """As much of the pipeline in a YAML or Python file as can be read. Nothing in it is run.

    Raises:
        DesignError: It is neither, or can't be read.
    """
    match path.suffix.lower():
        case ".yaml" | ".yml":
            from odibi_core.design.yaml_form import read_yaml

            return read_yaml(path)
        case ".py":
            from odibi_core.design.python_form import read_python

            return read_python(path)
    raise DesignError(
        "this is no pipeline file", where=str(path), fix="give a file that ends in .yaml, .yml or .py"
    )
