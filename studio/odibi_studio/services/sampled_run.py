"""One run of the steps that a preview needs, over samples: SQL in the sandbox, functions where allowed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from odibi_core.engines.operations import Call, Query, Scan
from odibi_core.errors import OdibiError, Problem
from odibi_core.schema import Schema, quote
from odibi_core.sql.analysis import is_volatile, tells_time
from odibi_core.sql.compose import Dialect, compose
from odibi_core.sql.dialect import native_sql
from odibi_core.sql.faults import explain_error
from odibi_core.step import Step
from odibi_studio.sandbox.pool import Sandbox, Stage, StageError, TooMuchError
from odibi_studio.services.checking import Look
from odibi_studio.services.heads import SourceState, source_state
from odibi_studio.services.join_keys import Place, join_keys
from odibi_studio.services.samples import Sample, Samples

if TYPE_CHECKING:
    import pyarrow as pa

CallFunction = Callable[[Step, Call, Mapping[str, "pa.Table"]], Mapping[str, "pa.Table"]]


class PreviewFailedError(Exception):
    """A step of the preview failed.

    Attributes:
        problem: Which, and why.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.what)
        self.problem = problem


class AskedFailedError(PreviewFailedError):
    """What was asked of the steps' rows failed, and no step.

    Attributes:
        number: Which of the queries, from 0.
    """

    def __init__(self, problem: Problem, number: int) -> None:
        super().__init__(problem)
        self.number = number


@dataclass(frozen=True, slots=True)
class SourceSeen:
    """A source, as it was when its rows were taken."""

    scan: Scan
    path: Path
    state: SourceState | None

    def is_as_it_was(self) -> bool:
        """Whether it surely has not changed since."""
        return self.state is not None and source_state(self.scan, self.path) == self.state


