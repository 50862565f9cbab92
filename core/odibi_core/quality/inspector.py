"""Looks at what steps made before anything takes it: measures, judges, and takes out what offends.

Where all rows are as expected, one query over the output is all that it costs. Rows that offend are looked
for by further queries, of those expectations alone that are broken.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from odibi_core.dataset import Dataset, sample_rows
from odibi_core.engines.base import Attempt, Engine, Outcome, RunContext, Task, TaskError, UnkeepableError
from odibi_core.engines.operations import Query
from odibi_core.errors import ExpectationError, OdibiError, StepError
from odibi_core.expectations.fitting import fitting_mistakes
from odibi_core.expectations.judging import (
    Finding,
    GoodRun,
    judge_age,
    judge_count,
    judge_drift,
    judge_rows,
    judge_schema,
)
from odibi_core.expectations.measuring import (
    DATA,
    ROWS,
    Measure,
    bad_query,
    examples_query,
    good_query,
    measure,
    measuring_query,
    recounting_query,
    reference_table,
    value_column,
)
from odibi_core.expectations.model import (
    Condition,
    Consequence,
    Expectation,
    ExpectedSchema,
    ForeignKey,
    Freshness,
    RowCount,
    RowExpectation,
    SchemaDrift,
)
from odibi_core.expectations.results import ExpectationResult, ResultState
from odibi_core.late_dataclass import dataclass
from odibi_core.plan.model import Plan, PlannedStep, Region
from odibi_core.workspace import file_name

EXAMPLES = 5
_TOLD = 2
_TOLD_COLUMNS = 4


def present() -> dt.datetime:
    """The moment against which the age of data is told."""
    return dt.datetime.now(dt.UTC)


Past = Callable[[str, str, str, int], Sequence[GoodRun]]
"""Gives what an output of a step was in good runs: (pipeline, step, output, how many) → the latest first."""

_STATES = {
    Consequence.WARN: ResultState.WARNED,
    Consequence.FAIL: ResultState.FAILED,
    Consequence.QUARANTINE: ResultState.QUARANTINED,
}


class Inspector:
    """Looks at the outputs of the steps of one run.

    Args:
        plan: The steps.
        engines: Name → engine.
        context: The run.
        past: Gives past outputs.
    """

    def __init__(self, plan: Plan, engines: Mapping[str, Engine], context: RunContext, past: Past) -> None:
        self._plan, self._engines, self._past = plan, engines, past
        # How the sides of these queries' joins meet is nobody's business.
        self._context = replace(context, health=False)

    def inspect(
        self,
        region: Region,
        outcomes: Sequence[Outcome],
        data: Mapping[str, Dataset],
        attempt: Attempt,
    ) -> None:
        """Look at what a region made; the outcome of its last step tells what was found.

        Args:
            region: The region. A step with expectations is the last of its region.
            outcomes: What its steps did.
            data: Dataset key → what expectations look into besides.
            attempt: Stops it from another thread.

        Raises:
            TaskError: An expectation is not met that fails the step, or can't be looked at.
            RunCancelledError: The attempt was stopped.
        """
        planned = self._plan.steps[region.steps[-1]]
        if not planned.node.expectations:
            return
        began, outcome = time.perf_counter(), outcomes[-1]
        found = _Found()
        # Its own outputs can be looked into, too, as they were before rows were taken out.
        own = {planned.step.outputs[name]: dataset for name, dataset in outcome.outputs.items()}
        data = {**data, **own}
        try:
            self._inspect(planned, outcome, data, found, attempt)
        except TaskError:
            raise
        except OdibiError as error:
            attempt.check()
            raise TaskError(outcome.name, error) from error
        found.took_ms = (time.perf_counter() - began) * 1000
        outcome.checked = found.as_dict()
        outcome.row_count = next(iter(outcome.outputs.values())).row_count()
        failed = [result for result in found.results if result.state is ResultState.FAILED]
        if failed:
            raise TaskError(outcome.name, _error(failed, found.as_dict()))

    def is_stale(self, outcomes: Sequence[Outcome]) -> bool:
        """Whether kept outcomes hold data that has grown too old since."""
        for outcome in outcomes:
            expectations = self._plan.steps[outcome.name].node.expectations
            for result in outcome.checked.get("results", ()):
                expectation = expectations.get(result["name"])
                latest = result["observed"].get("latest")
                if isinstance(expectation, Freshness) and latest is not None:
                    moment = dt.datetime.fromisoformat(latest)
                    if judge_age(expectation, moment, present()).what:
                        return True
        return False

    def _inspect(
        self,
        planned: PlannedStep,
        outcome: Outcome,
        data: Mapping[str, Dataset],
        found: _Found,
        attempt: Attempt,
    ) -> None:
        looks = [
            self._look(planned, outcome, output, data, attempt)
            for output in outcome.outputs
            if _about(planned, outcome, output)
        ]
        try:
            for look in looks:
                look.measure()
                look.judge_rows()
            if not any(look.is_broken for look in looks):
                for look in looks:
                    look.take_out()
            for look in looks:
                look.judge_table(self._plan.pipeline.name, self._past)
        except BaseException:
            for look in looks:
                look.put_back()
            raise
        is_broken = any(look.is_broken for look in looks)
        for look in looks:
            if is_broken:
                look.put_back()
            else:
                found.quarantine += look.set_aside()
                outcome.outputs[look.output] = look.dataset
            found.results += look.results()
            found.outputs[look.output] = {
                "row_count": look.dataset.row_count(),
                "schema": look.dataset.schema.as_dict(),
            }

    def _look(
        self,
        planned: PlannedStep,
        outcome: Outcome,
        output: str,
        data: Mapping[str, Dataset],
        attempt: Attempt,
    ) -> _Look:
        return _Look(
            planned,
            output,
            outcome.outputs[output],
            _about(planned, outcome, output),
            self._engines[planned.step.engine],
            self._context,
            data,
            attempt,
        )


def _about(planned: PlannedStep, outcome: Outcome, output: str) -> dict[str, Expectation]:
    first = next(iter(outcome.outputs))
    return {
        name: expectation
        for name, expectation in planned.node.expectations.items()
        if (expectation.output or first) == output
    }


@dataclass(slots=True)
class _Found:
    """What was found of all outputs of a step."""

    results: list[ExpectationResult]
    outputs: dict[str, dict[str, Any]]
    quarantine: list[dict[str, Any]]
    took_ms: float = 0.0

    def __init__(self) -> None:
        self.results, self.outputs, self.quarantine = [], {}, []

    def as_dict(self) -> dict[str, Any]:
        """The form that an outcome keeps."""
        return {
            "results": [result.as_dict() for result in self.results],
            "outputs": self.outputs,
            "quarantine": self.quarantine,
            "took_ms": round(self.took_ms, 3),
        }


class _Look:
    """One look at one output."""

    def __init__(
        self,
        planned: PlannedStep,
        output: str,
        dataset: Dataset,
        expectations: Mapping[str, Expectation],
        engine: Engine,
        context: RunContext,
        data: Mapping[str, Dataset],
        attempt: Attempt,
    ) -> None:
        self._planned, self.output, self.dataset = planned, output, dataset
        self._whole = dataset
        self._part: Path | None = None
        self._aside: dict[str, Any] | None = None
        self._expectations, self._engine = expectations, engine
        self._context, self._attempt = context, attempt
        self._data = data
        self._schema = schema = dataset.schema
        there = {
            name: data[expectation.references].schema if isinstance(expectation, ForeignKey) else None
            for name, expectation in expectations.items()
        }
        for name, expectation in expectations.items():
            for mistake in fitting_mistakes(expectation, schema, there[name]):
                raise StepError(
                    f"{name}: {mistake.what}",
                    where=f"step {planned.step.name!r}, expectations",
                    fix=mistake.fix or f"its columns are {', '.join(schema.names)}",
                )
        self._measures = [
            measure(name, number, expectation, schema, there[name])
            for number, (name, expectation) in enumerate(expectations.items())
        ]
        self._values: dict[str, Any] = {}
        self._rows = 0
        self._findings: dict[str, Finding] = {}
        self._offending: dict[str, int] = {}
        self._examples: dict[str, tuple[Mapping[str, Any], ...]] = {}

    @property
    def is_broken(self) -> bool:
        """Whether an expectation is broken that fails the step."""
        return any(finding.consequence is Consequence.FAIL for finding in self._findings.values())

    def offends(self, consequence: Consequence) -> list[Measure]:
        """The measures of what is broken with that consequence."""
        return [
            each for each in self._measures if self._consequence(each.name) is consequence and each.offends
        ]

    def measure(self) -> None:
        """Measure everything in one pass."""
        if any(each.value for each in self._measures) or self._counts_rows:
            row = self._one_row(measuring_query(self._measures), self._measures)
            self._rows = int(row[ROWS])
            self._values = {
                each.name: row[value_column(number)]
                for number, each in enumerate(self._measures)
                if each.value
            }
        else:
            self._rows = self.dataset.row_count()

    def judge_rows(self) -> None:
        """Judge what is about rows, and find examples of those that offend."""
        self._offending = {
            each.name: int(self._values[each.name])
            for each in self._measures
            if each.value and not isinstance(self._expectations[each.name], Freshness)
        }
        unsure = [each for each in self._measures if each.recounts and self._offending[each.name]]
        if unsure:
            row = self._one_row(recounting_query(unsure), unsure)
            for number, each in enumerate(unsure):
                self._offending[each.name] = int(row[value_column(number)])
        for each in self._measures:
            if each.name not in self._offending:
                continue
            expectation = self._expectations[each.name]
            assert isinstance(expectation, RowExpectation), "only of rows is it counted how many offend"
            self._findings[each.name] = judge_rows(expectation, self._rows, self._offending[each.name])
            if self._offending[each.name]:
                self._examples[each.name] = self._find_examples(each, expectation)

    def judge_table(self, pipeline: str, past: Past) -> None:
        """Judge what is about the output as a whole, with the rows that stay."""
        rows = self.dataset.row_count()
        for name, expectation in self._expectations.items():
            match expectation:
                case RowCount():
                    runs = self._runs(pipeline, past, expectation.history or 0)
                    self._findings[name] = judge_count(expectation, rows, runs)
                case Freshness():
                    latest = self._latest(name) if self._aside is not None else self._values[name]
                    self._findings[name] = judge_age(expectation, latest, present())
                case ExpectedSchema():
                    self._findings[name] = judge_schema(expectation, self._schema)
                case SchemaDrift():
                    last = next(iter(self._runs(pipeline, past, 1)), None)
                    self._findings[name] = judge_drift(expectation, self._schema, last)

    def take_out(self) -> None:
        """Take the rows that are to be quarantined out, into a file that does not count yet."""
        step, measures = self._planned.step, self.offends(Consequence.QUARANTINE)
        if not measures:
            return
        bad = self._query(bad_query(measures), measures)
        suffix = "" if self.output == next(iter(step.outputs)) else f".{file_name(self.output)}"
        self._context.rejects.mkdir(parents=True, exist_ok=True)
        path = self._context.rejects / f"{file_name(step.name)}{suffix}.parquet"
        self._part = path.with_name(f".{path.name}.part")
        try:
            self._engine.save(bad, self._part, self._attempt)
        except UnkeepableError as error:
            raise StepError(
                f"the rows that offend can't be kept: {error}",
                where=f"step {step.name!r}, expectations",
                fix="cast the column in the step, or use severity warn or fail",
            ) from error
        self._aside = {
            "output": self.output,
            "path": str(path),
            "quarantined_rows": bad.row_count(),
            "reasons": {each.name: self._offending[each.name] for each in measures},
        }
        self._engine.release(bad)
        self.dataset = self._query(good_query(measures), measures, key=step.outputs[self.output])

    def put_back(self) -> None:
        """Have all rows in the output again."""
        if self._part is not None:
            self._part.unlink(missing_ok=True)
        if self.dataset is not self._whole:
            self._engine.release(self.dataset)
        self.dataset, self._aside = self._whole, None

    def set_aside(self) -> list[dict[str, Any]]:
        """Keep the file of the rows that were taken out; what there is to tell of it, if any were."""
        if self._aside is None or self._part is None:
            return []
        # The rows are kept before they are missing in the output.
        self._part.replace(self._aside["path"])
        self._engine.release(self._whole)
        return [self._aside]

    def results(self) -> list[ExpectationResult]:
        """What became of each expectation."""
        return [self._result(name, expectation) for name, expectation in self._expectations.items()]

    def _latest(self, name: str) -> Any:
        """The latest moment of the rows that stay."""
        (measured,) = (each for each in self._measures if each.name == name)
        return self._one_row(measuring_query([measured]), [measured])[value_column(0)]

    @property
    def _counts_rows(self) -> bool:
        return any(isinstance(each, RowCount) for each in self._expectations.values())

    def _consequence(self, name: str) -> Consequence | None:
        finding = self._findings.get(name)
        return finding.consequence if finding is not None else None

    def _result(self, name: str, expectation: Expectation) -> ExpectationResult:
        finding = self._findings[name]
        state = _STATES[finding.consequence] if finding.consequence is not None else ResultState.PASSED
        if state is ResultState.QUARANTINED and self._aside is None:
            state = ResultState.UNMET
        return ExpectationResult(
            name,
            expectation.kind,
            state,
            self._rows,
            self._offending.get(name),
            finding.what,
            finding.fix if finding.what else "",
            self._examples.get(name, ()),
            finding.observed or {},
            self.output,
            expectation.columns_told,
        )

    def _runs(self, pipeline: str, past: Past, limit: int) -> Sequence[GoodRun]:
        if not limit:
            return ()
        return past(pipeline, self._planned.step.name, self.output, limit)

    def _find_examples(self, measured: Measure, expectation: Expectation) -> tuple[Mapping[str, Any], ...]:
        if measured.offends:
            found = self._query(examples_query(measured, EXAMPLES), [measured])
        elif isinstance(expectation, Condition) and expectation.query is not None:
            found = self._query(
                f"SELECT * FROM (\n{expectation.query}\n) AS offending LIMIT {EXAMPLES}", [measured]
            )
        else:
            return ()
        rows = sample_rows(found.head(EXAMPLES))
        self._engine.release(found)
        # What it is about comes first: a message shows only the beginning of a row.
        return tuple({**{name: row[name] for name in expectation.looked_at}, **row} for row in rows)

    def _one_row(self, sql: str, measures: Sequence[Measure]) -> dict[str, Any]:
        try:
            found = self._query(sql, measures)
        except OdibiError as error:
            raise self._blamed(error) from error
        (row,) = found.arrow().to_pylist()
        self._engine.release(found)
        return dict(row)

    def _blamed(self, error: OdibiError) -> OdibiError:
        """The error with the name of the expectation that raised it: each is measured by itself."""
        for each in self._measures:
            if not each.value:
                continue
            try:
                self._engine.release(self._query(measuring_query([each]), [each]))
            except OdibiError as cause:
                return StepError(
                    f"{each.name} can't be looked at: {cause.what}",
                    where=f"step {self._planned.step.name!r}, expectations",
                    fix=cause.fix or "change the expectation",
                )
        return error

    def _query(self, sql: str, measures: Sequence[Measure], key: str = "odibi_found") -> Dataset:
        """The result of a query over the output, held.

        Raises:
            OdibiError: It can't be run.
            RunCancelledError: The attempt was stopped.
        """
        self._attempt.check()
        taken: dict[str, Dataset] = {DATA: self.dataset}
        for each in measures:
            expectation = self._expectations[each.name]
            if isinstance(expectation, ForeignKey):
                name = reference_table(expectation.references)
                taken[name] = self._data[expectation.references]
        inputs = {alias: f"odibi_input_{number}" for number, alias in enumerate(taken)}
        task = Task(self._planned.step.name, Query(sql, "duckdb"), inputs, {"data": key}, is_kept=True)
        given = {inputs[alias]: dataset for alias, dataset in taken.items()}
        try:
            (outcome,) = self._engine.run_region([task], given, self._context, self._attempt)
        except TaskError as error:
            self._attempt.check()
            if isinstance(error.cause, OdibiError):
                raise error.cause from error
            raise StepError(str(error.cause)) from error
        return outcome.outputs["data"]


def _error(failed: Sequence[ExpectationResult], checked: dict[str, Any]) -> ExpectationError:
    """What fails the step, in words: which expectations, how many rows, some of them, how to mend it."""
    what = "; ".join(_told(result) for result in failed)
    fixes = dict.fromkeys(result.fix for result in failed if result.fix)
    head = "its output is not as expected: "
    return ExpectationError(head + what, fix="; ".join(fixes), checked=checked)


def _told(result: ExpectationResult) -> str:
    text = f"{result.name}: {result.message}"
    if result.examples:
        shown = ", ".join(_shown(row) for row in result.examples[:_TOLD])
        text += f", such as {shown}"
    return text


def _shown(row: Mapping[str, Any]) -> str:
    pairs = list(row.items())
    more = ", …" if len(pairs) > _TOLD_COLUMNS else ""
    return "{" + ", ".join(f"{name}: {_brief(value)}" for name, value in pairs[:_TOLD_COLUMNS]) + more + "}"


def _brief(value: Any) -> str:
    text = "null" if value is None else str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
