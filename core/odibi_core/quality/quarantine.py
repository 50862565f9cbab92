"""Rows that runs set aside: which there are, what is in them, and what became of each.

The rows themselves are in the folders of the runs, `rejects/<step>.parquet` those that broke an expectation
and `rejects/<step>.csv` those that could not be read. A row that was replayed or discarded stays there; that
it was is written down once, under its file and its number.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odibi_core.errors import OdibiError, SourceError
from odibi_core.expectations.measuring import ROW
from odibi_core.late_dataclass import dataclass
from odibi_core.quality.database import open_quality
from odibi_core.schema import literal
from odibi_core.timestamps import now
from odibi_core.workspace import Workspace

if TYPE_CHECKING:
    import pyarrow as pa

DISCARDED = "discarded"


class ReplayState(StrEnum):
    """How a replay stands."""

    BEGUN = "begun"
    """Its rows are its own; a run of it is under way, or died."""
    WRITING = "writing"
    """A run of it began to write: its rows stay its own, and what it has written counts."""
    DONE = "done"
    ABANDONED = "abandoned"
    """It did not end well, and its rows are open again."""


OVER = (ReplayState.DONE, ReplayState.ABANDONED)
"""How a replay stands that is not gone on with."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """The rows that one step of one run set aside.

    Attributes:
        number: Names the set.
        place: Its file, relative to the folder of runs.
        run_id: The run.
        pipeline: Its pipeline.
        step: The step.
        output: The output that they were taken out of; "" of rows that could not be read.
        kind: "expectation" or "unreadable".
        row_count: How many rows there are.
        open_rows: How many of them were neither replayed nor discarded.
        reasons: Expectation → rows that broke it.
        is_good: Whether the run succeeded: the rows of another come again with the next run.
        moment: When the run ended, UTC, ISO 8601.
    """

    number: int
    place: str
    run_id: str
    pipeline: str
    step: str
    output: str
    kind: str
    row_count: int
    open_rows: int
    reasons: Mapping[str, int]
    is_good: bool
    moment: str


@dataclass(frozen=True, slots=True)
class Replay:
    """Mended rows that went, or are to go, into the pipeline again.

    Attributes:
        replay_id: Names it; its rows are in the file of that name.
        place: The set's file.
        state: How it stands.
        run_id: The last run that took them, or "".
        row_count: How many rows.
        moment: When it began, UTC, ISO 8601.
    """

    replay_id: str
    place: str
    state: ReplayState
    run_id: str
    row_count: int
    moment: str


class Quarantine:
    """The rows that the runs of a workspace set aside.

    Args:
        workspace: Whose runs.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def sets(
        self, pipeline: str = "", step: str = "", *, only_open: bool = False, limit: int = 1000
    ) -> list[SetAside]:
        """The sets, the latest first.

        Args:
            pipeline: Of this pipeline; "" takes all.
            step: Of this step; "" takes all.
            only_open: Whether only those that hold rows to which nothing happened yet.
            limit: How many at the most.

        Raises:
            WorkspaceError: They can't be read.
        """
        given = {column: value for column, value in (("pipeline", pipeline), ("step", step)) if value}
        conditions = ["row_count > settled" if only_open else "TRUE", *(f"{name} = ?" for name in given)]
        query = f"SELECT * FROM ({_SETS}) WHERE {' AND '.join(conditions)} ORDER BY number DESC LIMIT ?"
        with open_quality(self._workspace) as database:
            rows = database.execute(query, [*given.values(), limit]).fetchall()
        return [_set(row) for row in rows]

    def find(self, number: int) -> SetAside:
        """The set of that number.

        Raises:
            OdibiError: There is none.
        """
        with open_quality(self._workspace) as database:
            row = database.execute(f"SELECT * FROM ({_SETS}) WHERE number = ?", [number]).fetchone()
        if row is None:
            raise OdibiError(
                f"there is no set of rows {number}", fix="list them: odibi quarantine list --all"
            )
        return _set(row)

    def path(self, rows: SetAside) -> Path:
        """The file of a set."""
        return self._workspace.runs / rows.place

    def rows(self, rows: SetAside, *, limit: int | None = None, with_settled: bool = False) -> pa.Table:
        """The rows of a set: `ROW`, then their columns, then why they were set aside.

        Args:
            rows: The set.
            limit: How many at the most.
            with_settled: Whether those too that were replayed or discarded.

        Raises:
            SourceError: The file is gone, or can't be read.
        """
        from odibi_core import late_duckdb as duckdb

        path = self.path(rows)
        if not path.is_file():
            raise SourceError("the file of the rows is gone", where=str(path))
        settled = sorted(self.settled(rows)) if not with_settled else []
        number = f"row_number() OVER () AS {ROW}"
        source = (
            f"SELECT file_row_number + 1 AS {ROW}, * EXCLUDE (file_row_number) "
            f"FROM read_parquet({literal(str(path))}, file_row_number = true)"
            if path.suffix == ".parquet"
            else f"SELECT {number}, * FROM read_csv({literal(str(path))}, all_varchar = true, "
            "parallel = false)"
        )
        where = f"WHERE {ROW} NOT IN ({', '.join(map(str, settled))})" if settled else ""
        end = f"LIMIT {limit}" if limit is not None else ""
        try:
            with duckdb.connect(":memory:", config={"python_enable_replacements": "false"}) as database:
                database.execute("SET TimeZone = 'UTC'")
                return database.sql(f"FROM ({source}) {where} ORDER BY {ROW} {end}").to_arrow_table()
        except duckdb.Error as error:
            raise SourceError(
                f"the rows can't be read: {str(error).splitlines()[0]}", where=str(path)
            ) from error

    def settled(self, rows: SetAside) -> dict[int, str]:
        """Row → the replay that took it, or "discarded"."""
        with open_quality(self._workspace) as database:
            found = database.execute(
                "SELECT row, replay_id FROM settled_rows WHERE place = ?", [rows.place]
            ).fetchall()
        return {row["row"]: row["replay_id"] for row in found}

    def discard(self, rows: SetAside, numbers: Iterable[int]) -> int:
        """How many rows nobody will replay from now on.

        Raises:
            OdibiError: A row was replayed or discarded already, or there is none of that number.
        """
        return self._settle(rows, list(numbers), DISCARDED)

    def begin(self, rows: SetAside, numbers: Sequence[int], replay_id: str) -> None:
        """Have rows belong to a replay, and to no other.

        Raises:
            OdibiError: A row was replayed or discarded already, or there is none of that number.
        """
        self._settle(rows, numbers, replay_id)

    def note_run(self, replay_id: str, run_id: str, state: ReplayState) -> None:
        """Write down which run took the rows of a replay, and whether it is done."""
        with open_quality(self._workspace) as database:
            database.execute(
                "UPDATE replays SET run_id = ?, state = ? WHERE replay_id = ?",
                [run_id, state.value, replay_id],
            )

    def abandon(self, replay_id: str, run_id: str) -> None:
        """Have the rows of a replay that wrote nothing be open again."""
        with open_quality(self._workspace) as database:
            database.execute("DELETE FROM settled_rows WHERE replay_id = ?", [replay_id])
            database.execute(
                "UPDATE replays SET run_id = ?, state = ? WHERE replay_id = ?",
                [run_id, ReplayState.ABANDONED.value, replay_id],
            )

    def replays(self, rows: SetAside | None = None) -> list[Replay]:
        """The replays, of a set where one is given, the latest first."""
        where, values = ("WHERE place = ?", [rows.place]) if rows is not None else ("", [])
        with open_quality(self._workspace) as database:
            found = database.execute(f"SELECT * FROM replays {where} ORDER BY moment DESC", values).fetchall()
        return [Replay(**{**dict(row), "state": ReplayState(row["state"])}) for row in found]

    def _settle(self, rows: SetAside, numbers: Sequence[int], replay_id: str) -> int:
        wrong = [number for number in numbers if not 1 <= number <= rows.row_count]
        if wrong:
            raise OdibiError(
                f"the set {rows.number} has no row {wrong[0]}",
                fix=f"its rows are numbered from 1 to {rows.row_count}",
            )
        with open_quality(self._workspace) as database:
            for number in numbers:
                try:
                    database.execute(
                        "INSERT INTO settled_rows (place, row, replay_id) VALUES (?, ?, ?)",
                        [rows.place, number, replay_id],
                    )
                except sqlite3.IntegrityError:
                    raise self._taken(database, rows, number) from None
            if replay_id != DISCARDED:
                database.execute(
                    "INSERT INTO replays (replay_id, place, state, run_id, row_count, moment) "
                    "VALUES (?, ?, 'begun', '', ?, ?)",
                    [replay_id, rows.place, len(numbers), now()],
                )
        return len(numbers)

    def _taken(self, database: sqlite3.Connection, rows: SetAside, number: int) -> OdibiError:
        (replay_id,) = database.execute(
            "SELECT replay_id FROM settled_rows WHERE place = ? AND row = ?", [rows.place, number]
        ).fetchone()
        what = "was discarded" if replay_id == DISCARDED else f"belongs to the replay {replay_id}"
        return OdibiError(
            f"row {number} of the set {rows.number} {what} already",
            fix="leave it out; odibi quarantine show tells which rows are open",
        )


_SETS = (
    "SELECT set_aside.*, (SELECT count(*) FROM settled_rows WHERE settled_rows.place = set_aside.place) "
    "AS settled FROM set_aside"
)


def _set(row: Any) -> SetAside:
    return SetAside(
        row["number"],
        row["place"],
        row["run_id"],
        row["pipeline"],
        row["step"],
        row["output"],
        row["kind"],
        row["row_count"],
        row["row_count"] - row["settled"],
        json.loads(row["reasons"]),
        bool(row["is_good"]),
        row["moment"],
    )