class SampledRun:
    """The steps that a preview needs.

    Args:
        look: What is known of the pipeline; its steps are those that the preview needs.
        samples: Reads sources.
        sandbox: Runs SQL.
        call: Calls the function of a step; None where a preview may call none.
    """

    def __init__(self, look: Look, samples: Samples, sandbox: Sandbox, call: CallFunction | None) -> None:
        self.look = look
        self._read, self._sandbox, self._call = samples, sandbox, call
        self._states: list[SourceSeen] = []

    def rows(self, queries: Callable[[Mapping[str, str]], Sequence[str | Stage]]) -> list[pa.Table]:
        """The results of queries over the datasets that the steps make.

        Args:
            queries: Gives the queries, by dataset key → what stands behind FROM. A stage with a table has no
                result; those after it may read the table.

        Raises:
            AskedFailedError: One of the queries failed.
            PreviewFailedError: A step failed, or used up its time or memory.
        """
        tables, stages, relations = self._tables(), list[Stage](), dict[str, str]()
        steps_of_stages: list[Step] = []
        for number, step in enumerate(self.steps()):
            name = f"odibi step {number}"
            match self.look.survey.ports.nodes[step.name].operation:
                case Scan():
                    pass
                case Query() as query:
                    stages.append(self._stage(step, query, name, relations))
                    steps_of_stages.append(step)
                case Call() as operation:
                    # Its inputs are computed first: they leave the sandbox, and what it makes comes back.
                    given = self._compute(step, tables, stages, steps_of_stages, relations)
                    stages, steps_of_stages = [], []
                    made = self._called(step, operation, given)
                    for output, key in step.outputs.items():
                        tables[f"{name} {output}"] = made[output]
                        relations[key] = quote(f"{name} {output}")
                    continue
                case _:
                    continue
            for key in step.outputs.values():
                relations[key] = quote(name)
        wanted = [each if isinstance(each, Stage) else Stage(each) for each in queries(relations)]
        return self._run(tables, [*stages, *wanted], steps_of_stages)

    def over(self, step: Step, given: Mapping[str, pa.Table]) -> Mapping[str, pa.Table]:
        """What a step makes of given rows, by output: of a query or a function.

        Raises:
            PreviewFailedError: It failed, or used up its time or memory.
        """
        operation = self.look.survey.ports.nodes[step.name].operation
        if isinstance(operation, Call):
            return self._called(step, operation, given)
        assert isinstance(operation, Query), "no other step makes rows of rows"
        tables = {f"odibi given {alias}": table for alias, table in given.items()}
        inputs = {alias: quote(f"odibi given {alias}") for alias in given}
        stage = Stage(compose(inputs, native_text(operation)))
        (made,) = self._run(tables, [stage], [step])
        return {next(iter(step.outputs)): made}

    def note(self, dataset: str) -> tuple[bool, str]:
        """Whether a dataset stands on samples, and how these were taken."""
        found = self._samples_of(dataset)
        notes = dict.fromkeys(sample.note for sample in found if sample.note)
        return any(not sample.is_whole for sample in found), "; ".join(notes)

    def rejections(self) -> list[str]:
        """A warning for each source with rows that can't be read."""
        return [
            f"step {name!r}: {sample.rejected:,} rows could not be read and are left out"
            for name, sample in self._samples.items()
            if sample.rejected
        ]

    def is_at_hand(self) -> bool:
        """Whether its rows take nothing that is far or slow: no source that was not read yet, no function."""
        operations = [self.look.survey.ports.nodes[step.name].operation for step in self.steps()]
        return not any(
            isinstance(operation, Call)
            or (isinstance(operation, Scan) and not self._read.has_head(operation, self._place(operation)))
            for operation in operations
        )

    def basis(self) -> tuple[SourceSeen, ...] | None:
        """The sources as they were read; None where chance, the time or a function has a part in the rows."""
        for step in self.steps():
            match self.look.survey.ports.nodes[step.name].operation:
                case Call():
                    return None
                case Query(sql=sql) if is_volatile(sql) or tells_time(sql):
                    return None
        return None if any(seen.state is None for seen in self._states) else tuple(self._states)

    def steps(self) -> list[Step]:
        """The steps, each after those that it takes from."""
        return [self.look.survey.steps[name] for name in self.look.survey.graph.order()]

    def _tables(self) -> dict[str, pa.Table]:
        sampled = self._samples
        return {
            f"odibi step {number}": sampled[step.name].table
            for number, step in enumerate(self.steps())
            if step.name in sampled
        }

    def _samples_of(self, dataset: str) -> list[Sample]:
        graph = self.look.survey.graph
        makers = {key: step.name for step in self.steps() for key in step.outputs.values()}
        if dataset not in makers:
            return []
        needed = graph.upstream(makers[dataset]) | {makers[dataset]}
        return [sample for name, sample in self._samples.items() if name in needed]

    @cached_property
    def _samples(self) -> dict[str, Sample]:
        """A sample of each source. Behind the first, rows are chosen whose keys are in samples before."""
        ports = self.look.survey.ports
        scans = {
            step.name: operation
            for step in self.steps()
            if isinstance(operation := ports.nodes[step.name].operation, Scan)
        }
        found: dict[str, Sample] = {}
        pairs = join_keys(self.steps(), ports.nodes, ports.schemas) if len(scans) > 1 else []
        for name, scan in scans.items():
            try:
                path = self._place(scan)
                self._states.append(SourceSeen(scan, path, source_state(scan, path)))
                sample = self._read.head(scan, path)
                links = _links(name, pairs, found)
                if links and not sample.is_whole:
                    told = f"rows of {scan.source} that find partners by {' and '.join(links)}"
                    keys = {column: values for column, values in links.items() if len(values)}
                    matching = self._read.matching(scan, path, keys, told)
                    sample = matching if matching.table.num_rows else sample
            except OdibiError as error:
                raise PreviewFailedError(Problem(error.what, name, "value", error.fix)) from error
            found[name] = sample
        return found

    def _place(self, scan: Scan) -> Path:
        return self.look.surroundings.place(scan)

    def _stage(self, step: Step, query: Query, name: str, relations: Mapping[str, str]) -> Stage:
        inputs = {alias: relations[key] for alias, key in step.inputs.items()}
        try:
            return Stage(compose(inputs, native_text(query)), name)
        except OdibiError as error:
            raise PreviewFailedError(Problem(error.what, step.name, "value", error.fix)) from error

    def _compute(
        self,
        step: Step,
        tables: Mapping[str, pa.Table],
        stages: Sequence[Stage],
        steps_of_stages: Sequence[Step],
        relations: Mapping[str, str],
    ) -> dict[str, pa.Table]:
        wanted = [Stage(f"SELECT * FROM {relations[key]}") for key in step.inputs.values()]
        made = self._run(tables, [*stages, *wanted], steps_of_stages)
        return dict(zip(step.inputs, made, strict=True))

    def _called(self, step: Step, operation: Call, given: Mapping[str, pa.Table]) -> Mapping[str, pa.Table]:
        if self._call is None:
            raise PreviewFailedError(
                Problem(
                    "a preview calls no Python functions here",
                    step.name,
                    "value",
                    "the operator can allow it: preview_functions = true under [studio] in odibi.toml",
                )
            )
        try:
            return self._call(step, operation, given)
        except OdibiError as error:
            raise PreviewFailedError(Problem(error.what, step.name, "value", error.fix)) from error

    def _run(
        self, tables: Mapping[str, pa.Table], stages: Sequence[Stage], steps: Sequence[Step]
    ) -> list[pa.Table]:
        try:
            return self._sandbox.run(tables, stages)
        except StageError as error:
            if error.stage >= len(steps):
                raise AskedFailedError(Problem(str(error)), error.stage - len(steps)) from error
            raise PreviewFailedError(self._blamed(error, steps)) from error
        except TooMuchError as error:
            name = steps[-1].name if steps else ""
            raise PreviewFailedError(Problem(error.what, name, "", error.fix)) from error

    def _blamed(self, error: StageError, steps: Sequence[Step]) -> Problem:
        import duckdb

        step = steps[error.stage]
        if not isinstance(error.cause, duckdb.Error):
            return Problem(str(error), step.name, "value")
        schemas: dict[str, Schema | None] = {
            alias: self.look.survey.ports.schemas.get(key) for alias, key in step.inputs.items()
        }
        told = explain_error(error.cause, str(step.value), schemas)
        return Problem(told.what, step.name, "value", told.fix, line=told.line, column=told.column)


def native_text(query: Query) -> str:
    """The SQL of a step in DuckDB's dialect."""
    if query.dialect == Dialect.DUCKDB:
        return query.sql
    return native_sql(query.sql, query.dialect, binds=lambda _sql: None).sql


def _links(
    name: str, pairs: Sequence[tuple[Place, Place]], found: Mapping[str, Sample]
) -> dict[str, pa.Array]:
    """Column of a source → the values that it is compared with in samples that are there already."""
    import pyarrow.compute as pc

    links: dict[str, pa.Array] = {}
    for one, other in pairs:
        for ours, theirs in ((one, other), (other, one)):
            if ours.step != name or theirs.step not in found or ours.column in links:
                continue
            table = found[theirs.step].table
            if theirs.column in table.column_names:
                links[ours.column] = pc.unique(table[theirs.column]).drop_null()
    return links
