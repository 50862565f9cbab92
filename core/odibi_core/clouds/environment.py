"""Secrets that reach an object store past `${secret:NAME}`: nothing may show them either."""

from __future__ import annotations

import os
from collections.abc import Iterator

from odibi_core.pipeline import Pipeline

_VARIABLES = (
    *("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_SAS_TOKEN"),
    *("AZURE_STORAGE_CONNECTION_STRING", "AZURE_CLIENT_SECRET", "AZURE_STORAGE_CLIENT_SECRET"),
)


def known_secrets(pipeline: Pipeline) -> Iterator[str]:
    """What the environment holds for the providers' own tools, and the program's adapters."""
    yield from filter(None, map(os.environ.get, _VARIABLES))
    for step in pipeline.steps:
        hidden = getattr(step.params.get("cloud_adapter"), "hidden", None)
        if hidden is not None:
            yield from hidden()
