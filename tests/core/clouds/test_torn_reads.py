"""Objects that are overwritten while they are read: never rows of two states."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.core.clouds.conftest import Lake

from odibi_core.clouds import store as stores
from odibi_core.clouds.bridge import _File
from odibi_core.clouds.store import Store
from odibi_core.errors import TransientError

pytestmark = pytest.mark.xdist_group("object_stores")


def test_an_object_that_changes_between_two_pieces_is_not_fetched(
    lake: Lake, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "_PIECE_BYTES", 1000)
    monkeypatch.setattr(stores, "_AT_ONCE", 1)
    lake.put("t.csv", "1\n" * 2000)
    plain, count = Store.read, []

    def reading(self: Store, address: Any, *more: Any) -> bytes:
        content = plain(self, address, *more)
        count.append(1)
        if len(count) == 1:
            lake.put("t.csv", "2\n" * 2000)
        return content

    monkeypatch.setattr(Store, "read", reading)
    before = lake.store.head(lake.at("t.csv"))
    assert before is not None
    with pytest.raises(TransientError, match="changed it at the same time as it was read"):
        lake.store.fetch(lake.at("t.csv"), before, folder / "t.csv")
    assert not (folder / "t.csv").exists()
    now = lake.store.head(lake.at("t.csv"))
    assert now is not None
    lake.store.fetch(lake.at("t.csv"), now, folder / "t.csv")
    assert (folder / "t.csv").read_text() == "2\n" * 2000


def test_bytes_of_another_state_are_refused(lake: Lake) -> None:
    lake.put("t.bin", b"one" * 100_000)
    found = lake.store.head(lake.at("t.bin"))
    assert found is not None
    listed = next(iter(lake.store.inside(lake.at(""))))
    assert listed.state == found.state
    assert lake.store.read(lake.at("t.bin"), 3, 6, found.state) == b"one"
    file = _File(lake.store, lake.at("t.bin"), found)
    assert file.read(3) == b"one"
    lake.put("t.bin", b"two" * 100_000)
    for start in (0, 299_000):
        file.seek(start)
        with pytest.raises(Exception, match="changed it at the same time as it was read"):
            file.read(300)
    with pytest.raises(TransientError, match="changed it at the same time as it was read"):
        lake.store.read(lake.at("t.bin"), 3, 6, found.state)
