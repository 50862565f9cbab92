"""A pipeline as YAML: read, written, and rewritten in place."""

from __future__ import annotations

from pathlib import Path

from odibi_core.design.document import Plain, document
from odibi_core.design.form import FormReader
from odibi_core.design.source import read_source
from odibi_core.design.yaml_nodes import parse_yaml
from odibi_core.design.yaml_writer import write_entry, write_item, write_mapping
from odibi_core.errors import PipelineInvalidError
from odibi_core.pipeline import Pipeline

SCHEMA_FILE = "pipeline.schema.json"
MODELINE = f"# yaml-language-server: $schema={SCHEMA_FILE}\n"


def load_yaml(given: str | Path) -> Pipeline:
    """The pipeline in a YAML text or file. Only its form is checked, not whether it can run.

    Args:
        given: A `str` is the text itself; a `Path` is a file.

    Raises:
        DesignError: There is no such file, or it is not YAML that a design may use.
        PipelineInvalidError: It is YAML but not a pipeline; it names every mistake with its place.
    """
    source = read_source(given)
    reader = FormReader(source)
    pipeline = reader.pipeline(parse_yaml(source))
    if reader.problems:
        raise PipelineInvalidError(reader.problems, pipeline=pipeline.name)
    return pipeline


def dump_yaml(pipeline: Pipeline, *, name_objects: bool = False) -> str:
    """The pipeline as YAML; `load_yaml` gives an equal one back. A tuple becomes a list.

    Args:
        pipeline: Any pipeline, also one that could not run.
        name_objects: Write what a file can't hold (an adapter, a date) as text that says what it is, instead
            of refusing it: for a journal that people read.

    Raises:
        PipelineInvalidError: Some values can't be held; it names each.
        DesignError: A name is too long for a key.
    """
    made = document(pipeline, Plain("YAML", name_objects=name_objects))
    steps = made.pop("steps")
    head = MODELINE + write_mapping(made)
    if not steps:
        return f"{head}\n{write_entry('steps', steps, 0)}\n"
    return f"{head}\nsteps:\n  " + "\n\n  ".join(write_item(step, 2) for step in steps) + "\n"
