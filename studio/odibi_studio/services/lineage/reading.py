"""Reads what comes from what out of a pipeline; nothing of it runs, and no row is read."""

from __future__ import annotations

from collections.abc import Callable

from odibi_core.engines.operations import Call, Query, Scan, Send, Write
from odibi_core.errors import OdibiError
from odibi_core.functions.origins import Origins, declared_origins, source_of
from odibi_core.functions.registry import resolve_function
from odibi_core.pipeline import Pipeline
from odibi_core.plan.planner import Survey
from odibi_core.schema import Schema
from odibi_core.sql.analysis import column_lineage
from odibi_core.step import Step
from odibi_studio.services.lineage.model import ColumnName, DatasetName, Flow, LineageMap

FUNCTION = "a Python function makes it, and does not say of what"
NOT_THERE = "a Python function says that it is made of a column that none of its inputs has"
UNREADABLE = "its SQL does not tell"
NO_COLUMNS = "only a run can tell the columns"

Place = Callable[[str, str], str]
"""The name of a place, from its connection and path."""


def read_pipeline(
    found: LineageMap,
    pipeline: Pipeline,
    survey: Survey,
    place: Place,
    allowed_functions: tuple[str, ...] | None,
) -> None:
    """Add a pipeline to the map.

    Args:
        found: The map.
        pipeline: The pipeline.
        survey: What the core tells of it.
        place: Names the places that it reads and writes.
        allowed_functions: Prefixes of the functions that may be asked what their columns are made of.
    """
    reader = _Reader(found, pipeline.name, survey, place, allowed_functions)
    for step in survey.steps.values():
        reader.read(step)


class _Reader:
    def __init__(
        self, found: LineageMap, pipeline: str, survey: Survey, place: Place, allowed: tuple[str, ...] | None
    ) -> None:
        self._found, self._pipeline, self._survey, self._place = found, pipeline, survey, place
        self._allowed = allowed

    def read(self, step: Step) -> None:
        """Add a step."""
        node = self._survey.ports.nodes.get(step.name)
        operation = node.operation if node is not None else None
        for key in step.outputs.values():
            self._found.columns[self._inner(key)] = self._columns(key)
        match operation:
            case Scan():
                source = DatasetName("", self._place(operation.connection, operation.source))
                for key in step.outputs.values():
                    self._found.columns.setdefault(source, self._columns(key))
                    self._copy(step, source, self._inner(key))
            case Write():
                self._write(step, DatasetName("", self._place(operation.connection, operation.target)))
            case Send():
                self._write(step, DatasetName("", operation.url))
            case Query():
                self._query(step, operation.sql)
            case Call():
                self._call(step, operation)
            case None:
                self._unknown(step, "the step has a mistake")

    def _inner(self, key: str) -> DatasetName:
        return DatasetName(self._pipeline, key)

    def _schema(self, key: str) -> Schema | None:
        """The columns of a dataset, as the core knows them, or as the lineage so far tells them."""
        columns = self._found.columns.get(self._inner(key))
        known = self._survey.ports.schemas.get(key)
        return known if known is not None or columns is None else Schema.of(columns)

    def _columns(self, key: str) -> dict[str, str] | None:
        schema = self._survey.ports.schemas.get(key)
        return dict(schema) if schema is not None else None

    def _write(self, step: Step, target: DatasetName) -> None:
        for key in step.inputs.values():
            # What is written says more of a place than what some step reads of it.
            columns = self._found.columns.get(self._inner(key))
            self._found.columns[target] = columns or self._found.columns.get(target)
            self._copy(step, self._inner(key), target)

    def _copy(self, step: Step, source: DatasetName, target: DatasetName) -> None:
        self._found.flows.append(Flow(self._pipeline, step.name, source, target))
        columns = self._found.columns.get(target)
        if columns is None:
            self._found.unknown.setdefault(target, NO_COLUMNS)
        for column in columns or ():
            edges = self._found.origins.setdefault(ColumnName(target, column), [])
            edges.append((ColumnName(source, column), step.name))

    def _call(self, step: Step, call: Call) -> None:
        try:
            function = (
                resolve_function(call.function, self._allowed)
                if isinstance(call.function, str)
                else call.function
            )
        except OdibiError:
            self._unknown(step, "the step has a mistake")
            return
        self._flow(step)
        for output, key in step.outputs.items():
            said = declared_origins(function, output, step.outputs)
            if said is None:
                self._found.unknown[self._inner(key)] = FUNCTION
            else:
                self._declared(step, said, self._inner(key))

    def _declared(self, step: Step, said: Origins, target: DatasetName) -> None:
        """Take a function at its word."""
        inputs = {alias: self._found.columns.get(self._inner(key)) for alias, key in step.inputs.items()}
        columns: dict[str, str] = {}
        for alias in said.kept(inputs):
            if inputs[alias] is None:
                self._found.unknown[target] = NO_COLUMNS
            for column, type_ in (inputs[alias] or {}).items():
                columns[column] = type_
                self._found.origins[ColumnName(target, column)] = [
                    (ColumnName(self._inner(step.inputs[alias]), column), step.name)
                ]
        for column, made_of in said.columns.items():
            columns[column] = ""
            name, sources = ColumnName(target, column), [source_of(text, inputs) for text in made_of]
            if None in sources:
                self._found.unknown[name] = NOT_THERE
            self._found.origins[name] = [
                (ColumnName(self._inner(step.inputs[source[0]]), source[1]), step.name)
                for source in sources
                if source is not None
            ]
        self._found.columns[target] = self._found.columns.get(target) or columns

    def _query(self, step: Step, sql: str) -> None:
        schemas = {alias: self._schema(key) for alias, key in step.inputs.items()}
        known = {alias: schema for alias, schema in schemas.items() if schema is not None}
        try:
            origins = column_lineage(sql, known) if len(known) == len(schemas) else None
        except OdibiError:
            origins = None
        if origins is None:
            self._unknown(step, NO_COLUMNS if len(known) < len(schemas) else UNREADABLE)
            return
        self._flow(step)
        for key in step.outputs.values():
            target = self._inner(key)
            if self._found.columns[target] is None:
                self._found.columns[target] = dict.fromkeys(origins, "")
            for column in self._found.columns[target] or origins:
                name = ColumnName(target, column)
                made_of = origins.get(column)
                if made_of is None:
                    self._found.unknown[name] = UNREADABLE
                    continue
                edges = [
                    (ColumnName(self._inner(step.inputs[alias]), source), step.name)
                    for alias, source in made_of
                ]
                self._found.origins[name] = edges

    def _unknown(self, step: Step, why: str) -> None:
        self._flow(step)
        for key in step.outputs.values():
            self._found.unknown[self._inner(key)] = why

    def _flow(self, step: Step) -> None:
        for given in step.outputs.values():
            for taken in step.inputs.values():
                self._found.flows.append(
                    Flow(self._pipeline, step.name, self._inner(taken), self._inner(given))
                )
