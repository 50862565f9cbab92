"""What a run gave, as tables to see and to take along."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odibi_core.errors import OdibiError
from odibi_core.formats.registry import format_named
from odibi_core.journal.record import RunRecord
from odibi_core.pipeline import Pipeline
from odibi_core.preview import Preview, preview_step
from odibi_core.step import NodeKind, Step
from odibi_core.workspace import Workspace
from odibi_studio.services.cells import cells
from odibi_studio.services.runs.health import RunFacts

if TYPE_CHECKING:
    import pyarrow as pa

_READ = "read"
_SHARED = ("connection",)


@dataclass(frozen=True, slots=True)
class Result:
    """A dataset that a run gave.

    Attributes:
        name: What it is called: of a file or folder its name, else the place or the dataset's key.
        place: Where the run wrote it; "" where it only kept the first rows.
        row_count: How many rows it has; None where that is not known.
        since: A later run that wrote there, too, and when; "" where there is none.
        step: Reads it back; None where it can't be.
        sample: The first rows that the run kept, where nothing was written.
    """

    name: str
    place: str
    row_count: int | None
    since: str = ""
    step: Step | None = None
    sample: tuple[Mapping[str, Any], ...] = ()

    @property
    def file(self) -> Path | None:
        """The file that can be taken along as it is; None where it is none."""
        path = Path(self.place)
        return path if self.place and path.is_file() else None


def results_of(record: RunRecord, lineage: Mapping[str, Any], written_since: list[RunFacts]) -> list[Result]:
    """What a run gave: what it wrote or, where it wrote nothing, the first rows of what no step took.

    Args:
        record: The run.
        lineage: What its steps took and gave.
        written_since: Later runs.
    """
    later = {
        target.place: f"{facts.record.pipeline_name}, run {facts.record.run_id}"
        for facts in reversed(written_since)
        if facts.record.asked_time > record.asked_time
        for target in facts.targets
    }
    written = [
        _written(entry, later)
        for entry in lineage["steps"]
        if entry["kind"] in (NodeKind.STORE, NodeKind.PUBLISH) and entry["written"].get("path")
    ]
    return written or list(_untaken(lineage))


def read_result(
    result: Result, pipeline: Pipeline, parameters: Mapping[str, Any], workspace: Workspace, rows: int
) -> Preview:
    """The first rows of what a run wrote, as they are now.

    Args:
        result: What is read.
        pipeline: What ran.
        parameters: The values that it ran with.
        workspace: The workspace.
        rows: How many rows at the most.

    Raises:
        OdibiError: It can't be read, or is not there any more.
    """
    if result.step is None:
        raise OdibiError("this can't be read back", where=result.place)
    reading = Pipeline(pipeline.name, [result.step], parameters=pipeline.parameters)
    declared = {name: value for name, value in parameters.items() if name in pipeline.parameters}
    return preview_step(reading, _READ, rows=rows, workspace=workspace, parameters=declared)


def csv_bytes(table: pa.Table) -> bytes:
    """The rows as CSV, with a mark by which spreadsheets know that it is UTF-8."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(table.column_names)
    writer.writerows(cells(table))
    return text.getvalue().encode("utf-8-sig")


def _written(entry: Mapping[str, Any], later: Mapping[str, str]) -> Result:
    written = entry["written"]
    place = str(written["path"])
    return Result(
        place.rpartition("/")[2] or place,
        place,
        (entry["after_snapshot"] or {}).get("row_count"),
        later.get(place, ""),
        _reader(entry, written, place),
    )


def _reader(entry: Mapping[str, Any], written: Mapping[str, Any], place: str) -> Step | None:
    params = entry["params"] or {}
    format_ = format_named(written["format"])
    if not format_.abilities.read:
        return None
    taken = {*_SHARED, *format_.read_options.model_fields}
    kept = {name: value for name, value in params.items() if name in taken}
    if "connection" in kept:
        return Step("ingest", _READ, "config_op", "", entry["value"], kept, outputs={"data": "result"})
    kept["source_type"] = format_.name
    return Step("ingest", _READ, "config_op", "", place, kept, outputs={"data": "result"})


def _untaken(lineage: Mapping[str, Any]) -> Iterator[Result]:
    taken = {key for entry in lineage["steps"] for key in entry["inputs"].values()}
    for entry in lineage["steps"]:
        for port, snapshot in entry["output_snapshots"].items():
            key = entry["outputs"].get(port, port)
            if key not in taken:
                yield Result(key, "", snapshot["row_count"], sample=tuple(snapshot["sample"]))
