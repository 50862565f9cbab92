"""Reads a journal while it is being written, without locks."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from odibi_core.errors import OdibiError
from odibi_core.journal.heartbeat import HEARTBEAT_FILE, STALE_S, age_s, is_beating
from odibi_core.journal.record import RunRecord, RunState
from odibi_core.journal.writer import EVENTS_FILE
from odibi_core.late_logging import logger


class JournalReader:
    """Reads one run's journal. It goes on where it stopped: asking again reads only what is new.

    Args:
        run_dir: The run's folder.
        on_event: Called with each event as it is read, whoever asks. Where it raises because the event lacks
            a key or a value is of another type, the line counts as damaged.

    Raises:
        OdibiError: There is no such folder, or its journal can't be read.
    """

    def __init__(
        self, run_dir: str | Path, on_event: Callable[[dict[str, Any]], object] = lambda _event: None
    ) -> None:
        self.run_dir = Path(run_dir)
        if not self.run_dir.is_dir():
            raise OdibiError(
                "there is no such run", where=str(self.run_dir), fix="give the folder of a run's journal"
            )
        self._offset, self._on_event = 0, on_event
        self._record = RunRecord(self.run_dir.name, self.run_dir)

    def record(self) -> RunRecord:
        """How the run stands now. The same object every time, brought up to date."""
        self.new_events()
        # First the process, then the events: what it wrote before it went is read.
        attended = is_attended(self._record)
        self.new_events()
        self._record.judge(is_attended=attended)
        return self._record

    def is_attended(self) -> bool:
        """Whether more may come: the run's process is there, or its turn still to come."""
        is_over = self._record.state.is_final and not (self.run_dir / HEARTBEAT_FILE).exists()
        return not is_over and is_attended(self._record)

    def new_events(self) -> list[dict[str, Any]]:
        """The events that came since the last call, of this or of `record`.

        A last line without its end is left for the next call; a damaged one in the middle is counted and
        said in the log.
        """
        events = []
        for line in self._new_lines():
            event = apply_line(self._record, line, self._on_event)
            if event is None:
                self._record.damaged_lines += 1
                logger(__name__).warning(
                    "a line of the journal is damaged, what it told is missing: %s", self.run_dir
                )
            else:
                events.append(event)
        return events

    @property
    def offset(self) -> int:
        """The place in the journal up to which it was read: `events_after` goes on there."""
        return self._offset

    def events_after(self, offset: int) -> tuple[list[dict[str, Any]], int]:
        """The events after a place in the journal, and the place after them; damaged lines are left out.

        What `record` and `new_events` give is not changed by it.

        Args:
            offset: 0, or what an earlier call gave.
        """
        lines, place = self._lines_after(offset)
        shown = RunRecord(self.run_dir.name, self.run_dir)
        events = (apply_line(shown, line) for line in lines)
        return [event for event in events if event is not None], place

    def _new_lines(self) -> list[bytes]:
        lines, self._offset = self._lines_after(self._offset)
        return lines

    def _lines_after(self, offset: int) -> tuple[list[bytes], int]:
        try:
            with (self.run_dir / EVENTS_FILE).open("rb") as file:
                file.seek(offset)
                data = file.read()
        except FileNotFoundError:
            return [], offset
        except OSError as error:
            raise OdibiError(
                f"the journal can't be read: {(error.strerror or str(error)).lower()}",
                where=str(self.run_dir),
            ) from error
        whole = data[: data.rfind(b"\n") + 1]
        return [line for line in whole.split(b"\n") if line], offset + len(whole)


def is_attended(record: RunRecord) -> bool:
    """Whether a run's process is there, or its turn still to come, as far as `record` has been read."""
    if record.state is RunState.QUEUED and not (record.run_dir / HEARTBEAT_FILE).exists():
        if record.launched is None:
            return True
        alive = record.launched.is_alive()
        return age_s(record.run_dir / EVENTS_FILE) < STALE_S if alive is None else alive
    return is_beating(record.run_dir)


def apply_line(
    record: RunRecord, line: bytes, on_event: Callable[[dict[str, Any]], object] = lambda _event: None
) -> dict[str, Any] | None:
    """The event of a line, after `record` and `on_event` took it; None where the line is damaged."""
    try:
        event: dict[str, Any] = json.loads(line)
        record.apply(event)
        on_event(event)
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return None
    return event


def follow(run_dir: str | Path, *, poll_s: float = 0.2) -> Iterator[dict[str, Any]]:
    """The events of a run, from its first, as they come; ends when the run's process is done with it or gone.

    A run that waits for its turn is waited for.

    Args:
        run_dir: The run's folder.
        poll_s: Seconds between two looks at the journal.

    Raises:
        OdibiError: There is no such folder.
    """
    reader = JournalReader(run_dir)
    while True:
        yield from reader.new_events()
        if not reader.is_attended():
            yield from reader.new_events()
            return
        time.sleep(poll_s)
