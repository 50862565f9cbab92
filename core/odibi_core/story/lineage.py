"""The lineage of a run as a story reads it: the JSON that `Tracker.export_lineage` writes, checked."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Literal

from odibi_core.dataset import CountScope
from odibi_core.errors import OdibiError
from odibi_core.events import NodeState
from odibi_core.model import AfterValidator, ConfigDict, Field, LateModel, mistakes_of

LINEAGE_FORMAT = 1
_SHOWN_PROBLEMS = 5
_EXPORT = "run the pipeline again, or write the file with tracker.export_lineage(path)"


def _in_utc(moment: dt.datetime) -> dt.datetime:
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)


Moment = Annotated[dt.datetime, AfterValidator(_in_utc)]


class _Record(LateModel):
    """Keys that are not named are left alone: a later version may add some."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class SnapshotRecord(_Record):
    """What a dataset looked like: see `odibi_core.dataset.Snapshot`."""

    columns: dict[str, str] = Field(default_factory=dict, alias="schema")
    row_count: int | None = None
    row_count_scope: CountScope = CountScope.UNKNOWN
    sample: list[dict[str, Any]] = Field(default_factory=list)
    sample_scope: str = ""


class TypeChange(_Record):
    """A column that stayed under another type."""

    old: str = Field(alias="from")
    new: str = Field(alias="to")


class SchemaDiffRecord(_Record):
    """What changed from a step's first input to its first output."""

    added: dict[str, str] = Field(default_factory=dict)
    removed: dict[str, str] = Field(default_factory=dict)
    changed: dict[str, TypeChange] = Field(default_factory=dict)


class ExpectationRecord(_Record):
    """What was found of an expectation: see `odibi_core.expectations.results`."""

    name: str
    check: str = ""
    state: str
    rows: int = 0
    offending_rows: int | None = None
    message: str = ""
    examples: list[dict[str, Any]] = Field(default_factory=list)

    @property
    def word(self) -> str:
        """How it was met, in a word or two."""
        return {
            "passed": "met",
            "warned": "warns",
            "failed": "fails",
            "quarantined": "set aside",
            "unmet": "unmet",
        }.get(self.state, self.state)


class StepRecord(_Record):
    """One step of a run, as the tracker saw it."""

    step_name: str
    layer: str
    kind: str | None
    status: NodeState
    type: str = ""
    engine: str = ""
    value: Any = None
    params: dict[str, Any] = Field(default_factory=dict)
    inputs: dict[str, str] = Field(default_factory=dict)
    outputs: dict[str, str] = Field(default_factory=dict)
    start_time: Moment | None = None
    end_time: Moment | None = None
    duration_ms: float | None = None
    duration_scope: Literal["step", "region"] = "step"
    region: str | int | None = None
    retry_count: int = 0
    error_message: str | None = None
    fix: str | None = None
    skipped_reason: str | None = None
    row_delta: int | None = None
    rejected_rows: int | None = 0
    rejects_path: str | None = None
    quarantined_rows: int | None = 0
    quarantine_path: str | None = None
    expectations: list[ExpectationRecord] = Field(default_factory=list)
    warnings: list[str] = Field(default_factory=list)
    written: dict[str, Any] | None = None
    before_snapshot: SnapshotRecord | None = None
    after_snapshot: SnapshotRecord | None = None
    input_snapshots: dict[str, SnapshotRecord | None] = Field(default_factory=dict)
    output_snapshots: dict[str, SnapshotRecord | None] = Field(default_factory=dict)
    schema_diff: SchemaDiffRecord | None = None

    @property
    def has_run(self) -> bool:
        """Whether the step did its work, now or in the run whose cached result it took."""
        return self.status in (NodeState.SUCCESS, NodeState.CACHED)

    @property
    def written_rows(self) -> int | None:
        """The rows that a store or publish step wrote; None where nobody counted."""
        rows = (self.written or {}).get("rows")
        if isinstance(rows, int):
            return rows
        return self.after_snapshot.row_count if self.after_snapshot else None


class EdgeRecord(_Record):
    """A dataset that goes from one step to another."""

    source: str = Field(alias="from")
    target: str = Field(alias="to")
    dataset: str = ""
    row_count: int | None = None


class ErrorRecord(_Record):
    """Why a run failed."""

    message: str
    step: str | None = None
    where: str | None = None
    fix: str | None = None


class Lineage(_Record):
    """A whole run."""

    format: int
    pipeline_name: str
    execution_id: str
    state: str
    start_time: Moment
    steps: list[StepRecord]
    edges: list[EdgeRecord]
    end_time: Moment | None = None
    total_duration_ms: float | None = None
    description: str | None = ""
    engine: str = ""
    tracking: str = ""
    parameters: dict[str, Any] = Field(default_factory=dict)
    error: ErrorRecord | None = None


def read_lineage(path: Path) -> Lineage:
    """The lineage that a file holds.

    Raises:
        OdibiError: The file is missing, not JSON, of another format version, or lacks keys.
    """
    where = str(path)
    data = _parse(_read_text(path), where)
    if not isinstance(data, dict) or "format" not in data:
        raise OdibiError("the file is not the lineage of a run: it has no 'format'", where=where, fix=_EXPORT)
    if data["format"] != LINEAGE_FORMAT:
        raise OdibiError(
            f"the lineage has format {data['format']!r}, and this version reads format {LINEAGE_FORMAT}",
            where=where,
            fix="make the story with the version that made the lineage, or run the pipeline again",
        )
    try:
        lineage = Lineage.model_validate(data)
    except ValueError as error:
        raise OdibiError(_describe(mistakes_of(error)), where=where, fix=_EXPORT) from error
    _check_names(lineage, where)
    return lineage


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise OdibiError("there is no such lineage file", where=str(path), fix=_EXPORT) from error
    except UnicodeDecodeError as error:
        raise OdibiError("the lineage file is not UTF-8 text", where=str(path), fix=_EXPORT) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise OdibiError(
            f"the lineage file can't be read: {reason}", where=str(path), fix="give the path of lineage.json"
        ) from error


def _parse(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise OdibiError(
            f"the lineage file is not JSON: {error.msg} (line {error.lineno}, column {error.colno})",
            where=where,
            fix=_EXPORT,
        ) from error
    except (ValueError, RecursionError) as error:
        raise OdibiError(f"the lineage file is not usable JSON: {error}", where=where, fix=_EXPORT) from error


def _describe(mistakes: list[Any]) -> str:
    problems = [
        f"{'.'.join(str(part) for part in problem['loc'])} "
        + ("is missing" if problem["type"] == "missing" else f"is wrong ({problem['msg']})")
        for problem in mistakes
    ]
    more = len(problems) - _SHOWN_PROBLEMS
    shown = "; ".join(problems[:_SHOWN_PROBLEMS]) + (f"; and {more} more" if more > 0 else "")
    return f"the lineage can't be read: {shown}"


def _check_names(lineage: Lineage, where: str) -> None:
    counts = Counter(step.step_name for step in lineage.steps)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        raise OdibiError(f"the lineage has two steps named {twice[0]!r}", where=where, fix=_EXPORT)
    for position, edge in enumerate(lineage.edges):
        for name in (edge.source, edge.target):
            if name not in counts:
                raise OdibiError(
                    f"edges.{position} names step {name!r}, which is not among the steps",
                    where=where,
                    fix=_EXPORT,
                )
