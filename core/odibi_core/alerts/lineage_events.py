"""A run as OpenLineage tells of it: a job for the pipeline, and one for each step that ran."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from odibi_core.alerts.lineage_checks import tested_datasets
from odibi_core.alerts.lineage_names import DatasetNames, Name
from odibi_core.errors import OdibiError
from odibi_core.journal.record import RunRecord, RunState
from odibi_core.schema import Schema
from odibi_core.sql.analysis import column_lineage
from odibi_core.step import NodeKind, StepType
from odibi_core.workspace import Workspace

if TYPE_CHECKING:
    from openlineage.client.event_v2 import InputDataset, OutputDataset, RunEvent
    from openlineage.client.facet_v2 import DatasetFacet, JobFacet, RunFacet

PRODUCER = "https://pypi.org/project/odibi-studio"
_ENDS = {
    RunState.SUCCESS: "COMPLETE",
    RunState.FAILED: "FAIL",
    RunState.LOST: "FAIL",
    RunState.CANCELLED: "ABORT",
}
STEP_ENDS = {"success": "COMPLETE", "cached": "COMPLETE", "failed": "FAIL", "cancelled": "ABORT"}


def lineage_events(workspace: Workspace, record: RunRecord, namespace: str) -> Iterator[RunEvent]:
    """What began and what ended in a run that has ended: the pipeline before and after its steps.

    The same run has the same ids each time.

    Args:
        workspace: Where it ran.
        record: The run.
        namespace: Of the jobs, and of datasets between steps.
    """
    story = RunStory(workspace, record, namespace)
    steps = _steps(record)
    began = record.start_time or record.queued_time or record.end_time
    sources = distinct(
        name for step in steps for name in story.inputs(step) if step["kind"] == NodeKind.INGEST
    )
    targets = distinct(name for step in steps for name in story.outputs(step) if step["written"])
    yield story.event("START", began, None, sources, [])
    for step in steps:
        if (end := STEP_ENDS.get(step["status"])) is not None:
            ended = step["end_time"] or record.end_time
            inputs = story.inputs(step)
            yield story.event("START", step["start_time"] or ended, step, inputs, [])
            yield story.event(end, ended, step, inputs, story.outputs(step))
        if step["expectations"]:
            yield from story.tested(step, step["end_time"] or record.end_time)
    yield story.event(_ENDS.get(record.state, "OTHER"), record.end_time or began, None, sources, targets)


class RunStory:
    """Makes the events of one run.

    Args:
        workspace: Where it runs.
        record: The run.
        namespace: Of the jobs, and of datasets between steps.
    """

    def __init__(self, workspace: Workspace, record: RunRecord, namespace: str) -> None:
        self._record, self._namespace = record, namespace
        self._names = DatasetNames(workspace, record, namespace)

    def event(
        self,
        kind: str,
        time: str,
        step: Mapping[str, Any] | None,
        inputs: list[InputDataset],
        outputs: list[OutputDataset],
    ) -> RunEvent:
        """Something that happened to a step, or to the pipeline where it is None."""
        from openlineage.client.event_v2 import Job, Run, RunEvent
        from openlineage.client.event_v2 import RunState as EventType

        name = step["step_name"] if step else ""
        return RunEvent(
            eventTime=time,
            eventType=EventType[kind],
            run=Run(self._run_id(name), self._run_facets(kind, step)),
            job=Job(self._namespace, self._job(name), _job_facets(step)),
            inputs=inputs,
            outputs=outputs,
            producer=PRODUCER,
        )

    def inputs(self, step: Mapping[str, Any]) -> list[InputDataset]:
        """What a step took."""
        from openlineage.client.event_v2 import InputDataset

        if step["kind"] == NodeKind.INGEST:
            source = self._names.source(step)
            return [InputDataset(*source, facets=_columns(step["after_snapshot"]))] if source else []
        return [
            InputDataset(*self._names.inner(key), facets=_columns(step["input_snapshots"].get(port)))
            for port, key in step["inputs"].items()
        ]

    def outputs(self, step: Mapping[str, Any]) -> list[OutputDataset]:
        """What a step made."""
        if step["written"]:
            name, snapshot, rows = (
                self._names.target(step),
                step["before_snapshot"],
                step["written"].get("rows"),
            )
            return [_output(name, snapshot, rows, self._origins(step))] if name else []
        origins, found = self._origins(step), []
        for port, key in step["outputs"].items():
            snapshot = step["output_snapshots"].get(port)
            is_counted = snapshot and snapshot["row_count_scope"] == "exact"
            rows = snapshot["row_count"] if is_counted else None
            found.append(_output(self._names.inner(key), snapshot, rows, origins))
        return found

    def tested(self, step: Mapping[str, Any], time: str) -> Iterator[RunEvent]:
        """That expectations looked at what a step made: a job of its own, so that no step reads itself."""
        names = {port: self._names.inner(key) for port, key in step["outputs"].items()}
        datasets, has_failed = tested_datasets(step["expectations"], names)
        about = {**step, "step_name": f"{step['step_name']}.expectations", "kind": "test", "type": ""}
        yield self.event("START", time, about, datasets, [])
        yield self.event("FAIL" if has_failed else "COMPLETE", time, about, datasets, [])

    def _run_id(self, step_name: str) -> str:
        # OpenLineage takes only UUIDs.
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"odibi:{self._record.run_id}/{step_name}"))

    def _job(self, step_name: str) -> str:
        pipeline = self._record.pipeline_name
        return f"{pipeline}.{step_name}" if step_name else pipeline

    def _run_facets(self, kind: str, step: Mapping[str, Any] | None) -> dict[str, RunFacet]:
        from openlineage.client.facet_v2 import error_message_run, parent_run

        found: dict[str, RunFacet] = {}
        error = step["error_message"] if step else self._record.error_message or self._record.reason
        if step:
            found["parent"] = parent_run.ParentRunFacet(
                parent_run.Run(self._run_id("")), parent_run.Job(self._namespace, self._job(""))
            )
        if error and kind in ("FAIL", "ABORT"):
            found["errorMessage"] = error_message_run.ErrorMessageRunFacet(error, "PYTHON")
        return found

    def _origins(self, step: Mapping[str, Any]) -> dict[str, list[tuple[Name, str]]]:
        """Output column → the columns of inputs that it is made of, as far as anybody can tell."""
        named = {port: self._names.inner(key) for port, key in step["inputs"].items()}
        if step["kind"] == NodeKind.INGEST or step["written"]:
            snapshot = step["after_snapshot"] or step["before_snapshot"]
            source = self._names.source(step) if not named else next(iter(named.values()))
            return (
                {column: [(source, column)] for column in snapshot["schema"]} if source and snapshot else {}
            )
        snapshots = {port: step["input_snapshots"].get(port) for port in named}
        if step["type"] != StepType.SQL or step["engine"] != "pandas" or None in snapshots.values():
            return {}
        schemas = {port: Schema.of(snapshot["schema"].items()) for port, snapshot in snapshots.items()}
        try:
            found = column_lineage(str(step["value"]), schemas)
        except OdibiError:
            return {}
        return {column: [(named[port], source) for port, source in made] for column, made in found.items()}


def _steps(record: RunRecord) -> list[dict[str, Any]]:
    """The steps as the run's lineage tells of them; none where the run did not come to write it."""
    try:
        return list(json.loads((record.run_dir / "lineage.json").read_text(encoding="utf-8"))["steps"])
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _job_facets(step: Mapping[str, Any] | None) -> dict[str, JobFacet]:
    from openlineage.client.facet_v2 import job_type_job, sql_job

    job_type = step["kind"] if step else "pipeline"
    found: dict[str, JobFacet] = {
        "jobType": job_type_job.JobTypeJobFacet("BATCH", "ODIBI", str(job_type).upper())
    }
    if step and step["type"] == StepType.SQL:
        found["sql"] = sql_job.SQLJobFacet(str(step["value"]))
    return found


