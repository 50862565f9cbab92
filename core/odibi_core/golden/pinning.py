"""Makes a golden case of what a step gives now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from odibi_core.errors import OdibiError
from odibi_core.golden.case import GoldenCase, GoldenRows
from odibi_core.golden.running import MOST_ROWS, run_step
from odibi_core.pipeline import Pipeline
from odibi_core.preview import preview_step
from odibi_core.secret_store import Redactor, Secrets
from odibi_core.step import NodeKind
from odibi_core.workspace import Workspace

ROWS = 20


def pin_step(
    pipeline: Pipeline,
    step: str,
    *,
    workspace: Workspace,
    rows: int = ROWS,
    inputs: Mapping[str, GoldenRows] | None = None,
    parameters: Mapping[str, Any] | None = None,
    secrets: Secrets | None = None,
    allowed_functions: Sequence[str] | None = None,
    redactor: Redactor | None = None,
    description: str = "",
) -> GoldenCase:
    """What a step gives now for the first rows of each input, or for rows that are given.

    Args:
        pipeline: The pipeline.
        step: The step's name; it makes rows.
        workspace: What paths are relative to.
        rows: How many rows of each input are taken, at the most; of a step that reads, of its source.
        inputs: Name inside the step → rows, where they are not those that the pipeline gives now.
        parameters: Values of the run's parameters; they are kept in the case.
        secrets: Name → value, or a callable that gives a name's value.
        allowed_functions: Prefixes of dotted paths that function steps may import; None allows all.
        redactor: Learns the secrets that were used.
        description: What the rows show.

    Raises:
        UnknownNameError: There is no such step.
        OdibiError: It makes no rows, or it or one that it needs failed.
    """
    target = pipeline.step(step)
    if target.kind not in (NodeKind.INGEST, NodeKind.TRANSFORM):
        raise OdibiError(
            "a step that only writes gives nothing that could be pinned",
            where=f"step {step!r}",
            fix="pin the step that makes its input",
        )
    given = dict(inputs or {})
    makers = pipeline.producers()
    for alias, key in target.inputs.items():
        if alias in given:
            continue
        preview = preview_step(
            pipeline,
            makers[key].name if key in makers else "",
            dataset=key,
            rows=rows,
            workspace=workspace,
            parameters=parameters,
            secrets=secrets,
            allowed_functions=allowed_functions,
            redactor=redactor,
        )
        given[alias] = GoldenRows.of(preview.rows, preview.schema)
    found = run_step(
        pipeline,
        target,
        target.engine or pipeline.engine,
        given,
        workspace=workspace,
        rows=MOST_ROWS if target.inputs else rows,
        parameters=parameters or {},
        allowed_functions=allowed_functions,
        where=f"step {step!r}",
    )
    return GoldenCase(
        pipeline=pipeline.name,
        step=step,
        description=description,
        parameters=dict(parameters or {}),
        inputs=given,
        expected=GoldenRows.of(found.rows, found.schema),
    )
