"""A remembered binding is the one that binding anew would give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pytest

from odibi_core.schema import Schema
from odibi_core.sql import remembering
from odibi_core.sql.binding import Binder, BoundStep
from odibi_core.sql.compose import SqlStep
from odibi_core.sql.remembering import RememberingBinder

SOURCE = Schema.of({"id": "BIGINT", "name": "VARCHAR"})


@pytest.fixture
def binder() -> Iterator[RememberingBinder]:
    binder = RememberingBinder()
    yield binder
    binder.close()


def chain(*texts: str) -> list[SqlStep]:
    keys = ["source", *(f"made {number}" for number in range(len(texts)))]
    return [
        SqlStep(f"step {number}", text, {"rows": keys[number]}, keys[number + 1])
        for number, text in enumerate(texts)
    ]


@pytest.mark.parametrize(
    "texts",
    [
        ("SELECT * FROM rows", "SELECT id FROM rows", "SELECT id + 1 AS next FROM rows"),
        ("SELECT id AS other FROM rows", "SELECT id FROM rows", "SELECT 1 AS one FROM rows"),
        ("SELECT nothing FROM rows", "SELECT id FROM rows", "SELEC 1"),
        tuple(f"SELECT *, {number} AS n{number} FROM rows" for number in range(20)),
    ],
)
def test_each_change_gives_what_binding_anew_gives(binder: RememberingBinder, texts: tuple[str, ...]) -> None:
    for steps in (chain(*["SELECT * FROM rows"] * len(texts)), chain(*texts), chain(*texts)):
        fresh = Binder()
        expected = fresh.bind_all(steps, {"source": SOURCE})
        fresh.close()
        found = binder.bind_all(steps, {"source": SOURCE})
        assert list(found) == list(expected)
        for name, bound in expected.items():
            assert found[name].schema == bound.schema
            assert str(found[name].error) == str(bound.error)


def test_other_columns_of_a_source_are_bound_anew(binder: RememberingBinder) -> None:
    steps = chain("SELECT name FROM rows")
    assert binder.bind_all(steps, {"source": SOURCE})["step 0"].error is None
    other = Schema.of({"id": "BIGINT"})
    error = binder.bind_all(steps, {"source": other})["step 0"].error
    assert error is not None
    assert error.what == "there is no column 'name'"


def test_a_process_that_plans_the_same_again_binds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembering, "_AT_HAND", [])
    asked: list[int] = []
    bind_all = Binder.bind_all

    def counting(
        binder: Binder, steps: Sequence[SqlStep], known: Mapping[str, Schema | None]
    ) -> dict[str, BoundStep]:
        asked.append(len(steps))
        return bind_all(binder, steps, known)

    monkeypatch.setattr(Binder, "bind_all", counting)
    steps = chain(*[f"SELECT *, {number} AS n{number} FROM rows" for number in range(30)])
    told = []
    for _ in range(2):
        with remembering.binder_at_hand() as binder:
            told.append(binder.bind_all(steps, {"source": SOURCE}))
    # The first time all of them at once: nothing is known yet.
    assert asked == [30]
    assert told[0] == told[1]
    (kept,) = remembering._AT_HAND
    kept.close()
