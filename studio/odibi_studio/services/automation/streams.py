"""The streams of a workspace: how each stands, and what people do with them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from odibi_core.errors import OdibiError
from odibi_core.streams.declared import STREAMS, Stream, replay
from odibi_core.streams.ledger import BatchState, Entry
from odibi_core.streams.standing import FailedFile, Standing, failed_files, pause, resume, standing
from odibi_core.workspace import Workspace
from odibi_studio.services.runs.book import RunBook
from odibi_studio.services.runs.health import RunHealth

MINUTES = 60
"""How far back the course of a stream is told."""
_MOST_BATCHES = 500
_MOST_RUNS = 200


@dataclass(frozen=True, slots=True)
class StreamCard:
    """A stream, and how it stands.

    Attributes:
        name: Its name.
        stream: What its file says; None where that is wrong.
        standing: How it stands; None where that can't be told.
        problem: What is wrong with the file, or with what it names.
    """

    name: str
    stream: Stream | None
    standing: Standing | None
    problem: OdibiError | None


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A file, post or batch that was taken.

    Attributes:
        entry: What the ledger has of it.
        rows: Rows that its last run wrote; None where they are not known.
        took_s: Seconds from its being taken to its end; None while it goes on.
    """

    entry: Entry
    rows: int | None
    took_s: float | None


@dataclass(frozen=True, slots=True)
class Minute:
    """What a stream did in a minute.

    Attributes:
        begin: Its beginning, UTC.
        done: Files, posts or batches that were committed.
        failed: Those that could not be taken.
    """

    begin: dt.datetime
    done: int
    failed: int


class StreamDesk:
    """The streams of a workspace.

    Args:
        workspace: Whose streams.
        book: The journals of its runs.
        health: What is known of runs that have ended.
    """

    def __init__(self, workspace: Workspace, book: RunBook, health: RunHealth) -> None:
        self._workspace, self._book, self._health = workspace, book, health

    def cards(self) -> list[StreamCard]:
        """Every stream, by name."""
        return [self._card(name, found) for name, found in STREAMS.read(self._workspace).items()]

    def batches(self, entries: Sequence[Entry]) -> list[BatchRow]:
        """What was taken, with its rows and how long it took."""
        wanted = {entry.run_id for entry in entries[:_MOST_RUNS]} - {""}
        records = [record for record in self._book.summaries() if record.run_id in wanted]
        rows = {facts.record.run_id: facts.rows_written for facts in self._health.facts(records)}
        return [BatchRow(entry, rows.get(entry.run_id), took_s(entry)) for entry in entries]

    def failed(self, stream: Stream) -> list[FailedFile]:
        """The files that a stream set aside, the latest first."""
        return failed_files(self._workspace, stream)

    def replay(self, name: str, files: Sequence[str]) -> list[str]:
        """The files that are back in the source; all of them where none is named.

        Raises:
            OdibiError: One is gone, or a file of that name is in the source already.
        """
        return replay(self._workspace, STREAMS.find(self._workspace, name), tuple(files))

    def pause(self, name: str) -> None:
        """Have no batch begin until the stream is resumed."""
        pause(self._workspace, name)

    def resume(self, name: str) -> None:
        """Let a paused stream take batches again."""
        resume(self._workspace, name)

    def remove(self, name: str) -> None:
        """Remove a stream's file. What it took stays known, should it come back."""
        STREAMS.remove(self._workspace, name)

    def _card(self, name: str, found: Stream | OdibiError) -> StreamCard:
        if isinstance(found, OdibiError):
            return StreamCard(name, None, None, found)
        try:
            stands = standing(self._workspace, name, found, entries=_MOST_BATCHES)
            self._workspace.find_pipeline(found.pipeline)
        except OdibiError as error:
            return StreamCard(name, found, None, error)
        return StreamCard(name, found, stands, None)


def took_s(entry: Entry) -> float | None:
    """Seconds from a batch's being taken to its end; None while it goes on."""
    if not entry.ended:
        return None
    return (dt.datetime.fromisoformat(entry.ended) - dt.datetime.fromisoformat(entry.noticed)).total_seconds()


def course(entries: Sequence[Entry], now: dt.datetime) -> list[Minute]:
    """What became of batches in each of the last minutes, the oldest first; the last one goes on."""
    end = now.astimezone(dt.UTC).replace(second=0, microsecond=0)
    counts: Counter[tuple[dt.datetime, BatchState]] = Counter()
    for entry in entries:
        if entry.ended:
            minute = (
                dt.datetime.fromisoformat(entry.ended).astimezone(dt.UTC).replace(second=0, microsecond=0)
            )
            counts[minute, entry.state] += 1
    begins = [end - dt.timedelta(minutes=MINUTES - 1 - number) for number in range(MINUTES)]
    return [
        Minute(begin, counts[begin, BatchState.DONE], counts[begin, BatchState.FAILED]) for begin in begins
    ]
