"""Publish: hands a dataset to somebody else, as a file or over HTTP."""

from __future__ import annotations

from pathlib import Path

from odibi_core.engines.operations import Send
from odibi_core.nodes.base import Known, Node, parse, text_value
from odibi_core.nodes.settings import HttpPublishSettings, PublishSettings, StepSettings
from odibi_core.nodes.store import store
from odibi_core.step import Step


def publish(step: Step, root: Path, connections: Known = None) -> Node:
    """The write or the requests that the step asks for; a path is relative to `root`."""
    if not (isinstance(step.value, str) and step.value.startswith(("http://", "https://"))):
        return store(step, root, connections, PublishSettings)
    problems = text_value(step, "the URL")
    settings, mistakes = parse(HttpPublishSettings, step.params, step)
    problems += mistakes
    if settings is None or problems:
        return Node(None, settings or StepSettings(), tuple(problems))
    send = Send(
        step.value, settings.method, settings.headers, settings.batch_size, settings.request_timeout_s
    )
    return Node(send, settings)
