"""A pipeline as YAML: read, written, and rewritten in place."""

from __future__ import annotations

from pathlib import Path

from odibi_core.design.document import Plain, document, identical
from odibi_core.design.form import FormReader
from odibi_core.design.reading import Design
from odibi_core.design.source import Source, read_source
from odibi_core.design.yaml_editor import PIPELINE, Editor
from odibi_core.design.yaml_nodes import Node, parse_yaml
from odibi_core.design.yaml_text import dump_yaml
from odibi_core.errors import DesignError
from odibi_core.pipeline import Pipeline

__all__ = ["dump_yaml", "load_yaml", "read_yaml", "rewrite_yaml"]


def load_yaml(given: str | Path) -> Pipeline:
    """The pipeline in a YAML text or file. Only its form is checked, not whether it can run.

    Args:
        given: A `str` is the text itself; a `Path` is a file.

    Raises:
        DesignError: There is no such file, or it is not YAML that a design may use.
        PipelineInvalidError: It is YAML but not a pipeline; it names every mistake with its place.
    """
    return read_yaml(given).checked()


def read_yaml(given: str | Path) -> Design:
    """As much of the pipeline in a YAML text or file as has the form of one, and what has not.

    Args:
        given: A `str` is the text itself; a `Path` is a file.

    Raises:
        DesignError: There is no such file, or it is not YAML that a design may use.
    """
    return _read(read_source(given))[1]


def rewrite_yaml(text: str, pipeline: Pipeline) -> str:
    """The text changed so that it holds `pipeline`, everything else as it was.

    Comments, blank lines, quotes, the order of keys and block scalars stay wherever the value stays. Steps
    are told apart by name; one at the same place counts as renamed. Line breaks stay CRLF where all are.

    Args:
        text: A YAML text that `load_yaml` takes.
        pipeline: What it shall hold.

    Raises:
        DesignError: `text` is not YAML, or is written so that it can't be changed in place.
        PipelineInvalidError: `text` is not a pipeline, or `pipeline` holds what YAML can't.
    """
    new = document(pipeline, Plain("YAML"))
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    line_break = "\r\n" if "\r\n" in text and text.count("\r\n") == text.count("\n") else "\n"
    plain_text = text.removeprefix(mark).replace("\r\n", "\n")
    root, design = _read(Source(plain_text))
    old = design.checked()
    if identical(document(old, Plain("YAML")), new):
        return text
    made = Editor(plain_text).edit(root, new, PIPELINE)
    if made is None or not identical(document(load_yaml(made), Plain("YAML")), new):
        raise DesignError(
            "the file is written in a way that can't be changed in place",
            fix="save the pipeline as a new file",
        )
    return mark + made.replace("\n", line_break)


def _read(source: Source) -> tuple[Node, Design]:
    root = parse_yaml(source)
    reader = FormReader(source)
    pipeline = reader.pipeline(root)
    return root, Design(pipeline, tuple(reader.problems))
