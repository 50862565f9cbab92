"""Puts to file systems that know renames, but neither conditions nor metadata."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from odibi_core.clouds.account import ConflictError
from odibi_core.clouds.address import Address
from odibi_core.clouds.hdfs import LocalAccount


@pytest.fixture
def account() -> LocalAccount:
    return LocalAccount()


@pytest.fixture
def target(tmp_path: Path, account: LocalAccount) -> Address:
    (tmp_path / "made").write_text("old")
    address = Address("file", "", str(tmp_path / "data" / "t.csv")[1:])
    account.put(tmp_path / "made", address, ["first"])
    (tmp_path / "made").write_text("newer")
    return address


def test_a_put_that_fails_leaves_what_was_there(
    tmp_path: Path, account: LocalAccount, target: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ConnectionError("the name node went away")

    monkeypatch.setattr(account.filesystem, "mv", fail)
    before = account.head(target)
    assert before is not None
    assert before.tickets == ("first",)
    with pytest.raises(ConnectionError):
        account.put(tmp_path / "made", target, ["first", "second"], before.state)
    assert account.head(target) == before
    assert (tmp_path / "data" / "t.csv").read_text() == "old"
    assert not list((tmp_path / "data").glob(".tmp-*"))


def test_a_write_is_known_though_the_writer_dies_right_after_the_rename(
    tmp_path: Path, account: LocalAccount, target: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    move = account.filesystem.mv

    def move_and_die(*paths: Any) -> None:
        move(*paths)
        raise KeyboardInterrupt

    monkeypatch.setattr(account.filesystem, "mv", move_and_die)
    with pytest.raises(KeyboardInterrupt):
        account.put(tmp_path / "made", target, ["first", "second"])
    now = account.head(target)
    assert now is not None
    assert now.tickets == ("first", "second")


def test_two_who_send_one_file_at_the_same_time_send_drafts_of_their_own(
    tmp_path: Path, account: LocalAccount, target: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    send, drafts = account.filesystem.put_file, []

    def noted(source: str, draft: str) -> None:
        drafts.append(draft)
        send(source, draft)

    monkeypatch.setattr(account.filesystem, "put_file", noted)
    for _ in range(2):
        account.put(tmp_path / "made", target)
    assert len(set(drafts)) == 2
    with pytest.raises(ConflictError):
        account.put(tmp_path / "made", target, expected="another")
    assert not list((tmp_path / "data").glob(".tmp-*"))