def _output(
    name: Name,
    snapshot: Mapping[str, Any] | None,
    rows: int | None,
    origins: Mapping[str, list[tuple[Name, str]]],
) -> OutputDataset:
    from openlineage.client.event_v2 import OutputDataset
    from openlineage.client.facet_v2 import column_lineage_dataset as lineage
    from openlineage.client.facet_v2 import output_statistics_output_dataset as statistics

    about = _columns(snapshot)
    if any(origins.values()):
        about["columnLineage"] = lineage.ColumnLineageDatasetFacet(
            {
                column: lineage.Fields([lineage.InputField(*source, field) for source, field in made])
                for column, made in origins.items()
                if made
            }
        )
    made = OutputDataset(*name, facets=about)
    if rows is not None:
        made.outputFacets = {"outputStatistics": statistics.OutputStatisticsOutputDatasetFacet(rowCount=rows)}
    return made


def _columns(snapshot: Mapping[str, Any] | None) -> dict[str, DatasetFacet]:
    from openlineage.client.facet_v2 import schema_dataset as facet

    if not snapshot:
        return {}
    columns = snapshot["schema"].items()
    return {
        "schema": facet.SchemaDatasetFacet([facet.SchemaDatasetFacetFields(*column) for column in columns])
    }


def distinct(datasets: Iterator[Any]) -> list[Any]:
    """The datasets, each name once."""
    return list({(dataset.namespace, dataset.name): dataset for dataset in datasets}.values())
