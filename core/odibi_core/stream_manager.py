"""Runs a pipeline over what comes bit by bit. Every batch counts exactly once, whatever dies when.

A batch is durable before its pipeline runs, and the run writes under the batch's own name: what one try has
written, another try leaves as it is. So a batch is tried until it is committed, and is never written twice.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from odibi_core.errors import OdibiError, PipelineInvalidError, TransientError, WorkspaceError, did_you_mean
from odibi_core.file_lock import FileLock
from odibi_core.journal.order import RunOrder, Trigger
from odibi_core.late_dataclass import dataclass
from odibi_core.orchestrator import Orchestrator
from odibi_core.parameters import Parameter
from odibi_core.pipeline import Pipeline
from odibi_core.plan.rendering import Values
from odibi_core.run_queue import note_refusal
from odibi_core.run_result import RunResult
from odibi_core.signals import cancel_on_signals
from odibi_core.step import NodeKind, Step
from odibi_core.streams.batch import Batch, Source
from odibi_core.streams.config import StreamConfig, StreamMode, state_folder
from odibi_core.streams.events import SUFFIX, Endpoint, Inbox, event_key
from odibi_core.streams.files import FileSource
from odibi_core.streams.incremental import IncrementalSource
from odibi_core.streams.intervals import IntervalSource
from odibi_core.streams.ledger import StreamLedger
from odibi_core.streams.notice import Notice
from odibi_core.streams.standing import is_paused
from odibi_core.waits import join
from odibi_core.workspace import Workspace

_PIECE_S = 0.25
_PAUSED_S = 1.0

_log = logging.getLogger(__name__)

__all__ = ["StreamConfig", "StreamManager", "StreamMode", "StreamStatus"]


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """How a stream stands.

    Attributes:
        waiting: Files, posts or batches that wait.
        lag_s: For how many seconds the oldest of them has.
        done: Files, posts or batches that are committed.
        failed: Those that could not be taken.
        watermark: How far rows were taken, as text; "" where there is none.
        error: Why the batch before the next one is not committed, or why there is no next one; or "".
    """

    waiting: int
    lag_s: float
    done: int
    failed: int
    watermark: str
    error: str


class StreamManager:
    """Runs a pipeline over batches.

    Args:
        steps: The steps, or a whole pipeline; the step whose value is the stream's source reads the batches.
        engine_type: The engine of steps that name none.
        stream_mode: Where batches come from.
        stream_config: Where the stream reads, and how.
        checkpoint_dir: The folder that says what was taken, relative to the workspace.
        enable_tracker: Keep schemas, row counts and samples of every step of every run.
        pipeline_name: Names the runs.
        parameters: Values of the runs' parameters; `{batch}` stands for the batch's own name.
        workspace: The folder that paths are relative to.
        settings: Further arguments of the Orchestrator, such as `max_retries`.

    Attributes:
        failures: How many batches failed for good that this object tried.

    Raises:
        OdibiError: No step reads the source, or the settings don't fit the mode.
    """

    def __init__(
        self,
        steps: Sequence[Step] | Pipeline,
        engine_type: str = "",
        stream_mode: StreamMode | str = StreamMode.FILE_WATCH,
        stream_config: StreamConfig | None = None,
        *,
        checkpoint_dir: str | Path = "stream_checkpoints/",
        enable_tracker: bool = True,
        pipeline_name: str = "",
        parameters: Mapping[str, Any] | None = None,
        workspace: Workspace | Path | str | None = None,
        **settings: Any,
    ) -> None:
        if stream_config is None:
            raise OdibiError("a stream needs stream_config", fix="give StreamConfig(source_path=…)")
        self._mode, self._config = _mode(stream_mode), stream_config
        self._workspace = workspace if isinstance(workspace, Workspace) else Workspace.find(workspace)
        name = pipeline_name or (steps.name if isinstance(steps, Pipeline) else "stream")
        if isinstance(steps, Pipeline):
            self._pipeline = replace(steps, name=name, engine=engine_type or steps.engine)
        else:
            self._pipeline = Pipeline(name, list(steps), engine=engine_type or "pandas")
        self._reads = self._readers()
        self._parameters, self._settings = (
            dict(parameters or {}),
            {"enable_tracker": enable_tracker, **settings},
        )
        self._checkpoints = self._workspace.resolve(checkpoint_dir)
        self._folder = self._checkpoints / state_folder(self._mode, stream_config.source_path)
        self._id = hashlib.sha256(f"{self._folder}".encode()).hexdigest()[:8]
        self._lock = FileLock(self._folder / "lock")
        self._inbox = Inbox(self._folder / "inbox", stream_config.max_waiting_events)
        self._ledger: StreamLedger | None = None
        self._source: Source | None = None
        self._endpoint: Endpoint | None = None
        self._beginning = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._tries: dict[str, int] = {}
        self._told = ""
        self.failures = 0

    @property
    def url(self) -> str:
        """Where mode event listens, while it does; "" otherwise."""
        return self._endpoint.url if self._endpoint is not None else ""

    @property
    def is_running(self) -> bool:
        """Whether it was started in the background and goes on."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Take batches until SIGINT, SIGTERM or `stop()`; the batch that is under way is let end.

        Raises:
            OdibiError: It runs already, or can't begin.
        """
        with cancel_on_signals(lambda _reason: self._stopping.set(), ends_process=False):
            self._open()
            self._run()

    def start_background(self) -> None:
        """Take batches in a thread, until `stop()`.

        Raises:
            OdibiError: It runs already, or can't begin.
        """
        if not self.is_running:
            self._open()
            self._thread = threading.Thread(target=self._run, name="odibi-stream", daemon=True)
            self._thread.start()

    def stop(self, timeout_s: float | None = None) -> bool:
        """Whether it has ended: the batch that is under way is let end.

        Args:
            timeout_s: How long to wait for that; None waits as long as it takes.
        """
        self._stopping.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            return join(self._thread, timeout_s)
        return True

    def run_once(self) -> int:
        """How many batches there were, all of them tried now; those that have yet to settle are waited for.

        A stream that is paused takes none.

        Raises:
            OdibiError: It runs already, can't begin, or a batch can't be taken now.
        """
        self._open()
        try:
            assert self._source is not None
            count = 0
            while not self._stopping.is_set() and not is_paused(self._checkpoints):
                batch = self._next_batch(self._source)
                if batch is None:
                    if self._source.wait_s() < self._config.poll_interval_s and self._is_settling():
                        self._stopping.wait(self._source.wait_s())
                        continue
                    return count
                if not self._attempt(batch) and self._told:
                    raise OdibiError(self._told, where=f"batch {batch.name!r}")
                count += 1
            return count
        finally:
            self._close()

    def push(self, rows: Mapping[str, Any] | Iterable[Mapping[str, Any]], *, event_id: str = "") -> str:
        """The id of events, which are kept from now on and taken soon; in mode event.

        Args:
            rows: A mapping, or several.
            event_id: What you call them: the same twice counts once.

        Raises:
            OdibiError: The mode is another, they are no mappings, or too much waits.
        """
        if self._mode is not StreamMode.EVENT:
            raise OdibiError(f"the mode {self._mode.value!r} takes no events", fix="use StreamMode.EVENT")
        return self._inbox.put([rows] if isinstance(rows, Mapping) else rows, id_=event_id)

    def status(self) -> StreamStatus:
        """How it stands; from any process."""
        ledger = self._ledger or StreamLedger(self._folder / "ledger.db")
        try:
            counts, mark = ledger.count(), ledger.mark
            errors = [entry.reason for entry in ledger.open_entries() if entry.reason] + [ledger.trouble]
            waiting, lag_s = self._source.waiting() if self._source is not None else (0, 0.0)
        finally:
            if ledger is not self._ledger:
                ledger.close()
        value = str(json.loads(mark)["value"]) if mark else ""
        done, failed = counts.get("done", 0), counts.get("failed", 0)
        return StreamStatus(waiting, lag_s, done, failed, value, errors[0])

    def _readers(self) -> list[Step]:
        wanted = _same(self._config.source_path)
        found = [
            step
            for step in self._pipeline.steps
            if step.kind is NodeKind.INGEST and _same(step.value) == wanted
        ]
        if not found:
            values = [str(step.value) for step in self._pipeline.steps if step.kind is NodeKind.INGEST]
            raise OdibiError(
                f"no step reads {self._config.source_path!r}, the source of the stream",
                where="stream_config.source_path",
                fix=did_you_mean(self._config.source_path, values) or "add a step whose value it is",
            )
        return found

    def _is_settling(self) -> bool:
        return self._mode in (StreamMode.FILE_WATCH, StreamMode.EVENT)

    def _open(self) -> None:
        with self._beginning:
            # This object may hold the lock itself: what it runs in another thread is no less in the way.
            if self._lock.is_held or not self._lock.take():
                raise OdibiError(
                    f"the stream runs already, in the process {self._lock.holder() or '?'}",
                    where=self._config.source_path,
                    fix="end that one first, or give this one another checkpoint_dir",
                )
            self._stopping.clear()
        try:
            self._ledger = StreamLedger(self._folder / "ledger.db")
            self._source = self._make_source(self._ledger)
            if self._mode is StreamMode.EVENT and self._config.port is not None:
                self._endpoint = Endpoint(self._inbox, self._config.host, self._config.port)
                _log.info("events are taken at %s", self._endpoint.url)
        except BaseException:
            self._close()
            raise

    def _make_source(self, ledger: StreamLedger) -> Source:
        config, staged = self._config, self._folder / "staged"
        staged.mkdir(parents=True, exist_ok=True)
        values = Values.for_run("stream", self._parameters, lambda name: f"${{secret:{name}}}")
        reader = values.render(self._reads[0])
        match self._mode:
            case StreamMode.INTERVAL:
                return IntervalSource(config, ledger)
            case StreamMode.INCREMENTAL:
                secrets = self._settings.get("secrets")
                return IncrementalSource(self._workspace, config, reader, ledger, staged, secrets)
            case StreamMode.EVENT:
                params = {"source_type": "json", "lines": True}
                kept = {name: value for name, value in reader.params.items() if name == "schema"}
                failed = config.failed_dir or str(self._folder / "failed")
                own = config.model_copy(
                    update={"format": None, "failed_dir": failed, "keep_processed": False}
                )
                json_reader = replace(reader, params={**params, **kept})
                return FileSource(
                    self._workspace, self._inbox.folder, own, json_reader, ledger, staged,
                    key_of=event_key, pattern=f"*{SUFFIX}", settle_s=0,
                )  # fmt: skip
        folder = self._workspace.resolve(config.source_path)
        if not folder.exists():
            _log.warning("the folder %s was not there: it is made now, and watched", folder)
        return FileSource(self._workspace, folder, config, reader, ledger, staged)

    def _close(self) -> None:
        if self._endpoint is not None:
            self._endpoint.close()
            self._endpoint = None
        if self._ledger is not None:
            self._ledger.close()
        self._ledger = self._source = None
        self._lock.release()

    def _run(self) -> None:
        assert self._source is not None
        notice = Notice(self._source.watched())
        try:
            while not self._stopping.is_set():
                notice.clear()
                wait_s = _PAUSED_S if is_paused(self._checkpoints) else self._step(self._source)
                while wait_s > 0 and not self._stopping.is_set() and not notice.wait(min(wait_s, _PIECE_S)):
                    wait_s -= _PIECE_S
        finally:
            notice.close()
            self._close()

    def _step(self, source: Source) -> float:
        """How long to wait before the next look, in seconds; 0 where a batch was taken."""
        try:
            batch = self._next_batch(source)
            if batch is None:
                return max(source.wait_s(), 0.01)
            return 0.0 if self._attempt(batch) else self._config.poll_interval_s
        except Exception as error:  # noqa: BLE001 - a fault that may pass never ends the stream
            said = _said(error)
            if self._told != said:
                self._told = said
                _log.error("the stream of %s waits: %s", self._config.source_path, said)
            return self._config.poll_interval_s

    def _next_batch(self, source: Source) -> Batch | None:
        """The next batch, if there is one; where the source can't tell, others who ask hear why."""
        assert self._ledger is not None
        trouble = ""
        try:
            return source.next_batch()
        except Exception as error:
            trouble = _said(error)
            raise
        finally:
            with suppress(WorkspaceError):
                if trouble != self._ledger.trouble:
                    self._ledger.note_trouble(trouble)

    def _attempt(self, batch: Batch) -> bool:
        """Whether a batch is settled: committed, or failed for good."""
        assert self._source is not None
        try:
            result = self._execute(batch)
            run_id, why, may_pass, is_good = result.run_id, _reason(result), _may_pass(result), result.success
            result.close()
        except PipelineInvalidError as error:
            # What a file holds may be what makes the pipeline wrong.
            run_id = note_refusal(self._workspace, self._order(batch), error)
            why, may_pass, is_good = "; ".join(map(str, error.problems)), False, False
        if is_good:
            self._source.commit(batch, run_id)
            self._tries.pop(batch.id, None)
            self._told = ""
            return True
        tries = self._tries[batch.id] = self._tries.get(batch.id, 0) + 1
        if (may_pass and tries < self._config.max_attempts) or self._mode is StreamMode.INCREMENTAL:
            assert self._ledger is not None
            self._ledger.say(batch.key, run_id, why)
            if self._told != why:
                self._told = why
                _log.error("the batch %s is tried again: %s", batch.name, why)
            return False
        self._tries.pop(batch.id, None)
        self.failures += 1
        _log.error("the batch %s failed: %s (run %s)", batch.name, why, run_id)
        self._source.fail(batch, run_id, why)
        return True

    def _execute(self, batch: Batch) -> RunResult:
        steps = [
            replace(step, value=str(batch.path), params=dict(batch.params or {}))
            if batch.path is not None and step in self._reads
            else step
            for step in self._pipeline.steps
        ]
        pipeline = replace(self._pipeline, steps=steps)
        if pipeline.parameters and "batch" not in pipeline.parameters:
            pipeline.parameters = {**pipeline.parameters, "batch": Parameter("batch", default="")}
        order = self._order(batch)
        return Orchestrator(
            pipeline,
            parameters=order.parameters,
            workspace=self._workspace,
            keeps_data=False,
            write_id=f"stream-{self._id}-{batch.id}",
            order=order.model_dump(mode="json", exclude_defaults=True),
            **self._settings,
        ).execute()

    def _order(self, batch: Batch) -> RunOrder:
        return RunOrder(
            pipeline=self._pipeline.name,
            trigger=Trigger.STREAM,
            author=f"stream {self._config.source_path}",
            parameters={**self._parameters, "batch": batch.id},
        )


def _mode(given: StreamMode | str) -> StreamMode:
    try:
        return StreamMode(given)
    except ValueError:
        raise OdibiError(
            f"there is no mode {given!r}",
            where="stream_mode",
            fix=did_you_mean(str(given), [mode.value for mode in StreamMode]),
        ) from None


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, OdibiError) else f"{type(error).__name__}: {error}"


def _same(value: object) -> str:
    text = str(value)
    return text.removeprefix("./").rstrip("/") or text


def _reason(result: RunResult) -> str:
    for step, error in result.errors.items():
        what = error.what if isinstance(error, OdibiError) else str(error)
        return f"step {step!r}: {what}"
    return "" if result.success else f"the run was {result.state}"


def _may_pass(result: RunResult) -> bool:
    return result.state == "cancelled" or any(
        isinstance(error, TransientError) for error in result.errors.values()
    )
