"""What expectations found over many runs, and what the outputs of steps were in the good ones."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from odibi_core.expectations.judging import GoodRun
from odibi_core.expectations.results import ResultState
from odibi_core.late_dataclass import dataclass
from odibi_core.quality.database import open_quality
from odibi_core.schema import Schema
from odibi_core.workspace import Workspace


@dataclass(frozen=True, slots=True)
class PastResult:
    """What became of an expectation in one run.

    Attributes:
        run_id: The run.
        pipeline: Its pipeline.
        step: The step.
        name: The expectation's name.
        check: Its kind.
        state: How it was met.
        rows: Rows that it looked at.
        offending_rows: Rows that broke it; None where it is not about single rows.
        message: What was found; "" where all was well.
        observed: Further figures, by name.
        moment: When the run ended, UTC, ISO 8601.
    """

    run_id: str
    pipeline: str
    step: str
    name: str
    check: str
    state: ResultState
    rows: int
    offending_rows: int | None
    message: str
    observed: Mapping[str, Any]
    moment: str


class QualityHistory:
    """Reads what runs of a workspace found.

    Args:
        workspace: Whose runs.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def results(
        self, pipeline: str = "", step: str = "", name: str = "", *, limit: int = 1000
    ) -> list[PastResult]:
        """Results, the latest first.

        Args:
            pipeline: Of this pipeline; "" takes all.
            step: Of this step; "" takes all.
            name: Of this expectation; "" takes all.
            limit: How many at the most.

        Raises:
            WorkspaceError: They can't be read.
        """
        wanted = {"pipeline": pipeline, "step": step, "name": name}
        where, values = _where(wanted)
        with open_quality(self._workspace) as database:
            rows = database.execute(
                f"SELECT * FROM results {where} ORDER BY number DESC LIMIT ?",
                [*values, limit],
            ).fetchall()
        return [_result(row) for row in rows]

    def latest(self, pipeline: str = "") -> list[PastResult]:
        """The latest result of each expectation, by pipeline and step.

        Raises:
            WorkspaceError: They can't be read.
        """
        where, values = _where({"pipeline": pipeline})
        with open_quality(self._workspace) as database:
            rows = database.execute(
                "SELECT * FROM results WHERE number IN (SELECT max(number) FROM results "
                f"{where} GROUP BY pipeline, step, name) ORDER BY pipeline, step, number",
                values,
            ).fetchall()
        return [_result(row) for row in rows]

    def good_runs(
        self, pipeline: str, step: str, output: str, limit: int, *, variant: str | None = None
    ) -> list[GoodRun]:
        """What an output of a step was in the runs that succeeded, the latest first.

        Args:
            pipeline: The pipeline.
            step: The step.
            output: The output's name inside the step.
            limit: How many at the most.
            variant: Only of runs with these parameters (see `variant_of`); None takes all.

        Raises:
            WorkspaceError: It can't be read.
        """
        with open_quality(self._workspace) as database:
            rows = database.execute(
                "SELECT * FROM outputs WHERE pipeline = ? AND step = ? AND output = ? AND is_good = 1 "
                "AND coalesce(variant = ?, TRUE) ORDER BY number DESC LIMIT ?",
                [pipeline, step, output, variant, limit],
            ).fetchall()
        return [
            GoodRun(row["run_id"], row["row_count"], Schema.of(json.loads(row["columns"]))) for row in rows
        ]


def _where(wanted: Mapping[str, str]) -> tuple[str, Sequence[str]]:
    given = {column: value for column, value in wanted.items() if value}
    clause = " AND ".join(f"{column} = ?" for column in given)
    return (f"WHERE {clause}" if clause else ""), list(given.values())


def _result(row: Any) -> PastResult:
    return PastResult(
        row["run_id"],
        row["pipeline"],
        row["step"],
        row["name"],
        row["kind"],
        ResultState(row["state"]),
        row["row_count"],
        row["offending_rows"],
        row["message"],
        json.loads(row["observed"]),
        row["moment"],
    )
