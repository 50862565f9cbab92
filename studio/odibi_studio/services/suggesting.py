"""Expectations that fit the rows of a step's preview."""

from __future__ import annotations

from odibi_core.errors import OdibiError
from odibi_core.schema import Schema
from odibi_core.suggestion import suggest_for_rows
from odibi_studio.messages import SuggestAnswer, SuggestRequest
from odibi_studio.services.documents import core_pipeline
from odibi_studio.services.previews import Previewer, columns_as_shown
from odibi_studio.services.sampled_run import PreviewFailedError

MOST_ROWS = 20_000


class Suggester:
    """Suggests expectations.

    Args:
        previewer: Opens the rows.
    """

    def __init__(self, previewer: Previewer) -> None:
        self._previewer = previewer

    def suggest(self, request: SuggestRequest) -> SuggestAnswer:
        """The expectations that fit what a step makes of samples.

        Raises:
            UnknownNameError: There is no such step.
            OdibiError: It makes no rows, or they can't be had; the error says why.
        """
        pipeline = core_pipeline(request.pipeline)
        step = pipeline.step(request.step)
        if not step.outputs:
            raise OdibiError(
                "a step that only writes makes nothing to expect something of",
                where=f"step {step.name!r}",
                fix="suggest at the step that makes its input",
            )
        found: list[dict[str, object]] = []
        rows, is_sample = 0, False
        try:
            opened = self._previewer.open(pipeline, request.step, request.parameters)
            keys = list(step.outputs.values())
            heads = opened.run.rows(
                lambda relations: [f"SELECT * FROM {relations[k]} LIMIT {MOST_ROWS}" for k in keys]
            )
        except PreviewFailedError as error:
            problem = error.problem
            raise OdibiError(problem.what, where=problem.where, fix=problem.fix) from error
        for number, (output, key, head) in enumerate(zip(step.outputs, keys, heads, strict=True)):
            columns = columns_as_shown(head, opened.run.look.survey.ports.schemas.get(key))
            is_part = opened.run.note(key)[0] or head.num_rows == MOST_ROWS
            schema = Schema.of((column.name, column.type) for column in columns)
            made = suggest_for_rows(step.name, head, schema, is_whole=not is_part)
            found += [each if number == 0 else {**each, "output": output} for each in made.expectations]
            rows, is_sample = max(rows, made.rows), is_sample or is_part
        return SuggestAnswer(rows=rows, is_sample=is_sample, expectations=found)
