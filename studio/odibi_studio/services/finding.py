"""What became of rows that a preview lacks: the step that lost them, and the piece of its SQL that did."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from odibi_core.errors import SqlError
from odibi_core.provenance.dropping import Place, places_of_loss
from odibi_core.provenance.rewriting import SOURCES, UntraceableError, input_relation
from odibi_core.provenance.tracing import ROW, TraceStep, Tracing
from odibi_core.schema import Schema, quote
from odibi_core.sql.analysis import column_lineage
from odibi_core.sql.compose import compose
from odibi_studio.sandbox.pool import Stage
from odibi_studio.services.documents import core_pipeline
from odibi_studio.services.following import check_dataset
from odibi_studio.services.previews import Previewer, columns_as_shown
from odibi_studio.services.sampled_run import AskedFailedError, SampledRun
from odibi_studio.services.traced_run import TracedRun, counts_of, rows_of
from odibi_studio.trace_messages import FindAnswer, Finding, FindRequest, FoundStep

if TYPE_CHECKING:
    import pyarrow as pa

_START, _DOWN = '"odibi start"', '"odibi down"'
_NONE = "CAST(NULL AS BIGINT)"
Places = dict[str, set[str]]


class Finder:
    """Looks for rows that are missing.

    Args:
        previewer: Computes the rows.
    """

    def __init__(self, previewer: Previewer) -> None:
        self._previewer = previewer

    def find(self, request: FindRequest) -> FindAnswer:
        """What became of the rows with a value, over the samples of a preview.

        Raises:
            UnknownNameError: There is no such step, or it has no such dataset.
        """
        begun = time.perf_counter()
        pipeline = core_pipeline(request.pipeline)
        answer: dict[str, Any] = {}
        with self._previewer.told(pipeline, request.parameters) as problems:
            opened = self._previewer.open(pipeline, request.step, request.parameters)
            check_dataset(request.dataset, [*opened.step.inputs.values(), *opened.step.outputs.values()])
            answer = _Search(opened.run, request).answer()
            answer["warnings"] = [*opened.warnings, *opened.run.rejections()]
        if problems:
            answer["problem"] = problems[0]
        return FindAnswer(**answer, elapsed_ms=(time.perf_counter() - begun) * 1_000)


class _Search:
    def __init__(self, run: SampledRun, request: FindRequest) -> None:
        self._request, self._run = request, run
        self._traced = TracedRun(run, request.dataset)
        self._schemas = self._find_schemas()
        self._places = self._find_places()

    def answer(self) -> dict[str, Any]:
        tracing, (there, counted, *heads) = self._traced.rows(self._queries)
        counts = dict(zip(tracing.tables, counted.to_pylist(), strict=True))
        rows = dict(zip(tracing.tables, heads, strict=True))
        steps = list(self._steps(tracing, counts, rows))
        there_count = int(there["count"][0].as_py())
        causes = {step.step: self._cause(step.step) for step in steps if step.is_dropped}
        steps = [step.model_copy(update={"cause": causes.get(step.step, "")}) for step in steps]
        finding, conclusion = self._conclude(steps, there_count, counts[self._request.dataset]["rows"])
        return {"finding": finding, "conclusion": conclusion, "steps": steps}

    def _queries(self, tracing: Tracing) -> list[str | Stage]:
        target = tracing.tables[self._request.dataset]
        matching = self._matching(self._request.dataset, self._request.column)
        return [
            Stage(self._start(tracing), _START.strip('"')),
            Stage(tracing.downwards(f"SELECT id FROM {_START}"), _DOWN.strip('"')),
            f"SELECT count(*) AS count FROM {target} WHERE {matching}",
            counts_of(tracing, _DOWN),
            *rows_of(tracing, _DOWN),
        ]

    def _start(self, tracing: Tracing) -> str:
        """The rows with the value where it first comes up: in sources, and where no trace leads further."""
        found = [
            f"SELECT {ROW} AS id FROM {tracing.tables[key]} WHERE {self._matching(key, column)}"
            for key, columns in self._places.items()
            for column in sorted(columns)
            if not self._comes_from_before(key, tracing)
        ]
        return " UNION ".join(found) or f"SELECT {_NONE} AS id WHERE false"

    def _comes_from_before(self, key: str, tracing: Tracing) -> bool:
        maker = self._traced.makers[key]
        return maker.name not in tracing.blind and any(it in self._places for it in maker.inputs.values())

    def _matching(self, key: str, column: str) -> str:
        name, value = quote(column), self._request.value
        if value is None:
            return f"{name} IS NULL"
        text = "'" + value.replace("'", "''") + "'"
        schema = self._schemas.get(key)
        type_ = schema.as_dict().get(column) if schema is not None else None
        alike = f" OR {name} = TRY_CAST({text} AS {type_})" if type_ else ""
        return f"(CAST({name} AS VARCHAR) = {text}{alike})"

    def _find_schemas(self) -> dict[str, Schema | None]:
        """The columns of every dataset; of those that only a run can tell, as they come out now."""
        schemas = dict(self._run.look.survey.ports.schemas)
        unknown = [key for step in self._traced.steps for key in step.outputs if schemas.get(key) is None]
        if unknown:
            empty = self._run.rows(
                lambda relations: [f"SELECT * FROM {relations[key]} LIMIT 0" for key in unknown]
            )
            for key, table in zip(unknown, empty, strict=True):
                schemas[key] = Schema.of((each.name, each.type) for each in columns_as_shown(table, None))
        return schemas

    def _find_places(self) -> Places:
        """Dataset key → the columns that hold what the column that was asked for is made of."""
        places: Places = {self._request.dataset: {self._request.column}}
        for step in reversed(self._traced.steps):
            wanted = {column for key in step.outputs for column in places.get(key, ())}
            if not wanted or not step.inputs:
                continue
            for alias, column in self._origins(step, wanted):
                places.setdefault(step.inputs[alias], set()).add(column)
        return places

    def _origins(self, step: TraceStep, wanted: set[str]) -> list[tuple[str, str]]:
        known = {alias: self._schemas.get(key) for alias, key in step.inputs.items()}
        schemas: dict[str, Schema] = {alias: it for alias, it in known.items() if it is not None}
        folded = {column.casefold() for column in wanted}
        found: list[tuple[str, str]] = []
        if step.sql and len(schemas) == len(known):
            try:
                lineage = column_lineage(step.sql, schemas)
            except SqlError:
                lineage = {}
            found = [
                it for column, origins in lineage.items() if column.casefold() in folded for it in origins
            ]
        if found:
            return [
                (alias, name)
                for alias, column in found
                for name in schemas[alias].names
                if name.casefold() == column.casefold()
            ]
        return [
            (alias, name) for alias, it in schemas.items() for name in it.names if name.casefold() in folded
        ]

    def _steps(
        self, tracing: Tracing, counts: dict[str, dict[str, int]], rows: dict[str, pa.Table]
    ) -> Sequence[FoundStep]:
        found = []
        for step in self._traced.steps:
            taken = sum(counts[key]["rows"] for key in set(step.inputs.values()))
            for key in step.outputs:
                given = counts[key]["rows"]
                if not taken and not given:
                    continue
                is_blind = step.name in tracing.blind
                is_dropped = bool(taken) and not given and not is_blind
                shown = key
                if is_dropped:
                    shown = next(it for it in step.inputs.values() if counts[it]["rows"])
                found.append(
                    FoundStep(
                        step=step.name,
                        dataset=key,
                        rows_in=taken,
                        rows_out=given,
                        is_dropped=is_dropped,
                        why=tracing.blind[step.name] if is_blind and not given else "",
                        grid=self._traced.grid(shown, rows[shown], counts[shown]["rows"]),
                    )
                )
        return found

    def _cause(self, name: str) -> str:
        """The piece of a step's SQL that lost the rows; "" where it can't be told."""
        step = next(it for it in self._traced.steps if it.name == name)
        try:
            places = places_of_loss(step.sql)
        except UntraceableError:
            return ""
        while places:
            try:
                _, (counted,) = self._traced.rows(lambda tracing: self._tries(tracing, step, places))
            except AskedFailedError as error:
                # As where a join can't keep what finds no partner. Two stages stand before the places.
                if not 0 <= error.number - 2 < len(places):
                    raise
                del places[error.number - 2]
            else:
                kept = {row["place"]: row["rows"] for row in counted.to_pylist()}
                lost = next((number for number in range(len(places)) if not kept[number]), None)
                return places[lost].told if lost is not None else ""
        return ""

    def _tries(self, tracing: Tracing, step: TraceStep, places: Sequence[Place]) -> list[str | Stage]:
        inputs = {alias: input_relation(tracing.tables[key], ROW) for alias, key in step.inputs.items()}
        counts = [
            f"SELECT {number} AS place, (SELECT count(*) FROM (SELECT unnest({SOURCES}) AS s FROM "
            f'"odibi place {number}") WHERE s IN (SELECT id FROM {_DOWN})) AS rows'
            for number in range(len(places))
        ]
        return [
            Stage(self._start(tracing), _START.strip('"')),
            Stage(tracing.downwards(f"SELECT id FROM {_START}"), _DOWN.strip('"')),
            *(
                Stage(compose(inputs, place.sql), f"odibi place {number}")
                for number, place in enumerate(places)
            ),
            " UNION ALL ".join(counts),
        ]

    def _conclude(self, steps: Sequence[FoundStep], there: int, through: int) -> tuple[Finding, str]:
        value = "NULL" if self._request.value is None else self._request.value
        what = f"{self._request.column} = {value}"
        is_sample, _ = self._run.note(self._request.dataset)
        of_sample = " of the sample" if is_sample else ""
        if there:
            return Finding.THERE, f"{_rows(there)} of {self._request.dataset} {_have(there)} {what}"
        if not steps:
            return Finding.ABSENT, f"no row{of_sample} of the sources has {what}"
        if through:
            changed = (
                f"{_rows(through)} made of it came through, with another value in {self._request.column}"
            )
            return Finding.CHANGED, changed
        lost = next((step for step in steps if step.is_dropped), None)
        blind = next((step for step in steps if step.why), None)
        if lost is None and blind is not None:
            return Finding.UNKNOWN, f"what {blind.step} made of {what} can't be told: {blind.why}"
        if lost is None:
            return Finding.UNKNOWN, "where it was lost can't be told"
        by = f": {lost.cause}" if lost.cause else ""
        return Finding.DROPPED, f"{lost.step} dropped {what}{by}"


def _rows(count: int) -> str:
    return f"{count:,} row" if count == 1 else f"{count:,} rows"


def _have(count: int) -> str:
    return "has" if count == 1 else "have"
