"""The rows between the steps of a run, and samples of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from odibi_core.errors import OdibiError, UnknownNameError
from odibi_core.graph.steps import StepGraph
from odibi_core.journal.record import RunRecord
from odibi_core.pipeline import Pipeline
from odibi_studio.messages import Column
from odibi_studio.run_messages import EdgeRun, RunGrid, RunSamples
from odibi_studio.services.runs.book import OpenRun


def edge_runs(
    record: RunRecord, pipeline: Pipeline | None, lineage: Mapping[str, Any] | None
) -> list[EdgeRun]:
    """The datasets between the steps, with their rows as far as they are known."""
    if pipeline is None:
        return []
    counts = row_counts(record, pipeline, lineage)
    return [
        EdgeRun(
            source=edge.source, target=edge.target, dataset=edge.dataset, row_count=counts.get(edge.dataset)
        )
        for edge in StepGraph(pipeline.steps).edges
    ]


def samples(run: OpenRun, step: str) -> RunSamples:
    """The first rows of what a step took and gave.

    Raises:
        OdibiError: The run has not ended, or kept nothing of its data.
        UnknownNameError: It has no such step.
    """
    lineage = run.lineage()
    if lineage is None:
        run.reader.record()
        ended = not run.reader.is_attended()
        raise OdibiError(
            "the run kept no rows" if ended else "the rows of the run are there once it has ended",
            where=f"run {run.run_dir.name}",
            fix="run it with the tracker on" if ended else "wait until it ends",
        )
    known = {entry["step_name"]: entry for entry in lineage["steps"]}
    entry = known.get(step)
    if entry is None:
        raise UnknownNameError.of("step", step, known, where=f"run {run.run_dir.name}")
    return RunSamples(
        step=step,
        inputs=[_grid(port, entry["inputs"], taken) for port, taken in entry["input_snapshots"].items()],
        outputs=[_grid(port, entry["outputs"], given) for port, given in entry["output_snapshots"].items()],
    )


def row_counts(
    record: RunRecord, pipeline: Pipeline, lineage: Mapping[str, Any] | None
) -> dict[str, int | None]:
    """Dataset → rows. A running step tells of its first output alone; lineage knows all of them."""
    counts: dict[str, int | None] = {}
    for step in pipeline.steps:
        progress = record.steps.get(step.name)
        for dataset in list(step.outputs.values())[:1]:
            counts[dataset] = progress.row_count if progress else None
    return counts | (given_rows(lineage) if lineage else {})


def given_rows(lineage: Mapping[str, Any]) -> dict[str, int | None]:
    """Dataset → rows, as lineage tells of every output."""
    return {
        entry["outputs"][port]: snapshot["row_count"]
        for entry in lineage["steps"]
        for port, snapshot in entry["output_snapshots"].items()
        if port in entry["outputs"]
    }


def _grid(port: str, datasets: Mapping[str, str], snapshot: Mapping[str, Any]) -> RunGrid:
    columns = [Column(name=name, type=type_) for name, type_ in snapshot["schema"].items()]
    return RunGrid(
        port=port,
        dataset=datasets.get(port, ""),
        columns=columns,
        rows=[[row.get(column.name) for column in columns] for row in snapshot["sample"]],
        row_count=snapshot["row_count"],
        note=snapshot.get("sample_scope", ""),
    )
