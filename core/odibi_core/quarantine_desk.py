"""Sends mended rows into their pipeline again, from the step that set them aside: each row once.

A replay first owns its rows, then runs, under a name of its own: what a run of it has written is not written
again by another try. So a process may die at any moment, and the replay is gone on with.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odibi_core.bound_columns import bound_schema
from odibi_core.design.pipeline_file import read_pipeline
from odibi_core.errors import OdibiError, PipelineInvalidError
from odibi_core.event_bus import EventBus
from odibi_core.expectations.measuring import REASONS, ROW
from odibi_core.graph.selection import select_steps
from odibi_core.journal.lease import hold_lease
from odibi_core.journal.order import RunOrder, Trigger, user_name
from odibi_core.journal.reader import JournalReader
from odibi_core.journal.repeating import kept_pipeline
from odibi_core.journal.writer import new_run_id
from odibi_core.orchestrator import Orchestrator
from odibi_core.pipeline import Pipeline
from odibi_core.quality.keeper import UNREADABLE
from odibi_core.quality.mending import REASON, TEXT, read_mended
from odibi_core.quality.quarantine import OVER, Quarantine, Replay, ReplayState, SetAside
from odibi_core.quality.replay_part import ReplayPart, check_targets, replaying, writes
from odibi_core.run_result import RunResult
from odibi_core.schema import Schema, literal
from odibi_core.workspace import Workspace

if TYPE_CHECKING:
    import pyarrow as pa

FOLDER = "quarantine"
_ORDER = b"odibi_order"


class QuarantineDesk:
    """Replays of a workspace.

    Args:
        workspace: Whose rows.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.quarantine = Quarantine(workspace)

    def columns(self, rows: SetAside) -> Schema:
        """The columns that mended rows of a set have.

        Raises:
            OdibiError: Only a run could tell, or the pipeline is gone or wrong.
        """
        return self._columns(rows, self._part(rows))

    def form(self, rows: SetAside, *, limit: int | None = None) -> pa.Table:
        """The open rows of a set as they are to be mended: `ROW`, why, and the columns of the output.

        Of rows that could not be read their text stands beside them, and its fields where they are as many.

        Raises:
            OdibiError: They can't be read, or the pipeline is gone or wrong.
        """
        import pyarrow as pa

        found = self.quarantine.rows(rows, limit=limit)
        if rows.kind != UNREADABLE:
            return found
        made = found.select([ROW, "reason", "text"]).rename_columns([ROW, REASON, TEXT])
        names = self.columns(rows).names
        fields = [_fields(text or "", len(names)) for text in made[TEXT].to_pylist()]
        for place, name in enumerate(names):
            if name not in made.column_names:
                made = made.append_column(name, pa.array([row[place] for row in fields], pa.string()))
        return made

    def check(self, rows: SetAside) -> None:
        """A replay of these rows would be let begin, as the pipeline is now.

        Raises:
            OdibiError: It would be refused.
            PipelineInvalidError: The pipeline is wrong.
        """
        check_targets(self._part(rows), any_steps=False)

    def export(self, rows: SetAside, target: Path) -> int:
        """How many open rows were written to a CSV file, to be mended there.

        Raises:
            OdibiError: The file is there already, or can't be written; or as `form`.
        """
        from odibi_core import late_duckdb as duckdb

        if target.exists():
            raise OdibiError("the file is there already", where=str(target), fix="name another, or remove it")
        found = self.form(rows)
        with duckdb.connect(":memory:", config={"python_enable_replacements": "false"}) as database:
            database.execute("SET TimeZone = 'UTC'")
            database.register("found", found)
            try:
                database.execute(f"COPY (FROM found) TO {literal(str(target))} (FORMAT csv, HEADER)")
            except duckdb.Error as error:
                what = f"the rows can't be written: {str(error).splitlines()[0]}"
                raise OdibiError(what, where=str(target)) from error
        return int(found.num_rows)

    def replay(
        self,
        rows: SetAside,
        mended: Any = None,
        *,
        force: bool = False,
        any_steps: bool = False,
        parameters: Mapping[str, Any] | None = None,
        bus: EventBus | None = None,
    ) -> RunResult:
        """What became of the run that took the rows.

        Args:
            rows: The set.
            mended: The path of a CSV or Parquet file, or a frame, with `ROW` and the columns of the output;
                None takes the open rows as they are. Rows that are left out stay open.
            force: Whether rows of a run that did not succeed may be taken too.
            any_steps: Whether steps on the way to a target may look at other rows too: what they make of
                these rows alone is then not what they would make of all.
            parameters: Values of the run's parameters; None takes those of the run that set the rows aside.
            bus: Takes the events.

        Raises:
            OdibiError: The rows can't be taken, or are not of the output's columns; nothing has run.
            PipelineInvalidError: The pipeline is wrong; nothing has run.
        """
        if not rows.is_good and not force:
            raise OdibiError(
                f"the run {rows.run_id} did not succeed: its rows come again with the next run",
                where=f"set {rows.number}",
                fix="run the pipeline again, and replay what that sets aside; --force takes these",
            )
        part = self._part(rows)
        check_targets(part, any_steps=any_steps)
        columns = self._columns(rows, part)
        if mended is None and rows.kind == UNREADABLE:
            raise OdibiError(
                "rows that could not be read can't be replayed as they are",
                where=f"set {rows.number}",
                fix=f"fill in their columns, and give the file: odibi quarantine export {rows.number}",
            )
        table, numbers = read_mended(self.quarantine.rows(rows) if mended is None else mended, columns)
        replay_id = f"replay-{new_run_id()}"
        given = dict(parameters) if parameters is not None else self._parameters(rows)
        self._keep(table, replay_id, {"parameters": given, "any_steps": any_steps})
        try:
            self.quarantine.begin(rows, numbers, replay_id)
        except OdibiError:
            self._file(replay_id).unlink(missing_ok=True)
            raise
        return self._run(rows, part, replay_id, given, bus, is_first=True)

    def go_on(self, replay: Replay, *, bus: EventBus | None = None) -> RunResult:
        """What became of another run of a replay that did not end well; what it has written counts.

        Raises:
            OdibiError: It is done, or the pipeline is gone or wrong; nothing has run.
        """
        _check_unfinished(replay)
        rows = next(one for one in self.quarantine.sets(limit=1_000_000) if one.place == replay.place)
        part = self._part(rows)
        order = self._order(replay.replay_id)
        check_targets(part, any_steps=order["any_steps"])
        return self._run(rows, part, replay.replay_id, order["parameters"], bus, is_first=False)

    def release(self, rows: SetAside, *, force: bool = False) -> int:
        """How many rows are open again: those of replays that did not end well and wrote nothing.

        Args:
            rows: The set.
            force: Whether those too of replays that began to write: what they wrote stays where it is.

        Raises:
            OdibiError: A replay began to write, or a run of the pipeline is under way.
        """
        part, released = self._part(rows), 0
        with hold_lease(self._workspace.state, part.pipeline.name, new_run_id()):
            left = [one for one in self.quarantine.replays(rows) if one.state not in OVER]
            for replay in left:
                if self._may_have_written(part, replay) and not force:
                    raise OdibiError(
                        f"the run {replay.run_id} of the replay began to write: its rows may be in a target",
                        where=f"set {rows.number}",
                        fix=f"go on with it: odibi quarantine again {rows.number}; --force gives the rows "
                        "back all the same",
                    )
            for replay in left:
                self.quarantine.abandon(replay.replay_id, replay.run_id)
                released += replay.row_count
        return released

    def _run(
        self,
        rows: SetAside,
        part: ReplayPart,
        replay_id: str,
        given: Mapping[str, Any],
        bus: EventBus | None,
        *,
        is_first: bool,
    ) -> RunResult:
        run_id = new_run_id()
        order = RunOrder(
            pipeline=part.pipeline.name,
            trigger=Trigger.REPLAY,
            author=user_name(),
            start=part.step.name,
            parameters=dict(given),
            rerun_of=rows.run_id,
        )
        orchestrator = Orchestrator(
            replaying(part, self._file(replay_id).relative_to(self._workspace.root).as_posix()),
            workspace=self._workspace,
            allowed_functions=self._workspace.load().functions.allow,
            keeps_data=False,
            parameters=dict(given),
            enable_cache=False,
            enable_checkpoints=False,
            resume_from_checkpoint=False,
            event_bus=bus,
            run_id=run_id,
            write_id=replay_id,
            order=order.model_dump(mode="json", exclude_defaults=True),
        )
        try:
            with hold_lease(self._workspace.state, part.pipeline.name, run_id):
                before = self._current(replay_id)
                _check_unfinished(before)
                has_written = self._may_have_written(part, before)
                state = ReplayState.WRITING if has_written else ReplayState.BEGUN
                self.quarantine.note_run(replay_id, run_id, state)
                result = orchestrator.execute()
                if result.success:
                    self.quarantine.note_run(replay_id, run_id, ReplayState.DONE)
                elif has_written or self._began_to_write(part, run_id):
                    self.quarantine.note_run(replay_id, run_id, ReplayState.WRITING)
                else:
                    self.quarantine.abandon(replay_id, run_id)
        except (OdibiError, PipelineInvalidError):
            # A replay that could not begin leaves its rows as they were.
            is_own = self._current(replay_id).run_id in ("", run_id)
            has_journal = (self._workspace.runs / run_id).is_dir()
            if is_first and is_own and not (has_journal and self._began_to_write(part, run_id)):
                self.quarantine.abandon(replay_id, "")
            raise
        return result

    def _current(self, replay_id: str) -> Replay:
        return next(one for one in self.quarantine.replays() if one.replay_id == replay_id)

    def _may_have_written(self, part: ReplayPart, replay: Replay) -> bool:
        return replay.state is ReplayState.WRITING or self._began_to_write(part, replay.run_id)

    def _began_to_write(self, part: ReplayPart, run_id: str) -> bool:
        """Whether a run may have written something; True where its journal does not tell."""
        folder = self._workspace.runs / run_id
        if not run_id or not folder.is_dir():
            return bool(run_id)
        steps = JournalReader(folder).record().steps
        targets = [name for name, planned in part.plan.steps.items() if writes(planned)]
        return any(name in steps and steps[name].start_time for name in targets)

    def _part(self, rows: SetAside) -> ReplayPart:
        pipeline = self._pipeline(rows)
        step = pipeline.step(rows.step)
        part = select_steps(pipeline, start=step.name).pipeline
        plan = Orchestrator(part, workspace=self._workspace).plan()
        return ReplayPart(part, plan, step)

    def _pipeline(self, rows: SetAside) -> Pipeline:
        """The pipeline as it is now, or as it was in the run where it is in no file of the workspace."""
        for path in self._workspace.pipelines():
            try:
                pipeline = read_pipeline(path)
            except (OdibiError, PipelineInvalidError):
                continue
            if pipeline.name == rows.pipeline:
                return pipeline
        return kept_pipeline(self._workspace.runs / rows.run_id)

    def _columns(self, rows: SetAside, part: ReplayPart) -> Schema:
        if rows.kind != UNREADABLE:
            return _stored_columns(self.quarantine.path(rows))
        planned = part.plan.steps[rows.step]
        schema = next(iter(planned.schemas.values()), None)
        if schema is None:
            raise OdibiError(
                "the columns of the step are not known before it runs",
                where=f"step {rows.step!r}",
                fix="declare them: params.schema",
            )
        return schema

    def _parameters(self, rows: SetAside) -> dict[str, Any]:
        record = JournalReader(self._workspace.runs / rows.run_id).record()
        return {"date": record.start_time[:10], **record.parameters} if record.start_time else {}

    def _file(self, replay_id: str) -> Path:
        return self._workspace.state / FOLDER / f"{replay_id}.parquet"

    def _order(self, replay_id: str) -> dict[str, Any]:
        """With what a replay was ordered: it stands in the file of its rows."""
        import pyarrow.parquet as pq

        path = self._file(replay_id)
        if not path.is_file():
            raise OdibiError("the rows of the replay are gone", where=str(path))
        return dict(json.loads((pq.read_schema(path).metadata or {})[_ORDER]))

    def _keep(self, table: pa.Table, replay_id: str, order: Mapping[str, Any]) -> None:
        import pyarrow.parquet as pq

        path = self._file(replay_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        about = {**(table.schema.metadata or {}), _ORDER: json.dumps(order, default=str).encode()}
        pq.write_table(table.replace_schema_metadata(about), part)
        part.replace(path)


def _check_unfinished(replay: Replay) -> None:
    if replay.state is ReplayState.DONE:
        raise OdibiError("the replay is done", where=replay.replay_id)
    if replay.state is ReplayState.ABANDONED:
        fix = "replay them anew: odibi quarantine replay"
        raise OdibiError("its rows were given back", where=replay.replay_id, fix=fix)


def _fields(text: str, count: int) -> list[str | None]:
    """The fields of a line, by the commonest delimiters; nulls where there are not as many."""
    for delimiter in (",", ";", "\t", "|"):
        fields = next(csv.reader([text], delimiter=delimiter), [])
        if len(fields) == count > 1:
            return [field or None for field in fields]
    return [None] * count


def _stored_columns(path: Path) -> Schema:
    from odibi_core import late_duckdb as duckdb

    with duckdb.connect(":memory:") as database:
        found = bound_schema(database, f"FROM read_parquet({literal(str(path))})")
        return Schema.of((name, type_) for name, type_ in found if name != REASONS)
