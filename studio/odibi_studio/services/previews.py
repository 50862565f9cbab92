"""The rows of a step and of its inputs, over samples. Nothing is written, and nothing else is read."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from odibi_core.engines.operations import Call
from odibi_core.errors import ParameterError, Problem
from odibi_core.functions.registry import resolve_function
from odibi_core.graph.selection import select_steps
from odibi_core.parameters import resolve_parameters
from odibi_core.pipeline import Pipeline
from odibi_core.plan.rendering import Values
from odibi_core.schema import Schema
from odibi_core.step import Step
from odibi_core.workers.pool import ProcessPool
from odibi_core.workspace import Workspace
from odibi_studio.messages import Column, Grid, PreviewAnswer, PreviewRequest, ProblemForm
from odibi_studio.sandbox.pool import Sandbox
from odibi_studio.services.cells import cells
from odibi_studio.services.checking import Checker, Look, is_note
from odibi_studio.services.documents import core_pipeline
from odibi_studio.services.preview_values import hidden_references, preview_values
from odibi_studio.services.problem_forms import problem_forms
from odibi_studio.services.sampled_run import CallFunction, PreviewFailedError, SampledRun
from odibi_studio.services.samples import Samples

if TYPE_CHECKING:
    import pyarrow as pa

FUNCTION_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Opened:
    """A step whose rows can be asked for.

    Attributes:
        step: The step, as it was declared.
        run: The run over samples that makes its rows.
        warnings: What a person should know of them.
    """

    step: Step
    run: SampledRun
    warnings: list[str]


@dataclass(frozen=True, slots=True)
class Computed:
    """The rows of a step.

    Attributes:
        answer: The rows, or why there are none.
        run: What made them; None where there are none.
    """

    answer: PreviewAnswer
    run: SampledRun | None


class Previewer:
    """Shows rows.

    Args:
        workspace: What the pipelines' paths are relative to.
        checker: Knows the columns of ports.
    """

    def __init__(self, workspace: Workspace, checker: Checker) -> None:
        self._workspace = workspace
        self._checker = checker
        self._samples = Samples(workspace)
        self._sandbox = Sandbox()
        self._workers: ProcessPool | None = None

    def warm_up(self) -> None:
        """Have ready what the first preview needs."""
        self._sandbox.warm_up()

    def preview(self, request: PreviewRequest) -> PreviewAnswer:
        """The rows of a step and of its inputs, or why there are none.

        Raises:
            UnknownNameError: There is no such step.
        """
        return self.computed(request).answer

    def computed(self, request: PreviewRequest, *, at_hand: bool = False) -> Computed:
        """The rows of a step and of its inputs, and what they were made of.

        Args:
            request: What is asked for.
            at_hand: Whether nothing is computed that takes a source that was not read yet, or a function.

        Raises:
            UnknownNameError: There is no such step.
        """
        begun = time.perf_counter()
        pipeline = core_pipeline(request.pipeline)
        answer: dict[str, Any] = {"revision": request.revision, "step": request.step}
        run: SampledRun | None = None
        with self.told(pipeline, request.parameters) as problems:
            opened = self.open(pipeline, request.step, request.parameters)
            if at_hand and not opened.run.is_at_hand():
                return Computed(PreviewAnswer(**answer), None)
            inputs, outputs = self._grids(opened, request.rows)
            warnings = [*opened.warnings, *opened.run.rejections()]
            answer |= {"inputs": inputs, "outputs": outputs, "warnings": warnings}
            run = opened.run
        if problems:
            answer["problem"] = problems[0]
        return Computed(PreviewAnswer(**answer, elapsed_ms=(time.perf_counter() - begun) * 1_000), run)

    def open(self, pipeline: Pipeline, name: str, parameters: Mapping[str, Any]) -> Opened:
        """A step whose rows can be asked for.

        Raises:
            UnknownNameError: There is no such step.
            PreviewFailedError: Something is wrong with it, or with a step that it needs.
        """
        step = pipeline.step(name)
        part = select_steps(pipeline, end=name).pipeline
        try:
            values = preview_values(resolve_parameters(pipeline.parameters, parameters))
        except ParameterError as error:
            raise PreviewFailedError(
                Problem(f"{error.where}: {error.what}", field="parameters", fix="give it a default")
            ) from error
        look = self._checker.look(part, values)
        wrong = [problem for problem in look.problems if not is_note(problem, look.survey.steps)]
        if wrong:
            raise PreviewFailedError(wrong[0])
        if not step.inputs and not step.outputs:
            raise PreviewFailedError(
                Problem("the step has no rows", name, fix="preview a step that has inputs or outputs")
            )
        run = SampledRun(look, self._samples, self._sandbox, self._caller(look))
        return Opened(step, run, list(dict.fromkeys(hidden_references(part.steps))))

    @contextmanager
    def told(self, pipeline: Pipeline, parameters: Mapping[str, Any]) -> Iterator[list[ProblemForm]]:
        """Takes a failure within it down as a problem."""
        problems: list[ProblemForm] = []
        values = Values.for_plan(pipeline.parameters, {})
        with suppress(ParameterError):
            values = preview_values(resolve_parameters(pipeline.parameters, parameters))
        try:
            yield problems
        except PreviewFailedError as error:
            problems += problem_forms([error.problem], pipeline.steps, values)

    def close(self) -> None:
        """End all processes, and let go of all samples."""
        self._sandbox.close()
        self._samples.close()
        if self._workers is not None:
            self._workers.close()

    def _grids(self, opened: Opened, rows: int) -> tuple[list[Grid], list[Grid]]:
        step, run = opened.step, opened.run
        outputs = {} if run.look.survey.ports.nodes[step.name].operation is None else step.outputs
        datasets = list(dict.fromkeys([*step.inputs.values(), *outputs.values()]))

        def queries(relations: Mapping[str, str]) -> list[str]:
            counts = ", ".join(f"(SELECT count(*) FROM {relations[key]})" for key in datasets)
            heads = [f"SELECT * FROM {relations[key]} LIMIT {rows}" for key in datasets]
            return [f"SELECT {counts}", *heads]

        counted, *heads = run.rows(queries)
        counts = [int(column[0].as_py()) for column in counted.columns]
        found = {key: (head, count) for key, head, count in zip(datasets, heads, counts, strict=True)}

        def grid(port: str, dataset: str) -> Grid:
            head, count = found[dataset]
            is_sample, note = run.note(dataset)
            return Grid(
                port=port,
                dataset=dataset,
                columns=columns_as_shown(head, run.look.survey.ports.schemas.get(dataset)),
                rows=cells(head),
                row_count=count,
                is_sample=is_sample,
                note=note,
            )

        return (
            [grid(port, key) for port, key in step.inputs.items()],
            [grid(port, key) for port, key in outputs.items()],
        )

    def _caller(self, look: Look) -> CallFunction | None:
        if not look.settings.studio.preview_functions:
            return None
        allowed = look.settings.functions.allow

        def call(step: Step, operation: Call, given: Mapping[str, pa.Table]) -> Mapping[str, pa.Table]:
            if self._workers is None:
                self._workers = ProcessPool(1)
            function, name = operation.function, str(operation.function)
            if isinstance(function, str):
                function = resolve_function(function, allowed)
            return self._workers.run(
                function,
                given,
                operation.params,
                outputs=tuple(step.outputs),
                name=name,
                timeout_s=FUNCTION_WITHIN_S,
            )

        return call


def columns_as_shown(table: pa.Table, schema: Schema | None) -> list[Column]:
    """The columns as DuckDB names their types; of a table that only a run can tell, as it came out."""
    if schema is None or schema.names != tuple(table.column_names):
        import duckdb

        with duckdb.connect(":memory:", config={"threads": "1"}) as database:
            relation = database.from_arrow(table.schema.empty_table())
            schema = Schema.of(zip(relation.columns, map(str, relation.types), strict=True))
    return [Column(name=name, type=type_) for name, type_ in schema]
