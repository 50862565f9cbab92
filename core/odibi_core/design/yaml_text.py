"""A pipeline written as YAML. A run needs this for its journal, and nothing of what reads YAML."""

from __future__ import annotations

from odibi_core.design.document import Plain, document
from odibi_core.design.yaml_writer import write_entry, write_item, write_mapping
from odibi_core.pipeline import Pipeline

SCHEMA_FILE = "pipeline.schema.json"
MODELINE = f"# yaml-language-server: $schema={SCHEMA_FILE}\n"


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
