"""A pool of worker processes that run functions."""

from __future__ import annotations

import queue
import shutil
import tempfile
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from odibi_core.errors import RunCancelledError
from odibi_core.workers.process import WorkerProcess
from odibi_core.workers.reference import refer_to
from odibi_core.workers.transfer import pack_params, read_table, unpack_error, write_table

if TYPE_CHECKING:
    import pyarrow as pa

_LOOK_EVERY_S = 0.05


class ProcessPool:
    """Runs functions in worker processes, one task a process at a time; safe to use from many threads.

    Workers start when they are first needed, and stay warm. The death of one fails its own task only, and the
    next task gets a new one. All end with `close`, or with this process, however it dies.

    Args:
        size: How many processes there may be.
        scratch: A folder for the rows on their way; the system's temporary folder where none is given. Tables
            are mapped into memory from it, so its disk must hold the inputs and outputs of `size` tasks.
    """

    def __init__(self, size: int, scratch: Path | None = None) -> None:
        self._scratch = Path(tempfile.mkdtemp(prefix="odibi-workers-", dir=scratch))
        self._size = size
        self._closed = threading.Event()
        # Last in, first out: a warm worker is taken before a place where one would have to start.
        self._places: queue.LifoQueue[WorkerProcess | None] = queue.LifoQueue()
        for _ in range(size):
            self._places.put(None)

    def run(
        self,
        function: Callable[..., Any],
        inputs: Mapping[str, pa.Table],
        params: Mapping[str, Any],
        *,
        outputs: Collection[str] = ("data",),
        name: str = "",
        timeout_s: float | None = None,
        cancelled: threading.Event | None = None,
    ) -> dict[str, pa.Table]:
        """What the function returns, as one table an output; it is called as by `call_function`.

        Args:
            function: One that any process can import: of a module, not of a script.
            inputs: Name inside the step → rows.
            params: Texts, numbers, dates, and lists and mappings of them.
            outputs: The names that the step declares.
            name: How the step names the function.
            timeout_s: Seconds that the function may take; waiting for a free worker doesn't count.
            cancelled: Set from another thread, it ends the task and its worker at once.

        Raises:
            FunctionError: The function can't be found from another process, can't take what it is given,
                raised, or returned no frames.
            TransientError: It raised an error that may pass.
            WorkerLostError: Its process died.
            StepTimeoutError: Its time was up.
            RunCancelledError: It was cancelled, or the pool was closed.
        """
        reference = refer_to(function, name)
        packed = pack_params(params, reference.name)

        def is_stopped() -> bool:
            return self._closed.is_set() or (cancelled is not None and cancelled.is_set())

        if is_stopped():
            raise RunCancelledError("the step was stopped")
        # The worker is ended first, where it has to be, so that it writes nothing into a folder that goes.
        with tempfile.TemporaryDirectory(dir=self._scratch) as folder, self._worker(is_stopped) as worker:
            paths = {}
            for number, (alias, table) in enumerate(inputs.items()):
                paths[alias] = f"{folder}/input-{number}.arrow"
                write_table(table, Path(paths[alias]))
            request = {
                "function": asdict(reference),
                "inputs": paths,
                "params": packed,
                "outputs": list(outputs),
                "folder": folder,
            }
            answer = worker.ask(request, timeout_s=timeout_s, is_stopped=is_stopped)
            if "error" in answer:
                raise unpack_error(answer["error"])
            return {output: read_table(Path(path)) for output, path in answer["outputs"].items()}

    @contextmanager
    def _worker(self, is_stopped: Callable[[], bool]) -> Iterator[WorkerProcess]:
        """A worker that is nobody else's meanwhile. One that is still at work afterwards is ended."""
        worker = self._place(is_stopped)
        try:
            if worker is not None and not worker.is_alive:
                dead, worker = worker, None
                dead.end()
            if worker is None:
                worker = WorkerProcess()
            yield worker
        finally:
            if worker is not None and worker.is_busy:
                worker.end()
                worker = None
            self._places.put(worker)

    def _place(self, is_stopped: Callable[[], bool]) -> WorkerProcess | None:
        while not is_stopped():
            try:
                return self._places.get(timeout=_LOOK_EVERY_S)
            except queue.Empty:
                continue
        raise RunCancelledError("the step was stopped")

    def close(self) -> None:
        """End every worker; tasks that are still running are cancelled."""
        if self._closed.is_set():
            return
        self._closed.set()
        for _ in range(self._size):
            worker = self._places.get()
            if worker is not None:
                worker.end()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
