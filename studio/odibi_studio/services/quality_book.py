"""What expectations found in the runs of a workspace, and the rows that were set aside."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from odibi_core.engines.scratch import Scratch
from odibi_core.errors import OdibiError
from odibi_core.expectations.measuring import ROW
from odibi_core.quality.history import PastResult, QualityHistory
from odibi_core.quality.mending import read_mended
from odibi_core.quality.quarantine import SetAside
from odibi_core.quarantine_desk import QuarantineDesk
from odibi_core.schema import quote
from odibi_core.workspace import Workspace

if TYPE_CHECKING:
    import pyarrow as pa

MOST_SHOWN = 1_000
_START = "import sys; from odibi_core.cli import main; sys.exit(main())"


class QualityBook:
    """The quality of what a workspace's pipelines make.

    Args:
        workspace: Whose runs.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._history = QualityHistory(workspace)
        self._desk = QuarantineDesk(workspace)

    def latest(self) -> list[PastResult]:
        """The newest result of each expectation.

        Raises:
            WorkspaceError: They can't be read.
        """
        return self._history.latest()

    def history(self, result: PastResult, count: int) -> list[PastResult]:
        """What became of the same expectation in the runs up to now, the latest first."""
        return self._history.results(result.pipeline, result.step, result.name, limit=count)

    def sets(self, *, only_open: bool) -> list[SetAside]:
        """The rows that runs set aside, the latest first.

        Raises:
            WorkspaceError: They can't be read.
        """
        return self._desk.quarantine.sets(only_open=only_open)

    def form(self, rows: SetAside) -> list[dict[str, str | None]]:
        """The open rows of a set, every value as text, as far as they are shown.

        Raises:
            OdibiError: They can't be read, or the pipeline is gone or wrong.
        """
        return _as_texts(self._desk.form(rows, limit=MOST_SHOWN))

    def obstacle(self, rows: SetAside) -> OdibiError | None:
        """Why a replay of these rows would be refused as the pipeline is now; None where it would not."""
        try:
            self._desk.check(rows)
        except OdibiError as error:
            return error
        return None

    def replay(self, rows: SetAside, mended: Sequence[Mapping[str, Any]]) -> str:
        """What became of mended rows, which go into the pipeline in a process of their own.

        Args:
            rows: The set.
            mended: Those of its rows that go, each with its number and the columns of the output as text.

        Raises:
            OdibiError: They don't fit the output, the pipeline can't take them, or their run did not succeed.
        """
        import pyarrow.parquet as pq

        self._desk.check(rows)
        columns = self._desk.columns(rows)
        table = _table(mended, columns.names)
        # A mistake is told by row and column before anything runs.
        read_mended(table, columns)
        scratch = Scratch(self._workspace.scratch, "mended")
        try:
            file = scratch.path / "mended.parquet"
            pq.write_table(table, file)
            command = [sys.executable, "-P", "-c", _START, "-w", str(self._workspace.root)]
            done = subprocess.run(  # noqa: S603 - it runs odibi itself
                [*command, "quarantine", "replay", str(rows.number), str(file), *_force(rows)],
                cwd=self._workspace.root,
                env={**os.environ, "NO_COLOR": "1"},
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
            )
        finally:
            scratch.close()
        said = " ".join((done.stdout if done.returncode == 0 else done.stderr or done.stdout).split())
        if done.returncode != 0:
            raise OdibiError(
                f"the replay did not succeed: {said[-400:]}",
                where=f"set {rows.number}",
                fix="see its run on the page of runs; if it began to write, `odibi quarantine again` goes on "
                "with these rows, else they are open again",
            )
        return said

    def discard(self, rows: SetAside, numbers: Sequence[int]) -> int:
        """How many open rows are settled now without going anywhere.

        Raises:
            OdibiError: One was settled meanwhile.
        """
        return self._desk.quarantine.discard(rows, numbers)


def _force(rows: SetAside) -> list[str]:
    return [] if rows.is_good else ["--force"]


def _table(mended: Sequence[Mapping[str, Any]], names: Sequence[str]) -> pa.Table:
    import pyarrow as pa

    numbers = pa.array([int(row[ROW]) for row in mended], pa.int64())
    texts = {name: pa.array([row.get(name) for row in mended], pa.string()) for name in names}
    return pa.table({ROW: numbers, **texts})


def _as_texts(table: pa.Table) -> list[dict[str, str | None]]:
    import duckdb

    with duckdb.connect(":memory:", config={"python_enable_replacements": "false"}) as database:
        database.execute("SET TimeZone = 'UTC'")
        database.register("found", table)
        listed = ", ".join(f"CAST({quote(name)} AS VARCHAR) AS {quote(name)}" for name in table.column_names)
        rows: list[dict[str, str | None]] = (
            database.sql(f"SELECT {listed} FROM found").to_arrow_table().to_pylist()
        )
    return rows
