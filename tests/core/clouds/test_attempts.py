"""Attempts that were given up on and wake later, and writers that come at the same time."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.conftest import Run
from tests.core.clouds.conftest import Lake
from tests.core.clouds.test_formats import frame, read, write

from odibi_core.clouds import writing
from odibi_core.clouds.folders import MANIFEST
from odibi_core.clouds.s3 import S3Account
from odibi_core.clouds.store import Store, together
from odibi_core.formats.base import Written
from odibi_core.orchestrator import Orchestrator
from odibi_core.run_result import RunResult

pytestmark = pytest.mark.xdist_group("object_stores")

WAIT_S = 120


class Sleeper:
    """The first request of some sort that waits until it is woken."""

    def __init__(self, is_meant: Callable[[str], bool]) -> None:
        self._is_meant, self._lock, self._sleeping = is_meant, threading.Lock(), 0
        self.sleeps, self.wakes, self.ended = threading.Event(), threading.Event(), threading.Event()

    def pass_by(self, key: str) -> None:
        with self._lock:
            is_first = not self._sleeping and self._is_meant(key)
            if is_first:
                self._sleeping = threading.get_ident()
        if is_first:
            self.sleeps.set()
            assert self.wakes.wait(WAIT_S)

    def tell_end(self) -> None:
        if self._sleeping == threading.get_ident():
            self.ended.set()


@pytest.fixture
def sleeping(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Callable[[str], bool]], Sleeper]]:
    """Has the first put of some keys wait."""
    put, write_to, made = Store.put, writing.write, []

    def make(is_meant: Callable[[str], bool]) -> Sleeper:
        made.append(Sleeper(is_meant))
        return made[-1]

    def sleepy(self: Store, source: Path, address: Any, *more: Any, **named: Any) -> None:
        for each in made:
            each.pass_by(address.key)
        put(self, source, address, *more, **named)

    def telling(*args: Any) -> Written:
        try:
            return write_to(*args)
        finally:
            for each in made:
                each.tell_end()

    monkeypatch.setattr(Store, "put", sleepy)
    monkeypatch.setattr("odibi_core.clouds.files.write", telling)
    yield make
    for each in made:
        each.wakes.set()


class Late:
    """A run of its own that writes a folder or an object, on another thread."""

    def __init__(
        self, lake: Lake, query: str, mode: str, key: str = "parts", format_: str = "parquet"
    ) -> None:
        steps = write(query, lake.url(key), format_, mode=mode)
        self._told: list[RunResult] = []
        self.run = Orchestrator(steps, workspace=lake.workspace, keeps_data=False, write_id="same")
        self._thread = threading.Thread(target=lambda: self._told.append(self.run.execute()))
        self._thread.start()

    def result(self) -> RunResult:
        self._thread.join(WAIT_S)
        return self._told[0]


@pytest.mark.parametrize("asleep", [f"parts/{MANIFEST}", "parts/part-"])
def test_an_attempt_that_wakes_after_its_retry_hides_and_doubles_nothing(
    s3_lake: Lake, run: Run, sleeping: Callable[[Callable[[str], bool]], Sleeper], asleep: str
) -> None:
    sleeper = sleeping(lambda key: asleep in key)
    late = Late(s3_lake, "SELECT 7 AS id", "append")
    assert sleeper.sleeps.wait(WAIT_S)
    late.run.cancel()
    assert not late.result().success
    steps = write("SELECT 7 AS id", s3_lake.url("parts"), "parquet", mode="append")
    assert run(steps, write_id="same").success
    sleeper.wakes.set()
    assert sleeper.ended.wait(WAIT_S)
    assert list(frame(run, read(s3_lake.url("parts"), "parquet"))["id"]) == [7]
    assert run(steps, write_id="same").success
    assert list(frame(run, read(s3_lake.url("parts"), "parquet"))["id"]) == [7]


def test_of_two_attempts_of_one_write_one_counts(
    s3_lake: Lake, run: Run, sleeping: Callable[[Callable[[str], bool]], Sleeper]
) -> None:
    sleeper = sleeping(lambda key: "parts/part-" in key)
    late = Late(s3_lake, "SELECT 7 AS id", "append")
    assert sleeper.sleeps.wait(WAIT_S)
    assert run(
        write("SELECT 7 AS id", s3_lake.url("parts"), "parquet", mode="append"), write_id="same"
    ).success
    sleeper.wakes.set()
    assert late.result().success
    assert list(frame(run, read(s3_lake.url("parts"), "parquet"))["id"]) == [7]


def test_rows_that_an_earlier_version_hid_after_their_commit_are_there_again(s3_lake: Lake, run: Run) -> None:
    assert run(write("SELECT 7 AS id", s3_lake.url("parts"), "parquet")).success
    place = s3_lake.at(f"parts/{MANIFEST}")
    manifest = json.loads(s3_lake.store.read(place))
    (ticket,) = manifest["tickets"]
    s3_lake.put(f"parts/{MANIFEST}", json.dumps({**manifest, "pending": {ticket: f"part-{ticket}-"}}))
    assert list(frame(run, read(s3_lake.url("parts"), "parquet"))["id"]) == [7]


@pytest.mark.parametrize(("mode", "others"), [("error", "error"), ("ignore", "ignore"), ("append", "error")])
def test_of_two_writers_that_make_a_folder_one_wins(
    s3_lake: Lake, run: Run, sleeping: Callable[[Callable[[str], bool]], Sleeper], mode: str, others: str
) -> None:
    sleeper = sleeping(lambda key: f"parts/{MANIFEST}" in key)
    late = Late(s3_lake, "SELECT 1 AS id", mode)
    assert sleeper.sleeps.wait(WAIT_S)
    assert run(write("SELECT 'x' AS name", s3_lake.url("parts"), "parquet", mode=others)).success
    sleeper.wakes.set()
    assert "another writer changed it at the same time" in str(late.result().errors["write"])
    assert list(frame(run, read(s3_lake.url("parts"), "parquet"))["name"]) == ["x"]


@pytest.mark.parametrize("is_there", [True, False])
def test_a_request_that_lands_late_does_not_undo_what_was_written_after_it(
    lake: Lake, run: Run, sleeping: Callable[[Callable[[str], bool]], Sleeper], is_there: bool
) -> None:
    if is_there:
        assert run(write("SELECT 1 AS id", lake.url("one.csv"), "csv")).success
    sleeper = sleeping(lambda key: key.endswith("/one.csv"))
    late = Late(lake, "SELECT 2 AS id", "overwrite", "one.csv", "csv")
    assert sleeper.sleeps.wait(WAIT_S)
    late.run.cancel()
    assert not late.result().success
    assert run(write("SELECT 3 AS id", lake.url("one.csv"), "csv")).success
    sleeper.wakes.set()
    assert sleeper.ended.wait(WAIT_S)
    assert list(frame(run, read(lake.url("one.csv"), "csv"))["id"]) == [3]


def test_a_request_whose_answer_is_lost_and_that_is_sent_again_has_written(
    lake: Lake, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = type(lake.server.account)
    plain, sent = kind._put, []

    def twice(self: Any, source: Path, address: Any, *more: Any) -> None:
        for _ in range(2 if address.key.endswith("/one.csv") else 1):
            sent.append(address.key)
            plain(self, source, address, *more)

    monkeypatch.setattr(kind, "_put", twice)
    for mode, rows in (("overwrite", [7]), ("append", [7, 7])):
        result = run(write("SELECT 7 AS id", lake.url("one.csv"), "csv", mode=mode))
        assert result.success, result.errors
        assert list(frame(run, read(lake.url("one.csv"), "csv"))["id"]) == rows
    assert len(sent) == 4


def test_a_store_that_takes_no_conditions_gets_none_where_nothing_can_be_lost(
    s3_lake: Lake, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = S3Account._call

    def simple(self: S3Account, method: str, **request: Any) -> Any:
        if method == "put_object" and not {"IfMatch", "IfNoneMatch"}.isdisjoint(request):
            answer = ClientError({"Error": {"Code": "NotImplemented", "Message": "no"}}, "PutObject")
            raise OSError("no") from answer
        return plain(self, method, **request)

    monkeypatch.setattr(S3Account, "_call", simple)
    for mode in ("overwrite", "overwrite", "append"):
        result = run(write("SELECT 7 AS id", s3_lake.url("one.csv"), "csv", mode=mode))
        assert result.success is (mode == "overwrite"), result.errors
    assert "the store takes no conditions" in str(result.errors["write"])
    assert list(frame(run, read(s3_lake.url("one.csv"), "csv"))["id"]) == [7]


def test_nothing_more_begins_after_a_failure() -> None:
    begun, failed = list[int](), threading.Event()

    def do(number: int) -> None:
        begun.append(number)
        if number == 0:
            failed.set()
            raise ConnectionError
        failed.wait(WAIT_S)
        # Whoever waits for the first one takes note of its failure meanwhile.
        time.sleep(0.01)

    with pytest.raises(ConnectionError):
        together(do, range(2000))
    assert len(begun) < 2000


def test_nothing_more_begins_once_the_step_is_stopped() -> None:
    begun: list[int] = []

    def check() -> None:
        if begun:
            raise TimeoutError("stopped")

    with pytest.raises(TimeoutError, match="stopped"):
        together(begun.append, range(500), check)
    assert len(begun) < 500
