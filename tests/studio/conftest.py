"""The designs of an empty workspace, and documents to put there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from odibi_core.workspace import Workspace
from odibi_studio.messages import AutosaveRequest, Design, Document, StepForm, Version, VersionRequest
from odibi_studio.services.design_desk import DesignDesk
from odibi_studio.services.designs import Designs
from odibi_studio.services.versions import Versions

YAML = """\
# Till receipts, cleaned.
name: receipts
description: What was sold.
engine: pandas

steps:
  - name: read  # every night
    layer: bronze
    type: config_op
    value: data/till.csv
    params: {source_type: csv, header: true}
    outputs: {data: raw}

  - name: clean
    layer: silver
    type: sql
    value: SELECT * FROM rows WHERE amount > 0
    inputs: {rows: raw}
    outputs: {data: sales}

  - name: save
    layer: store
    type: config_op
    value: output/sales.parquet
    params: {format: parquet}
    inputs: {data: sales}
"""

Keep = Callable[..., Design]
SaveVersion = Callable[..., Version]


@pytest.fixture
def desk(workspace: Workspace) -> Iterator[DesignDesk]:
    """The desk of one Studio."""
    desk = DesignDesk.open(workspace, lambda: "ana")
    yield desk
    desk.database.close()


@pytest.fixture
def designs(desk: DesignDesk) -> Designs:
    return Designs(desk)


@pytest.fixture
def versions(desk: DesignDesk) -> Versions:
    return Versions(desk)


@pytest.fixture
def keep(designs: Designs) -> Keep:
    """Autosaves a design with another document, and gives it as it then is."""

    def autosave(design: Design, document: Document) -> Design:
        request = AutosaveRequest(base_revision=design.revision, document=document)
        assert designs.autosave(design.id, request).is_kept
        return designs.open(design.id)

    return autosave


@pytest.fixture
def save_version(designs: Designs, versions: Versions) -> SaveVersion:
    """Makes a version of a design as it is now."""

    def save(design: Design, message: str = "") -> Version:
        now = designs.open(design.id)
        return versions.make(design.id, VersionRequest(revision=now.revision, message=message))

    return save


def edited(document: Document, step: str, **fields: Any) -> Document:
    """The document with other fields in a step."""
    assert any(known.name == step for known in document.pipeline.steps)
    steps = [
        known.model_copy(update=fields) if known.name == step else known for known in document.pipeline.steps
    ]
    return with_steps(document, steps)


def with_steps(document: Document, steps: list[StepForm]) -> Document:
    """The document with other steps."""
    return document.model_copy(update={"pipeline": document.pipeline.model_copy(update={"steps": steps})})


def named(document: Document, name: str) -> Document:
    """The document with another name for its pipeline."""
    return document.model_copy(update={"pipeline": document.pipeline.model_copy(update={"name": name})})
