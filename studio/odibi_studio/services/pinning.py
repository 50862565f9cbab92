"""Makes a golden case of the rows of a step's preview: a test that `odibi test` runs on every engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odibi_core.errors import OdibiError
from odibi_core.golden.case import GoldenCase, GoldenRows, case_files, write_case
from odibi_core.schema import Schema
from odibi_core.step import NodeKind
from odibi_core.workspace import Workspace, file_name
from odibi_studio.messages import PinAnswer, PinRequest
from odibi_studio.services.documents import core_pipeline
from odibi_studio.services.preview_values import hidden_references
from odibi_studio.services.previews import Opened, Previewer, columns_as_shown
from odibi_studio.services.sampled_run import PreviewFailedError

if TYPE_CHECKING:
    import pyarrow as pa


class Pinner:
    """Pins rows.

    Args:
        workspace: Where the cases are kept.
        previewer: Opens the rows.
    """

    def __init__(self, workspace: Workspace, previewer: Previewer) -> None:
        self._workspace, self._previewer = workspace, previewer

    def pin(self, request: PinRequest) -> PinAnswer:
        """Keep the first rows of a step's inputs, and what it makes of them.

        Raises:
            UnknownNameError: There is no such step.
            OdibiError: There is a case of that name, the step makes no rows, or they can't be had.
        """
        pipeline = core_pipeline(request.pipeline)
        step = pipeline.step(request.step)
        name = request.name.strip() or step.name
        if step.kind not in (NodeKind.INGEST, NodeKind.TRANSFORM):
            raise OdibiError(
                "a step that only writes gives nothing that could be pinned",
                where=f"step {step.name!r}",
                fix="pin the step that makes its input",
            )
        if file_name(name) in case_files(self._workspace) and not request.replaces:
            raise OdibiError(
                f"there is a test of the name {name!r}", where="name", fix="name another, or replace it"
            )
        try:
            opened = self._previewer.open(pipeline, request.step, request.parameters)
            _check_values(opened)
            inputs, expected = _rows(opened, request.rows)
        except PreviewFailedError as error:
            problem = error.problem
            raise OdibiError(problem.what, where=problem.where, fix=problem.fix) from error
        case = GoldenCase(
            pipeline=pipeline.name,
            step=step.name,
            description=request.description,
            parameters=dict(request.parameters),
            inputs=inputs,
            expected=expected,
        )
        path = write_case(self._workspace, name, case)
        return PinAnswer(
            path=path.relative_to(self._workspace.root).as_posix(),
            inputs={alias: len(given.rows) for alias, given in inputs.items()},
            rows=len(expected.rows),
        )


def _check_values(opened: Opened) -> None:
    """Refuse a step whose rows depend on what a preview does not fill in."""
    for hidden in hidden_references([opened.step]):
        raise OdibiError(
            f"{hidden}: it would be pinned as what the step gives",
            where=f"step {opened.step.name!r}",
            fix="take the value from a parameter of the pipeline, or have what needs it in a step of its own",
        )


def _rows(opened: Opened, count: int) -> tuple[dict[str, GoldenRows], GoldenRows]:
    """The first rows of each input, and what the step gives for them alone."""
    step, run = opened.step, opened.run
    keys = list(step.inputs.values()) or [next(iter(step.outputs.values()))]
    heads = run.rows(lambda relations: [f"SELECT * FROM {relations[key]} LIMIT {count}" for key in keys])
    if not step.inputs:
        return {}, _golden(opened, keys[0], heads[0])
    made = run.over(step, dict(zip(step.inputs, heads, strict=True)))
    inputs = {
        alias: _golden(opened, key, head)
        for (alias, key), head in zip(step.inputs.items(), heads, strict=True)
    }
    output, key = next(iter(step.outputs.items()))
    return inputs, _golden(opened, key, made[output])


def _golden(opened: Opened, key: str, table: pa.Table) -> GoldenRows:
    columns = columns_as_shown(table, opened.run.look.survey.ports.schemas.get(key))
    return GoldenRows.of(table, Schema.of((column.name, column.type) for column in columns))
